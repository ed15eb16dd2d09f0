"""Where in a Dockerfile each finding comes from: the history of the image, matched with the instructions of its stage.

The steps are compared from the last one backwards, since those of the base image come first and belong to FROM. What
differs by more than what a build fills in ends the comparison: what is before it is not known.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex
from ocianalyze.reports.dockerfile import INSTRUCTIONS, last_stage
from ocianalyze.reports.report import DiagnosticReport, SourceLines
from ocianalyze.rules.steps import READ, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocianalyze.reports.dockerfile import Instruction
    from ocianalyze.reports.report import FindingReport, HistoryStep, Report

_OPTIONAL: Final = frozenset({"ARG", "ONBUILD", "MAINTAINER"})
"""Instructions of which some builders leave no step."""
_ARGUMENTS: Final = regex(r"^\|\d+ .*?(?=/bin/\w+ -c )")
"""Values of build arguments, which are before the command."""
_OPTIONS: Final = regex(r"^(?:--[a-z]+(?:=\S*)?\s+)+")
_SHELL: Final = regex(r"^(?:/\S+/)?(?:ba|da|z|a)?sh (?:-[a-z]+ )+")
_COMPARED: Final = 1000
"""How much is compared of a command that is so long that its end is not known."""
_MAKING_LAYERS: Final = frozenset({"ADD", "COPY", "RUN"})
_LAYERED: Final = _MAKING_LAYERS | {"WORKDIR"}


def locate(report: Report, text: str, file: str) -> Report:
    """Return the report with the lines of the Dockerfile `text` that its findings come from; `file` is its name."""
    stage = last_stage(text)
    if not stage:
        return _with_remark(report, f"{file} has no FROM, so findings have no lines")
    steps, complete = _matched(stage, report.history)
    if not complete:
        remark = f"{file} is not what this image was built from, or only in part, so some findings have no lines"
        report = _with_remark(report, remark)
    by_layer = _by_layer(stage, steps, report.history)

    def source_of(finding: FindingReport) -> SourceLines | None:
        if finding.layer is not None:
            found = by_layer.get(finding.layer.position)
        else:
            found = _of_configuration(finding, stage, steps)
        if found is None:
            return None
        return SourceLines(file=file, line=found.line, end_line=found.end_line, instruction=found.keyword)

    def located(findings: Iterable[FindingReport]) -> list[FindingReport]:
        return [finding.model_copy(update={"source": source_of(finding)}) for finding in findings]

    return report.model_copy(
        update={"findings": located(report.findings), "other_findings": located(report.other_findings)}
    )


def _by_layer(
    stage: Sequence[Instruction], steps: Sequence[Instruction | None], history: Sequence[HistoryStep]
) -> dict[int, Instruction]:
    """Return the instruction that each layer comes from, as far as that can be told.

    Builders that make one layer of all steps (buildah without ``--layers``, ``--squash``) put it at the last one.
    """
    pairs = [(found, step.layer) for found, step in zip(steps, history, strict=True) if found is not None]
    own = [(found, layer) for found, layer in pairs if found is not stage[0]]
    layers = [layer for found, layer in own if layer is not None]
    squashed = len(layers) == 1 and any(layer is None and found.keyword in _MAKING_LAYERS for found, layer in own)
    return {
        layer: found
        for found, layer in pairs
        if layer is not None and (found is stage[0] or (not squashed and found.keyword in _LAYERED))
    }


def _with_remark(report: Report, message: str) -> Report:
    remark = DiagnosticReport(code="dockerfile-mismatch", message=message)
    return report.model_copy(update={"diagnostics": [*report.diagnostics, remark]})


def _matched(stage: Sequence[Instruction], history: Sequence[HistoryStep]) -> tuple[list[Instruction | None], bool]:
    """Return the instruction of each step, FROM for those of the base image, and whether all were matched."""
    found: list[Instruction | None] = [None] * len(history)
    rest = list(stage)
    position = len(history) - 1
    while len(rest) > 1:
        instruction = rest[-1]
        if position >= 0 and _fits(instruction, history[position].created_by or ""):
            found[position] = rest.pop()
            position -= 1
        elif instruction.keyword in _OPTIONAL:
            rest.pop()
        else:
            return found, False
    return [instruction or stage[0] for instruction in found], True


def _fits(instruction: Instruction, created_by: str) -> bool:
    """Tell whether a step may come of an instruction."""
    step = unwrapped(created_by)
    keyword, _, arguments = step.partition(" ")
    if keyword.upper() not in INSTRUCTIONS:
        keyword, arguments = "RUN", step
    if keyword.upper() != instruction.keyword:
        return False
    if instruction.has_document:
        return True
    if instruction.keyword != "RUN":
        said, stated = (_says(instruction.keyword, text) for text in (arguments, instruction.arguments))
        return said is None or stated is None or said == stated
    ran, wanted = _plain(_ARGUMENTS.sub("", arguments)), _plain(instruction.arguments)
    if len(step) >= READ:
        return wanted.startswith(ran[:_COMPARED])
    return ran.endswith(wanted) if arguments.startswith("|") else ran == wanted


def _says(keyword: str, arguments: str) -> set[str] | None:
    """Return what is the same in an instruction and in the step that a builder made of it; None if that is unsure.

    That is the name of what ADD and COPY write, the variables of ENV, the user of USER, the directory of WORKDIR.
    """
    if "$" in arguments or len(arguments) >= READ - len("ENTRYPOINT "):
        return None
    words = [word.strip("\"'[],") for word in arguments.split()]
    if not words:
        return None
    if keyword == "ENV":
        return {word.partition("=")[0] for word in words if "=" in word} if "=" in words[0] else {words[0]}
    if keyword in ("ADD", "COPY", "USER", "WORKDIR"):
        name = words[-1].rstrip("/").rpartition("/")[2]
        return None if name in ("", ".", "..") else {name}
    return None


def _plain(command: str) -> str:
    """Return the command of RUN without what builders write differently: options, the shell, the exec form, spaces."""
    command = _OPTIONS.sub("", command.strip())
    if command.startswith("["):
        try:
            words = json.loads(command)
        except (ValueError, RecursionError):
            words = None
        if isinstance(words, list):
            command = " ".join(map(str, words))
    return "".join(_SHELL.sub("", command).split())


def _of_configuration(
    finding: FindingReport, stage: Sequence[Instruction], steps: Sequence[Instruction | None]
) -> Instruction | None:
    """Return the instruction that a finding without a layer is about: the last that may state it, else FROM."""
    if None in steps or not finding.stated_in:
        return None
    last_first = (item for item in reversed(stage) if any(_states(item, entry) for entry in finding.stated_in))
    return next(last_first, stage[0])


def _states(instruction: Instruction, entry: str) -> bool:
    """Tell whether an instruction is of a kind, such as ``USER``, and has a name, as for ``ENV NAME``."""
    keyword, _, name = entry.partition(" ")
    words = instruction.arguments.replace("=", " ").split()
    if keyword == "EXPOSE":  # a port, with or without its protocol
        name, words = name.partition("/")[0], [word.partition("/")[0] for word in words]
        named = name in words or "$" in instruction.arguments
    else:
        named = not name or name in words
    return instruction.keyword == keyword and named
