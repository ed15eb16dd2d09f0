"""Another package's rules, installed by pip, are rules like ours."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from hashlib import shake_128
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SaveImage
from tests.support.fit import fit_image
from tests.support.forms import FormName
from tests.support.tarballs import file

HERE = Path(__file__).parent
PROJECT = HERE / "ocianalyze-acme"
RULE = PROJECT / "ocianalyze_acme" / "owner_unknown.py"
NOISE = file("opt/noise", shake_128().digest(4096))
"""What keeps a compressed layer from being so small that it is held in memory."""
PAGE = HERE.parents[1] / "docs" / "writing-rules.md"


def shown() -> dict[str, str]:
    """Return the files that the page shows, by the names above them; a fence in a docstring ends no block."""
    blocks = re.findall(
        r"^`(ocianalyze-acme/[^`]+)`\n\n```\w+\n(.*?)^```\n(?=\n)(?!\n## )",
        PAGE.read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
    return dict(blocks)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory into which pip has installed the example as the page shows it."""
    target = tmp_path_factory.mktemp("site")
    copied = tmp_path_factory.mktemp("copied")
    for name, content in shown().items():
        path = copied / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(target), str(copied / PROJECT.name)]
    subprocess.run([*command, *options], check=True, capture_output=True)
    return target


def run(
    site: Path, *arguments: str | Path, stdin: bytes | None = None, site2: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line with the packages of a directory."""
    paths = [str(site), *([str(site2)] if site2 else [])]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")}
    return subprocess.run(
        [sys.executable, "-m", "ocianalyze", *map(str, arguments)],
        env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
        input=stdin,
        capture_output=True,
        check=False,
    )


def findings(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    """Return the findings of a report."""
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


def broken(directory: Path, code: str, value: str = "broken_rules") -> Path:
    """Install a package, as pip would leave it, whose rules are `code`."""
    (directory / "broken_rules.py").write_text(code)
    info = directory / "broken-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text(f"[ocianalyze.rules]\nbad = {value}\n")
    return directory


def test_its_rules_are_listed_and_explained(installed: Path) -> None:
    (listed,) = (item for item in json.loads(run(installed, "rules", "-f", "json").stdout) if item["id"] == "ACM001")
    assert listed["name"] == "owner-unknown"
    assert listed["package"] == "ocianalyze_acme"
    assert listed["summary"] == "Nobody knows whom to ask about the image."
    assert listed["url"] == "https://handbook.acme.example/images#owner"
    assert set(listed["severity"].values()) == {"warning"}
    page = run(installed, "explain", "owner-unknown").stdout.decode()
    assert "is deleted from our registry after 30 days" in page


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (b"owner=data-science\n", []),
        (b"owner=\n", ["/etc/acme-release does not name an owner"]),
        (None, ["there is no /etc/acme-release"]),
    ],
)
@pytest.mark.parametrize("form", ["docker-25", "docker-29"])
def test_its_rules_find_in_files_and_in_streams_alike(
    installed: Path, save_image: SaveImage, form: FormName, content: bytes | None, messages: Sequence[str]
) -> None:
    more = [[file("etc/acme-release", content), NOISE]] if content is not None else []
    path = save_image(fit_image(*more), form)
    for done in (
        run(installed, "scan", path, "-f", "json"),
        run(installed, "scan", "-", "-f", "json", stdin=path.read_bytes()),
    ):
        assert [item["message"] for item in findings(done)] == messages
        assert done.returncode == 0


def test_its_rules_are_chosen_weighed_and_waived_like_ours(
    installed: Path, save_image: SaveImage, tmp_path: Path
) -> None:
    path = save_image(fit_image())
    assert findings(run(installed, "scan", path, "-f", "json", "--ignore", "ACM")) == []
    assert run(installed, "scan", path, "-q", "--severity", "ACM001=error").returncode == 1
    settings = tmp_path / "ocianalyze.toml"
    settings.write_text('[[waive]]\nrule = "owner-unknown"\nreason = "asked for"')
    done = run(installed, "scan", path, "-f", "json", "--config", settings)
    assert findings(done)[0]["waived"] == {"reason": "asked for", "expires": None}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise OSError('no licence')", "rules 'bad' of broken 2.1 cannot be loaded: OSError: no licence"),
        ("import sys; sys.exit(0)", "rules 'bad' of broken 2.1 cannot be loaded: SystemExit: 0"),
        ("def (", "rules 'bad' of broken 2.1 cannot be loaded: SyntaxError"),
        ("rules = []", "rules 'bad' of broken 2.1: broken_rules is neither a rule nor a module with rules"),
    ],
)
def test_a_package_that_is_broken_is_named(save_image: SaveImage, tmp_path: Path, code: str, message: str) -> None:
    site = broken(tmp_path, code)
    for arguments in (("rules",), ("scan", save_image(fit_image()))):
        done = run(site, *arguments)
        assert (done.returncode, done.stdout) == (3, b"")
        assert message in done.stderr.decode()
        assert done.stderr.count(b"\n") == 1


def test_two_packages_with_one_id_are_named(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "rules", site2=broken(tmp_path, RULE.read_text()))
    assert done.returncode == 3
    assert b"two rules have the id ACM001" in done.stderr
    assert b"ocianalyze_acme.owner_unknown" in done.stderr
    assert b"broken_rules" in done.stderr


def test_a_rule_that_fails_is_never_a_pass(save_image: SaveImage, tmp_path: Path) -> None:
    code = RULE.read_text().replace("    node = ", "    raise KeyError('oops')\n    node = ")
    done = run(broken(tmp_path, code), "scan", save_image(fit_image()))
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"rule ACM001 (owner-unknown) failed: KeyError: 'oops'" in done.stderr


def test_a_rule_that_did_not_say_what_it_reads_cannot_decide(save_image: SaveImage, tmp_path: Path) -> None:
    code = RULE.read_text().replace("    reads=(_RELEASE,),\n", "")
    stream = save_image(fit_image([file("etc/acme-release", b"owner=a\n"), NOISE]), "docker-29").read_bytes()
    done = run(broken(tmp_path, code), "scan", "-", "--severity", "ACM001=error", stdin=stream)
    assert done.returncode == 3
    assert b"ACM001  owner-unknown  (would be an error)" in done.stdout
    assert b"this check could not be completed: /etc/acme-release is neither" in done.stdout


def test_the_page_shows_the_example_as_it_is() -> None:
    files = [path for path in PROJECT.rglob("*") if path.suffix in (".py", ".toml")]
    assert shown() == {str(path.relative_to(HERE)): path.read_text(encoding="utf-8") for path in files}
