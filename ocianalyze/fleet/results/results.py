"""The results of a fleet as they come in: runs, their images, and what was found.

Everything is written as soon as it is known, so that a run that is interrupted can go on where it stopped.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import AnalysisError, UsageError
from ocianalyze.fleet.members.member import Member
from ocianalyze.fleet.results import database
from ocianalyze.fleet.results.planned import of_report
from ocianalyze.fleet.work.tasks import ImageTask
from ocianalyze.layers.blob.compression import DamagedFrameError, compress_frame, expand_frame
from ocianalyze.reports.report import MOMENT
from ocianalyze.reports.text import to_json
from ocianalyze.sources.registry.documents import StoredDocument
from ocianalyze.version import __version__

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from ocianalyze.fleet.results.planned import Planned, PlannedLayer
    from ocianalyze.fleet.work.rows import Row, Rows

_LARGEST_DOCUMENT: Final = 64 << 20
"""In bytes; no limit allows larger ones."""
_MEMBER: Final = ("reference", "name", "title", "app_image_config", "profile", "users")


class Run(NamedTuple):
    """One run: its number, and whether it goes on with what an earlier call began."""

    id: int
    is_continued: bool = False


class Results:
    """A results file that is open for writing; used by one thread of one process."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or results in memory for None; raises the errors of `database.create`."""
        self.path = path
        self._database = database.create(path)
        self._file = _file_of(path)

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
        """Write what is written within the block at once, or none of it; a block within another one is part of that."""
        if self._database.in_transaction:
            yield
            return
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
        newest = self._one("SELECT id, finished, sources, request, version FROM runs ORDER BY id DESC LIMIT 1")
        if newest is not None and not anew and newest[1:] == (None, *asked, __version__):
            return Run(newest[0], is_continued=True)
        added = self._database.execute(
            "INSERT INTO runs (started, version, sources, request) VALUES (?, ?, ?, ?)", (_now(), __version__, *asked)
        )
        return Run(added.lastrowid or 0)

    def list_members(self, run: Run, members: Sequence[Member], failed: Mapping[int, Rows]) -> None:
        """Store the images of a run; of one that goes on, those that it has stay as they are, and others go.

        `failed` has what came of those that are none, by their places in `members`. All is stored, or nothing.
        """
        with self.together():
            known = {member.identity: image for image, member in self._members(run, "")}
            self._database.execute("UPDATE images SET position = -1 - position WHERE run = ?", (run.id,))
            for position, member in enumerate(members):
                image = known.get(member.identity)
                if image is not None:
                    self._update(image, {"position": position})
                    continue
                image = self._add_member(run, position, member)
                if position in failed:
                    self.judged(image, failed[position])
            for table in ("image_layers", "profiles", "findings", "drivers", "reports"):
                self._database.execute(
                    f"DELETE FROM {table} WHERE image IN (SELECT id FROM images WHERE run = ? AND position < 0)",  # noqa: S608 - ours
                    (run.id,),
                )
            self._database.execute("DELETE FROM images WHERE run = ? AND position < 0", (run.id,))
            self._database.execute("UPDATE runs SET is_listed = 1 WHERE id = ?", (run.id,))

    def counts(self, run: Run) -> tuple[int, int]:
        """Return how many images a run has, and how many of them are judged."""
        images, judged = self._one("SELECT COUNT(*), COUNT(verdict) FROM images WHERE run = ?", run.id)
        return images, judged

    def exit_code(self, run: Run) -> int:
        """Return the highest exit code of all images of a run."""
        (code,) = self._one("SELECT MAX(exit_code) FROM images WHERE run = ?", run.id)
        return int(code or 0)

    def has_unfinished(self, run: Run) -> bool:
        """Tell whether the run before another one was interrupted."""
        return self._one("SELECT 1 FROM runs WHERE id = ? AND finished IS NULL", run.id - 1) is not None

    def unplanned(self, run: Run) -> list[tuple[int, Member]]:
        """Return the images that were not opened yet, with their numbers."""
        return self._members(run, "AND pinned IS NULL AND verdict IS NULL")

    def plan(self, image: int, planned: Planned) -> None:
        """Store what is known of an image before its layers are read."""
        columns = planned._asdict()
        layers, documents = columns.pop("layers"), columns.pop("documents")
        with self.together():
            self._update(image, columns | {"documents": json.dumps(list(documents))})
            self._database.executemany(
                "INSERT OR IGNORE INTO documents VALUES (?, ?, ?)",
                ((digest, one.media_type, compress_frame(one.content)) for digest, one in documents.items()),
            )
            self._add_layers(image, layers)

    def judged(self, image: int, rows: Rows) -> None:
        """Store what came of an image."""
        with self.together():
            self._update(image, {name: value for name, value in rows.image.items() if value is not None})
            for table in ("profiles", "findings", "drivers"):
                self._insert(table, image, getattr(rows, table))
            self._database.execute("INSERT INTO reports VALUES (?, ?)", (image, rows.report))
            if self._one("SELECT 1 FROM image_layers WHERE image = ?", image) is None:
                self._add_layers(image, (of_report(layer) for layer in rows.layers))
            self._database.executemany(
                "UPDATE layers SET uncompressed_size = ?, entries = ? "
                "WHERE id = (SELECT layer FROM image_layers WHERE image = ? AND position = ?) AND entries IS NULL",
                ((one["uncompressed_size"], one["entries"], image, one["position"]) for one in rows.layers),
            )

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
        reference, pinned, name, documents, config, profile = self._one(
            "SELECT reference, pinned, name, documents, app_image_config, profile FROM images WHERE id = ?", image
        )
        with self._damage_told():
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
        """Take note that nothing is left to be done.

        Raises:
            AnalysisError: the file was removed or replaced meanwhile, so that nobody will find the results.
        """
        if self._file != _file_of(self.path):
            raise AnalysisError(f"{self.path} was removed or replaced during the run", hint="Scan the fleet again")
        self._database.execute("UPDATE runs SET finished = ? WHERE id = ?", (_now(), run.id))

    def _members(self, run: Run, which: str) -> list[tuple[int, Member]]:
        rows = self._database.execute(
            f"SELECT id, {', '.join(_MEMBER)} FROM images WHERE run = ? {which} ORDER BY position",  # noqa: S608 - ours
            (run.id,),
        )
        with self._damage_told():
            return [(number, _member(row)) for number, *row in rows]

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        """Raise UsageError if what is stored is not what was stored."""
        try:
            yield
        except (TypeError, ValueError, DamagedFrameError) as error:
            raise UsageError(f"{self.path} is damaged: {error}", hint="Scan again into another file") from error

    def _add_member(self, run: Run, position: int, member: Member) -> int:
        config = None if member.app_image_config is None else to_json(member.app_image_config).decode()
        added = self._database.execute(
            f"INSERT INTO images (run, position, {', '.join(_MEMBER)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
            (run.id, position, *member[:3], config, member.profile, json.dumps(member.users)),
        )
        return added.lastrowid or 0

    def _document(self, digest: str) -> StoredDocument:
        media_type, frame = self._one("SELECT media_type, content FROM documents WHERE digest = ?", digest)
        return StoredDocument(media_type, expand_frame(frame, most=_LARGEST_DOCUMENT))

    def _add_layers(self, image: int, layers: Iterable[PlannedLayer]) -> None:
        layers = list(layers)
        self._database.executemany(
            "INSERT OR IGNORE INTO layers (statement, key, digest, diff_id, size) VALUES (?, ?, ?, ?, ?)",
            ((layer.statement, layer.key, layer.digest, layer.diff_id, layer.size) for layer in layers),
        )
        self._database.executemany(
            "INSERT INTO image_layers SELECT ?, ?, id, ? FROM layers WHERE statement = ?",
            ((image, position, layer.created_by, layer.statement) for position, layer in enumerate(layers)),
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


def _file_of(path: Path | None) -> tuple[int, int] | None:
    """Return which file a path leads to; None for none."""
    try:
        status = None if path is None else path.stat()
    except OSError:
        return None
    return None if status is None else (status.st_dev, status.st_ino)


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


def _now() -> str:
    return datetime.now(UTC).strftime(MOMENT)
