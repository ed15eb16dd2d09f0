"""Reports, tables and pages say that an image came from a mirror; where it came from its registry, they need not."""

import json
import subprocess
import sys

import pytest

from ocianalyze.reports.origin import read_elsewhere
from tests.sources.registry.conftest import IMAGE
from tests.support.fault_proxy import fault_proxy
from tests.support.images import build
from tests.support.served import serving_image


@pytest.mark.parametrize(
    ("names", "places", "shown"),
    [
        (["example.com:5000/x:1"], ["https://example.com:5000"], []),
        (["docker.io/library/x:1"], ["https://registry-1.docker.io"], []),
        (["docker.io/library/x:1"], ["https://example.com"], ["https://example.com"]),
        (
            ["example.com/x:1"],
            ["https://a.example", "https://example.com"],
            ["https://a.example", "https://example.com"],
        ),
        (["example.com/x:1"], ["https://example.com/cache"], ["https://example.com/cache"]),
        (["image.tar"], [], []),
        ([], [], []),
    ],
)
def test_what_is_worth_a_line(names: list[str], places: list[str], shown: list[str]) -> None:
    assert list(read_elsewhere(names, places)) == shown


def run(*arguments: str) -> str:
    command = (sys.executable, "-m", "ocianalyze", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert done.stderr == ""
    return done.stdout


def test_every_form_of_the_report() -> None:
    with fault_proxy(None, serving_image(build(IMAGE, compression="gzip"))) as registry:
        mirror = f"http://{registry.host}"
        options = ("--mirror", f"registry.invalid={mirror}", "registry.invalid/team/image:1.0")
        scan = ("scan", "--no-cache", *options)
        assert json.loads(run(*scan, "-f", "json"))["image"]["read_from"] == [mirror]
        assert f"read from  {mirror}" in run(*scan)
        assert mirror in run(*scan, "-f", "html")
        assert f"read from    {mirror}" in run("inspect", *options)
        own = ("--plain-http", f"{registry.host}/team/image:1.0")
        assert json.loads(run("scan", "--no-cache", "-f", "json", *own))["image"]["read_from"] == [mirror]
        assert "read from" not in run("scan", "--no-cache", *own)
        assert "read from" not in run("inspect", *own)
