"""The compiled parts once more, built so that they end at the first wrong access or undefined behaviour."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parents[2] / "ocianalyze" / "layers"
_FLAGS: Final = ("-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build(directory: Path) -> Path:
    """Compile the modules into a directory, which is returned.

    Raises:
        OSError: there is no C compiler.
        subprocess.CalledProcessError: it does not compile.
    """
    directory.mkdir(parents=True, exist_ok=True)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    include = f"-I{sysconfig.get_paths()['include']}"
    for source in SOURCES.rglob("_*.c"):
        target = directory / f"{source.stem}{suffix}"
        subprocess.run(["cc", "-shared", "-fPIC", *_FLAGS, include, str(source), "-o", str(target)], check=True)
    return directory


def again_with_sanitizers() -> None:
    """Be this command again, with the runtime of the sanitizers loaded first, and no arena of Python's.

    Memory that Python hands out itself would hide what lies beyond its ends.
    """
    found = subprocess.run(["cc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True)
    os.environ |= {
        "LD_PRELOAD": os.path.realpath(found.stdout.strip()),
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:handle_segv=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the same command
