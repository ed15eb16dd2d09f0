"""How much work is done for the scripts of one command, so that no image makes it go on for ever."""

from __future__ import annotations

from typing import Final

MOST_STEPS: Final = 20_000
"""How many commands are gone through."""

MOST_SCRIPTS: Final = 100
"""How many scripts are read."""

MOST_CHARACTERS: Final = 16_000_000
"""How much text all expansions together may come to, and how much work patterns may make."""

DEEPEST: Final = 45
"""How deep commands, functions and scripts may run within each other."""

_WORK: Final = 1_000_000
"""How long either takes that is spent, in microseconds."""


class OutOfBudgetError(Exception):
    """One of the budgets is spent; the message is a clause that names it."""


class Budget:
    """What is left."""

    def __init__(self) -> None:
        self._steps = MOST_STEPS
        self._scripts = MOST_SCRIPTS
        self._characters = MOST_CHARACTERS
        self._depth = 0

    @property
    def work(self) -> int:
        """How much has been done, in steps of about a microsecond."""
        return (
            _WORK * (MOST_STEPS - self._steps) // MOST_STEPS
            + _WORK * (MOST_CHARACTERS - self._characters) // MOST_CHARACTERS
        )

    def step(self) -> None:
        """Count a command."""
        self._steps -= 1
        if self._steps < 0:
            raise OutOfBudgetError(f"its scripts run more than {MOST_STEPS:,} commands")

    def script(self) -> None:
        """Count a script."""
        self._scripts -= 1
        if self._scripts < 0:
            raise OutOfBudgetError(f"it runs more than {MOST_SCRIPTS} scripts")

    def text(self, size: int) -> None:
        """Count so many characters of an expansion, or so much work that is as dear."""
        self._characters -= size
        if self._characters < 0:
            raise OutOfBudgetError("expansions in its scripts produce too much text")

    def enter(self) -> None:
        """Go one level deeper; whoever does so leaves again."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise OutOfBudgetError(f"its commands and scripts are nested more than {DEEPEST} levels deep")

    def leave(self) -> None:
        """Come back from one level."""
        self._depth -= 1
