"""Results files of fleets, row by row from plain values: what `ocianalyze fleet` would have written."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from ocianalyze.facts.gpu.drivers import RELEASED
from ocianalyze.fleet.results.schema import APPLICATION_ID, TABLES, VERSION

CLASSIC: Final = "studio-classic"
JUPYTERLAB: Final = "studio-jupyterlab"
MOMENT: Final = "2026-11-28T12:00:00Z"
LAYER_SIZE: Final = 1_000_000
"""Of every layer as stored; unpacked it is three times as large."""
_CUDA: Final = {driver: cuda for cuda, driver in RELEASED.items()}
_BASES: Final = 30
_MIDDLES: Final = 330
_TABLES: Final = ("images", "layers", "image_layers", "findings", "profiles", "drivers")


class MadeImage(NamedTuple):
    """An image, and its rows in all tables."""

    columns: Mapping[str, Any]
    layers: tuple[str, ...]
    findings: tuple[Mapping[str, Any], ...]
    profiles: Mapping[str, str]
    drivers: Mapping[str, str]


class MadeRun(NamedTuple):
    """A run with its images."""

    columns: Mapping[str, Any]
    images: tuple[MadeImage, ...]


def digest_of(name: str) -> str:
    """Return the digest of a layer by its name."""
    return f"sha256:{sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()}"


def finding(
    rule: str = "KRN001", path: str | None = None, layer: str | None = None, **columns: object
) -> dict[str, Any]:
    """Return a finding that counts, of a layer if that is given by its name; `columns` are of ``findings``."""
    made: dict[str, Any] = {
        "rule": rule,
        "name": f"name-of-{rule.lower()}",
        "kind": "finding",
        "severity": "error",
        "profiles": json.dumps([CLASSIC]),
        "selected": 1,
        "message": f"{rule} is broken",
        "hint": f"Fix {rule}",
        "path": path,
        "diff_id": None if layer is None else digest_of(layer),
        "created_by": None if layer is None else f"RUN make {layer}",
        **columns,
    }
    made.setdefault("fingerprint", f"{sha256(f'{rule} {path}'.encode()).hexdigest()}:1")
    return made


def image(
    reference: str,
    *layers: str,
    verdict: str | None = "pass",
    findings: Iterable[Mapping[str, Any]] = (),
    profiles: Mapping[str, str] | None = None,
    drivers: Mapping[str, str] | None = None,
    users: Iterable[str] = (),
    **columns: object,
) -> MadeImage:
    """Return an image with layers of these names, from the bottom up; `columns` are of ``images``.

    `profiles` are verdicts, of which the first profile decides; `drivers` are outcomes. A layer that is called as
    another one but for an ``@`` and what follows it has the same content in another compression.
    """
    found = tuple(findings)
    counts = {
        name: sum(one["severity"] == severity and one["kind"] == "finding" for one in found)
        for severity, name in (("error", "errors"), ("warning", "warnings"), ("note", "notes"))
    }
    judged = {} if verdict in (None, "error") else counts
    if profiles is None:
        profiles = {} if verdict in (None, "error") else {CLASSIC: str(verdict)}
    row = {"reference": reference, "verdict": verdict, "users": json.dumps(list(users)), **judged, **columns}
    return MadeImage(row, layers, found, profiles, drivers or {})


def failed(reference: str, code: str, message: str, hint: str | None = None) -> MadeImage:
    """Return an image that could not be analysed."""
    return image(reference, verdict="error", error_code=code, error_message=message, error_hint=hint)


def run(*images: MadeImage, **columns: object) -> MadeRun:
    """Return a run that was finished, unless `columns` of ``runs`` say otherwise."""
    row = {
        "started": MOMENT,
        "finished": MOMENT,
        "version": "0.1.0",
        "sources": json.dumps(["images.txt"]),
        "request": json.dumps({"fail_on": "error"}),
        "is_listed": 1,
        **columns,
    }
    return MadeRun(row, images)


def write_fleet(path: Path, *runs: MadeRun, sizes: Mapping[str, int] | None = None) -> Path:
    """Write a results file with runs, the oldest first, and return its path; `sizes` are of layers, by their names."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; {TABLES}")
        layers: dict[str, int] = {}
        for made in runs:
            number = _insert(connection, "runs", made.columns)
            for position, one in enumerate(made.images):
                _write_image(connection, one, {"run": number, "position": position}, layers, sizes or {})
    return path


def _write_image(
    connection: sqlite3.Connection,
    made: MadeImage,
    place: Mapping[str, Any],
    layers: dict[str, int],
    sizes: Mapping[str, int],
) -> None:
    number = _insert(connection, "images", {**place, **made.columns})
    for position, name in enumerate(made.layers):
        if name not in layers:
            layers[name] = _insert(connection, "layers", _layer(name, sizes.get(name, LAYER_SIZE)))
        stack = {"image": number, "position": position, "layer": layers[name], "created_by": f"RUN make {name}"}
        _insert(connection, "image_layers", stack)
    for chosen, (profile, verdict) in enumerate(made.profiles.items()):
        counts = dict.fromkeys(("errors", "warnings", "notes", "undecided"), 0)
        row = {"image": number, "profile": profile, "verdict": verdict, "selected": not chosen, **counts}
        _insert(connection, "profiles", row)
    for found in made.findings:
        _insert(connection, "findings", {"image": number, **found})
    for driver, outcome in made.drivers.items():
        cuda = _CUDA.get(driver, driver.partition(".")[0])
        row = {"image": number, "driver": driver, "cuda": cuda, "outcome": outcome}
        _insert(connection, "drivers", row)


def _layer(name: str, size: int) -> dict[str, Any]:
    """Return the row of a layer."""
    diff_id = digest_of(name.partition("@")[0])
    return {
        "statement": name.encode(),
        "key": digest_of(f"blob of {name}"),
        "digest": digest_of(f"blob of {name}"),
        "diff_id": diff_id,
        "size": size,
        "uncompressed_size": 3 * size,
        "entries": 10,
    }


def _insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    marks = ", ".join("?" * len(row))
    added = connection.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 - names of our own tests
        tuple(row.values()),
    )
    return added.lastrowid or 0


def write_large_fleet(path: Path, images: int, *, layers: int = 20, findings: int = 15, runs: int = 2) -> Path:
    """Write a results file with many images on a few dozen bases; in each run, some images are other than before."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; {TABLES}")
        for number in range(1, runs + 1):
            row = {"id": number, **run(sources=json.dumps(["docker://registry.example.com/*"])).columns}
            _insert(connection, "runs", row)
            _write_many(connection, number, images, layers, findings)
    return path


def _write_many(connection: sqlite3.Connection, run: int, images: int, layers: int, findings: int) -> None:
    """Write the images of a run: bases, then images that are built on these, then images that are built on those."""
    first = (run - 1) * images + 1
    drivers = ("610.43.02", "580.65.06", "550.54.14", "525.60.13", "450.36.06")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
    known = {key: number for number, key in connection.execute("SELECT id, key FROM layers")}
    for position in range(images):
        number = first + position
        version = position + (position % 10 == 0) * run * images
        names = [
            f"base {position % _BASES} {n}"
            if n < layers // 3
            else f"middle {position % (_MIDDLES - _BASES)} {n}"
            if n < layers * 2 // 3
            else f"own {version} {n}"
            for n in range(layers // 3 if position < _BASES else layers * 2 // 3 if position < _MIDDLES else layers)
        ]
        for place, name in enumerate(names):
            if name not in known:
                known[name] = len(known) + 1
                made = {**_layer(name, LAYER_SIZE * (1 + known[name] % 97)), "id": known[name], "key": name}
                rows["layers"].append(made)
            step = f"RUN make {name}"
            rows["image_layers"].append({"image": number, "position": place, "layer": known[name], "created_by": step})
        found = [
            finding(
                f"KRN{n % 16 + 1:03}",
                f"/opt/{position % 50}/{n}",
                names[(n * 7) % len(names)],
                severity=("error", "warning", "note")[n % 3],
            )
            for n in range((position + run) % 4 and findings)
        ]
        verdict = "fail" if found else "pass"
        listed = image(f"registry.example.com/team/image-{position}:1.0", verdict=verdict, users=[f"space {position}"])
        size = LAYER_SIZE * (layers + position % 1000)
        rows["images"].append(
            {
                "id": number,
                "run": run,
                "position": position,
                **listed.columns,
                "size": size,
                "errors": len(found) // 3,
                "minimum_driver": "525.60.13",
            }
        )
        rows["findings"] += ({"image": number, **one} for one in found)
        for chosen, profile in enumerate((CLASSIC, JUPYTERLAB, "studio-code-editor", "unified-studio")):
            counts = dict.fromkeys(("errors", "warnings", "notes", "undecided"), 0)
            rows["profiles"].append(
                {"image": number, "profile": profile, "verdict": verdict, "selected": not chosen, **counts}
            )
        for n, driver in enumerate(drivers):
            outcome = "sufficient" if n <= position % 5 else "too-old"
            rows["drivers"].append({"image": number, "driver": driver, "cuda": f"{13 - n}.0", "outcome": outcome})
    for table, made_rows in rows.items():
        if made_rows:
            columns, marks = ", ".join(made_rows[0]), ", ".join("?" * len(made_rows[0]))
            connection.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - names of our own tests
                (tuple(row.values()) for row in made_rows),
            )
