"""Reports in files: which format, whole or not at all, never an older one; and ``ocianalyze convert``."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SaveImage
from tests.support.fit import fit_image

DEMO = Path(__file__).parents[1] / "testdata" / "demo.tar.gz"


def ocianalyze(
    *arguments: object, stdin: bytes = b"", cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")}
    command = [sys.executable, "-m", "ocianalyze", *map(str, arguments)]
    environment |= {"OCIANALYZE_ISOLATED": "1", **variables}
    return subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment, cwd=cwd)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a stored report."""
    path = tmp_path_factory.mktemp("stored") / "report.json"
    assert ocianalyze("scan", DEMO, "-o", path).returncode == 1
    return path


FILES = {
    "r.json": b'{\n  "schema"',
    "r.sarif": b'{\n  "$schema"',
    "r.xml": b"<?xml",
    "gl-code-quality-report.json": b"[\n",
    "r.md": b"###",
    "r.txt": b"example.com/team/notebook:1.0",
}


def test_all_formats_at_once(tmp_path: Path, stored: Path) -> None:
    outputs = [part for name in FILES for part in ("-o", tmp_path / name)]
    for command in (("scan", DEMO), ("convert", stored)):
        done = ocianalyze(*command, *outputs)
        assert (done.returncode, done.stdout) == (1, b"")
        for name, start in FILES.items():
            assert start in (tmp_path / name).read_bytes()[:200], name
            (tmp_path / name).unlink()


def test_a_verdict_is_seen_if_all_reports_are_in_files(tmp_path: Path, stored: Path) -> None:
    for command in (("scan", DEMO), ("convert", stored)):
        done = ocianalyze(*command, "-o", tmp_path / "r.xml")
        assert done.stdout == b""
        assert done.stderr == b"ocianalyze: fail: 3 errors, 6 warnings, 2 notes\n"
        assert ocianalyze(*command, "-q", "-o", tmp_path / "r.xml").stderr == b""
        assert ocianalyze(*command, "-f", "line", "-f", "junit", "-o", "-", "-o", tmp_path / "r.xml").stderr == b""


def test_the_name_of_a_file_counts_for_more_than_the_variable(tmp_path: Path, stored: Path) -> None:
    for command in (("scan", DEMO), ("convert", stored)):
        done = ocianalyze(*command, "-o", tmp_path / "r.json", "-o", tmp_path / "r", OCIANALYZE_FORMAT="sarif")
        assert done.returncode == 1, done.stderr
        assert json.loads((tmp_path / "r.json").read_bytes())["schema"] == "ocianalyze.report/1"
        assert json.loads((tmp_path / "r").read_bytes())["version"] == "2.1.0"
        assert json.loads(ocianalyze(*command, OCIANALYZE_FORMAT="sarif").stdout)["version"] == "2.1.0"
        assert ocianalyze(*command, "-f", "line", OCIANALYZE_FORMAT="sarif").stdout.startswith(b"demo.tar.gz:")
        wrong = ocianalyze(*command, "-f", "sarif", "-o", tmp_path / "r.json", OCIANALYZE_FORMAT="json")
        assert (wrong.returncode, b"is named like json" in wrong.stderr) == (2, True)


def test_a_stored_report_gives_the_same_files(stored: Path) -> None:
    for form in ("json", "sarif", "junit", "gitlab-codequality", "github", "markdown", "html", "line"):
        done = ocianalyze("convert", stored, "-f", form)
        assert done.returncode == 1
        assert done.stdout
        again = ocianalyze("convert", "-", "-f", form, stdin=stored.read_bytes())
        assert again.stdout == done.stdout
    assert ocianalyze("convert", stored, "-f", "json").stdout == stored.read_bytes()


@pytest.mark.parametrize(("least", "code"), [("error", 1), ("never", 0), ("note", 1)])
def test_the_exit_code_can_be_chosen_again(stored: Path, least: str, code: int) -> None:
    done = ocianalyze("convert", stored, "-f", "junit", "--fail-on", least)
    assert done.returncode == code
    assert (b"<failure" in done.stdout) == bool(code)
    assert ocianalyze("convert", stored, "-q", "--fail-on", least).stdout == b""


def test_only_what_is_new_decides(tmp_path: Path, stored: Path, save_image: SaveImage) -> None:
    same = ocianalyze("scan", DEMO, "--baseline", stored)
    assert same.returncode == 0
    assert b"0 new, 12 known, 0 fixed" in b" ".join(same.stdout.split())
    assert b"Known from the baseline" in same.stdout
    assert ocianalyze("convert", stored, "--baseline", stored, "-f", "github").stdout == b""
    assert b"<failure" not in ocianalyze("convert", stored, "--baseline", stored, "-f", "junit").stdout
    other = save_image(fit_image(config={"User": "1234"}), "docker-25")
    new = ocianalyze("scan", other, "--baseline", stored, "-f", "line", "--profile", "studio-classic")
    assert new.returncode == 1
    broken = tmp_path / "broken.json"
    ocianalyze("scan", "-", "-o", broken, stdin=DEMO.read_bytes()[:100_000])
    for baseline, said in ((broken, b"is no baseline"), (tmp_path / "none", b"cannot be read"), (DEMO, b"is not JSON")):
        done = ocianalyze("scan", DEMO, "--baseline", baseline)
        assert (done.returncode, done.stdout) == (2, b"")
        assert said in done.stderr


def test_settings_name_files_beside_them(tmp_path: Path, stored: Path) -> None:
    (tmp_path / "ocianalyze.toml").write_text(
        f'dockerfile = "Containerfile"\nbaseline = "{stored}"\nformat = "json"\n'
        'docs-url = "https://docs.example.com/x"\n'
    )
    (tmp_path / "Containerfile").write_bytes((DEMO.parent / "demo" / "Dockerfile").read_bytes())
    below = tmp_path / "below"
    below.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")}
    command = [sys.executable, "-m", "ocianalyze", "scan", str(DEMO)]
    done = subprocess.run(command, cwd=below, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert value["baseline"]["new"] == 0
    assert {finding["source"]["file"] for finding in value["findings"]} == {"Containerfile"}
    assert value["findings"][0]["url"].startswith("https://docs.example.com/x/docs/rules/")
    (tmp_path / "Containerfile").unlink()
    done = subprocess.run(command, cwd=below, env=environment, capture_output=True, check=False)
    assert done.returncode == 2


def test_standard_input_is_read_once(stored: Path) -> None:
    for command, what in ((("convert", "-"), b"the report"), (("scan", "-"), b"the image")):
        done = ocianalyze(*command, "--baseline", "-", stdin=stored.read_bytes())
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"standard input cannot be both " + what + b" and the baseline" in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"[]", "has the schema 'None'"),
        (b'{"schema": "ocianalyze.report/2"}', "has the schema 'ocianalyze.report/2' instead of 'ocianalyze.report/1'"),
        (b'{"schema": "ocianalyze.report/1"}', "is not valid at image"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"schema": "\x1b[2J::error::x"}', "is not JSON"),
        (b'{"schema": "##[error]x"}', "\\x23#[error]x"),
    ],
)
def test_what_is_no_report(content: bytes, said: str) -> None:
    done = ocianalyze("convert", "-", stdin=content)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_fields_of_a_newer_version_are_left_out(stored: Path) -> None:
    value = json.loads(stored.read_bytes())
    value["newer"] = {"a": 1}
    value["findings"][0]["newer"] = 1
    done = ocianalyze("convert", "-", "-f", "json", stdin=json.dumps(value).encode())
    assert (done.returncode, done.stdout) == (1, stored.read_bytes())


def test_what_cannot_be_analysed_is_written_to_every_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(DEMO.read_bytes()[:100_000])
    outputs = [tmp_path / name for name in FILES]
    for path in outputs:
        path.write_text("an older report that says: pass")
    done = ocianalyze("scan", broken, *[part for path in outputs for part in ("-o", path)])
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.count(b"\n") == 1
    for path in outputs:
        content = path.read_text()
        assert "older" not in content, path
        assert "broken.tar.gz" in content, path
    value = json.loads((tmp_path / "r.json").read_bytes())
    assert value["verdict"] == "error"
    assert value["image"]["reference"] == str(broken)
    assert value["image"]["config_digest"] is None
    assert value["error"]["code"] == "cut-short"
    assert ocianalyze("convert", tmp_path / "r.json", "-f", "line").returncode == 3
    assert json.loads(ocianalyze("scan", broken, "-f", "sarif").stdout)["runs"]
    assert ocianalyze("scan", broken).stdout == b""
    assert ocianalyze("scan", broken, "-q", "-f", "json").stdout == b""


def test_what_is_not_decided_is_written(tmp_path: Path, save_image: SaveImage) -> None:
    spec = fit_image(config={"Cmd": ["/bin/sh", "-c", 'exec "$AWS_COMMAND"']})
    path = save_image(spec, "docker-25")
    done = ocianalyze("scan", path, "--profile", "studio-jupyterlab", "-f", "line", "-o", tmp_path / "r.line")
    assert done.returncode in (1, 3)
    assert ": undecided APP00" in (tmp_path / "r.line").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-f", "sarif", "-f", "table"), "sarif cannot share standard output with another format"),
        (("-f", "json", "-f", "junit"), "json cannot share standard output"),
        (("-f", "junit", "-o", "x.json"), "x.json is named like json, but --format is junit"),
        (("-o", "gone/x.json"), "there is no directory gone"),
        (("-f", "sarif", "-o", "a", "-o", "b"), "2 --output, but only 1 --format"),
    ],
)
def test_what_is_asked_wrongly_is_said_before_the_scan(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = ocianalyze("scan", "no-such-image.tar", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_formats_for_people_may_share_the_output() -> None:
    done = ocianalyze("scan", DEMO, "-f", "table", "-f", "github")
    assert b"::error title=" in done.stdout
    assert b"FAIL" in done.stdout


def test_a_file_is_replaced_as_a_whole(tmp_path: Path, stored: Path) -> None:
    path = tmp_path / "r.md"
    path.write_text("older")
    path.chmod(0o640)
    link = tmp_path / "link.md"
    link.symlink_to(path)
    before = path.stat().st_ino
    assert ocianalyze("convert", stored, "-o", link).returncode == 1
    assert link.is_symlink()
    assert path.read_text().startswith("###")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_ino != before
    assert sorted(item.name for item in tmp_path.iterdir()) == ["link.md", "r.md"]
    assert ocianalyze("convert", stored, "-f", "line", "-o", "/dev/stdout").stdout.startswith(b"demo.tar.gz")


def test_what_cannot_be_written_keeps_no_other_report_from_being_written(tmp_path: Path, stored: Path) -> None:
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"x")
    outputs = ("-f", "json", "-o", "/dev/full", "-f", "sarif", "-o", tmp_path / "r.sarif")
    for command, code in ((("scan", DEMO), 2), (("convert", stored), 2), (("scan", broken), 3)):
        done = ocianalyze(*command, *outputs)
        assert done.returncode == code
        assert b"/dev/full cannot be written: No space left on device" in done.stderr
        assert b"Traceback" not in done.stderr
        assert (b"broken.tar is not an image" in done.stderr) == (code == 3)
        (tmp_path / "r.sarif").unlink()
    with Path("/dev/full").open("wb") as full:
        convert = [
            sys.executable,
            "-m",
            "ocianalyze",
            "convert",
            str(stored),
            "-o",
            "-",
            "-o",
            str(tmp_path / "r.sarif"),
        ]
        assert (
            subprocess.run([str(part) for part in convert], stdout=full, stderr=subprocess.PIPE, check=False).returncode
            == 3
        )
    assert (tmp_path / "r.sarif").is_file()


def test_places_that_no_report_can_have(tmp_path: Path, stored: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"old")
    (tmp_path / "b.json").symlink_to("a.json")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "image").write_bytes(DEMO.read_bytes())
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    archive = f"docker-archive:{tmp_path / 'image'}:name"
    for arguments, message in (
        (("convert", stored, "-o", tmp_path), b"it is a directory"),
        (("convert", stored, "-o", tmp_path / "loop"), b"it is a symbolic link to itself"),
        (("convert", stored, "-o", tmp_path / ("a" * 300)), b"File name too long"),
        (("convert", stored, "-o", tmp_path / "a.json", "-o", tmp_path / "b.json"), b"two reports cannot both"),
        (("scan", tmp_path / "image", "-o", tmp_path / "image"), b"is read, so no report"),
        (("scan", archive, "-o", tmp_path / "image"), b"is read, so no report"),
        (
            ("scan", DEMO, "--dockerfile", tmp_path / "Dockerfile", "-o", tmp_path / "Dockerfile"),
            b"is read, so no report",
        ),
    ):
        done = ocianalyze(*arguments)
        assert (done.returncode, done.stdout) == (2, b"")
        assert message in done.stderr
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert (tmp_path / "image").read_bytes() == DEMO.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Dockerfile", "a.json", "b.json", "image", "loop"]


def test_no_standard_input() -> None:
    command = ["sh", "-c", f"exec '{sys.executable}' -m ocianalyze convert - <&-"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"ocianalyze: standard input is closed\n")


def test_a_file_that_is_no_dockerfile(tmp_path: Path, stored: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM a\n" + b"#" * (1 << 20))
    done = ocianalyze("convert", stored, "--dockerfile", tmp_path / "Dockerfile")
    assert done.returncode == 2
    assert b"so it is no Dockerfile" in done.stderr


def test_integers_of_any_size_can_be_read_back(tmp_path: Path, stored: Path) -> None:
    report = json.loads(stored.read_bytes())
    report["layers"][0]["size"] = report["findings"][0]["data"]["big"] = 3 * 2**63
    path = tmp_path / "big.json"
    path.write_text(json.dumps(report), encoding="utf-8")
    done = ocianalyze("convert", path, "-f", "json")
    assert (done.returncode, done.stderr) == (1, b"")
    assert json.loads(done.stdout) == report
    again = ocianalyze("convert", "-", "-f", "json", stdin=done.stdout)
    assert again.stdout == done.stdout


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "NaN", "-Infinity"])
def test_numbers_that_are_none_are_refused(tmp_path: Path, stored: Path, number: str) -> None:
    path = tmp_path / "odd.json"
    odd = f'"not_applicable": {number}'.encode()
    for more in (b"", b', "x": 18446744073709551616'):
        path.write_bytes(re.sub(rb'"not_applicable": \d+', odd + more, stored.read_bytes()))
        done = ocianalyze("convert", path, "-f", "json")
        assert done.returncode == 2
        assert done.stderr.startswith(f"ocianalyze: {path} is not JSON: ".encode())
