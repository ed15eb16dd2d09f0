"""The checked-in archives are those whose provenance `testdata/README.md` tells."""

import hashlib
from pathlib import Path

TESTDATA = Path(__file__).parents[1] / "testdata"


def test_archives_are_as_they_were_made() -> None:
    lines = (TESTDATA / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    present = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in TESTDATA.glob("*.tar*")}
    assert present == listed


def test_archives_are_small() -> None:
    sizes = [path.stat().st_size for path in TESTDATA.glob("*.tar*")]
    assert max(sizes) < 1.5e6
    assert sum(sizes) < 5e6
