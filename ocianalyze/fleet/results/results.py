"""The results of a fleet as they come in: runs, their images, and what was found.

Everything is written as soon as it is known, so that a run that is interrupted can go on where it stopped.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.fleet.members.member import Member
from ocianalyze.fleet.results import database
from ocianalyze.fleet.work.tasks import ImageTask
from ocianalyze.layers.blob.compression import compress_frame, expand_frame
from ocianalyze.reports.report import MOMENT
from ocianalyze.reports.text import to_json
from ocianalyze.sources.registry.documents import StoredDocument
from ocianalyze.version import __version__

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from ocianalyze.fleet.work.rows import Row, Rows

_LARGEST_DOCUMENT: Final = 64 << 20
"""In bytes; no limit allows larger ones."""
_MEMBER: Final = ("reference", "name", "title", "app_image_config", "profile", "users")


class PlannedLayer(NamedTuple):
    """A layer of an image, as its manifest and configuration state it.

    `key` is the same for all images that have it: its digest in a registry, else its place in a file.
    """

    key: str
    digest: str | None
    diff_id: str
    size: int | None
    created_by: str | None


class Planned(NamedTuple):
    """What is known of an image before its layers are read; the attributes are columns of ``images``."""

    pinned: str
    digest: str | None = None
    config_digest: str | None = None
    platform: str | None = None
    source: str | None = None
    base: str | None = None
    layers: Sequence[PlannedLayer] = ()
    documents: Mapping[str, StoredDocument] = {}


class Run(NamedTuple):
    """One run: its number, and whether it goes on with what an earlier call began and has listed its images."""

    id: int
    is_continued: bool = False
    is_listed: bool = False


class Results:
    """A results file that is open for writing; used by one thread of one process."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or results in memory for None; raises the errors of `database.create`."""
        self.path = path
        self._database = database.create(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    @property
    def database(self) -> sqlite3.Connection:
        """The database, for questions."""
        return self._database

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what is written within the block at once, or none of it."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def begin(self, sources: Sequence[str], request: Mapping[str, Any], *, anew: bool = False) -> Run:
        """Go on with the newest run if it was interrupted and asked for the same; otherwise begin one.

        `anew` begins one in any case.
        """
        asked = json.dumps(list(sources)), json.dumps(request, sort_keys=True)
        newest = self._one(
            "SELECT id, is_listed, finished, sources, request, version FROM runs ORDER BY id DESC LIMIT 1"
        )
        if newest is not None and not anew and newest[2] is None and newest[3:] == (*asked, __version__):
            return Run(newest[0], is_continued=True, is_listed=bool(newest[1]))
        added = self._database.execute(
            "INSERT INTO runs (started, version, sources, request) VALUES (?, ?, ?, ?)", (_now(), __version__, *asked)
        )
        return Run(added.lastrowid or 0)

    def list_members(self, run: Run, members: Sequence[Member], failed: Mapping[int, Rows]) -> None:
        """Store the images of a run, all of them or none; `failed` has what came of those that cannot be, by place."""
        columns = ", ".join(_MEMBER)
        with self.together():
            self._database.executemany(
                f"INSERT INTO images (run, position, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
                (
                    (
                        *(run.id, position, member.reference, member.name, member.title),
                        None if member.app_image_config is None else to_json(member.app_image_config).decode(),
                        *(member.profile, json.dumps(member.users)),
                    )
                    for position, member in enumerate(members)
                ),
            )
            for position, rows in failed.items():
                (image,) = self._one("SELECT id FROM images WHERE run = ? AND position = ?", run.id, position)
                self._judge(image, rows)
            self._database.execute("UPDATE runs SET is_listed = 1 WHERE id = ?", (run.id,))

    def references(self, run: Run) -> list[str]:
        """Return the references of all images of a run."""
        rows = self._database.execute("SELECT reference FROM images WHERE run = ? ORDER BY position", (run.id,))
        return [reference for (reference,) in rows]

    def unplanned(self, run: Run) -> list[tuple[int, Member]]:
        """Return the images that were not opened yet, with their numbers."""
        rows = self._database.execute(
            f"SELECT id, {', '.join(_MEMBER)} FROM images "  # noqa: S608 - ours
            "WHERE run = ? AND pinned IS NULL AND verdict IS NULL ORDER BY position",
            (run.id,),
        )
        return [(number, _member(row)) for number, *row in rows]

    def plan(self, image: int, planned: Planned) -> None:
        """Store what is known of an image before its layers are read."""
        columns = planned._asdict()
        layers, documents = columns.pop("layers"), columns.pop("documents")
        self._update(image, columns | {"documents": json.dumps(list(documents))})
        self._database.executemany(
            "INSERT OR IGNORE INTO documents VALUES (?, ?, ?)",
            ((digest, one.media_type, compress_frame(one.content)) for digest, one in documents.items()),
        )
        self._add_layers(image, layers)

    def judged(self, image: int, rows: Rows) -> None:
        """Store what came of an image."""
        with self.together():
            self._judge(image, rows)

    def unjudged(self, run: Run) -> list[int]:
        """Return the images that were opened and not judged yet, the largest first."""
        rows = self._database.execute(
            "SELECT images.id FROM images "
            "LEFT JOIN image_layers ON image = images.id LEFT JOIN layers ON layer = layers.id "
            "WHERE run = ? AND pinned IS NOT NULL AND verdict IS NULL "
            "GROUP BY images.id ORDER BY TOTAL(layers.size) DESC, images.position",
            (run.id,),
        )
        return [number for (number,) in rows]

    def uses(self, run: Run) -> Counter[int]:
        """Return for each layer how many images have it that are not judged yet."""
        rows = self._database.execute(
            "SELECT layer, COUNT(DISTINCT image) FROM image_layers JOIN images ON images.id = image "
            "WHERE run = ? AND verdict IS NULL GROUP BY layer",
            (run.id,),
        )
        return Counter(dict(rows.fetchall()))

    def layers_of(self, image: int) -> dict[int, int]:
        """Return the number of each layer of an image, with its first position."""
        rows = self._database.execute(
            "SELECT layer, MIN(position) FROM image_layers WHERE image = ? GROUP BY layer ORDER BY 2", (image,)
        )
        return dict(rows.fetchall())

    def task(self, image: int) -> ImageTask:
        """Return what a worker has to know of an image."""
        reference, pinned, name, documents, config, profile = self._database.execute(
            "SELECT reference, pinned, name, documents, app_image_config, profile FROM images WHERE id = ?", (image,)
        ).fetchone()
        return ImageTask(
            reference=reference,
            pinned=pinned,
            name=name,
            documents={digest: self._document(digest) for digest in json.loads(documents)},
            app_image_config=None if config is None else json.loads(config),
            profile=profile,
        )

    def spent(self, run: Run, *, seconds: float, bytes_read: int) -> None:
        """Add to what a run has cost so far."""
        self._database.execute(
            "UPDATE runs SET seconds = seconds + ?, bytes_read = bytes_read + ? WHERE id = ?",
            (round(seconds, 3), bytes_read, run.id),
        )

    def finish(self, run: Run) -> None:
        """Take note that nothing is left to be done."""
        self._database.execute("UPDATE runs SET finished = ? WHERE id = ?", (_now(), run.id))

    def _judge(self, image: int, rows: Rows) -> None:
        self._update(image, {name: value for name, value in rows.image.items() if value is not None})
        for table in ("profiles", "findings", "drivers"):
            self._insert(table, image, getattr(rows, table))
        self._database.execute("INSERT INTO reports VALUES (?, ?)", (image, rows.report))
        if self._one("SELECT 1 FROM image_layers WHERE image = ?", image) is None:
            self._add_layers(image, (_of_report(layer) for layer in rows.layers))
        self._database.executemany(
            "UPDATE layers SET uncompressed_size = ?, entries = ?, size = COALESCE(size, ?) "
            "WHERE id = (SELECT layer FROM image_layers WHERE image = ? AND position = ?) AND entries IS NULL",
            ((one["uncompressed_size"], one["entries"], one["size"], image, one["position"]) for one in rows.layers),
        )

    def _document(self, digest: str) -> StoredDocument:
        media_type, frame = self._one("SELECT media_type, content FROM documents WHERE digest = ?", digest)
        return StoredDocument(media_type, expand_frame(frame, most=_LARGEST_DOCUMENT))

    def _add_layers(self, image: int, layers: Iterable[PlannedLayer]) -> None:
        layers = list(layers)
        self._database.executemany(
            "INSERT OR IGNORE INTO layers (key, digest, diff_id, size, created_by) VALUES (?, ?, ?, ?, ?)", layers
        )
        self._database.executemany(
            "INSERT INTO image_layers SELECT ?, ?, id FROM layers WHERE key = ?",
            ((image, position, layer.key) for position, layer in enumerate(layers)),
        )

    def _update(self, image: int, columns: Mapping[str, Any]) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        self._database.execute(f"UPDATE images SET {names} WHERE id = ?", (*columns.values(), image))  # noqa: S608 - ours

    def _insert(self, table: str, image: int, rows: Sequence[Row]) -> None:
        if rows:
            names = ", ".join(rows[0])
            marks = ", ".join("?" * (len(rows[0]) + 1))
            self._database.executemany(
                f"INSERT INTO {table} (image, {names}) VALUES ({marks})",  # noqa: S608 - the names are ours
                ((image, *row.values()) for row in rows),
            )

    def _one(self, query: str, *values: object) -> Any:  # noqa: ANN401 - a row of whatever was asked
        return self._database.execute(query, values).fetchone()


def _member(row: Sequence[Any]) -> Member:
    columns = dict(zip(_MEMBER, row, strict=True))
    config = columns["app_image_config"]
    return Member(
        **columns
        | {
            "app_image_config": None if config is None else json.loads(config),
            "users": tuple(json.loads(columns["users"])),
        }
    )


def _of_report(layer: Row) -> PlannedLayer:
    """Return a layer of an image that was not open before it was judged; what tells it from others is its content."""
    return PlannedLayer(
        layer["digest"] or layer["diff_id"], layer["digest"], layer["diff_id"], layer["size"], layer["created_by"]
    )


def _now() -> str:
    return datetime.now(UTC).strftime(MOMENT)
