"""Whether our hints work: their lines are carried out on an image that fails, which is scanned and started again.

The lines are those that a reader would paste behind the last step of the Dockerfile: the first ones that the hint of
each error has in quotes. Where errors have none, those of warnings count. What a hint says of a second scan is done:
there may be a second round of lines.
"""

import re
import tempfile
import time
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from ocianalyze.layers.reading.cache import LayerCache
from ocianalyze.reports.report import Report
from tests.real.truth.bases import BUILD, Made, make
from tests.real.truth.building import build
from tests.real.truth.comparing import scan
from tests.real.truth.mounts import memory
from tests.real.truth.mutations import Case
from tests.real.truth.outcome import observe
from tests.real.truth.pasting import run_as_user

State: TypeAlias = Literal["cured", "not cured", "advice", "no fault"]

_ROUNDS = 3
_LINE = r"'(?:RUN|ENV|USER|WORKDIR|CMD|ENTRYPOINT) [^']*'"
_LINES = re.compile(rf"{_LINE}(?:, {_LINE})*")
_ERROR = re.compile(r"\b(?:E: |ERROR: |[Ee]rror\b|No module|not found|cannot |denied)")


class Cure(NamedTuple):
    """What came of a case.

    Attributes:
        case: its name.
        state: whether it works and passes after the lines. It is "advice" if the hints have no lines, and "no fault"
            of an image that works, or that our verdict does not fail.
        rounds: the lines that were carried out, scan after scan.
        reason: why it is not cured.
    """

    case: str
    state: State
    rounds: tuple[tuple[str, ...], ...] = ()
    reason: str = ""
    seconds: float = 0


def cure_case(case: Case) -> Cure:
    """Build, scan and start an image; if it fails as our verdict says, carry out the hints' lines and try again."""
    begin = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="cure-", dir=BUILD / "truth") as place,
        memory(Path(place)) as directory,
    ):
        cure = _cure(case, make(case.base), directory)
    return cure._replace(seconds=time.monotonic() - begin)


def _cure(case: Case, base: Made, directory: Path) -> Cure:
    begun = directory / "0"
    begun.mkdir()
    with build(base, case.lines, begun) as image:
        report = scan(image, case, LayerCache(BUILD / "truth" / "cache"))
        if report.profiles[case.profile].verdict != "fail":
            return Cure(case.name, "no fault")
        if observe(image, case.profile, case.container_config, begun).works:
            return Cure(case.name, "no fault")
        return _cured(case, image.made, report, directory, ())


def _cured(case: Case, made: Made, report: Report, directory: Path, rounds: tuple[tuple[str, ...], ...]) -> Cure:
    lines = lines_of(report, case.profile)
    if not lines:
        return Cure(case.name, "not cured" if rounds else "advice", rounds, _hint(report, case.profile))
    rounds = (*rounds, lines)
    place = directory / str(len(rounds))
    place.mkdir()
    try:
        with build(made, "\n".join(lines), place, run=run_as_user) as image:
            report = scan(image, case, LayerCache(BUILD / "truth" / "cache"))
            verdict = report.profiles[case.profile].verdict
            if verdict == "fail" and len(rounds) < _ROUNDS and lines_of(report, case.profile) != lines:
                return _cured(case, image.made, report, directory, rounds)
            outcome = observe(image, case.profile, case.container_config, place)
    except RuntimeError as error:
        return Cure(case.name, "not cured", rounds, _decisive(str(error)))
    if outcome.works and verdict == "pass":
        return Cure(case.name, "cured", rounds)
    return Cure(case.name, "not cured", rounds, f"the verdict is {verdict}; {outcome.decisive or 'it works'}")


def lines_of(report: Report, profile: str) -> tuple[str, ...]:
    """Return the lines of a report's hints: those of errors, or those of warnings if no error has any."""
    for severity in ("error", "warning"):
        groups = dict.fromkeys(
            first_lines(finding.hint or "")
            for finding in report.findings
            if finding.kind == "finding" and finding.caused_by is None and finding.severities.get(profile) == severity
        )
        found = tuple(line for group in groups for line in group)
        if found:
            return found
    return ()


def first_lines(hint: str) -> tuple[str, ...]:
    """Return the first lines of a Dockerfile that a hint has; what follows are other ways."""
    found = _LINES.search(hint)
    return tuple(found[0][1:-1].split("', '")) if found else ()


def _hint(report: Report, profile: str) -> str:
    hints = (item.hint for item in report.findings if item.hint and item.severities.get(profile) == "error")
    return next(hints, "")


def _decisive(output: str) -> str:
    """Return the line of a failed step's output that says why."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in reversed(lines[1:]) if _ERROR.search(line)), lines[-1])
