"""Two reports compared: what the new image has that the old one has not, and the other way round."""

from __future__ import annotations

import re
import shlex
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError
from ocianalyze.regex import regex
from ocianalyze.reports.baseline import compare, remark_on_profiles
from ocianalyze.reports.difference import document as form
from ocianalyze.reports.difference.directories import changed_directories
from ocianalyze.reports.size.places import by_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.reports.report import FindingReport, Inventory, KernelFacts, PackageFacts, Report

_MANAGERS: Final = ("dpkg", "apk", "conda", "python")
_PYTHON: Final = regex(r"(/python3)\.\d{1,2}(?=/|$)", re.ASCII)
_WITHOUT_INVENTORY: Final = (
    "it has no inventory (scan --inventory), so packages, environment and directories are not compared"
)
_WITHOUT_FACTS: Final = "no layer of it was read"


def diff(old: Report, new: Report) -> form.Difference:
    """Return what changed from one image to another; for packages, environment and directories, with inventories.

    Raises:
        UsageError: one of the images could not be analysed.
    """
    compared = compare(new, old, what="the old report")
    mine = [finding for finding in compared.findings if finding.waived is None]
    known = {finding.fingerprint for finding in (*new.findings, *new.other_findings)}
    before, after = _inventory(old), _inventory(new)
    both = None if before is None or after is None else (before, after)
    return form.Difference(
        old=_side(old),
        new=_side(new),
        fail_on=new.request.fail_on,
        new_findings=[_plain(finding) for finding in mine if finding.baseline == "new"],
        fixed_findings=[item for item in old.findings if item.waived is None and item.fingerprint not in known],
        same_findings=sum(finding.baseline == "known" for finding in mine),
        configuration=list(_configuration(old, new)),
        environment=None
        if both is None
        else list(_changes(both[0].configuration.environment, both[1].configuration.environment)),
        kernels=list(_changes(_kernels(old), _kernels(new))),
        cuda=list(_changes(_cuda(old), _cuda(new))),
        packages=None if both is None else list(_packages(*both)),
        size=_sizes(old, new),
        gaps=list(_gaps(old, new)),
    )


def _side(report: Report) -> form.Side:
    if report.error is not None:
        raise UsageError("an image that could not be analysed cannot be compared")
    return form.Side(image=report.image, verdict=report.verdict, profiles=report.request.profiles)


def _plain(finding: FindingReport) -> FindingReport:
    return finding.model_copy(update={"baseline": None})


def _inventory(report: Report) -> Inventory | None:
    return None if report.facts is None else report.facts.inventory


def _gaps(old: Report, new: Report) -> Iterator[str]:
    remark = remark_on_profiles(old, new)
    if remark is not None:
        yield remark
    for name, report in (("old", old), ("new", new)):
        if report.facts is None:
            yield f"{name} image: {_WITHOUT_FACTS}"
        elif report.facts.inventory is None:
            yield f"{name} image: {_WITHOUT_INVENTORY}"
        else:
            yield from (f"{name} image: {gap}" for gap in report.facts.inventory.gaps)


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[form.Change]:
    """Yield what is not the same in two mappings, in the order of the names."""
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield form.Change(what=name, old=old.get(name), new=new.get(name))


def _configuration(old: Report, new: Report) -> Iterator[form.Change]:
    before, after = _stated(old), _stated(new)
    yield from (change for change in _changes(before, after) if change.what in before and change.what in after)
    labels = [_labels(report) for report in (old, new)]
    if labels[0] is not None and labels[1] is not None:
        yield from _changes(labels[0], labels[1])


def _stated(report: Report) -> dict[str, str]:
    """Return what the configuration states, as far as the report has it."""
    facts = report.facts
    stated = {"platform": report.image.platform}
    if facts is not None and facts.user is not None:
        user = facts.user
        resolved = "not resolved" if user.uid is None else f"{user.uid}:{user.gid}"
        stated["USER"] = f"{user.spec or 'none'} ({resolved})"
    if facts is not None and facts.inventory is not None:
        configuration = facts.inventory.configuration
        stated |= {
            "ENTRYPOINT": shlex.join(configuration.entrypoint) or "none",
            "CMD": shlex.join(configuration.command) or "none",
            "WORKDIR": configuration.working_directory or "none",
            "EXPOSE": " ".join(configuration.exposed_ports) or "none",
        }
    return stated


def _labels(report: Report) -> dict[str, str] | None:
    inventory = _inventory(report)
    return (
        None if inventory is None else {f"LABEL {name}": text for name, text in inventory.configuration.labels.items()}
    )


def _kernels(report: Report) -> dict[str, str]:
    """Return for each kernel what it runs, and whether it can; of those with one name, the first that is not hidden."""
    found: dict[str, KernelFacts] = {}
    for kernel in (report.facts.kernels if report.facts is not None else None) or []:
        known = found.setdefault(kernel.name, kernel)
        if kernel.visible and not known.visible:
            found[kernel.name] = kernel
    return {name: _kernel(kernel) for name, kernel in found.items()}


def _kernel(kernel: KernelFacts) -> str:
    problems = f" ({', '.join(kernel.problems)})" if kernel.problems else ""
    state = ", hidden" if not kernel.visible else "" if kernel.usable else ", not usable"
    return f"{shlex.join(kernel.argv)} in {kernel.path}{state}{problems}"


def _cuda(report: Report) -> dict[str, str]:
    nvidia = report.facts.nvidia if report.facts is not None else None
    if nvidia is None:
        return {}
    found = {
        "CUDA": ", ".join(nvidia.cuda_versions),
        "driver that it needs": nvidia.minimum_driver or "",
        "driver in the image": ", ".join(nvidia.driver_versions),
        "files of a driver": f"{len(nvidia.driver_files):,}" if nvidia.driver_files else "",
    }
    return {name: text for name, text in found.items() if text}


def _packages(old: Inventory, new: Inventory) -> Iterator[form.PackageChange]:
    before, after = _by_place(old), _by_place(new)
    for key in sorted(before.keys() | after.keys(), key=lambda key: (_MANAGERS.index(key[0]), *key[1:])):
        was, now = before.get(key, []), after.get(key, [])
        versions = [sorted(package.version for package in packages) for packages in (was, now)]
        if versions[0] != versions[1]:
            manager, place, name = key
            yield form.PackageChange.model_validate(
                {
                    "manager": manager,
                    "name": name,
                    "place": place,
                    "old": versions[0],
                    "new": versions[1],
                    "bytes": _growth(was, now),
                }
            )


def _by_place(inventory: Inventory) -> dict[tuple[str, str, str], list[PackageFacts]]:
    """Return the packages by manager, place and name; the directories of Pythons of any version are one place."""
    found: dict[tuple[str, str, str], list[PackageFacts]] = {}
    for package in inventory.packages:
        place = _PYTHON.sub(r"\1", package.place)
        found.setdefault((package.manager, place, package.name), []).append(package)
    return found


def _growth(old: list[PackageFacts], new: list[PackageFacts]) -> int | None:
    sizes = [[package.bytes for package in packages] for packages in (old, new)]
    if any(size is None for side in sizes for size in side):
        return None
    return sum(size or 0 for size in sizes[1]) - sum(size or 0 for size in sizes[0])


def _sizes(old: Report, new: Report) -> form.SizeChange:
    pairs = zip(old.layers, new.layers, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0].diff_id == pair[1].diff_id, pairs))
    trees = [report.facts.size.tree if report.facts is not None else None for report in (old, new)]
    directories = None
    if trees[0] is not None and trees[1] is not None:
        directories = changed_directories(by_directory(trees[0]), by_directory(trees[1]))
    sizes = [report.facts.size.docker_image_size if report.facts is not None else 0 for report in (old, new)]
    return form.SizeChange(
        old=sizes[0],
        new=sizes[1],
        shared_layers=shared,
        new_bytes=sum(layer.size for layer in new.layers[shared:]),
        directories=directories,
    )
