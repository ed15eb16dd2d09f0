"""A Python package is installed twice in one environment, in different versions.

## What it checks

No directory of packages that the image's server or kernels import from has two `dist-info` directories of one package
with different versions. Copies in conda's cache (`pkgs`) do not count.

## Why it matters

pip does not remove what conda has installed if it cannot find out which files belong to it, and installs its own
version over it. Files of both versions are then mixed, tools report either version, and imports fail in ways that
depend on which file was written last. Images that are made from SageMaker Distribution often have this for NumPy.

## How to fix

Remove the package until none is left, then install one version:

```dockerfile
RUN python3 -m pip uninstall -y numpy && python3 -m pip uninstall -y numpy && python3 -m pip install numpy
```

With conda, use `conda install` or `micromamba install` for packages that conda has installed.

## Data

- `package`: the package.
- `versions`: its versions.
- `directory`: the directory of packages.

## References

- [conda, Using pip in a conda environment](https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html#using-pip-in-an-environment).
- [Recording installed projects](https://packaging.python.org/en/latest/specifications/recording-installed-packages/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.dockerfile import quoted
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="APP018", severity=everywhere(Severity.NOTE), identity=("path", "package", "directory"))
def package_installed_twice(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each package that is there twice."""
    for twin in subject.facts.twins:
        name = quoted(twin.name)
        remove = f"python3 -m pip uninstall -y {name}"
        yield Finding.at(
            twin.node,
            f"{twin.name} is installed twice in {twin.directory}: versions {' and '.join(twin.versions)}",
            hint=f"Leave one version, with the Python of {twin.directory}: "
            f"'RUN {remove} && {remove} && python3 -m pip install {name}=={twin.versions[-1]}'",
            data={"package": twin.name, "versions": list(twin.versions), "directory": twin.directory},
        )
