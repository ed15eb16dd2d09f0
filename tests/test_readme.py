"""Every command in README.md and in some pages of docs/ does what is said, typed as it stands there.

A command that is new there needs an entry here: its exit code, or the reason why it is tried elsewhere.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.daemons import docker_daemon
from tests.support.fit import fit_image
from tests.support.forms import write_archive
from tests.support.registries import registry
from tests.support.tarballs import file
from tests.support.tools import requires, run, skip_or_fail

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "testdata" / "demo.tar.gz"
OTHER = ROOT / "testdata" / "skopeo-docker-archive.tar"
PAGES = ("README.md", "docs/size.md", "docs/diff.md", "docs/formats.md", "docs/several.md", "docs/fleet.md")

IN_CI = {"make demo", "make test"}
"""What .ci/run itself does."""
DELIVERED = {"make wheelhouse", "make zipapp", "make image", "pip install '.[ecr]'"}
"""What tests/delivery does: it calls what these targets call, and installs the extra from a wheel."""
SAVED = "docker save team/notebook:1.0 | ocianalyze scan -"
REMOTE = "ocianalyze scan registry.example.com/team/notebook:1.0"
MANY = "ocianalyze scan --from-file images.txt -o 'reports/{name}.html' -o 'reports/{name}.json' -o all.sarif"
LISTED = (
    "ocianalyze size image.tar -f json"
    " | jq -r '.inventory.packages[] | [.bytes, .manager, .name, .version] | @tsv' | sort -rn | head"
)
INSTALLED = "pip install ."
PATTERNS = {
    "ocianalyze scan 'registry.example.com/team/app:v1.*'": 2,
    "ocianalyze scan 'registry.example.com/team/*'": 1,
    "ocianalyze scan 'registry.example.com/team/*:*'": 3,
}
"""How many images each stands for in the registry of the test."""
ATTACHED = "ocianalyze attach IMAGE REPORT..."
_FLEET = "ocianalyze fleet 'registry.example.com/team/*:v*'"
FLEETS = (
    f"{_FLEET} --plan",
    _FLEET,
    "ocianalyze fleet report fleet.sqlite",
    "ocianalyze fleet report fleet.sqlite -o fleet.html",
    (
        'sqlite3 fleet.sqlite "SELECT rule, COUNT(DISTINCT image) FROM findings JOIN images ON images.id = image'
        ' WHERE run = (SELECT MAX(id) FROM runs) AND selected GROUP BY rule"'
    ),
)
"""Tried one after the other."""
ON_CLUSTERS = {
    "dask scheduler",
    "dask worker tcp://HOST:8786 --nworkers 8 --nthreads 1",
    f"{_FLEET} --scheduler tcp://HOST:8786",
    "pip install 'ocianalyze[aws]'",
    "pip install 'ocianalyze[dask]'",
    "pip install 'ocianalyze[parquet]'",
}
"""What tests/fleet does: it starts the same programs, with what these extras bring."""
ALONE = {SAVED, REMOTE, INSTALLED, ATTACHED, *PATTERNS, *FLEETS, *ON_CLUSTERS}
"""What has a test of its own below, because it needs more than files."""
EXPECTED = {
    "ocianalyze scan image.tar": 1,
    "ocianalyze scan image.tar --dockerfile Dockerfile --output - --output ocianalyze.sarif"
    " --output ocianalyze.junit.xml": 1,
    "ocianalyze convert": 1,
    "ocianalyze explain KRN005": 0,
    "ocianalyze scan IMAGE...": 1,
    "ocianalyze scan image.tar old.tar": 1,
    "ocianalyze inspect IMAGE": 0,
    "ocianalyze files IMAGE [GLOB]": 0,
    "ocianalyze app-image-config IMAGE": 0,
    "ocianalyze size IMAGE": 0,
    "ocianalyze diff OLD NEW": 1,
    "ocianalyze check-config FILE...": 0,
    "ocianalyze convert REPORT": 1,
    "ocianalyze rules": 0,
    "ocianalyze explain RULE": 0,
    "ocianalyze schema": 0,
    "ocianalyze fleet SOURCE...": 1,
    "ocianalyze fleet report RESULTS": 0,
    "ocianalyze cache info": 0,
    "ocianalyze cache clear": 0,
    # docs/size.md
    "ocianalyze size image.tar": 0,
    "ocianalyze size image.tar --format json": 0,
    "ocianalyze schema size": 0,
    LISTED: 0,
    # docs/diff.md
    "ocianalyze diff old.tar new.tar": 1,
    'ocianalyze diff main.json image.tar --format markdown >> "$GITHUB_STEP_SUMMARY"': 1,
    "ocianalyze scan image.tar --inventory -o main.json": 1,
    "ocianalyze diff main.json image.tar --fail-on warning --fail-on-growth 10%": 1,
    "ocianalyze schema diff": 0,
    # docs/formats.md
    "ocianalyze scan image.tar -o - -o ocianalyze.sarif -o ocianalyze.junit.xml": 1,
    "ocianalyze scan image.tar -o report.html": 1,
    "ocianalyze scan image.tar --dockerfile Dockerfile -f github": 1,
    "ocianalyze scan image.tar --baseline main.json": 1,
    "ocianalyze scan image.tar -o ocianalyze.json --fail-on never": 0,
    'ocianalyze convert ocianalyze.json -f markdown >> "$GITHUB_STEP_SUMMARY"': 1,
    "ocianalyze convert ocianalyze.json -f github --fail-on warning": 1,
    "ocianalyze scan image.tar --format json --stream": 1,
    # docs/several.md
    "ocianalyze scan --from-file images.txt --format json > reports.jsonl": 1,
    "mkdir reports": 0,
    MANY: 1,
}
SOUND = {
    "ocianalyze app-image-config IMAGE",
    LISTED,
}
"""What is asked of an image that works and has packages, and not of the demo."""
QUIET = {
    "ocianalyze cache clear",
    "ocianalyze check-config FILE...",
    "ocianalyze scan --from-file images.txt --format json > reports.jsonl",
    "mkdir reports",
}
"""What says nothing if all is well."""
ARGUMENTS = {
    "IMAGE": "image.tar",
    "IMAGE...": "image.tar",
    "[GLOB]": "'/etc/*'",
    "OLD": "old.tar",
    "NEW": "new.tar",
    "FILE...": "config.json",
    "REPORT": "ocianalyze.json",
    "RULE": "KRN001",
    "SOURCE...": "image.tar",
    "RESULTS": "results.sqlite",
}
"""What stands for the words of a synopsis."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL_LINE = re.compile(r"^\$ (.+?)(?:\s+# .*)?$", re.MULTILINE)
_YAML_LINE = re.compile(r"^\s*- run: (.+)$", re.MULTILINE)
_SPAN = re.compile(r"`((?:ocianalyze|make|pip)\s[^`]+)`")


def commands(page: str) -> Iterator[str]:
    """Yield each command of a page: in blocks of a shell, in steps of a pipeline, and in its text and tables."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for kind, block in _FENCE.findall(text):
        yield from (_YAML_LINE if kind == "yaml" else _SHELL_LINE).findall(block)
    for span in _SPAN.findall(_FENCE.sub("", text)):
        yield " ".join(span.split())


def typed(command: str) -> str:
    """Return a command with files for the words of its synopsis."""
    if command == "ocianalyze convert":
        command += " REPORT"
    return " ".join(ARGUMENTS.get(word, word) for word in command.split(" "))


def shell(command: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a step of a pipeline does, with `ocianalyze` being what is tested."""
    programs = directory / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / "ocianalyze"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ocianalyze "$@"\n')
    program.chmod(0o755)
    own: Mapping[str, str] = {
        **{key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")},
        "PATH": f"{programs}:{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(directory / "summary.md"),
        **variables,
    }
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=directory, env=own, capture_output=True, check=False
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the files that the commands name."""
    directory = tmp_path_factory.mktemp("readme")
    shutil.copy(DEMO, directory / "image.tar")
    shutil.copy(DEMO, directory / "new.tar")
    shutil.copy(OTHER, directory / "old.tar")
    packages = (
        file("var/lib/dpkg/status.d/base", b"Package: base-files\nVersion: 12\n"),
        file("var/lib/dpkg/status.d/base.md5sums", b"d41d8cd98f00b204e9800998ecf8427e  etc/issue\n"),
        file("etc/issue", b"Debian\n"),
    )
    write_archive(directory / "sound.tar", fit_image(packages, tags=("team/notebook:1.0",)), "docker-25")
    (directory / "images.txt").write_text("# ours\nimage.tar\nold.tar\n")
    (directory / "Dockerfile").write_text("FROM debian\nCOPY . /\nUSER 1001\n")
    for command in (
        "ocianalyze scan old.tar --inventory -o main.json --fail-on never",
        "ocianalyze scan image.tar -o ocianalyze.json",
        "ocianalyze app-image-config sound.tar > config.json",
        "ocianalyze fleet image.tar -o results.sqlite -q",
    ):
        assert shell(command, directory).returncode in (0, 1), command
    return directory


@pytest.fixture
def place(prepared: Path, tmp_path: Path) -> Path:
    """Return a copy of it, for one command."""
    return Path(shutil.copytree(prepared, tmp_path / "place"))


def test_every_command_is_tried() -> None:
    """None is missing here, and none stands here that is nowhere else."""
    stated = {command for page in PAGES for command in commands(page)}
    assert len(stated) > 30
    assert stated == IN_CI | ALONE | DELIVERED | EXPECTED.keys()


@pytest.mark.parametrize("command", EXPECTED)
def test_commands_on_files(command: str, place: Path) -> None:
    if command == LISTED:
        skip_or_fail(["jq"])
    if command == MANY:
        (place / "reports").mkdir()
    if command in SOUND:
        (place / "sound.tar").replace(place / "image.tar")
    done = shell(typed(command), place)
    assert done.returncode == EXPECTED[command], done.stderr.decode()
    assert b"Traceback" not in done.stderr
    words = shlex.split(command)
    written = [Path(place, name) for option, name in pairwise(words) if option in ("-o", "--output")]
    written += [place / "summary.md"] if "SUMMARY" in command else []
    names = ("image.tar", "old.tar") if command == MANY else ("",)
    to_files = list({Path(str(path).replace("{name}", name)) for path in written for name in names} - {place / "-"})
    assert done.stdout or to_files or command in QUIET
    assert all(path.stat().st_size for path in to_files)


def test_ci_runs_make() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for command in IN_CI:
        assert re.search(rf"^\s*{command}\b", script, re.MULTILINE), command


def test_from_a_fresh_installation(place: Path, tmp_path: Path) -> None:
    """`pip install .` needs nothing of what the tests need."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "ocianalyze", source / "ocianalyze", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    run(tmp_path / "venv/bin/pip", *INSTALLED.split(" ")[1:], cwd=source, env=environment)
    program = tmp_path / "venv/bin/ocianalyze"
    done = subprocess.run([program, "scan", "image.tar"], cwd=place, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr.decode()
    assert b"FAIL   studio-jupyterlab" in done.stdout


@requires("docker-registry", "skopeo")
def test_from_a_registry(place: Path, tmp_path: Path) -> None:
    name = "team/notebook:1.0"
    with registry(tmp_path / "registry") as server:
        server.push(f"docker-archive:{place / 'sound.tar'}", name)
        command = REMOTE.replace("registry.example.com", server.host)
        done = shell(f"{command} --plain-http", place)
    assert done.returncode == 0, done.stderr.decode()
    assert f"{server.host}/{name}".encode() in done.stdout


@requires("docker-registry", "skopeo", "sqlite3")
def test_a_fleet(place: Path, tmp_path: Path) -> None:
    with registry(tmp_path / "registry") as server:
        for tag in ("v1", "v2", "other"):
            server.push(f"docker-archive:{place / 'sound.tar'}", f"team/notebook:{tag}")
        for command in FLEETS:
            done = shell(command.replace("registry.example.com", server.host), place, OCIANALYZE_PLAIN_HTTP=server.host)
            assert done.returncode == 0, done.stderr.decode()
    assert (place / "fleet.html").stat().st_size


@requires("docker-registry", "skopeo")
def test_reports_are_attached(place: Path, tmp_path: Path) -> None:
    with registry(tmp_path / "registry") as server:
        server.push(f"docker-archive:{place / 'sound.tar'}", "team/notebook:1.0")
        name = f"{server.host}/team/notebook:1.0"
        scan = f"ocianalyze scan {name} -o r.json -o r.sarif"
        command = ATTACHED.replace("IMAGE", name).replace("REPORT...", "r.json r.sarif")
        done = shell(f"{scan} && {command}", place, OCIANALYZE_PLAIN_HTTP=server.host)
    assert done.returncode == 0, done.stderr.decode()
    assert f"{server.host}/team/notebook@sha256:".encode() in done.stdout


@requires("docker-registry", "skopeo")
def test_patterns_of_a_registry(place: Path, tmp_path: Path) -> None:
    with registry(tmp_path / "registry") as server:
        for name in ("team/app:v1.0", "team/app:v1.1", "team/tool:latest", "other:v1.0"):
            server.push(f"docker-archive:{place / 'sound.tar'}", name)
        for command, images in PATTERNS.items():
            typed_there = command.replace("registry.example.com", server.host)
            done = shell(f"{typed_there} --plain-http -f json", place)
            assert (done.returncode, done.stdout.count(b"\n")) == (0, images), done.stderr.decode()


@requires("root", "dockerd", "docker")
def test_from_docker_save(place: Path) -> None:
    with docker_daemon() as daemon:
        daemon.docker("load", "--input", DEMO)
        daemon.docker("tag", "example.com/team/notebook:1.0", "team/notebook:1.0")
        done = shell(SAVED, place, DOCKER_HOST=f"unix://{daemon.directory}/socket")
    assert done.returncode == 1, done.stderr.decode()
    assert b"team/notebook:1.0" in done.stdout
