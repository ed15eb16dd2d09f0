"""How a zipapp starts: it says what it is not for and where it cannot unpack itself, and leaves the rest to shiv.

It becomes `__main__.py` of the zipapp, and older Pythons must understand it.
"""

import platform
import sys
from typing import NoReturn

PYTHON = (0, 0)
MACHINE = ""
"""What the zipapp is for; both are written when it is made."""
CANNOT_RUN = 3


def start() -> None:
    """Unpack what is not unpacked yet, and run the command line."""
    present = (platform.python_implementation(), sys.version_info[:2], platform.system(), platform.machine())
    wanted = ("CPython", PYTHON, "Linux", MACHINE)
    if present != wanted:
        fail(f"this file is for {_named(*wanted)}, but this is {_named(*present)}")
    import _bootstrap  # type: ignore[import-not-found]  # shiv puts it into the zipapp

    unpack = _bootstrap.extract_site_packages

    def unpack_or_say_why_not(archive, directory, *options) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002
        try:
            unpack(archive, directory, *options)
        except OSError as error:
            fail(f"cannot unpack into {directory.parent}: {error.strerror}; set SHIV_ROOT to a writable directory")

    _bootstrap.extract_site_packages = unpack_or_say_why_not
    _bootstrap.bootstrap()


def fail(message: str) -> NoReturn:
    """End as a scan does that could not be made."""
    sys.stderr.write(f"ocianalyze: {message}\n")
    sys.exit(CANNOT_RUN)


def _named(implementation: str, python: tuple, system: str, machine: str) -> str:  # type: ignore[type-arg]
    return "{} {}.{} on {} {}".format(implementation, *python, system, machine)


if __name__ == "__main__":
    start()
