"""How ocianalyze is started."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmarks.measure import Command

FINDINGS: Final = frozenset({0, 1})
_WITHOUT_ISAL: Final = "import sys; sys.modules['isal'] = None; from ocianalyze.cli.main import main; main()"


@dataclass(frozen=True)
class Analyzer:
    """A command line that starts ocianalyze, that of this Python's module by default."""

    argv: tuple[str, ...] = field(default=(sys.executable, "-m", "ocianalyze"))
    own: bool = True

    @cached_property
    def caches(self) -> bool:
        """Whether it can keep what it read of layers: whether `scan` knows `--cache-dir`."""
        told = subprocess.run([*self.argv, "scan", "--help"], capture_output=True, check=False).stdout
        return b"--cache-dir" in told

    def scan(
        self,
        name: str,
        target: str,
        shown: str,
        *options: str,
        once: bool = False,
        forks: bool = False,
        cold: Sequence[Path] = (),
    ) -> Command:
        """Return a scan, without a cache, of the image `target`, which readers are shown as `shown`."""
        uncached = (*options, "--no-cache") if self.caches else options
        return Command(
            name=name,
            argv=(*self.argv, "scan", target, "--format", "json", *uncached),
            shown=" ".join(("ocianalyze scan", shown, *uncached)),
            accepts=FINDINGS,
            once=once,
            forks=forks,
            cold=tuple(cold),
        )

    def scan_cached(self, name: str, target: str, shown: str, cache: Path, *options: str) -> list[Command]:
        """Return a scan with a cache in the directory `cache`, which the warm-up fills, if it can have one."""
        if not self.caches:
            return []
        command = (*self.argv, "scan", target, "--format", "json", *options, "--cache-dir", str(cache))
        words = " ".join(("ocianalyze scan", shown, *options, "--cache-dir CACHE"))
        return [Command(name=name, argv=command, shown=words, accepts=FINDINGS)]

    def scan_without_isal(self, name: str, target: str, shown: str, *options: str) -> list[Command]:
        """Return a scan in which zlib inflates, if this Python's own module is what is measured."""
        if not self.own:
            return []
        scan = self.scan(name, target, shown, *options, once=True)
        argv = (sys.executable, "-c", _WITHOUT_ISAL, *scan.argv[len(self.argv) :])
        return [replace(scan, argv=argv, shown=f"{scan.shown} # without isal")]

    def version(self, name: str) -> Command:
        """Return what prints the version."""
        return Command(name=name, argv=(*self.argv, "--version"), shown=name)
