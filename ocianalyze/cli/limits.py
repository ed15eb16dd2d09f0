"""How much an image may ask for, from the options and the settings; and limits that earlier versions had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import typer

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
    tell_replaced(REPLACED.intersection(settings.limits))
    stated = {**settings.limits, **{name: value for name, value in given._asdict().items() if value is not None}}
    return Limits(**{name: stated[name] for name in MEANINGS if name in stated})


def tell_replaced(names: Iterable[str]) -> None:
    """Say of limits that earlier versions had that they have no effect."""
    old = ["--" + name.replace("_", "-") for name in sorted(names)]
    if old:
        typer.echo(f"ocianalyze: {', '.join(old)}: without effect; now there are {_NOW}", err=True)
