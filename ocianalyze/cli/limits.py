"""How much an image may ask for: the options, what is made of them and of the settings, and limits that there were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from ocianalyze.cli.options import CACHE, size
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, MEANINGS, REPLACED, Limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.settings.model import Settings

_NOW: Final = ", ".join("--" + name.replace("_", "-") for name in MEANINGS)


def _limit(name: str) -> Any:  # noqa: ANN401 - typer's own
    return typer.Option(
        parser=size,
        metavar="N",
        help=f"{MEANINGS[name][0].upper()}{MEANINGS[name][1:]} (default {getattr(DEFAULT_LIMITS, name):,}).",
        envvar=f"OCIANALYZE_{name.upper()}",
        show_default=False,
        hidden=True,
        rich_help_panel=CACHE,
    )


MaxMemory = Annotated[int | None, _limit("max_memory")]
MaxInflated = Annotated[int | None, _limit("max_inflated")]
MaxSteps = Annotated[int | None, _limit("max_steps")]


def _show_all(ctx: typer.Context, value: bool) -> None:  # noqa: FBT001 - typer's callback
    if not value or ctx.resilient_parsing:
        return
    for param in ctx.command.params:
        if getattr(param, "rich_help_panel", None) == CACHE:
            param.hidden = False  # type: ignore[attr-defined] # it is an option
    typer.echo(ctx.get_help())
    raise typer.Exit


HelpAll = Annotated[
    bool,
    typer.Option("--help-all", help="Show this message including limits, and exit.", callback=_show_all, is_eager=True),
]


class LimitOptions(NamedTuple):
    """The options of limits, as they are given."""

    max_memory: MaxMemory = None
    max_inflated: MaxInflated = None
    max_steps: MaxSteps = None


def make_limits(given: LimitOptions, settings: Settings) -> Limits:
    """Return the limits: what is given, else what the settings say, else the default."""
    tell_replaced(REPLACED.intersection(settings.limits))
    stated = {**settings.limits, **{name: value for name, value in given._asdict().items() if value is not None}}
    return Limits(**{name: stated[name] for name in MEANINGS if name in stated})


def tell_replaced(names: Iterable[str]) -> None:
    """Say of limits that earlier versions had that they have no effect."""
    old = ["--" + name.replace("_", "-") for name in sorted(names)]
    if old:
        typer.echo(f"ocianalyze: {', '.join(old)} has no effect any more; use {_NOW}", err=True)
