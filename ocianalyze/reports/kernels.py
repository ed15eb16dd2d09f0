"""The kernels of an image as a part of its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.reports import report as form
from ocianalyze.reports.shortening import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.facts.programs import Program


def kernel_facts(listing: Listing, problems: Mapping[str, Sequence[str]]) -> list[form.KernelFacts]:
    """Return the kernels of a listing; `problems` are the rules that found errors, by the kernels' directories."""
    return [
        form.KernelFacts(
            name=short(kernel.name),
            path=kernel.directory,
            origin=kernel.origin,
            argv=short(kernel.spec.argv),
            display_name=short(kernel.spec.display_name),
            language=short(kernel.spec.language),
            visible=kernel.visible,
            usable=kernel.usable,
            problems=short(list(problems.get(kernel.directory, ()))),
            chain=[
                step.model_copy(update={"text": short(step.text), "note": short(step.note)}) for step in _chain(kernel)
            ],
        )
        for kernel in listing.kernels
    ]


def _chain(kernel: Kernel) -> Iterator[form.KernelStep]:
    """Yield the steps from the command to what it runs."""
    program = kernel.program
    if program is None:
        return
    started = " ".join(kernel.command)
    yield form.KernelStep(kind="command", text=started)
    # The program is the last one: what the command names itself may be a script that starts it.
    if program.word != kernel.command[0] and program.visited and program.visited[0] != program.path:
        yield form.KernelStep(kind="program", text=program.visited[0], note="starts the next one")
    yield from _steps(program)
    if kernel.python is not None:
        versions = " or ".join(kernel.python.numbers)
        yield form.KernelStep(kind="python", text=kernel.python.prefix, note=f"Python {versions}" if versions else None)
    module = kernel.module
    if module is not None:
        place = module.path or module.hidden
        yield form.KernelStep(kind="module", text=module.name, note=place or module.doubt or "not found")
    obstacle = kernel.obstacle.text if kernel.obstacle is not None else None
    lacks = module.lacks if module is not None else None
    for problem in (kernel.idle, obstacle, lacks):
        if problem is not None:
            yield form.KernelStep(kind="problem", text=problem)
    if kernel.hidden is not None:
        path, directory = kernel.hidden
        yield form.KernelStep(kind="problem", text=f"{path} is hidden by the volume mounted on {directory}")
    if kernel.unsure is not None:
        yield form.KernelStep(kind="unknown", text=kernel.unsure)


def _steps(program: Program) -> Iterator[form.KernelStep]:
    """Yield a program, the links that it is behind, and its interpreters."""
    kind = "program"
    while True:
        yield form.KernelStep.model_validate(
            {
                "kind": kind,
                "text": program.path or program.word,
                "note": None if len(program.chain) > 1 else program.kind,
            }
        )
        for target in program.chain[1:]:
            is_last = target == program.chain[-1]
            yield form.KernelStep(kind="link", text=target, note=program.kind if is_last else None)
        if program.problem is not None and program.interpreter is None:
            yield form.KernelStep(kind="problem", text=program.problem.text)
        if program.interpreter is None:
            return
        program, kind = program.interpreter, "interpreter"
