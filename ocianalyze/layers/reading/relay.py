"""How far the layers are that other processes read: told through a few bytes of memory that they share with this one.

A worker writes numbers, and the process that waits for it reads them now and then. Nobody locks: what is shown may be a
moment old.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ocianalyze.layers.reading.workers import shared_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.metering.progress import LayerProgress, Progress
    from ocianalyze.oci.image import Layer

_STATE, _POSITION, _ENTRIES, _WIDTH = range(4)
"""What the numbers of a layer are, and how many."""
_WAITING, _BEGUN, _ENDED = range(3)


class Relay:
    """Passes on to `progress` what is told of `layers` in processes that are forked from this one."""

    def __init__(self, progress: Progress, layers: Sequence[Layer]) -> None:
        self._progress = progress
        self._layers = layers
        self._numbers = shared_numbers(len(layers) * _WIDTH)
        self._reading: dict[int, LayerProgress] = {}
        self._ended: set[int] = set()

    def sender(self, number: int) -> Progress:
        """Return who is told, in a worker, of the layer at `number`."""
        return _Sender(self._numbers[number * _WIDTH : (number + 1) * _WIDTH])

    def poll(self) -> None:
        """Pass on what was told since the last time."""
        for number, layer in enumerate(self._layers):
            state, position, entries = self._numbers[number * _WIDTH : (number + 1) * _WIDTH]
            if state == _WAITING or number in self._ended:
                continue
            told = self._reading.get(number)
            if told is None:
                told = self._progress.begin(f"layer {layer.position}", layer.blob.size, step=layer.created_by)
                self._reading[number] = told.__enter__()
            told.reach(position)
            told.count(entries)
            if state == _ENDED:
                self._end(number)
        self._progress.wait()

    def close(self) -> None:
        """Take note that no worker reads any more: what one of them left unfinished is begun anew by others."""
        self.poll()
        for number in self._reading.keys() - self._ended:
            self._end(number)

    def _end(self, number: int) -> None:
        self._ended.add(number)
        self._reading[number].__exit__(None, None, None)


class _Sender:
    """A `Progress` of one layer, and its `LayerProgress`, that writes down what it is told."""

    def __init__(self, numbers: memoryview[int]) -> None:
        self._numbers = numbers

    def expect(self, layers: int, size: int | None) -> None:
        pass

    def begin(self, what: str, size: int | None, *, step: str | None = None) -> LayerProgress:  # noqa: ARG002
        return self

    def begin_stream(self, what: str, size: int | None) -> LayerProgress:  # noqa: ARG002
        return self

    def wait(self) -> None:
        pass

    def reach(self, position: int) -> None:
        self._numbers[_POSITION] = position

    def count(self, entries: int) -> None:
        self._numbers[_ENTRIES] = entries

    def __enter__(self) -> Self:
        self._numbers[_STATE] = _BEGUN
        return self

    def __exit__(self, *_: object) -> None:
        self._numbers[_STATE] = _ENDED
