"""The image is not based on SageMaker Distribution 2.6 or newer, which SageMaker Unified Studio requires.

## What it checks

The label `org.amazon.sagemaker-distribution.image.version` states the version of SageMaker Distribution that the image
is based on, and it is 2.6 or newer. The entry point of Unified Studio, `entrypoint-sagemaker-ui-jupyter-server`, is on
`PATH`. Where the script that it starts changes `/opt/conda` or calls `sudo`, the user may write there, and may use
`sudo` without a password.

If the image contains programs of SageMaker Distribution but no label, as after `docker import` or `--squash`, the
version is unknown and the check is undecided.

## Why it matters

Unified Studio starts its own entry point in the image. Its scripts set up the project's connections and kernels before
they start JupyterLab. An image without them does not start, and older versions lack the entry point.

## How to fix

```dockerfile
FROM public.ecr.aws/sagemaker/sagemaker-distribution:latest-cpu
```

## Data

- `version`: the version that the label states, or null.
- `problem`: `not-based`, `too-old`, `unknown`, `program-missing`, `configuration-missing`,
  `logs-not-writable`, `conda-not-writable` or `sudo-missing`.
- `needed`: the program, file or directory that a start script needs, if it is about one.

## References

- [Dockerfile specifications of Unified Studio](https://docs.aws.amazon.com/sagemaker-unified-studio/latest/userguide/byoi-specifications.html).
- [SageMaker Distribution](https://github.com/aws/sagemaker-distribution).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import UNIFIED_PROGRAM
from ocianalyze.rules.apps.distribution_scripts import find_obstacles
from ocianalyze.rules.cures import cure_of
from ocianalyze.rules.profiles import UNIFIED
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_BASE: Final = "Use 'FROM public.ecr.aws/sagemaker/sagemaker-distribution:latest-cpu' (or latest-gpu) as the base image"


@rule(id="APP013", severity={UNIFIED: Severity.ERROR}, identity=("path", "problem", "needed"))
def distribution_required(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the image is not based on a version that will do."""
    base = subject.facts.sagemaker_distribution
    data = {"version": None if base is None else base.stated}
    if base is None:
        yield Finding(
            message="the image is not based on SageMaker Distribution, which Unified Studio requires (2.6 or newer)",
            hint=_BASE,
            data={**data, "problem": "not-based"},
        )
        return
    if base.version is None:
        stated = "it has no version label" if base.stated is None else f"its version label is {base.stated!r}"
        yield Finding(
            message="cannot determine which version of SageMaker Distribution the image is based on (Unified Studio "
            f"requires 2.6 or newer): {stated}",
            hint="Build the image with 'FROM', without --squash and docker import, so that it keeps the label",
            kind="undecided",
            data={**data, "problem": "unknown"},
        )
    elif not base.runs_in_unified_studio:
        yield Finding(
            message=f"the image is based on SageMaker Distribution {base.stated}; Unified Studio requires 2.6 or newer",
            hint=_BASE,
            data={**data, "problem": "too-old"},
        )
        return
    program = subject.facts.shell.find(UNIFIED_PROGRAM)
    given = any(subject.facts.commands[app].origin == "app-image-config" for app in subject.facts.commands)
    if program.problem is not None and not given:  # APP006 looks at what the AppImageConfig names
        yield Finding(
            message=f"the entry point of Unified Studio cannot be run: {program.problem.text}",
            path=program.path if program.node is not None else None,
            layer=program.node.layer if program.node is not None else None,
            hint=cure_of(program, subject.facts.shell) if program.node is not None else _BASE,
            data={**data, "problem": "program-missing", "needed": UNIFIED_PROGRAM},
        )
    for obstacle in find_obstacles(subject, UNIFIED_PROGRAM):
        yield Finding(
            message=f"Unified Studio cannot start the application: {obstacle.message}",
            path=obstacle.path,
            layer=obstacle.layer,
            hint=obstacle.hint,
            data={**data, "problem": obstacle.cause, "needed": obstacle.needed},
        )
