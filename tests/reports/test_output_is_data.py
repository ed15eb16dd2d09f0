"""Nothing that an image says is obeyed by a terminal, or by a service that runs pipelines, wherever it says it."""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import SaveImage
from tests.support.fit import KERNEL, fit_image
from tests.support.images import ImageSpec
from tests.support.tarballs import Item, directory, file, hardlink, symlink

COMMANDS: Final = (
    "::set-output name=a::b",
    "::add-mask::secret",
    "##[error]no",
    "##vso[task.setvariable variable=a]b",
    "##teamcity[buildStatus status='SUCCESS']",
)
CONTROLS: Final = (
    "\x1b]0;title\x07\x1b[2J\x9b31m\x7f\r\n\t\x85\u061c\u202e\u2066\u200b\u2028\ufeff\U000e0041\u00ad\u206f"
)
POISON: Final = f"{CONTROLS}{' '.join(COMMANDS)}\n{CONTROLS}{'  '.join(COMMANDS * 3)}"
IN_PATHS: Final = f"{CONTROLS} {'  '.join(COMMANDS[:2])} {COMMANDS[3]}".replace("\n", " ")
TERMINATED: Final = IN_PATHS.replace("/", "-")

_COMMAND = re.compile(r"(?m)^(?:\s|\x1b\[[0-9;]*m)*::[A-Za-z]|##(?:\[|vso\[|teamcity\[)")
_SELECTED_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def poisoned() -> ImageSpec:
    """Return an image that has POISON wherever there is text."""
    kernel = {
        "argv": [POISON, "-f", "{connection_file}"],
        "display_name": POISON,
        "language": POISON,
        "interrupt_mode": POISON,
        "env": {POISON: POISON},
        "metadata": {POISON: POISON},
    }
    items: list[Item] = [
        directory(f"opt/ml/{TERMINATED}"),
        file(f"opt/ml/{TERMINATED}/{TERMINATED}", b"x"),
        symlink(f"opt/{TERMINATED}", IN_PATHS),
        hardlink("opt/hard", f"opt/ml/{TERMINATED}/{TERMINATED}"),
        file(f"usr/local/share/jupyter/kernels/{TERMINATED[:100]}/kernel.json", json.dumps(kernel).encode()),
        file("usr/local/share/jupyter/kernels/words/kernel.json", KERNEL.replace(b"Python 3", b"##vso[x]::y::z")),
        file("etc/passwd", f"root:x:0:0:{POISON}:/root:/bin/sh\n".encode()),
        file("etc/group", f"{POISON}:x:0:\n".encode()),
        file("etc/ld.so.conf", f"include {POISON}\n{POISON}\n/opt/{TERMINATED}\n".encode()),
        file("etc/sudoers", f"{POISON} ALL=(ALL) NOPASSWD: ALL\n".encode()),
        file("var/lib/dpkg/status", f"Package: libcuda1\nVersion: {POISON}\nStatus: install ok installed\n\n".encode()),
        file("usr/local/cuda/version.json", json.dumps({"cuda": {"version": POISON}}).encode()),
        file("root/.conda/environments.txt", f"{POISON}\n/opt/{TERMINATED}\n".encode()),
        file("start.sh", f"#!/bin/sh {TERMINATED}\nexport A='{POISON}'\nexec {POISON}\n".encode(), mode=0o755),
    ]
    texts = dict.fromkeys(("Domainname", "Hostname", "Image", "WorkingDir", "StopSignal", "User"), POISON)
    return replace(
        fit_image(items),
        tags=("example.com/team/image:1.0",),
        platform="linux/amd64",
        config={
            **texts,
            "Env": [
                f"PATH=/usr/local/bin:/bin:{POISON}",
                f"NVIDIA_REQUIRE_CUDA={POISON}",
                POISON,
                f"{POISON}={POISON}",
            ],
            "Entrypoint": ["/start.sh", POISON],
            "Cmd": [POISON, POISON],
            "Labels": {POISON: POISON},
            "ExposedPorts": {POISON: {}},
            "Volumes": {POISON: {}, f"/opt/{TERMINATED}": {}},
            "Healthcheck": {"Test": ["CMD", POISON]},
            "Shell": [POISON],
        },
        history=[{"created_by": POISON, "comment": POISON, "author": POISON} for _ in range(4)],
        raw_config={"author": POISON, "created": "2026-01-02T03:04:05Z", "variant": POISON, "os.version": POISON},
    )


def obeyed(text: str) -> Iterator[str]:
    """Yield what a terminal or a service would take for more than text."""
    for match in _COMMAND.finditer(text):
        yield match[0].strip()
    for character in set(text) - {"\n"}:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            yield f"U+{ord(character):04X}"


def run(*arguments: object, columns: int = 80) -> tuple[int, str]:
    """Run the command line; return its exit code, and all that it says on both outputs."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")}
    done = subprocess.run(
        [sys.executable, "-m", "ocianalyze", *map(str, arguments)],
        capture_output=True,
        check=False,
        env={**environment, "COLUMNS": str(columns), "OCIANALYZE_ISOLATED": "1"},
    )
    return done.returncode, f"{done.stdout.decode()}\n{done.stderr.decode()}"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.support.forms import write_archive

    return write_archive(tmp_path_factory.mktemp("poisoned") / "image.tar", poisoned(), "docker-25", compression="gzip")


@pytest.mark.parametrize("columns", [33, 80, 81, 200])
def test_tables(image: Path, columns: int) -> None:
    for command in ("scan -v --fail-on never", "inspect", "scan --timing --fail-fast"):
        code, said = run(*command.split(), image, columns=columns)
        assert (command, list(obeyed(said))) == (command, [])
        assert "add-mask" in said, said
        assert "internal error" not in said
        assert code in (0, 1, 3)


@pytest.mark.parametrize(
    "command",
    [
        "scan -f json --fail-on never",
        "scan -f json --profile studio-classic --profile unified-studio -v",
        "inspect -f json",
        "files",
        "files -f json",
        "files --history",
        "files --history -f json",
        "app-image-config",
        "scan --platform linux/s390x",
    ],
)
def test_all_other_output(image: Path, command: str) -> None:
    code, said = run(*command.split(), image)
    assert list(obeyed(said)) == []
    assert "internal error" not in said
    assert code in (0, 1, 2, 3)
    assert command.startswith(("app", "scan --pl")) or "add-mask" in said


def test_colours_are_ours(image: Path) -> None:
    """With colours there are escape sequences, but only of ours, and they hide no command from those who look."""
    _, said = run("scan", "--color", "always", "--no-cache", image)
    assert list(obeyed(_SELECTED_COLOURS.sub("", said))) == []


@pytest.mark.parametrize(
    "item",
    [
        hardlink("a", IN_PATHS),
        file(f"{TERMINATED}/.wh..", b""),
        symlink(TERMINATED, TERMINATED),
    ],
)
def test_messages_of_refusal(save_image: SaveImage, item: Item) -> None:
    spec = fit_image([item, file(f"{item.path}/x", b"y")])
    _, said = run("scan", "--no-cache", save_image(spec, "docker-25", compression="gzip"))
    assert list(obeyed(said)) == []
    assert "internal error" not in said


def test_names_of_images(save_image: SaveImage) -> None:
    spec = replace(fit_image(), tags=(f"example.com/a:{POISON}", POISON), platform=f"linux/{POISON}")
    for form in ("docker-25", "docker-legacy"):
        for command in ("scan", "inspect", "inspect -f json"):
            _, said = run(*command.split(), save_image(spec, form))
            assert list(obeyed(said)) == []
            assert "internal error" not in said
