"""The image has no usable kernel.

## What it checks

At least one kernel is listed at run time, and nothing known prevents it from starting with the image's own interpreter.
Studio Classic searches these places, in this order:

1. `share/jupyter/kernels` of the prefix of the `python` on `PATH`
2. the user's Jupyter directories, unless they are hidden
3. `/usr/local/share/jupyter/kernels`
4. `/usr/share/jupyter/kernels`
5. the conda environments

The check is undecided in these cases:

- conda may not list the only usable kernels.
- The commands of the only usable kernels cannot be followed.
- There is no `python` on `PATH`, so it is not known where Studio Classic searches, and a kernel elsewhere could start.

In the newer Studio, the image's own Jupyter server searches the directories of `JUPYTER_PATH`, of the user, of the
server's own prefix, and of the system. If there is no `python3` kernel, but the server's environment has ipykernel, the
server provides `python3` itself. Code Editor finds interpreters without kernels, so an image with Python has no finding
there.

## Why it matters

An app without a kernel has nothing to run: the notebook has no kernel, or its kernel dies. In the newer Studio the app
starts anyway, but no notebook can run. In Code Editor this is a warning, because users can edit and run programs.

## How to fix

```dockerfile
RUN python3 -m pip install ipykernel && python3 -m ipykernel install --sys-prefix
```

The prefix matters: use the `python` that is first on `PATH`. For R, use `IRkernel::installspec(user = FALSE)`.

## Data

- `kernels`: the `name` and `directory` of each kernel that was found, and why it is not usable (`problem`).
- `unlisted`: `kernel.json` files in places that are not searched.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Kernel discovery".
- [nb_conda_kernels](https://github.com/anaconda/nb_conda_kernels).
- [jupyter_client, Making kernels for Jupyter](https://jupyter-client.readthedocs.io/en/stable/kernels.html).
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.kernels import NATIVE, examine_unlisted, find_unlisted
from ocianalyze.facts.python import JUPYTERLAB
from ocianalyze.rules.blame import deletion_layer
from ocianalyze.rules.cures import cure_of
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.kernels.finding import culprit_of
from ocianalyze.rules.kernels.hints import Pythons
from ocianalyze.rules.kernels.steps import registering
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import CODE_EDITOR, HYPERPOD, everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.facts.python import Installation

_SHOWN: Final = 20


_INSTALL: Final = "Install one: 'RUN python3 -m pip install ipykernel && python3 -m ipykernel install --sys-prefix'"
_FIX: Final = "Fix one of these kernels; see the rules in parentheses"
_ALLOW: Final = "Add the name of one of these kernels to KernelSpecManager.allowed_kernelspecs in {file}"


@rule(id="KRN001", severity={**everywhere(Severity.ERROR), CODE_EDITOR: Severity.WARNING}, identity=())
def no_usable_kernel(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each listing that has none."""
    yield from in_each_listing(subject, lambda listing: _none_in(listing, subject))


def _none_in(listing: Listing, subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the listing has no usable kernel."""
    python = subject.facts.python
    usable = [kernel for kernel in listing.kernels if kernel.usable]
    if any(kernel.certainly_usable for kernel in usable):
        return
    unlisted = find_unlisted(listing.shell.filesystem, listing.kernels)
    problems = [(kernel, _problem(kernel)) for kernel in listing.kernels]
    if problems:
        message = "no usable kernel: " + "; ".join(
            f"{kernel.name!r} {problem}" for kernel, problem in problems[:_SHOWN]
        )
    elif unlisted:
        message = f"no kernel where Studio searches: found {unlisted[0]}, but {_not_searched(listing, python)}"
    else:
        message = "no kernel: no kernel.json where Studio searches"
    hint = _fix(listing.kernels) if problems else _install(listing, python)
    because = _only(map(culprit_of, listing.kernels))
    if not problems and unlisted and listing.server.installation is not None:
        because = _unreached(subject)
    is_guess = bool(usable)
    if not problems and unlisted and python is None and listing.server.installation is None:
        # It is not known what Studio Classic does without a python on PATH; it might search another prefix.
        elsewhere = examine_unlisted(listing, subject.environment, unlisted[:_SHOWN])
        is_guess = len(unlisted) > _SHOWN or any(map(_may_be_usable, elsewhere))
        broken = next((kernel for kernel in elsewhere if kernel.command_problem is not None), None)
        if not is_guess and broken is not None and broken.program is not None:
            message += f"; and {broken.name!r} {_problem(broken)}: {broken.command_problem}"
            hint, because = cure_of(broken.program, listing.shell), culprit_of(broken)
    cannot_matter: dict[str, Severity | None] = {CODE_EDITOR: None} if listing.server.installation is not None else {}
    if not subject.facts.distributions[JUPYTERLAB]:
        cannot_matter[HYPERPOD] = Severity.WARNING
    yield Finding(
        message=message,
        path=problems[0][0].file if problems else None,
        layer=problems[0][0].node.layer if problems else _deletion_layer(listing),
        hint=hint,
        severity=cannot_matter,
        kind="undecided" if is_guess else "finding",
        because=because,
        data={
            "kernels": [
                {"name": kernel.name, "directory": kernel.directory, "problem": problem}
                for kernel, problem in problems[:_SHOWN]
            ],
            "unlisted": list(unlisted[:_SHOWN]),
        },
    )


def _fix(kernels: Sequence[Kernel]) -> str:
    """Return what to do about kernels that cannot be used."""
    file = next((kernel.disallowed for kernel in kernels if kernel.disallowed is not None), None)
    only = all(kernel.disallowed is not None and kernel.command_problem is None for kernel in kernels)
    return _ALLOW.format(file=file) if only and file is not None else _FIX


def _deletion_layer(listing: Listing) -> int | None:
    """Return the position of the layer that removed a kernel of the usual name."""
    files = (join(directory.path, NATIVE, "kernel.json") for directory in listing.directories)
    return deletion_layer(listing.shell.filesystem, files)


def _install(listing: Listing, python: Installation | None) -> str:
    """Return how to install a kernel where this listing searches."""
    found = Pythons(listing.shell).best or listing.server.installation or python
    if found is None:
        return _INSTALL
    own = listing.server.installation
    prefix = own.prefix if own is not None else python.prefix if python is not None else "/usr/local"
    return f"Install one: {lines(listing.shell.user, registering(found, prefix, listing.shell))}"


def _unreached(subject: Subject) -> str | None:
    """Return the path because of which the image's own server, whose kernels are meant, is not found."""
    found = subject.facts.commands["jupyterlab"].found
    problem = found.shell.find(found.words[0]).problem if found.words else None
    return problem.culprit if problem is not None else None


def _only(culprits: Iterable[str]) -> str | None:
    """Return the culprit, if it is the same for all."""
    different = set(culprits)
    return different.pop() if len(different) == 1 else None


def _may_be_usable(kernel: Kernel) -> bool:
    return kernel.usable or kernel.unsure is not None


def _problem(kernel: Kernel) -> str:
    reasons = (
        (kernel.hidden_by, f"is hidden by the volume mounted on {kernel.hidden_by} (KRN008)"),
        (kernel.denied, "is not readable for the container's user (USR006)"),
        (kernel.shadowed_by, f"is shadowed by {kernel.shadowed_by}"),
        (kernel.renamed, f"is listed as {kernel.renamed!r}"),
        (kernel.problem, "has an invalid kernel.json (KRN003)"),
        (kernel.disallowed, f"is not in the allowed_kernelspecs of {kernel.disallowed}"),
        (kernel.unprovisioned, "requires a provisioner that is not installed (KRN016)"),
        (kernel.argv_problem, "has a malformed command (KRN004)"),
        (kernel.foreign, "would run AWS's interpreter (KRN006)"),
        (kernel.unsure, "may not start (KRN005)"),
        (kernel.command_problem or kernel.idle, "has a command that cannot be run (KRN005, USR006)"),
        (kernel.module and kernel.module.missing, "cannot import its Python module (KRN007)"),
        (kernel.hidden, "needs what is hidden at run time (FSR005)"),
        (kernel.closed, "needs a module that is not readable for the container's user (USR006)"),
        (kernel.obstacle, "cannot load what it needs (KRN005)"),
        (kernel.doubt, f"may not be listed: {kernel.doubt}"),
    )
    return next((text for reason, text in reasons if reason), "cannot be used")


def _not_searched(listing: Listing, python: Installation | None) -> str:
    if listing.server.installation is not None:
        return f"the server's prefix is {listing.server.prefix}"
    if python is None:
        return "there is no 'python' on PATH whose prefix Studio could search"
    return f"the prefix of 'python' on PATH is {python.prefix}"
