"""What to change in a Dockerfile so that files that an image does not need are not stored in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.dockerfile import quoted
from ocianalyze.rules.size.saving import named_step
from ocianalyze.rules.steps import step_of

if TYPE_CHECKING:
    from ocianalyze.facts.size import Avoidable, AvoidableKind
    from ocianalyze.oci.image import Image

TITLES: Final[dict[AvoidableKind, str]] = {
    "apt-lists": "package lists of apt",
    "apt-cache": "cache of apt",
    "dnf-cache": "cache of dnf or yum",
    "apk-cache": "cache of apk",
    "pip-cache": "cache of pip",
    "conda-packages": "unpacked packages of conda",
    "npm-cache": "cache of npm",
    "other-cache": "cache of a package manager",
    "git-repository": "Git repository",
    "temporary-files": "temporary files",
    "static-libraries": "static libraries, which only compilers need",
    "python-tests": "tests of Python packages",
    "documentation": "documentation",
}
"""What files of each kind are, for people."""

_COMMANDS: Final[dict[AvoidableKind, str]] = {
    "apt-lists": "rm -rf /var/lib/apt/lists/*",
    "apt-cache": "apt-get clean",
    "dnf-cache": "dnf clean all",
    "conda-packages": "conda clean --all --yes",
    "npm-cache": "npm cache clean --force",
    "static-libraries": "rm -f {directory}/*.a",
    "temporary-files": "rm -rf {path}/*",
}
"""What deletes them, at the end of the step that writes them; without one, ``rm -rf``."""

_NOT_STORED: Final[dict[AvoidableKind, str]] = {
    "pip-cache": "Install with 'pip install --no-cache-dir', or mount the cache with "
    "'RUN --mount=type=cache,target={path} ...'",
    "apk-cache": "Install with 'apk add --no-cache'",
    "other-cache": "Mount the cache with 'RUN --mount=type=cache,target={path} ...'",
}

_PATTERN: Final = "/**/tests"
"""How the pattern ends for the tests of all Python packages in a directory."""


def avoidance(image: Image, item: Avoidable) -> str:
    """Return how not to store files that are not needed."""
    path = quoted(item.path)
    written = step_of(image.layers[item.layer].created_by)
    if written.copies and item.layer:
        step = named_step(written, item.layer)
        if "--from=" in written.arguments:
            return f"Delete {path} in the stage that it comes from, before {step}"
        return f"Leave {path} out of {step}: list where it comes from in .dockerignore"
    if item.layer == 0 and written.instruction in ("", "ADD"):
        return f"Use a base image without {path}, because deleting it does not make the image smaller"
    if item.kind in _NOT_STORED:
        return f"{_NOT_STORED[item.kind].format(path=path)}, in {named_step(written, item.layer)}"
    if item.path.endswith(_PATTERN):
        directory = quoted(item.path.removesuffix(_PATTERN))
        command = f"find {directory} -depth -type d -name tests -exec rm -rf {{}} +"
    else:
        above = item.path.rpartition("/")[0]
        directory = quoted(above) if above else ""
        command = _COMMANDS.get(item.kind, "rm -rf {path}").format(path=path, directory=directory)
    return f"Add '&& {command}' to {named_step(written, item.layer)}"
