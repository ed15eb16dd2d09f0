"""``ocianalyze check-config``: check files that come with images, without an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocianalyze.cli.files import name_of, read_bytes
from ocianalyze.errors import UsageError
from ocianalyze.reports.exit_codes import EXIT_FOUND
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.rules.judgement import Judgement

_SETTINGS: Final = ".toml"
_ERROR: Final = "error"


def check_config(
    *,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="AppImageConfigs (JSON; '-' for standard input) and settings files (ocianalyze.toml, pyproject.toml).",
            show_default=False,
        ),
    ],
) -> None:
    """Check AppImageConfigs and settings files; no image is needed."""
    failed = False
    for path in files:
        for severity, problem in _problems(path):
            typer.echo(printable(problem))
            failed = failed or severity == _ERROR
    if failed:
        raise typer.Exit(EXIT_FOUND)


def _problems(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a file, with its severity: a line each, which begins with the file.

    Raises:
        UsageError: it cannot be read.
    """
    from ocianalyze.facts.registration import LARGEST, load

    raw = read_bytes(path, LARGEST + 1)
    name = name_of(path)
    try:
        if path.suffix == _SETTINGS:
            _check_settings(path)
            return
        config = load(raw, what=name)
    except UsageError as error:
        message = error.one_line()
        yield _ERROR, message if message.startswith(name) else f"{name}: {message}"
        return
    from ocianalyze.rules.config.alone import judge_alone

    for item in judge_alone(config):
        yield item.severity.value, _line(name, item)


def _line(name: str, item: Judgement) -> str:
    finding = item.finding
    hint = f". {finding.hint}" if finding.hint else ""
    return f"{name}: {item.severity.value} {item.rule.id}: {finding.message}{hint}"


def _check_settings(path: Path) -> None:
    """Raise UsageError if there is something in a settings file that is not known, or that it may not say.

    What a scan would find in the working directory or above it may say less than what is named with ``--config``.
    """
    from ocianalyze.settings.files import find_settings, load_settings

    found = find_settings(Path.cwd())
    was_found = found is not None and path.resolve() == found.resolve()
    load_settings(path, was_found=was_found).policy.checked()
