"""The Pythons and platforms that the wheelhouse is for."""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
_GLIBC = ("manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010", "manylinux_2_5", "manylinux1")
"""Tags of wheels that run with glibc 2.17 (2012) and everything newer; pip takes each word for itself alone."""


@dataclass(frozen=True, slots=True)
class Target:
    """A CPython on a machine with glibc."""

    python: str
    machine: str

    @property
    def name(self) -> str:
        """What files that are for it alone have in their names, such as ``cp311-linux-x86_64``."""
        return f"cp{self.python.replace('.', '')}-linux-{self.machine}"

    @property
    def pip_options(self) -> tuple[str, ...]:
        """What makes pip choose wheels for it rather than for the Python that runs pip."""
        platforms = (f"--platform={tag}_{self.machine}" for tag in _GLIBC)
        return ("--only-binary=:all:", "--implementation=cp", f"--python-version={self.python}", *platforms)

    @property
    def environment(self) -> Mapping[str, str]:
        """What environment markers (PEP 508) are evaluated with."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


TARGETS = tuple(Target(python, machine) for machine, python in product(MACHINES, PYTHONS))


def this_target() -> Target:
    """Return the target that this Python is."""
    return Target("{}.{}".format(*sys.version_info), platform.machine())
