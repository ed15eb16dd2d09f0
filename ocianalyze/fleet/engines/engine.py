"""What every engine can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.fleet.work.tasks import Outcome, Task


class Ticket(NamedTuple):
    """What a task is known by: the number of an image or of a layer in the results."""

    kind: str
    number: int


def of_image(number: int) -> Ticket:
    """Return the ticket of the task that judges an image."""
    return Ticket("image", number)


def of_layer(number: int) -> Ticket:
    """Return the ticket of the task that reads a layer."""
    return Ticket("layer", number)


class Engine(Protocol):
    """Does tasks somewhere, several at a time; none is lost, whatever happens to those who do them.

    Attributes:
        slots: how many tasks are done at a time, at present.
    """

    @property
    def slots(self) -> int:
        """How many tasks are done at a time, at present."""

    def submit(self, ticket: Ticket, task: Task, after: Sequence[Ticket] = ()) -> None:
        """Have a task done; `after` are those done and not forgotten whose results it is handed."""

    def next(self) -> tuple[Ticket, Outcome]:
        """Wait for a task that was submitted, and return what came of it.

        Raises:
            OcianalyzeError: tasks cannot be done any more.
        """

    def forget(self, ticket: Ticket) -> None:
        """Drop the result of a layer that no image needs any more."""

    def close(self) -> None:
        """Stop all tasks."""
