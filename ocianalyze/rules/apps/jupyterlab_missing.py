"""JupyterLab is not installed, or its version is not 4.

## What it checks

The Python that runs the server can import `jupyterlab`. If a script starts the server, this Python may not be known;
JupyterLab in any Python of the image is then sufficient. Directories that are hidden by a mount at run time, such as
`/home/sagemaker-user/.local`, do not count. A version other than 4 is a warning, because only AWS's example requires
`jupyterlab>=4.0.0,<5.0.0`, not the specification.

## Why it matters

SageMaker Studio does not provide JupyterLab. It runs the image's own, and waits for
`http://...:8888/jupyterlab/default/api/status` to answer. Otherwise, the app fails with `InternalFailure` or times out.
Images for Studio Classic contain a kernel, but no server.

## How to fix

Install JupyterLab into the Python that the image's command uses:

```dockerfile
RUN python3 -m pip install --no-cache-dir 'jupyterlab>=4.0.0,<5.0.0' jupyter-activity-monitor-extension
```

## Data

- `version`: the version that was found, or null.
- `python`: the prefix of the Python that runs the server, or null.
- `elsewhere`: other directories where JupyterLab is installed.

## References

- [Custom images for JupyterLab](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-jl-admin-guide-custom-images.html).
- [Feedback on SageMaker, issue 40](https://github.com/aws/amazon-sagemaker-feedback/issues/40): an image for Studio
  Classic used for JupyterLab.
"""

from __future__ import annotations

from posixpath import dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.jupyter import server_python
from ocianalyze.facts.python import JUPYTERLAB, find_module
from ocianalyze.rules.blame import deletion_layer
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.moving import UNHIDE, unhiding
from ocianalyze.rules.packages import with_python
from ocianalyze.rules.profiles import HYPERPOD, UNIFIED
from ocianalyze.rules.profiles import JUPYTERLAB as PROFILE
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.python import Distribution, Installation

_MAJOR: Final = 4
REQUIREMENT: Final = "jupyterlab>=4.0.0,<5.0.0"
_HINT: Final = f"Install '{REQUIREMENT}' with the Python that starts the server"
_PACKAGES: Final = ("site-packages", "dist-packages")


@rule(id="APP001", severity={PROFILE: Severity.ERROR, UNIFIED: Severity.ERROR, HYPERPOD: Severity.ERROR})
def jupyterlab_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the server has no JupyterLab, or one of another version than 4."""
    installed = subject.facts.distributions[JUPYTERLAB]
    seen = [item for item in installed if not _is_hidden(subject, item)]
    python = _python_of_server(subject)
    if python is not None:
        module = _find_in(subject, python)
        if module is None:
            return
        own = [item for item in seen if module == "" or item.package.path == dirname(module)]
        missing = not module
    else:
        own, missing = seen, not seen
    data = {
        "python": python.prefix if python is not None else None,
        "elsewhere": [item.directory for item in installed[:10] if item not in own or missing],
    }
    if missing:
        yield Finding(
            message=_message(installed, seen, python),
            path=installed[0].package.path if installed else None,
            layer=installed[0].package.layer if installed else _deletion_layer(subject, python),
            hint=_hint(subject, python, installed),
            severity={HYPERPOD: None} if seen or subject.facts.code_editors else None,
            data={"version": None, **data},
        )
    elif own and own[0].release is not None and all(item.release and item.release[0] != _MAJOR for item in own):
        yield Finding.at(
            own[0].package,
            f"JupyterLab has version {own[0].version}; AWS's images and examples use version {_MAJOR}",
            hint=_HINT,
            severity=Severity.WARNING,
            data={"version": own[0].version, **data},
        )


def _deletion_layer(subject: Subject, python: Installation | None) -> int | None:
    """Return the position of the layer that removed JupyterLab from the server's Python."""
    python = python or subject.facts.own.server.installation
    if python is None:
        return None
    places = [
        join(python.prefix, *middle, "lib", version, name, JUPYTERLAB, "__init__.py")
        for middle in ((), ("local",))
        for version in python.versions
        for name in _PACKAGES
    ]
    return deletion_layer(subject.filesystem, places)


def _hint(subject: Subject, python: Installation | None, installed: tuple[Distribution, ...]) -> str:
    """Return how the server gets a JupyterLab: the one that is hidden, or another."""
    shell, mounts = subject.facts.shell, subject.facts.own.mounts
    python = python or subject.facts.own.server.installation
    if python is None:
        return _HINT
    places = (join(python.prefix, "lib", version, name) for version in python.versions for name in _PACKAGES)
    for place in (python.executable, *places) if installed else ():
        step = unhiding(subject.filesystem, place, mounts)
        if step is not None:
            return f"{UNHIDE}: {lines(shell.user, step)}"
    return f"{_HINT}: {lines(shell.user, with_python(python, shell, REQUIREMENT))}"


def _python_of_server(subject: Subject) -> Installation | None:
    """Return the Python that the command starts a Jupyter server with, if that is certain."""
    found = subject.facts.commands["jupyterlab"].found
    if found.application is None or found.application.kind != "jupyter" or not found.certain:
        return None
    return server_python(found.shell, found.words)


def _find_in(subject: Subject, python: Installation) -> str | None:
    """Return where a Python imports JupyterLab from: an empty text if it cannot, None if that is not known."""
    module = find_module(
        subject.filesystem,
        python,
        JUPYTERLAB,
        python_path=subject.facts.commands["jupyterlab"].found.environment.get("PYTHONPATH", ""),
        home=subject.facts.user.home,
        mounts=subject.facts.own.mounts,
    )
    return "" if module.missing else module.path


def _is_hidden(subject: Subject, item: Distribution) -> bool:
    mounts = subject.facts.own.mounts
    return mounts.hides_on_the_way(subject.filesystem.resolve(item.package.path)) is not None


def _message(installed: tuple[Distribution, ...], seen: list[Distribution], python: Installation | None) -> str:
    if not installed:
        return "JupyterLab is not installed"
    if not seen:
        return f"JupyterLab is only installed in {installed[0].directory}, which is hidden at run time"
    prefix = python.prefix if python is not None else "/"
    return f"the server uses the Python in {prefix}, but JupyterLab is installed in {seen[0].directory}"
