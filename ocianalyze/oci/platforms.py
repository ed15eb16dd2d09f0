"""Which platforms an image may be for to run on another one, and which of them comes first: as containerd decides it.

Source: github.com/containerd/platforms (``Only``, ``platformVector``, ``Normalize``, ``Parse``), on a Linux host; and
tests/oci/test_platforms.py, which compares the two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from ocianalyze.errors import UsageError
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.oci.models import Platform

DEFAULT_PLATFORM: Final = "linux/amd64"
"""The platform of every instance type that Studio apps run on (botocore, ``AppInstanceType``)."""

_OS: Final = regex(r"([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?", re.ASCII)
_COMPONENT: Final = regex(r"[A-Za-z0-9_.-]+", re.ASCII)
_NUMBER: Final = regex(r"[0-9]{1,2}", re.ASCII)
_SYSTEMS: Final = frozenset(("linux", "windows", "darwin", "macos", "freebsd"))
_MACHINES: Final = frozenset(
    (
        "386",
        "amd64",
        "arm",
        "arm64",
        "ppc64le",
        "riscv64",
        "s390x",
        "loong64",
        "mips64le",
        "x86_64",
        "x86-64",
        "aarch64",
    )
)
_MOST_PARTS: Final = 3

_ARM64: Final = {
    **{f"v8.{minor}": ((8, minor),) for minor in range(10)},
    "v8": ((8, 0),),
    **{f"v9.{minor}": ((9, minor), (8, min(minor + 5, 9))) for minor in range(8)},
    "v9": ((9, 0), (8, 5)),
}
"""Which versions of arm64 run on one of them: a major version each, up to a minor one."""

_WHOLE: Final = {"i386": ("386", ""), "armhf": ("arm", "v7"), "armel": ("arm", "v6")}
"""Names of architectures that say their variants."""
_SPELLINGS: Final = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}
_VARIANTS: Final = {
    ("amd64", "v1"): "",
    **{("arm64", same): "" for same in ("8", "v8", "v8.0")},
    **{("arm64", same): "v9" for same in ("9", "9.0", "v9.0")},
    **{("arm", same): "v7" for same in ("", "7")},
    **{("arm", number): f"v{number}" for number in "568"},
}

_LTSC_2022: Final = 20348
"""The build of Windows Server whose containers, and newer ones, all later builds run (platform_windows_compat.go)."""
_ANY: Final = (0, 0, 0)


class _Target(NamedTuple):
    """One platform that an image may be for, normalised."""

    os: str
    architecture: str
    variant: str
    features: frozenset[str]
    build: tuple[int, int, int]
    """The version of Windows; zeros where any will do."""


class Wanted:
    """A platform that an image is to run on, and so the platforms that it may be for, best first."""

    def __init__(self, text: str, targets: Sequence[_Target]) -> None:
        self._text = text
        self._targets = targets

    @classmethod
    def parse(cls, text: str) -> Wanted:
        """Return the platform that ``os[(version+feature...)]/architecture[/variant]`` states, or one of the first two.

        Raises:
            UsageError: it is none.
        """
        system, _, rest = text.partition("/")
        parts = rest.split("/") if rest else []
        matched = _OS.fullmatch(system)
        well_formed = not text.endswith("/") and all(map(_COMPONENT.fullmatch, parts))
        if not matched or not well_formed or len(parts) >= _MOST_PARTS:
            raise _no_platform(text)
        os, version, features = (unquote(part or "") for part in matched.groups())
        if not parts:
            os, architecture = _completed(os, text)
            parts = [architecture]
        machine = _machine(parts[0], parts[1] if len(parts) > 1 else "")
        names = frozenset(filter(None, features.split("+")))
        return cls(text, [*_vector(_system(os), *machine, names, _build(version))])

    def __str__(self) -> str:
        """Return the platform as it was asked for."""
        return self._text

    def accepts(self, platform: Platform) -> bool:
        """Tell whether an image for `platform` runs on this one."""
        return self._position(platform) is not None

    def best(self, platforms: Sequence[Platform | None]) -> list[int]:
        """Return the positions of the platforms that fit best; of equals, containerd takes the first.

        None stands for one that is not stated, which may be any, but comes last.
        """
        keys = list(map(self._key, platforms))
        first = min((key for key in keys if key is not None), default=None)
        return [position for position, key in enumerate(keys) if key == first and key is not None]

    def _key(self, platform: Platform | None) -> tuple[int, int] | None:
        if platform is None:
            return len(self._targets), 0
        position = self._position(platform)
        return None if position is None else (position, -len(platform.os_features))

    def _position(self, platform: Platform) -> int | None:
        found = _system(platform.os), *_machine(platform.architecture, platform.variant)
        for position, target in enumerate(self._targets):
            if found == target[:3] and _has(target, platform):
                return position
        return None


def is_for_another_machine(platform: Platform) -> bool:
    """Tell whether a platform states another system or machine than those of Studio, whatever the variant."""
    os, architecture = _system(platform.os), _machine(platform.architecture, "")[0]
    return os != "linux" or architecture not in ("", "amd64")


def _no_platform(text: str) -> UsageError:
    return UsageError(
        f"invalid platform {text[:100]!r}", hint="Use the form os/architecture[/variant], such as linux/amd64"
    )


def _completed(word: str, text: str) -> tuple[str, str]:
    """Return the system and the machine of a platform of which only one of them is stated."""
    if word.lower() in _SYSTEMS:
        return word, "amd64"
    if word.lower() in _MACHINES | _WHOLE.keys():
        return "linux", word
    raise _no_platform(text)


def _system(os: str) -> str:
    """Return the name of an operating system as Go spells it (``normalizeOS``)."""
    os = os.lower()
    return {"": "linux", "macos": "darwin"}.get(os, os)


def _machine(architecture: str, variant: str) -> tuple[str, str]:
    """Return an architecture and its variant as Go spells them (``normalizeArch``)."""
    architecture, variant = architecture.lower(), variant.lower()
    if architecture in _WHOLE:
        return _WHOLE[architecture]
    architecture = _SPELLINGS.get(architecture, architecture)
    return architecture, _VARIANTS.get((architecture, variant), variant)


def _vector(
    os: str, architecture: str, variant: str, features: frozenset[str], build: tuple[int, int, int]
) -> Iterator[_Target]:
    """Yield the platforms that run on one (``platformVector``)."""

    def target(architecture: str, variant: str) -> _Target:
        return _Target(os, *_machine(architecture, variant), features, build)

    number = _NUMBER.fullmatch(variant.removeprefix("v"))
    version = int(number[0]) if number else 0
    if architecture == "arm64":
        for major, most in _ARM64.get(variant or "v8", ()):
            for minor in range(most, -1, -1):
                yield target("arm64", f"v{major}.{minor}" if minor else f"v{major}")
        if (variant or "v8") not in _ARM64:
            return
        architecture, variant, version = "arm", "v8", 8
    yield target(architecture, variant)
    if architecture == "amd64":
        for lower in range(version - 1, 0, -1):
            yield target("amd64", f"v{lower}")
        yield target("386", "")
    elif architecture == "arm":
        for lower in range(version - 1, 4, -1):
            yield target("arm", f"v{lower}")


def _has(target: _Target, platform: Platform) -> bool:
    """Tell whether `target` has the features and the version of the operating system that `platform` needs."""
    features = list(platform.os_features)
    if target.os != "windows":
        return target.features.issuperset(features)
    if "win32k" in features:
        features.remove("win32k")
    return target.features.issuperset(features) and _runs(target.build, platform.os_version)


def _build(version: str) -> tuple[int, int, int]:
    """Return the version of Windows that ``10.0.17763`` states, zeros if it states none (``getWindowsOSVersion``)."""
    parts = version.split(".")[:3]
    limits = 1 << 8, 1 << 8, 1 << 16
    if len(parts) < len(limits) or not all(re.fullmatch(r"[0-9]{1,9}", part, re.ASCII) for part in parts):
        return _ANY
    major, minor, build = map(int, parts)
    return (major, minor, build) if all(map(int.__lt__, (major, minor, build), limits)) else _ANY


def _runs(host: tuple[int, int, int], version: str) -> bool:
    """Tell whether Windows `host` runs containers of `version` (``checkWindowsHostAndContainerCompat``)."""
    if host == _ANY or not version:
        return True
    container = _build(version)
    if host[:2] != container[:2]:
        return False
    if host[2] < _LTSC_2022:
        return host[2] == container[2]
    return _LTSC_2022 <= container[2] <= host[2]
