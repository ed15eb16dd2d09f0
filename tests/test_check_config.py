"""``ocianalyze check-config``: files that come with images are checked without an image."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_convert import ocianalyze

GOOD = {
    "AppImageConfigName": "my-image",
    "JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": ["jupyter-lab"]}},
}
CLASSIC = "KernelGatewayImageConfig"
KERNELS = {"KernelSpecs": [{"Name": "python3"}]}


def check(path: Path, content: object) -> tuple[int, str]:
    """Write a file, and return the exit code and what is said of it."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    done = ocianalyze("check-config", path)
    assert not done.stderr
    return done.returncode, done.stdout.decode().replace(f"{path}", "FILE").rstrip("\n")


def test_a_good_config_is_not_mentioned(tmp_path: Path) -> None:
    assert check(tmp_path / "a.json", GOOD) == (0, "")
    assert check(tmp_path / "a.json", {**GOOD, CLASSIC: KERNELS, "AppImageConfigArn": "arn:..."}) == (0, "")


@pytest.mark.parametrize(
    ("config", "code", "said"),
    [
        ({"AppImageConfigName": "a_b"}, 1, ["FILE: error CFG001: AppImageConfigName is 'a_b'; it must contain only"]),
        ({CLASSIC: KERNELS}, 0, ["FILE: warning CFG001: AppImageConfigName is missing. "]),
        (
            {**GOOD, CLASSIC: {"FileSystemConfig": {"DefaultUid": 5}}},
            1,
            [
                "FILE: error CFG002: KernelGatewayImageConfig.KernelSpecs is missing",
                "FILE: error CFG003: KernelGatewayImageConfig.FileSystemConfig has 5:100; Studio Classic supports only",
            ],
        ),
        (
            {**GOOD, "CodeEditorAppImageConfig": {"FileSystemConfig": {}}},
            0,
            ["FILE: warning CFG004: CodeEditorAppImageConfig has a FileSystemConfig"],
        ),
        (
            {**GOOD, "CodeEditorAppImageConfig": {"ContainerConfig": {"ContainerArguments": ["x" * 65]}}},
            1,
            ["FILE: error CFG005: CodeEditorAppImageConfig.ContainerConfig.ContainerArguments[0] has 65 characters"],
        ),
        ({"KernelSpecs": []}, 1, ["FILE: KernelSpecs is not known to the API. Move it to KernelGatewayImageConfig"]),
        ('{"Tags": [], "Tags": []}', 1, ["FILE: duplicate key 'Tags'"]),
        ("{", 1, ["FILE is not valid JSON: unexpected end of data"]),
        ("", 1, ["FILE is not valid JSON"]),
        (["x"], 1, ["FILE: must be an object"]),
    ],
)
def test_what_the_api_refuses_is_named(tmp_path: Path, config: object, code: int, said: list[str]) -> None:
    ended, text = check(tmp_path / "a.json", config)
    assert ended == code
    for line, start in zip(text.split("\n"), said, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ocianalyze.toml", 'profile = "studio-classic"\nfail-on = "warning"\n', ""),
        ("ocianalyze.toml", "profiles = []\n", "FILE:1: profiles: unknown key. Did you mean 'profile'?"),
        ("ocianalyze.toml", 'ignore = ["KRN999"]\n', "FILE:1: ignore.1: unknown rule 'KRN999'"),
        ("ocianalyze.toml", "[", "FILE is not valid TOML"),
        ("pyproject.toml", '[tool.ocianalyze]\nselect = "KRN"\nkrn = 1\n', "FILE:3: krn: unknown key"),
    ],
)
def test_settings_are_checked_too(tmp_path: Path, name: str, content: str, said: str) -> None:
    code, text = check(tmp_path / name, content)
    assert code == bool(said)
    assert text.startswith(said)
    assert bool(text) == bool(said)


def test_what_a_scan_would_find_may_say_less_than_what_is_named(tmp_path: Path) -> None:
    settings = tmp_path / "ocianalyze.toml"
    settings.write_text('[registry."example.com"]\nplain-http = true\n')
    command = (sys.executable, "-m", "ocianalyze", "check-config", "ocianalyze.toml")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ocianalyze.toml:2: registry.example.com.plain-http lowers security" in done.stdout
    assert ocianalyze("check-config", settings).returncode == 0, "elsewhere, it may be meant for --config"


def test_all_files_are_checked(tmp_path: Path) -> None:
    for name, content in (("a.json", "{"), ("b.json", json.dumps(GOOD)), ("c.toml", "x = 1\n")):
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = ocianalyze("check-config", "a.json", "b.json", "c.toml", "-", stdin=b'{"Tag": []}', cwd=tmp_path)
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == ["a.json", "c.toml:1:", "standard"]


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    done = ocianalyze("check-config", tmp_path / "none.json")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.endswith(b"none.json cannot be read: No such file or directory\n")
    assert ocianalyze("check-config").returncode == 2


def test_text_from_a_file_is_no_command(tmp_path: Path) -> None:
    _, text = check(tmp_path / "a.json", {"##[error]\n::warning::x\x1b[31m": {}})
    assert text.startswith(r"FILE: \x23#[error]\x0a::warning::x\x1b[31m is not known")
