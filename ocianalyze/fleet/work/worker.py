"""One process that works for a fleet: it reads layers and judges images, one at a time."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from contextlib import ExitStack
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ocianalyze.analysis import Source, analyze
from ocianalyze.analysis.leftovers import Leftovers
from ocianalyze.errors import OcianalyzeError, unforeseen
from ocianalyze.fleet.stores.handed import HandedLayers
from ocianalyze.fleet.work.rows import rows_of
from ocianalyze.fleet.work.tasks import Failed, ImageTask, Judged, LayerRead, LayerTask
from ocianalyze.oci.reference import Reference
from ocianalyze.reports.failing import failure_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from ocianalyze.fleet.work.conditions import Conditions
    from ocianalyze.fleet.work.tasks import Outcome, Task
    from ocianalyze.layers.reading.stores import LayerStore
    from ocianalyze.oci.image import Image
    from ocianalyze.reports.report import Report
    from ocianalyze.rules.policy import Policy

_log = logging.getLogger(__name__)

_MOST_OPEN: Final = 4
"""How many images are kept open, because further layers of them may have to be read."""


class Worker:
    """Does tasks under the same conditions; closes what it has open at the end of a ``with`` block."""

    def __init__(self, conditions: Conditions) -> None:
        self._leftovers = Leftovers()
        self._warnings: dict[str, None] = {}
        self._told: set[str] = set()
        self._conditions = replace(conditions, access=replace(conditions.access, warn=self._warn))
        self._open: OrderedDict[tuple[str, str | None], tuple[ExitStack, Image]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all images."""
        while self._open:
            self._close_one()

    def _close_one(self) -> None:
        """Close the image that was not used for the longest time.

        That its file was changed is an error of whoever judges it, and not of the task that happens to close it here.
        """
        (reference, _), (stack, _) = self._open.popitem(last=False)
        try:
            stack.close()
        except OcianalyzeError as error:
            _log.debug("closing %s: %s", reference, error)

    def do(self, task: Task, handed: Mapping[str, bytes]) -> Outcome:
        """Do a task with the results of layers that others have read; whatever goes wrong is the outcome."""
        try:
            return self._read(task) if isinstance(task, LayerTask) else self._judge(task, handed)
        except OcianalyzeError as error:
            known = error
        except Exception as error:  # noqa: BLE001 - one image is not to stop the others
            known = unforeseen(error)
        self.close()  # what failed may have broken connections
        return Failed(known)

    def _read(self, task: LayerTask) -> LayerRead:
        """Read one layer, unless it is known; its result is in the store then, or handed on."""
        handed = HandedLayers()
        source = self._source(task.image, self._conditions.store or handed)
        image = self._opened(task.image, source)
        layer = image.layers[task.position]
        if source.knows(layer):
            return LayerRead(0)
        (read,), _ = source.read(image._replace(layers=(layer,)))
        return LayerRead(read.bytes_read, handed.new, self._news())

    def _judge(self, task: ImageTask, handed: Mapping[str, bytes]) -> Judged:
        """Judge an image; a layer that nobody has read is read now."""
        source = self._source(task, self._conditions.store or HandedLayers(handed))
        report = analyze(source, self._policy(task))
        judged = Judged(rows_of(_as_named(report, task)), self._news())
        del report
        self._leftovers.remove()
        return judged

    def _opened(self, task: ImageTask, source: Source) -> Image:
        """Return an open image: for its layers, connections and logins are made once."""
        key = task.pinned, task.name
        if key in self._open:
            self._open.move_to_end(key)
            return self._open[key][1]
        while len(self._open) >= _MOST_OPEN:
            self._close_one()
        with ExitStack() as stack:
            image = stack.enter_context(source.open())
            self._open[key] = stack.pop_all(), image
        return image

    def _source(self, task: ImageTask, store: LayerStore) -> Source:
        conditions = self._conditions
        return Source(
            reference=task.pinned,
            platform=conditions.platform,
            name=task.name,
            offline=conditions.offline,
            access=conditions.access,
            documents=dict(task.documents),
            cache=store,
            jobs=1,
            limits=conditions.limits,
        ).with_budget(frozenset())

    def _policy(self, task: ImageTask) -> Policy:
        policy = self._conditions.policy
        if task.app_image_config is not None:
            policy = replace(policy, app_image_config=task.app_image_config)
        if task.profile is not None and not policy.profiles:
            policy = replace(policy, profiles=(task.profile,))
        return policy

    def _warn(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._warnings[text] = None

    def _news(self) -> tuple[str, ...]:
        """Return what people have not been told yet."""
        news = tuple(self._warnings)
        self._warnings.clear()
        return news


def failed(error: OcianalyzeError, reference: str, policy: Policy) -> Judged:
    """Return what is stored of an image that cannot be analysed."""
    return Judged(rows_of(failure_report(error, reference, policy), code=error.exit_code))


def at_position(error: OcianalyzeError, read_as: int, position: int) -> OcianalyzeError:
    """Return an error of a layer as it concerns another image, which has the layer at another position."""
    message = re.sub(rf"^layer {read_as}\b", f"layer {position}", error.message)
    if message == error.message:
        return error
    moved = copy(error)
    moved.message = message
    return moved


def _as_named(report: Report, task: ImageTask) -> Report:
    """Return a report that names its image as that of a scan does, without what it was pinned to."""
    reference = Reference.parse(task.reference)
    names = report.image.names
    if report.image.source == "registry" and "@" not in reference.location:
        names = [name.partition("@")[0] for name in names]
    image = report.image.model_copy(update={"reference": reference.location, "names": names})
    return report.model_copy(update={"image": image})
