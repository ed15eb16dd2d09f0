"""`python -m tests.real.truth [NAME ...]`: starts images and compares; run as root from the root of the repository."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import as_completed

from tests.real.truth.comparing import Comparison
from tests.real.truth.curing import Cure
from tests.real.truth.known import KNOWN, OPEN, UNCURED
from tests.real.truth.mutations import CASES, Case, sample
from tests.real.truth.page import write_cures, write_page
from tests.real.truth.running import TOOLS, curing, running
from tests.support.tools import missing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run cases, print what came of each, and return 1 if any is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.real.truth", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases, or beginnings of their names; all by default")
    parser.add_argument("--sample", type=int, metavar="N", help="a fixed Nth part of the cases; CI runs a quarter")
    parser.add_argument("--jobs", type=int, help="the number of cases side by side; two for each processor by default")
    parser.add_argument("--explain", action="store_true", help="explain every case, not only those that differ")
    parser.add_argument("--cure", action="store_true", help="try the hints of those that fail, and start them again")
    parser.add_argument("--write", action="store_true", help="write the table in docs/truth.md (all cases only)")
    given = parser.parse_args(arguments)
    if given.write and (given.names or given.sample):
        parser.error("--write needs all cases")
    if problems := missing(TOOLS):
        parser.error("; ".join(problems))
    cases = [
        case
        for case in (sample(given.sample) if given.sample else CASES.values())
        if not given.names or any(case.name.startswith(name) for name in given.names)
    ]
    if given.cure:
        return _cure(cases, jobs=given.jobs, explain=given.explain, write=given.write)
    comparisons = []
    with running(cases, jobs=given.jobs) as futures:
        for future in as_completed(futures.values()):
            comparisons.append(future.result())
            _print(comparisons[-1], explain=given.explain)
    wrong = [one.case for one in comparisons if not is_expected(one)]
    counts = Counter(one.agreement for one in comparisons)
    print(f"{len(cases)} cases: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    if given.write:
        write_page({one.case: one for one in comparisons})
    for name in wrong:
        print(f"WRONG {name}")
    return int(bool(wrong))


def _cure(cases: Sequence[Case], *, jobs: int | None, explain: bool, write: bool) -> int:
    """Try the hints of cases, print what came of each, and return 1 if any is not as it should be."""
    cures = []
    with curing(cases, jobs=jobs) as futures:
        for future in as_completed(futures.values()):
            cures.append(future.result())
            _print_cure(cures[-1], explain=explain)
    counts = Counter(cure.state for cure in cures)
    print(f"{len(cases)} cases: " + ", ".join(f"{count} {state}" for state, count in counts.items()))
    if write:
        write_cures(cures)
    wrong = [cure.case for cure in cures if not is_cured(cure)]
    for name in wrong:
        print(f"WRONG {name}")
    return int(bool(wrong))


def _print_cure(cure: Cure, *, explain: bool) -> None:
    if cure.state == "no fault":
        return
    print(f"{cure.state:9} {cure.case:40} {cure.seconds:5.1f} s", flush=True)
    if explain or cure.state != "cured":
        for lines in cure.rounds:
            print("    " + "\n    ".join(lines), flush=True)
        print(f"    {cure.reason}", flush=True)


def is_cured(cure: Cure) -> bool:
    """Tell whether a hint did what it should: a case that is known to be without a cure has to be so."""
    return cure.state == "no fault" or (cure.state == "cured") is (cure.case not in UNCURED)


def is_expected(comparison: Comparison) -> bool:
    """Tell whether a case came out as it should: a known difference has to differ."""
    if comparison.case in KNOWN:
        return comparison.agreement in ("disagree", "undecided")
    return comparison.agreement == "agree" or (comparison.case in OPEN and comparison.agreement != "broken")


def _print(comparison: Comparison, *, explain: bool) -> None:
    happened = "works" if comparison.outcome.works else "fails"
    numbers = f"{happened:5} {comparison.verdict:9} {comparison.seconds:5.1f} s"
    print(f"{comparison.agreement:9} {comparison.case:40} {numbers}", flush=True)
    if explain or comparison.agreement != "agree":
        print("    " + comparison.explanation.replace("\n", "\n    "), flush=True)


if __name__ == "__main__":
    sys.exit(main())
