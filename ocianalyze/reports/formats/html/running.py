"""What the image runs: kernels with their chains of programs, and the drivers that its CUDA needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.formats.html.markup import (
    Markup,
    code,
    element,
    folded,
    join,
    remark_on,
    section,
    table,
    terms,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import KernelFacts, KernelStep, NvidiaFacts, Report

_ROOM: Final = 25_000
_STEPS: Final = 50
_FILES: Final = 8_000
_DRIVERS: Final = 100
_ORIGINS: Final = {
    "kernelspec": "kernel.json",
    "conda": "conda environment",
    "native": "the server's own Python",
}
_KINDS: Final = {
    "command": "Command",
    "program": "Program",
    "link": "Link to",
    "interpreter": "Interpreter",
    "python": "Python in",
    "module": "Module",
    "problem": "Problem",
    "unknown": "Not known",
}
_OUTCOMES: Final = {
    "sufficient": "sufficient",
    "too-old": "too old",
    "forward-compatible": "only with the image's compatibility package, on GPUs that allow it",
    "refused": "refused by a variable of the image",
    "depends": "depends on the GPU",
}
_CLASSES: Final = {"sufficient": "v-pass", "too-old": "v-fail", "refused": "v-fail"}
_FILE_KINDS: Final = {
    "driver-userspace": "library or program",
    "driver-kernel": "kernel module",
    "driver-leftover": "empty file or broken link",
}


def kernels(report: Report) -> Section | None:
    """Return the section of kernels, if the layers were read."""
    if report.facts is None:
        return None
    found = report.facts.kernels
    if found is None:
        return section("kernels", "Kernels", element("p", "Not known: an undecided check says why.", class_="muted"))
    if not found:
        return section("kernels", "Kernels", element("p", "No kernel was found.", class_="muted"))
    articles, left_out = within(_ROOM, map(_kernel, found))
    return section("kernels", "Kernels", *articles, remark_on(left_out, "kernels are"))


def _kernel(kernel: KernelFacts) -> Markup:
    state, word = ("v-pass", "usable") if kernel.usable else ("v-fail", "not usable")
    if not kernel.visible:
        state, word = "v-fail", "hidden"
    badge = element("span", word, class_=f"badge {state}")
    rows = (
        ("Name", code(kernel.name)),
        ("Directory", code(kernel.path)),
        ("Found by", f"{_ORIGINS[kernel.origin]}{f', language {kernel.language}' if kernel.language else ''}"),
        ("Errors", ", ".join(kernel.problems[:_STEPS])),
        ("Command", code(" ".join(kernel.argv)) if kernel.argv and not kernel.chain else None),
    )
    heading = element("h3", kernel.display_name or kernel.name, " ", badge)
    chain = element("ol", *map(_step, kernel.chain[:_STEPS]), class_="chain") if kernel.chain else None
    return element("article", heading, terms(rows), chain, class_="kernel")


def _step(step: KernelStep) -> Markup:
    shown = step.text if step.kind in ("problem", "unknown") else code(step.text)
    note = join((" ", element("span", step.note, class_="muted"))) if step.note else None
    kind = element("span", _KINDS[step.kind], class_="kind")
    return element("li", kind, " ", shown, note, class_=step.kind)


def gpu(report: Report) -> Section | None:
    """Return the section of CUDA and drivers, if the layers were read."""
    if report.facts is None:
        return None
    nvidia = report.facts.nvidia
    if nvidia is None:
        return section("gpu", "GPU", element("p", "Not known: an undecided check says why.", class_="muted"))
    return section("gpu", "GPU", *_compatibility(nvidia))


def _compatibility(nvidia: NvidiaFacts) -> Iterator[Markup]:
    if not (nvidia.cuda_versions or nvidia.driver_statement or nvidia.driver_files):
        yield element("p", "The image has no CUDA and needs no NVIDIA driver.", class_="muted")
        return
    if nvidia.driver_statement:
        yield element("p", nvidia.driver_statement)
    yield terms(
        (
            ("CUDA", ", ".join(nvidia.cuda_versions) or "none"),
            ("Compatibility package", f"driver {nvidia.compat_driver}" if nvidia.compat_driver else None),
            ("Driver of the host", _host(nvidia)),
            ("Driver in the image", ", ".join(nvidia.driver_versions) or None),
        )
    )
    if nvidia.cuda:
        rows = [
            (need.version, _or_unknown(need.minimum_driver), _or_unknown(need.released_with)) for need in nvidia.cuda
        ]
        head: tuple[str, ...] = ("CUDA in the image", "Oldest driver on the host", "Released with driver")
        yield table("Which driver each CUDA version needs", head, rows[:_DRIVERS])
    if nvidia.drivers:
        outcomes: dict[str, list[str]] = {}
        for item in nvidia.drivers[:_DRIVERS]:
            outcomes.setdefault(item.outcome, []).append(f"{item.driver} (CUDA {item.cuda})")
        drivers = [
            (element("span", word, class_=f"badge {_CLASSES.get(outcome, 'undecided')}"), ", ".join(outcomes[outcome]))
            for outcome, word in _OUTCOMES.items()
            if outcome in outcomes
        ]
        head = ("For this image", "Driver on the host: the first of each branch, with the CUDA version that it brought")
        yield table("Which driver of the host suffices", head, drivers)
    if nvidia.driver_files:
        files = (
            element("li", code(file.path), f" ({_FILE_KINDS[file.cls]}{f', {file.version}' if file.version else ''})")
            for file in nvidia.driver_files
        )
        items, left_out = within(_FILES, files)
        title = f"Files of a driver in the image ({len(nvidia.driver_files):,})"
        yield folded(title, element("ul", *items), remark_on(left_out, "files are"))


def _host(nvidia: NvidiaFacts) -> str | None:
    if nvidia.host_driver is None:
        return None
    word = {True: ", sufficient", False: ", not sufficient", None: ""}[nvidia.host_driver_sufficient]
    return f"{nvidia.host_driver}{word}"


def _or_unknown(version: str | None) -> str:
    return version or "not known"
