"""What the GitHub action installs is pinned, and is all that the package needs."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.pipelines import ROOT

LINES = (ROOT / "ci" / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
PINNED = {
    canonicalize_name(line.split("==")[0]): line.split("==")[1].split()[0] for line in LINES if not line.startswith("#")
}


def test_everything_has_a_version_and_hashes() -> None:
    for line in LINES:
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==\S+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+", line)


def test_all_that_the_package_needs_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    assert len(needed) > 10
    for requirement in map(Requirement, needed):
        assert requirement.specifier.contains(PINNED[canonicalize_name(requirement.name)]), requirement
