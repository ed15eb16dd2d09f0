"""Lines on standard error while a command runs: above the bars, where bars are drawn."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_screens: list[Callable[[str], None]] = []


def remark(line: str) -> None:
    """Print a line that is safe to print."""
    (_screens[-1] if _screens else plainly)(line)


def plainly(line: str) -> None:
    """Print a line where nothing is drawn."""
    typer.echo(line, err=True)


@contextmanager
def remarks_by(screen: Callable[[str], None]) -> Iterator[None]:
    """Have lines printed by what draws on standard error, as long as the block lasts."""
    _screens.append(screen)
    try:
        yield
    finally:
        _screens.remove(screen)
