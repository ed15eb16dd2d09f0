"""Reports of every kind: an image that passes, fails, is undecided, has waivers, is hostile, or cannot be analysed."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.errors import CorruptLayerError
from ocianalyze.reports.failing import failure_report
from ocianalyze.reports.report import Report
from ocianalyze.rules.waivers import Waiver
from tests.reports.test_output_is_data import POISON, poisoned
from tests.support.fit import fit_image
from tests.support.forms import write_archive

DEMO = Path(__file__).parents[3] / "testdata" / "demo.tar.gz"
WAIVERS = tuple(Waiver(rule=rule, reason=f"known {POISON}", expires=date(2999, 1, 1)) for rule in ("KRN001", "APP007"))


def _scanned(name: str) -> Report:
    if name == "demo":
        return analyze(str(DEMO))
    if name == "all-profiles":
        return analyze(str(DEMO), Policy(profiles=("all",), fail_on="warning", inventory=True))
    if name == "waived":
        return analyze(str(DEMO), Policy(waivers=WAIVERS))
    if name == "fail-fast":
        return analyze(str(DEMO), Policy(profiles=("studio-jupyterlab",), fail_fast=True))
    if name == "not-analysed":
        return failure_report(CorruptLayerError(f"layer 3 {POISON}", hint=f"Save it {POISON}"), "/x/i.tar", Policy())
    spec = poisoned() if name == "hostile" else fit_image()
    with TemporaryDirectory() as directory:
        path = write_archive(Path(directory) / "image.tar", spec, "docker-25", compression="gzip")
        return analyze(Source(reference=str(path)), Policy(profiles=("studio-classic",), inventory=name == "hostile"))


NAMES = ("demo", "all-profiles", "waived", "fail-fast", "not-analysed", "hostile", "fit")


@cache
def report(name: str) -> Report:
    """Return one of the reports `NAMES`, which is made once."""
    return _scanned(name)


def reports() -> Mapping[str, Report]:
    """Return all of them."""
    return {name: report(name) for name in NAMES}
