"""What a start costs: the CPU time of small commands beside a bare interpreter, and the share of each import.

``python -m benchmarks.startup`` runs each command in turn, many times, and shows medians. A scan of the demo spends a
tenth of its time on reading, so it shows what is left: Python, imports, and the rules.
"""

import argparse
import re
import resource
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEMO = str(ROOT / "testdata" / "demo.tar.gz")
_OCIANALYZE = (sys.executable, "-m", "ocianalyze")
COMMANDS: Mapping[str, Sequence[str]] = {
    "bare interpreter": (sys.executable, "-c", "pass"),
    "--version": (*_OCIANALYZE, "--version"),
    "--help": (*_OCIANALYZE, "--help"),
    "scan, JSON": (*_OCIANALYZE, "scan", "--no-cache", "--isolated", "--format", "json", DEMO),
    "scan, table": (*_OCIANALYZE, "scan", "--no-cache", "--isolated", DEMO),
}
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)")


def cpu_time(command: Sequence[str]) -> float:
    """Return the CPU time of a command in seconds, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians(rounds: int) -> dict[str, float]:
    """Return the median CPU time of each command in seconds; the commands take turns, so that noise meets all."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(cpu_time(command))
    return {name: statistics.median(found) for name, found in times.items()}


def import_shares(command: Sequence[str]) -> list[tuple[str, float]]:
    """Return which part of the time of all imports each top-level package takes, the largest first.

    ``-X importtime`` makes imports slower, so only their proportions mean something.
    """
    python, *rest = command
    done = subprocess.run([python, "-X", "importtime", *rest], capture_output=True, text=True, check=False)
    spent: Counter[str] = Counter()
    for microseconds, module in _imports(done.stderr):
        spent[module.partition(".")[0]] += microseconds
    total = sum(spent.values()) or 1
    return [(package, microseconds / total) for package, microseconds in spent.most_common()]


def _imports(text: str) -> Iterator[tuple[int, str]]:
    for line in text.splitlines():
        if match := _IMPORT.fullmatch(line):
            yield int(match[1]), match[2]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="how often each command is run (default 15)")
    rounds = parser.parse_args().rounds
    subprocess.run([sys.executable, "-m", "compileall", "-q", ROOT / "ocianalyze"], check=True)
    found = medians(rounds)
    bare = found["bare interpreter"]
    print("| command | CPU time | of a bare interpreter |\n|---|---|---|")
    for name, seconds in found.items():
        print(f"| {name} | {seconds * 1000:.0f} ms | {seconds / bare:.1f} |")
    print("\n| imports of a scan (JSON) | share |\n|---|---|")
    for package, share in import_shares(COMMANDS["scan, JSON"])[:12]:
        print(f"| {package} | {share:.0%} |")


if __name__ == "__main__":
    main()
