"""What an image says of itself before any layer is read, and what can be found in that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from ocianalyze.layers.blob.compression import MAGIC_SIZE, recognise
from ocianalyze.layers.reading.reader import PreReadBlob
from ocianalyze.oci.media_types import stated_compression
from ocianalyze.reports.assembly import finding_reports
from ocianalyze.reports.report import as_json
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.table import findings
from ocianalyze.reports.text import encodable, printable
from ocianalyze.sources.stream import PassedBlob
from ocianalyze.units import human

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ocianalyze.oci.image import Blob, Image, Layer
    from ocianalyze.rules.engine import Outcome


def record(image: Image, outcome: Outcome) -> dict[str, Any]:
    """Return the image, and what was found in it, as a JSON object.

    Sizes are in bytes; they and compressions are None where only reading a layer would tell. Findings are as in
    `ocianalyze.reports.report`.
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
        "findings": [as_json(finding) for finding in finding_reports(outcome.judgements, image)],
    }


def print_image(image: Image, outcome: Outcome, console: Console) -> None:
    """Print the image as a table: what it is, how it runs, its layers; then what was found in that."""
    told = record(image, outcome)
    config = told["config"]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    rows = [
        ("image", ", ".join(told["names"]) or told["reference"]),
        ("source", told["source"]),
        ("digest", told["digest"] or f"{told['config_digest']} (config)"),
        ("platform", told["platform"] or "not stated"),
        ("created", told["created"] or "not stated"),
        ("user", config["user"] or "root (none stated)"),
        ("workdir", config["working_dir"] or "/"),
        ("entrypoint", _words(config["entrypoint"])),
        ("command", _words(config["cmd"])),
        ("ports", ", ".join(config["exposed_ports"])),
        ("environment", "\n".join(map(printable, config["env"]))),
    ]
    for name, value in rows:
        if value:
            grid.add_row(name, Text("\n".join(map(printable, value.split("\n")))))
    layers = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    layers.add_column("layer", justify="right")
    layers.add_column("size", justify="right", no_wrap=True)
    layers.add_column("stored as", no_wrap=True)
    layers.add_column("build step", overflow="fold")
    for layer in told["layers"]:
        size = "not stated" if layer["size"] is None else human(layer["size"])
        step = build_step(layer["created_by"]) if layer["created_by"] else ""
        layers.add_row(str(layer["position"]), size, layer["compression"] or "not stated", Text(step))
    found = list(finding_reports(outcome.judgements, image))
    for part in (grid, Text(), layers, *findings(found)):
        _print_lines(part, console)


def _print_lines(what: RenderableType, console: Console) -> None:
    """Print something; where it does not go to a terminal, without blanks at the ends of lines."""
    if console.is_terminal:
        console.print(what)
        return
    with console.capture() as captured:
        console.print(what)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)


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
