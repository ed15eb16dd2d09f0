"""`python -m tests.hostile`: runs the campaign from the root of the repository."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.hostile.campaign import run
from tests.hostile.cases import KINDS
from tests.hostile.sanitizers import again_with_sanitizers, build

BUILT = Path("build/hostile")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run cases, print how they ended, and return 1 if any ended wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="what kinds of cases; all if there is none")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--sanitize", action="store_true", help="with the compiled parts built with sanitizers (needs a C compiler)"
    )
    given = parser.parse_args(arguments)
    if given.sanitize and "libasan" not in os.environ.get("LD_PRELOAD", ""):
        again_with_sanitizers()
    counts = run(
        seed=given.seed,
        seconds=given.seconds,
        jobs=given.jobs,
        sanitized=build(BUILT / "sanitized") if given.sanitize else None,
        keep=BUILT / "wrong",
        kinds=given.kinds or tuple(KINDS),
    )
    print("\n".join(counts.lines()))
    for line in counts.wrong:
        print(f"WRONG {line}")
    print(f"{counts.total:,} cases, {len(counts.wrong)} wrong, seed {given.seed}")
    return int(bool(counts.wrong))


if __name__ == "__main__":
    sys.exit(main())
