"""What the package offers to programs that import it."""

import subprocess
import sys

import pytest

import ocianalyze


def test_every_public_name_is_there() -> None:
    for name in ocianalyze.__all__:
        assert getattr(ocianalyze, name) is not None


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ocianalyze.nothing


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, ocianalyze; print([name for name in sys.modules if name.startswith('ocianalyze.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
