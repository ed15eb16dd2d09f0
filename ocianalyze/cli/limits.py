"""How much an image may ask for, from the options and the settings; and limits that earlier versions had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import typer
from typer.core import TyperCommand

from ocianalyze.layers.metering.limits import MEANINGS, REPLACED, Limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.settings.model import Settings

_NOW: Final = ", ".join("--" + name.replace("_", "-") for name in MEANINGS)


class LimitOptions(NamedTuple):
    """The options of limits, as they are given."""

    max_memory: int | None
    max_inflated: int | None
    max_steps: int | None


def make_limits(given: LimitOptions, settings: Settings) -> Limits:
    """Return the limits: what is given, else what the settings say, else the default."""
    _tell_replaced(REPLACED.intersection(settings.limits))
    stated = {**settings.limits, **{name: value for name, value in given._asdict().items() if value is not None}}
    return Limits(**{name: stated[name] for name in MEANINGS if name in stated})


class ReadingCommand(TyperCommand):
    """A command that reads an image; it accepts the limits that earlier versions had, with a remark."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - a context of click, or of typer's own copy
        """Parse the arguments, without those options and their values."""
        kept, replaced, rest = [], set(), iter(args)
        for word in rest:
            if word == "--":
                kept += [word, *rest]
                break
            option, sign, _ = word.partition("=")
            name = option.removeprefix("--").replace("-", "_")
            if not option.startswith("--") or name not in REPLACED:
                kept.append(word)
                continue
            replaced.add(name)
            if not sign:
                next(rest, None)
        _tell_replaced(replaced)
        return super().parse_args(ctx, kept)


def _tell_replaced(names: Iterable[str]) -> None:
    old = ["--" + name.replace("_", "-") for name in sorted(names)]
    if old:
        typer.echo(f"ocianalyze: {', '.join(old)}: without effect; now there are {_NOW}", err=True)
