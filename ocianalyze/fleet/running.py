"""A run: each layer is read once, each image is judged as soon as its layers are read, each result is stored at once.

Only as many images are in work as keep all slots busy, so memory does not grow with the fleet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.fleet.engines.engine import of_image, of_layer
from ocianalyze.fleet.work.tasks import Failed, Judged, LayerRead, LayerTask
from ocianalyze.fleet.work.worker import at_position, failed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocianalyze.errors import OcianalyzeError
    from ocianalyze.fleet.engines.engine import Engine, Ticket
    from ocianalyze.fleet.results.results import Results, Run
    from ocianalyze.fleet.work.conditions import Conditions
    from ocianalyze.fleet.work.tasks import ImageTask, Outcome

_AHEAD: Final = 3
"""How many tasks are prepared for each slot, so that none waits for this process."""
_MOST_IMAGES: Final = 1000
"""How many images are in work at a time, if most of them wait for the same layers."""


class Step(NamedTuple):
    """How far a run is: images and bytes of layers that are done, and a warning for people, if there is one."""

    images: int
    bytes_read: int
    warnings: tuple[str, ...] = ()


class _Broken(NamedTuple):
    """A layer that cannot be read in some place: why, and at which position of an image somebody tried."""

    error: OcianalyzeError
    position: int


class _Attempt(NamedTuple):
    """A layer that is being read: from which place, and at which position of an image."""

    place: str
    position: int


@dataclass(slots=True)
class _Image:
    """An image in work.

    Attributes:
        reference: the image as people named it.
        place: the repository or file that its layers are read from.
        layers: the first position of each of its layers, by number.
        missing: the layers that are not read yet.
        broken: the layers that cannot be read from its place.
    """

    reference: str
    place: str
    layers: dict[int, int]
    missing: set[int]
    broken: dict[int, _Broken] = field(default_factory=dict)


def run_fleet(
    results: Results,
    run: Run,
    conditions: Conditions,
    engine: Engine,
    *,
    told: Callable[[Step], object] = lambda _: None,
) -> None:
    """Judge all images of a run that were opened and not judged yet; `told` is told of each step.

    Raises:
        OcianalyzeError: the engine cannot do tasks any more; what is stored stays, and the run can go on later.
    """
    started = perf_counter()
    work = _Work(results, run, conditions, engine, told)
    try:
        work.do()
    finally:
        results.spent(run, seconds=perf_counter() - started, bytes_read=work.bytes_read)
    results.finish(run)


@dataclass(slots=True)
class _Work:
    """What is in work, and what is known of layers."""

    results: Results
    run: Run
    conditions: Conditions
    engine: Engine
    told: Callable[[Step], object]
    bytes_read: int = 0
    _done: int = 0
    _tasks: int = 0
    _uses: Counter[int] = field(default_factory=Counter)
    _images: dict[int, _Image] = field(default_factory=dict)
    _waiting: dict[int, list[int]] = field(default_factory=dict)
    _attempts: dict[int, _Attempt] = field(default_factory=dict)
    _read: set[int] = field(default_factory=set)
    _broken: dict[tuple[int, str], _Broken] = field(default_factory=dict)

    def do(self) -> None:
        """Do it all."""
        self._uses = self.results.uses(self.run)
        todo = iter(self.results.unjudged(self.run))
        number = next(todo, None)
        while number is not None or self._images:
            while number is not None and self._tasks < _AHEAD * self.engine.slots and len(self._images) < _MOST_IMAGES:
                self._begin(number)
                number = next(todo, None)
            if self._images:
                ticket, outcome = self.engine.next()
                self._tasks -= 1
                if ticket.kind == "image":
                    self._end(ticket.number, outcome)
                else:
                    self._take(ticket.number, outcome)

    def _begin(self, number: int) -> None:
        """Take an image into work: have its layers read that nobody reads yet."""
        task, layers = self.results.task(number), self.results.layers_of(number)
        image = self._images[number] = _Image(task.reference, _place(task), layers, layers.keys() - self._read)
        for layer in sorted(image.missing, key=layers.__getitem__):
            if (broken := self._broken.get((layer, image.place))) is not None:
                image.missing.discard(layer)
                image.broken[layer] = broken
            else:
                self._waiting.setdefault(layer, []).append(number)
                if layer not in self._attempts:
                    self._have_read(layer, image, task)
        self._judge_if_ready(number)

    def _have_read(self, layer: int, image: _Image, task: ImageTask) -> None:
        """Have a layer read as one of an image, of which the task tells all that is needed."""
        position = image.layers[layer]
        self._attempts[layer] = _Attempt(image.place, position)
        self._submit(of_layer(layer), LayerTask(task, position))

    def _take(self, layer: int, outcome: Outcome) -> None:
        """Take what came of a layer; one that is broken may be whole in another place."""
        attempt, waiting = self._attempts.pop(layer), self._waiting.pop(layer)
        ready: list[int] = []
        if isinstance(outcome, LayerRead):
            self._read.add(layer)
            self.bytes_read += outcome.bytes_read
            self.told(Step(self._done, self.bytes_read, outcome.warnings))
            ready = waiting
        elif isinstance(outcome, Failed):
            broken = self._broken[layer, attempt.place] = _Broken(outcome.error, attempt.position)
            ready = [number for number in waiting if self._images[number].place == attempt.place]
            for number in ready:
                self._images[number].broken[layer] = broken
            others = [number for number in waiting if self._images[number].place != attempt.place]
            if others:
                self._waiting[layer] = others
                self._have_read(layer, self._images[others[0]], self.results.task(others[0]))
        for number in ready:
            self._images[number].missing.discard(layer)
            self._judge_if_ready(number)

    def _judge_if_ready(self, number: int) -> None:
        """Have an image judged once all of its layers are read; the lowest that is broken decides."""
        image = self._images[number]
        if image.missing:
            return
        if image.broken:
            lowest = min(image.broken, key=image.layers.__getitem__)
            error, position = image.broken[lowest]
            self._end(number, Failed(at_position(error, position, image.layers[lowest])))
        else:
            self._submit(of_image(number), self.results.task(number), [of_layer(layer) for layer in image.layers])

    def _end(self, number: int, outcome: Outcome) -> None:
        """Store what came of an image, and let go of layers that were needed for it alone."""
        image = self._images.pop(number)
        if isinstance(outcome, Failed):
            outcome = failed(outcome.error, image.reference, self.conditions.policy)
        if isinstance(outcome, Judged):
            self.results.judged(number, outcome.rows)
        self._done += 1
        for layer in image.layers:
            self._uses[layer] -= 1
            if not self._uses[layer] and layer in self._read:
                self._read.discard(layer)
                self.engine.forget(of_layer(layer))
        self.told(Step(self._done, self.bytes_read, outcome.warnings))

    def _submit(self, ticket: Ticket, task: ImageTask | LayerTask, after: Sequence[Ticket] = ()) -> None:
        self._tasks += 1
        self.engine.submit(ticket, task, after)


def _place(task: ImageTask) -> str:
    """Return the repository or the file that the layers of an image are read from."""
    name = task.pinned.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}" if task.documents else task.pinned
