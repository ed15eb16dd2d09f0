"""The benchmark of a start measures what it says."""

import sys

from benchmarks.startup import COMMANDS, cpu_time, import_shares


def test_a_command_that_works_takes_time() -> None:
    busy = cpu_time([sys.executable, "-c", "sum(range(20_000_000))"])
    assert busy > 2 * cpu_time([sys.executable, "-c", "pass"]) > 0


def test_the_shares_add_up_and_are_sorted() -> None:
    shares = import_shares(COMMANDS["scan, JSON"])
    assert abs(sum(share for _, share in shares) - 1) < 0.001
    assert [share for _, share in shares] == sorted((share for _, share in shares), reverse=True)
    assert {"ocianalyze", "pydantic", "typer"} <= {package for package, _ in shares}
    assert "rich" not in dict(shares)
