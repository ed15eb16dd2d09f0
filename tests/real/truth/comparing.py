"""Whether our verdict and our list of kernels say what really happened."""

from typing import Literal, NamedTuple, TypeAlias

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.layers.reading.cache import LayerCache
from ocianalyze.reports.report import Report
from tests.real.truth.apps import APPS, app_image_config
from tests.real.truth.building import Built
from tests.real.truth.mutations import Case
from tests.real.truth.outcome import Outcome

Agreement: TypeAlias = Literal["agree", "disagree", "undecided", "broken"]

_NO_COOKIE = "'_xsrf' argument missing"
"""What a server answers that has shown no page, from which a browser has its cookie: nothing about its kernels."""


class Comparison(NamedTuple):
    """What happened, what we say, and whether that is the same."""

    case: str
    outcome: Outcome
    verdict: str
    usable: frozenset[str]
    findings: tuple[str, ...]
    """The findings that decide the verdict, and those that a kernel has: rule and message."""
    agreement: Agreement
    differences: tuple[str, ...] = ()
    seconds: float = 0

    @property
    def explanation(self) -> str:
        """All that one needs to see who is right."""
        return "\n".join(
            (
                f"{self.case}: {self.agreement}; our verdict is {self.verdict or 'none'}",
                *self.differences,
                f"what happened: {self.outcome.reason or 'it works'}",
                f"kernels that printed: {', '.join(sorted(self.outcome.printed)) or 'none'}",
                f"kernels that are usable: {', '.join(sorted(self.usable)) or 'none'}",
                *self.findings,
                "the last lines of the container:",
                self.outcome.log,
            )
        )

    @classmethod
    def broken(cls, case: str, reason: str) -> "Comparison":
        """Return what came of a case that the harness could not carry out."""
        nothing = Outcome(up=False, works=False, reason=reason, printed=frozenset(), silent={}, log="")
        return cls(case, nothing, "", frozenset(), (), "broken")


def scan(image: Built, case: Case, cache: LayerCache) -> Report:
    """Return our report of an image, for the profile that the case is about."""
    source = Source(reference=f"oci:{image.layout}", cache=cache, offline=True, jobs=1)
    registered = app_image_config(case.profile, case.container_config)
    return analyze(source, Policy(profiles=[case.profile], app_image_config=registered))


def compare(case: Case, outcome: Outcome, report: Report) -> Comparison:
    """Hold a report against what happened."""
    verdict = report.profiles[case.profile].verdict
    kernels = (report.facts.kernels if report.facts else None) or []
    usable = frozenset(kernel.name for kernel in kernels if kernel.visible and kernel.usable)
    findings = tuple(
        f"{finding.rule} {finding.kind} {finding.severities[case.profile]}: {finding.message}"
        for finding in report.findings
        if finding.severities[case.profile] == "error" or finding.kind == "undecided" or finding.rule.startswith("KRN")
    )
    undecided_of = {finding.data.get("kernel") for finding in report.findings if finding.kind == "undecided"}
    differences = []
    if verdict in ("pass", "fail") and outcome.works is not (verdict == "pass"):
        happened = "it works" if outcome.works else f"it does not work ({outcome.reason})"
        differences.append(f"the verdict is {verdict}, but {happened}")
    if outcome.up and APPS[case.profile].has_kernels and verdict != "undecided" and usable != outcome.printed:
        differences += [f"kernel {name!r} printed, but is not usable" for name in sorted(outcome.printed - usable)]
        differences += [
            f"kernel {name!r} is usable, but: {outcome.silent.get(name, 'it is not listed')}"
            for name in sorted(usable - outcome.printed - undecided_of)
            if _NO_COOKIE not in outcome.silent.get(name, "")
        ]
    undecided = verdict not in ("pass", "fail")
    agreement: Agreement = "undecided" if undecided else "disagree" if differences else "agree"
    return Comparison(case.name, outcome, verdict, usable, findings, agreement, tuple(differences))
