"""Errors that make an image unfit for certain, and noise that changes nothing, whatever it lies around.

Each error is one that the specification, Jupyter or a container runtime is sure of; `Plant.by` names the rule that says
so, for who reads the code: what counts is that the verdict is not ``pass``.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, TypeAlias

from tests.support.fit import ELF
from tests.support.headers import member
from tests.support.tarballs import Item, directory, file, hardlink, opaque, symlink, whiteout

Change: TypeAlias = Callable[[Random], "Plant"]
_KERNELS: Final = "usr/local/share/jupyter/kernels"
_WORKING: Final = ("/usr/local/bin/python3.11", "-m", "ipykernel_launcher", "-f", "{connection_file}")
_LIBRARIES: Final = "usr/lib/x86_64-linux-gnu"


@dataclass(frozen=True)
class Plant:
    """An error: what a layer above all others has, or raw entries of one, and what is changed in the configuration."""

    by: str
    items: Sequence[Item] = ()
    raw: bytes = b""
    config: Mapping[str, Any] = field(default_factory=dict)
    raw_config: Mapping[str, Any] = field(default_factory=dict)


def _kernel(name: str, argv: Sequence[str]) -> Item:
    return file(
        f"{_KERNELS}/{name}/kernel.json",
        json.dumps({"argv": argv, "display_name": name, "language": "python"}).encode(),
    )


def _only_kernel(argv: Sequence[str]) -> Plant:
    """Return a kernel that takes the place of all others: beside one that works, it would be a warning."""
    return Plant("KRN005", [opaque(_KERNELS), _kernel("broken", [*argv, "-f", "{connection_file}"])])


def _missing_program(rng: Random) -> Plant:
    return _only_kernel([f"/opt/gone{rng.randrange(99)}/python"])


def _missing_on_path(_rng: Random) -> Plant:
    return _only_kernel(["no-such-python", "-m", "ipykernel_launcher"])


def _deleted_python(_rng: Random) -> Plant:
    return Plant("KRN005", [whiteout("usr/local/bin/python3.11")])


def _deleted_kernels(_rng: Random) -> Plant:
    return Plant("KRN001", [whiteout("usr/local/share/jupyter")])


def _not_executable(_rng: Random) -> Plant:
    return Plant("KRN005", [file("usr/local/bin/python3.11", ELF, mode=0o644)])


def _loop(_rng: Random) -> Plant:
    return Plant(
        "KRN005", [symlink("usr/local/bin/python3.11", "python3"), symlink("usr/local/bin/python3", "python3.11")]
    )


def _stub(rng: Random) -> Plant:
    place = f"usr/local/cuda/lib64/stubs{rng.randrange(9)}"
    lines = "".join(f"# {number}\n/opt/lib{number}\n" for number in range(rng.choice((0, 3, 500))))
    return Plant(
        "GPU001",
        [file(f"{place}/libcuda.so.1", ELF, mode=0o755), file("etc/ld.so.conf", f"{lines}/{place}\n".encode())],
    )


def _driver(rng: Random) -> Plant:
    version = rng.choice(("550.54.15", "470.57.02", "560.35.03"))
    real = file(f"{_LIBRARIES}/libcuda.so.{version}", ELF + bytes(3 << 20), mode=0o755)
    return Plant("GPU001", [real, symlink(f"{_LIBRARIES}/libcuda.so.1", f"libcuda.so.{version}")])


def _user(rng: Random) -> Plant:
    return Plant("USR001", config={"User": rng.choice(("1234:1234", "1001", "65534:65534"))})


def _unknown_user(_rng: Random) -> Plant:
    return Plant("USR002", config={"User": "nobody-has-this-name"})


def _unreadable(_rng: Random) -> Plant:
    return Plant("USR006", [directory(_KERNELS, mode=0o700)])


def _platform(rng: Random) -> Plant:
    return Plant("IMG", raw_config={"architecture": rng.choice(("s390x", "ppc64le", "riscv64"))})


def _dangling_hardlink(rng: Random) -> Plant:
    return Plant("", [hardlink("opt/again", f"opt/gone{rng.randrange(9)}")])


def _long_name(rng: Random) -> Plant:
    return Plant("", [file(f"opt/{'n' * rng.choice((256, 300, 1000))}")])


def _below_a_file(_rng: Random) -> Plant:
    return Plant("", raw=member(b"opt/file", b"x") + member(b"opt/file/inside", b"y"))


def _odd_type(rng: Random) -> Plant:
    return Plant("", raw=member(b"opt/odd", flag=rng.choice((b"M", b"V", b"D", b"Z"))))


ERRORS: Final[Sequence[Change]] = (
    _missing_program,
    _missing_on_path,
    _deleted_python,
    _deleted_kernels,
    _not_executable,
    _loop,
    _stub,
    _driver,
    _user,
    _unknown_user,
    _unreadable,
    _platform,
    _dangling_hardlink,
    _long_name,
    _below_a_file,
    _odd_type,
)


def noise(rng: Random, *, kernels: bool = True) -> list[Item]:
    """Return what a layer may have without making any difference, in any order; perhaps `kernels` that work."""
    choices: Sequence[Callable[[], list[Item]]] = (
        lambda: [
            file(f"opt/app/{rng.choice(('a', 'é', 'b c', '::x', '[', '*'))}{number}", b"x" * rng.randrange(900))
            for number in range(30)
        ],
        lambda: [directory(f"opt/{'/'.join('d' * rng.randint(1, 60) for _ in range(rng.randint(1, 20)))}")],
        lambda: [symlink(f"opt/link{rng.randrange(99)}", rng.choice(("/nowhere", "..", "app", "link1", "/opt/link2")))],
        lambda: [file("opt/one", b"one"), hardlink("opt/two", "opt/one")],
        lambda: [whiteout(f"opt/none{rng.randrange(9)}"), whiteout("var/none")],
        lambda: [file(f"opt/scripts/run{number}", b"#!/bin/sh\nexec true\n", mode=0o755) for number in range(20)],
        lambda: [directory("usr/local"), directory("usr/local/bin"), directory("opt")],
        lambda: [Item(path=f"opt/fifo{rng.randrange(9)}", kind="fifo")],
        lambda: [Item(path="opt/zeros", size=rng.choice((512, 1 << 20)))],
        *([lambda: [_kernel(f"good{rng.randrange(9)}", _WORKING)]] if kernels else []),
    )
    items = [item for make in rng.sample(choices, rng.randint(0, 4)) for item in make()]
    return sorted(items, key=lambda item: (item.kind == "hardlink", rng.random() if item.kind != "directory" else 0))


def noisy_config(rng: Random) -> dict[str, Any]:
    """Return changes of a configuration that make no difference."""
    return {
        "Env": [
            "PATH=/usr/local/bin:/usr/bin:/bin",
            *(f"VARIABLE_{number}={'v' * rng.randrange(90)}" for number in range(rng.choice((0, 5, 400)))),
        ],
        "Labels": {f"label{number}": rng.choice(("x", "::notice::x", "é")) for number in range(rng.randrange(4))},
        **rng.choice(
            ({}, {"Volumes": None}, {"ExposedPorts": {}}, {"Entrypoint": None, "Cmd": None}, {"OnBuild": None})
        ),
    }
