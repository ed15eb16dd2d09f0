"""What an image says of itself before any layer is read, and what can be found in that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ocianalyze.layers.blob.compression import MAGIC_SIZE, recognise
from ocianalyze.layers.reading.reader import PreReadBlob
from ocianalyze.oci.media_types import stated_compression
from ocianalyze.reports.assembly import finding_reports
from ocianalyze.reports.findings import findings
from ocianalyze.reports.layout import EMPTY, Line, Span, columns, line
from ocianalyze.reports.origin import read_elsewhere
from ocianalyze.reports.report import as_json
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import encodable, printable
from ocianalyze.sources.stream import PassedBlob
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.oci.image import Blob, Image, Layer
    from ocianalyze.reports.layout import Cell
    from ocianalyze.reports.screen import Screen
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.sources.registry.referrers.listed import Referrer

_MOST_SHOWN: Final = 50
"""How many referrers the table has; JSON has them all."""


def record(image: Image, outcome: Outcome, referrers: Sequence[Referrer] | None = None) -> dict[str, Any]:
    """Return the image, what refers to it, and what was found in it, as a JSON object.

    Sizes are in bytes; they and compressions are None where only reading a layer would tell, `referrers` where nobody
    says. Findings are as in `ocianalyze.reports.report`.
    """
    config = image.config
    execution = config.config
    return {
        "reference": encodable(image.reference),
        "source": image.source,
        "names": [encodable(name) for name in image.names],
        "digest": image.digest,
        "config_digest": image.config_digest,
        "media_type": image.media_type,
        "platform": encodable(str(config.platform)),
        "created": config.created,
        "read_from": list(image.read_from),
        "config": {
            "user": encodable(execution.user),
            "env": [encodable(item) for item in execution.env],
            "entrypoint": [encodable(item) for item in execution.entrypoint],
            "cmd": [encodable(item) for item in execution.cmd],
            "working_dir": encodable(execution.working_dir),
            "exposed_ports": sorted(map(encodable, execution.exposed_ports)),
            "labels": {encodable(key): encodable(value) for key, value in sorted(execution.labels.items())},
            "stop_signal": execution.stop_signal,
        },
        "layers": [
            {
                "position": layer.position,
                "diff_id": layer.diff_id,
                "digest": layer.digest,
                "media_type": layer.media_type,
                "compression": _compression(layer),
                "size": _size(layer.size, layer.blob),
                "created_by": encodable(layer.created_by) if layer.created_by else None,
            }
            for layer in image.layers
        ],
        "referrers": None if referrers is None else [_referrer(one) for one in referrers],
        "findings": [as_json(finding) for finding in finding_reports(outcome.judgements, image)],
    }


def print_image(image: Image, outcome: Outcome, screen: Screen, referrers: Sequence[Referrer] | None = None) -> None:
    """Print the image as a table: what it is, how it runs, its layers, what refers to it; then what was found."""
    told = record(image, outcome, referrers)
    screen.print_all(columns(_about(told), screen.width))
    screen.print(EMPTY)
    screen.print_all(columns(_layers(told), screen.width, right={0, 1}))
    if told["referrers"]:
        screen.print(EMPTY)
        screen.print_all(columns(_referrers(told["referrers"]), screen.width, right={1}))
    screen.print_all(findings(list(finding_reports(outcome.judgements, image)), screen.width))


def _about(told: dict[str, Any]) -> Iterator[tuple[Line, Cell]]:
    config = told["config"]
    for name, *values in (
        ("image", ", ".join(told["names"]) or told["reference"]),
        ("source", told["source"]),
        ("read from", *read_elsewhere(told["names"], told["read_from"])),
        ("digest", told["digest"] or f"{told['config_digest']} (config)"),
        ("platform", told["platform"] or "not stated"),
        ("created", told["created"] or "not stated"),
        ("user", config["user"] or "root (none stated)"),
        ("workdir", config["working_dir"] or "/"),
        ("entrypoint", _words(config["entrypoint"])),
        ("command", _words(config["cmd"])),
        ("ports", ", ".join(config["exposed_ports"])),
        ("environment", *config["env"]),
    ):
        if any(values):
            yield line(Span(name, "dim")), [line(printable(value)) for value in values]


def _layers(told: dict[str, Any]) -> Iterator[tuple[Cell, ...]]:
    yield tuple(line(Span(title, "bold")) for title in ("layer", "size", "stored as", "build step"))
    for layer in told["layers"]:
        size = "not stated" if layer["size"] is None else human(layer["size"])
        step = build_step(layer["created_by"]) if layer["created_by"] else ""
        yield str(layer["position"]), size, layer["compression"] or "not stated", step


def _referrers(told: list[dict[str, Any]]) -> Iterator[tuple[Cell, ...]]:
    yield tuple(line(Span(title, "bold")) for title in ("referrer", "size", "created", "digest"))
    for one in told[:_MOST_SHOWN]:
        kind = one["artifact_type"] or one["media_type"]
        yield printable(kind) or "not stated", human(one["size"]), printable(one["created"] or "-"), one["digest"]
    if len(told) > _MOST_SHOWN:
        yield f"and {len(told) - _MOST_SHOWN:,} more", "", "", ""


def _referrer(one: Referrer) -> dict[str, Any]:
    return {
        "digest": one.digest,
        "subject": one.subject,
        "media_type": encodable(one.media_type),
        "artifact_type": encodable(one.artifact_type),
        "size": one.size,
        "created": None if one.created is None else encodable(one.created),
    }


def _words(words: list[str]) -> str:
    return " ".join(repr(word) if not word or " " in word else word for word in words)


def _size(stated: int | None, blob: Blob) -> int | None:
    return blob.size if stated is None else stated


def _compression(layer: Layer) -> str | None:
    """Return how a layer is compressed: its first bytes tell, where they are at hand, else its media type."""
    blob = layer.blob
    if isinstance(blob, PreReadBlob):
        return blob.reading.compression
    if isinstance(blob, PassedBlob):
        return blob.compression
    byte_range = blob.byte_range()
    if byte_range is None:
        return stated_compression(layer.media_type or "")
    return recognise(byte_range.read_at(0, MAGIC_SIZE))
