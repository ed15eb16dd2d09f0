"""The command line as users and other programs meet it: output, exit codes, one-line errors."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

from ocianalyze import __version__
from tests.conftest import SaveImage
from tests.support.compress import Compression, compress
from tests.support.fit import fit_image
from tests.support.forms import FormName
from tests.support.tarballs import directory, file, whiteout
from tests.support.terminal import on_terminal

ROOT = Path(__file__).parents[1]
TESTDATA = ROOT / "testdata"
DEMO = TESTDATA / "demo.tar.gz"


def run(
    *arguments: str | Path, stdin: bytes | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    command = [sys.executable, "-m", "ocianalyze", *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OCIANALYZE_", "COLUMNS"))}
    return subprocess.run(command, input=stdin, capture_output=True, check=False, env={**environment, **(env or {})})


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"ocianalyze {__version__}\n".encode())


def test_version_imports_nothing_heavy() -> None:
    code = """
import sys
from ocianalyze.cli.app import app
sys.argv = ["ocianalyze", "--version"]
try:
    app()
except SystemExit:
    pass
heavy = ("pydantic", "rich", "zstandard", "magic", "oras", "requests", "orjson")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"[]"


def test_a_local_image_needs_no_network_library() -> None:
    code = f"""
import sys
from ocianalyze.analysis import Source, analyze
analyze(Source(reference={str(DEMO)!r}))
import ocianalyze.cli.commands.scan
print([name for name in ("requests", "urllib3", "oras", "boto3", "botocore", "http.client") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"[]"


def test_a_registry_is_asked_without_building_grammars() -> None:
    """Beside Jupyter, jsonschema, which oras imports, would spend seconds on one (rfc3987-syntax)."""
    code = """
import sys
from ocianalyze.cli.main import main
sys.argv = ["ocianalyze", "inspect", "127.0.0.1:1/x", "--plain-http"]
try:
    main()
except SystemExit as end:
    print(end.code, "oras" in sys.modules, "lark" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == [b"4", b"True", b"False"]


def test_what_oras_imports_in_vain_is_loaded_late() -> None:
    code = """
import sys
import ocianalyze.sources.registry.oras_parts, inspect
import oras.provider
inspect.getmodule(object())
print("jsonschema" in sys.modules)
from jsonschema.exceptions import ValidationError
try:
    oras.provider.jsonschema.validate({}, {"required": ["a"]})
except ValidationError:
    print(oras.provider.jsonschema is not sys.modules["jsonschema"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"True"]


def test_no_plugin_of_pydantic_looks_on(tmp_path: Path) -> None:
    (tmp_path / "watcher.py").write_text("raise SystemExit('looks on')")
    about = tmp_path / "watcher-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: watcher\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[pydantic]\nwatcher = watcher\n")
    done = run("scan", DEMO, "-q", env={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (1, b"")


def test_it_works_without_libmagic_and_says_so() -> None:
    code = "import sys; sys.modules['magic'] = None; sys.argv = ['ocianalyze', 'scan', sys.argv[1]]\n"
    code += "from ocianalyze.cli.main import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code, DEMO], capture_output=True, check=False)
    assert done.returncode == 1
    strange = subprocess.run(
        [sys.executable, "-c", code, TESTDATA / "demo" / "Dockerfile"], capture_output=True, check=False
    )
    assert b"is not an image but text" in strange.stderr


def test_help_teaches_the_exit_codes() -> None:
    text = run("scan", "--help").stdout.decode()
    assert re.search(r"1\s+findings", text)
    for option in ("--profile", "--verify", "--fail-on", "--help-all", "--image", "--format"):
        assert option in text


def test_a_conforming_image(save_image: SaveImage) -> None:
    done = run("scan", save_image(fit_image()))
    assert done.returncode == 0
    assert done.stdout.startswith(b"example.com/team/image:1.0\n")
    assert done.stdout.splitlines()[-1].startswith(b" PASS   studio-classic      0 errors, 0 warnings")
    assert done.stderr == b""


def test_the_demo_fails_with_all_that_helps() -> None:
    done = run("scan", DEMO)
    text = done.stdout.decode()
    assert done.returncode == 1
    assert text.splitlines()[1] == "  profile   studio-jupyterlab: its command starts JupyterLab"
    assert text.splitlines()[-1].startswith(" FAIL   studio-jupyterlab   3 errors")
    for part in (
        "APP002  jupyter-server-unreachable",
        "USR001",
        "GPU001",
        "RUN dd if=/dev/zero of=/opt/ml/model.bin",
        "of 35 GB",
    ):
        assert part in text


def test_the_table_is_for_80_columns_without_colour_or_trailing_spaces() -> None:
    lines = run("scan", DEMO).stdout.decode().splitlines()
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith(" ") for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_colour_on_demand() -> None:
    assert b"\x1b[" in run("scan", DEMO, "--color", "always").stdout
    assert b"\x1b[" not in run("scan", DEMO, "--color", "never", env={"FORCE_COLOR": "1"}).stdout
    assert b"\x1b[3" not in run("scan", DEMO, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


def test_an_encoding_without_blocks() -> None:
    done = run("scan", DEMO, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"})
    assert done.returncode == 1
    assert done.stdout.isascii()


def test_json_fits_its_schema() -> None:
    report = json.loads(run("scan", DEMO, "--format", "json").stdout)
    schema = json.loads(run("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(report, schema)
    assert report["schema"] == "ocianalyze.report/1"
    assert report["verdict"] == "fail"
    assert report["facts"]["user"]["uid"] == 1001


def test_standard_input() -> None:
    done = run("scan", "-", "-f", "json", stdin=DEMO.read_bytes())
    assert done.returncode == 1
    assert json.loads(done.stdout)["image"]["source"] == "stdin"


def test_several_outputs(tmp_path: Path) -> None:
    done = run("scan", DEMO, "-f", "json", "-o", tmp_path / "report.json", "-f", "table")
    assert json.loads((tmp_path / "report.json").read_bytes())["verdict"] == "fail"
    assert done.stdout.splitlines()[-1].startswith(b" FAIL ")


def test_two_reports_in_one_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    done = run("scan", DEMO, "-f", "json", "-f", "table", "-o", path, "-o", path)
    assert (done.returncode, path.exists()) == (2, False)
    assert b"two reports cannot both be written to" in done.stderr


def test_quiet_prints_nothing_but_the_code_tells() -> None:
    done = run("scan", DEMO, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("error", 1), ("note", 1)])
def test_fail_on(fail_on: str, code: int) -> None:
    assert run("scan", DEMO, "--fail-on", fail_on, "-q").returncode == code
    assert run("scan", DEMO, "-q", env={"OCIANALYZE_FAIL_ON": fail_on}).returncode == code


def test_select_and_ignore() -> None:
    only = json.loads(run("scan", DEMO, "-f", "json", "--select", "USR").stdout)
    assert {finding["rule"] for finding in only["findings"]} == {"USR001"}
    without = json.loads(run("scan", DEMO, "-f", "json", "--ignore", "USR", "--ignore", "KRN").stdout)
    assert not {finding["rule"][:3] for finding in without["findings"]} & {"USR", "KRN"}


def test_hostile_names_are_shown_not_obeyed(save_image: SaveImage) -> None:
    name = "opt/ml/\x1b]0;owned\x07\u202e"
    path = save_image(fit_image([directory("opt/ml"), file(name, b"x"), file("opt/ml/\udcff", b"y")]))
    done = run("scan", path, "--fail-on", "never")
    assert b"\x1b" not in done.stdout
    assert b"\\x1b]0;owned\\x07\\u202e" in done.stdout.replace(b"\n    ", b"")
    assert "/opt/ml/\\xff" in json.dumps(
        json.loads(run("scan", path, "-f", "json").stdout), ensure_ascii=False
    ).replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("scan", "/nowhere/image.tar"), 2, "/nowhere/image.tar does not exist"),
        (("scan", "127.0.0.1:1/team/image:1.0"), 4, "https://127.0.0.1:1 refused the connection. Check"),
        (("inspect", "127.0.0.1:1/team/image", "--plain-http"), 4, "http://127.0.0.1:1 refused the connection. Check"),
        (("files", "docker://Team/Image"), 2, "invalid image name"),
        (("scan", "127.0.0.1:1/image", "--username", "x"), 2, "no password. Use --password-stdin, --password-file or"),
        (("scan", "127.0.0.1:1/image", "--image", "x"), 2, "--image selects an image in a file"),
        (("scan", "docker-daemon:x"), 2, "not supported"),
        (("scan", DEMO, "--profile", "studio"), 2, "unknown profile 'studio'"),
        (("scan", DEMO, "--select", "XYZ"), 2, "unknown rule 'XYZ'"),
        (
            ("scan", DEMO, "--image", "other:1"),
            2,
            "there is no image 'other:1', only: @0 example.com/team/",
        ),
        (("scan", DEMO, "--platform", "linux/arm64"), 2, "for platform linux/arm64, only for: linux/amd64"),
        (("scan", DEMO, "-f", "json", "-o", "a", "-o", "b"), 2, "2 --output, but only 1 --format"),
        (("scan", TESTDATA / "README.md"), 3, "is not an image but text that begins with"),
        (("scan", TESTDATA), 3, "contains no manifest.json or index.json"),
        (("scan", DEMO, "--max-memory", "2000"), 3, "Raise the limit with --max-memory"),
        (("files", DEMO, "/no/such"), 2, "nothing in the image matches /no/such"),
        (("explain", "XYZ001"), 2, "unknown rule or profile 'XYZ001'"),
    ],
)
def test_errors_are_one_line_with_the_right_code(arguments: tuple[str | Path, ...], code: int, message: str) -> None:
    done = run(*arguments)
    error = done.stderr.decode()
    assert (done.returncode, done.stdout) == (code, b"")
    assert error.startswith("ocianalyze: ")
    assert message in error
    assert error.count("\n") == 1


def test_a_damaged_archive_is_exit_code_3(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(DEMO.read_bytes()[:500_000])
    older = tmp_path / "report.json"
    older.write_text("older")
    done = run("scan", cut, "-f", "json", "-o", older)
    assert json.loads(older.read_bytes())["error"]["code"] == "cut-short"
    assert done.returncode == 3
    assert b"is truncated" in done.stderr


def test_several_images_are_listed(save_image: SaveImage) -> None:
    one, two = fit_image(tags=["a:1"]), fit_image([file("opt/x")], tags=["b:2"], config={"User": "7"})
    path = save_image([one, two], "docker-25")
    done = run("scan", path)
    assert done.returncode == 2
    assert b"@0 a:1 (linux/amd64), @1 b:2 (linux/amd64)" in done.stderr
    assert run("scan", path, "--image", "a:1", "-q").returncode == 0
    assert run("scan", f"docker-archive:{path}:b:2", "-q").returncode == 1


def test_a_closed_pipe_is_no_traceback() -> None:
    command = f"{sys.executable} -m ocianalyze files {DEMO} | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_a_closed_pipe_does_not_keep_the_other_outputs_from_being_written(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    line = f"{sys.executable} -m ocianalyze scan {DEMO} -f table -o - -f json -o {report} | true"
    subprocess.run(["bash", "-c", line], capture_output=True, check=True)
    assert json.loads(report.read_bytes())["verdict"] == "fail"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("scan {demo} --fail-on never | true", 0),
        ("scan {demo} | true", 1),
        ("files {demo} | true", 141),
        ("schema | true", 141),
        ("scan {demo} > /dev/full", 3),
        ("scan {demo} --fail-on never 2> /dev/full", 0),
        ("scan nothing.tar 2> /dev/full", 2),
        ("scan {demo} >&-", 3),
        ("scan - <&-", 2),
    ],
)
def test_closed_and_full_outputs_do_not_change_what_the_code_says(command: str, code: int) -> None:
    line = f"{sys.executable} -m ocianalyze {command.format(demo=DEMO)}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert b"internal error" not in done.stderr


def test_what_is_left_to_the_exit_is_done() -> None:
    code = """
import atexit, sys
from ocianalyze.cli.main import command
atexit.register(print, "later")
sys.argv[1:] = ["--version"]
command()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == [f"ocianalyze {__version__}", "later"]


_INTERRUPTED = """
import os, signal, sys

class Interrupt:
    def find_spec(name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt)
from ocianalyze.cli.main import main
sys.argv[1:] = ["scan", "{demo}"]
main()
""".replace("{demo}", str(DEMO))


@pytest.mark.parametrize("module", ["typer", "ocianalyze.cli.options", "pydantic", "ocianalyze.filesystem.merge"])
def test_an_interrupt_while_anything_is_imported_is_one_line(module: str) -> None:
    code = _INTERRUPTED.replace("sys.argv[1]", repr(module))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"ocianalyze: interrupted\n")


def test_the_first_module_imports_nothing_that_takes_time() -> None:
    code = "import sys, ocianalyze.cli.main; print(*{name for name in sys.modules if not name.startswith('_')})"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    ours = {name for name in done.stdout.split() if name.partition(".")[0] == "ocianalyze"}
    own = {f"ocianalyze.cli{name}" for name in ("", ".main", ".exits", ".stopping")}
    small = {f"ocianalyze.{name}" for name in ("errors", "own_process", "reports", "reports.exit_codes", "version")}
    assert ours == {"ocianalyze", *small, *own}
    assert {name.partition(".")[0] for name in set(done.stdout.split()) - ours} <= sys.stdlib_module_names


CONFIG = {
    "AppImageConfigName": "my-image",
    "KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "python3"}], "FileSystemConfig": {"MountPath": "/mnt/user"}},
}


def test_an_app_image_config_is_read_from_a_file_or_standard_input(save_image: SaveImage, tmp_path: Path) -> None:
    path = save_image(fit_image())
    bad = {**CONFIG, "AppImageConfigName": "my_image"}
    (tmp_path / "config.json").write_text(json.dumps(bad))
    scan = ("scan", path, "-f", "json", "--app-image-config")
    for done in (run(*scan, tmp_path / "config.json"), run(*scan, "-", stdin=json.dumps(bad).encode())):
        assert [finding["rule"] for finding in json.loads(done.stdout)["findings"]] == ["CFG001"]
        assert done.returncode == 1
    assert run(*scan, "-", stdin=json.dumps(CONFIG).encode()).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("scan", "-", "--app-image-config", "-"), b"", "cannot be both the image and the AppImageConfig"),
        (("scan", DEMO, "--app-image-config", "/nowhere"), b"", "/nowhere cannot be read"),
        (("scan", DEMO, "--app-image-config", "-"), b'{"Name": "a"}', "Name is not known to the API"),
        (("scan", DEMO, "--driver-version", "new"), b"", "invalid driver version 'new'"),
        (("scan", DEMO, "--size-limit", "big"), b"", "'big' is not a size such as"),
        (("scan", DEMO, "--size-limit", "30"), b"", "30 without a unit means 30 bytes; add a unit, such as 30GB"),
        (("app-image-config", DEMO, "--profile", "studio"), b"", "unknown profile 'studio'"),
        (("app-image-config", DEMO, "--name", "a_b"), b"", "Choose one with --name"),
    ],
)
def test_what_comes_with_an_image_is_checked(arguments: tuple[str | Path, ...], stdin: bytes, message: str) -> None:
    done = run(*arguments, stdin=stdin)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.decode().replace("│", "").split())


def test_the_size_limit_is_an_option_and_is_shown(save_image: SaveImage) -> None:
    path = save_image(fit_image([file("opt/x", bytes(3000))]))
    done = run("scan", path, "--size-limit", "2kB")
    assert done.returncode == 1
    assert b"SIZ001" in done.stdout
    assert b"of 2 kB" in done.stdout
    assert b">999%" in run("scan", path, "--size-limit", "2B").stdout
    assert run("scan", path, "-q", env={"OCIANALYZE_SIZE_LIMIT": "2kB"}).returncode == 1


def test_the_driver_is_an_option_and_the_table_and_the_report_say_what_it_is_for(save_image: SaveImage) -> None:
    wheels = "usr/local/lib/python3.11/site-packages"
    items = [file(f"{wheels}/nvidia_cuda_runtime-13.0.96.dist-info/METADATA", b"x")]
    path = save_image(fit_image(items))
    enough = run("scan", path, "--driver-version", "580.65.06")
    assert enough.returncode == 0
    assert b"CUDA      13.0; needs driver 580 or newer on the host; 580.65.06: sufficient" in enough.stdout
    old = run("scan", path, "--format", "json", env={"OCIANALYZE_DRIVER_VERSION": "535.183.01"})
    assert old.returncode == 1
    nvidia = json.loads(old.stdout)["facts"]["nvidia"]
    assert (nvidia["host_driver"], nvidia["host_driver_sufficient"]) == ("535.183.01", False)
    assert nvidia["driver_statement"] == "CUDA 13.0 needs driver 580 or newer on the host; 535.183.01: too old"
    unknown = json.loads(run("scan", path, "--format", "json").stdout)["facts"]["nvidia"]
    assert (unknown["host_driver"], unknown["host_driver_sufficient"]) == (None, None)


def test_the_app_image_config_that_fits_is_written_and_fits(save_image: SaveImage, tmp_path: Path) -> None:
    path = save_image(fit_image())
    done = run("app-image-config", path, "--name", "mine")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["AppImageConfigName"] == "mine"
    (tmp_path / "config.json").write_bytes(done.stdout)
    again = run("scan", path, "-f", "json", "--app-image-config", tmp_path / "config.json")
    assert json.loads(again.stdout)["findings"] == []
    refused = run("app-image-config", DEMO, "--profile", "studio-classic")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"runs as 1001:100" in refused.stderr
    dead = run("app-image-config", DEMO)
    assert (dead.returncode, dead.stdout) == (1, b"")
    assert b"'jupyter' is not on PATH" in dead.stderr
    several = run("app-image-config", DEMO, "--profile", "studio-jupyterlab,unified-studio")
    assert (several.returncode, several.stdout) == (2, b"")


SETTINGS = """
profile = "studio-jupyterlab"
fail-on = "note"
ignore = ["KRN", "GPU", "APP", "SIZ"]
format = "json"

[severity]
USR001 = "note"

[limits]
max-memory = "1GiB"

[[waive]]
rule = "FSR001"
path = "/opt/ml/**"
reason = "a training image"
expires = 2099-12-31

[[waive]]
rule = "FSR003"
reason = "was right once"
expires = 2020-01-01
"""


def run_in(directory: Path, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a directory."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")}
    command = [sys.executable, "-m", "ocianalyze", *map(str, arguments)]
    return subprocess.run(command, cwd=directory, capture_output=True, check=False, env={**environment, **env})


def test_settings_are_found_upwards_and_used(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "ocianalyze.toml").write_text(SETTINGS)
    done = run_in(tmp_path / "a" / "b", "scan", DEMO)
    report = json.loads(done.stdout)
    assert (done.returncode, report["settings"]) == (1, str(tmp_path / "ocianalyze.toml"))
    assert [id_ for id_, judged in report["profiles"].items() if judged["selected"]] == ["studio-jupyterlab"]
    assert {(f["rule"], f["severity"], f["waived"] and f["waived"]["reason"]) for f in report["findings"]} >= {
        ("USR001", "note", None),
        ("FSR001", "warning", "a training image"),
        ("FSR003", "warning", None),
    }
    assert report["summary"]["waived"] == 2
    assert [item["code"] for item in report["diagnostics"]] == ["waiver-expired"]
    table = run_in(tmp_path / "a", "scan", DEMO, "--format", "table").stdout.decode()
    assert "2 waived" in table
    assert "accepted until 2099-12-31: a training image" in table
    assert "expired on 2020-01-01" in " ".join(table.split())


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "ocianalyze.toml").write_text(SETTINGS)

    def profiles(*arguments: str, **env: str) -> list[str]:
        report = json.loads(run_in(tmp_path, "scan", DEMO, "-f", "json", *arguments, **env).stdout)
        return [id_ for id_, judged in report["profiles"].items() if judged["selected"]]

    assert profiles() == ["studio-jupyterlab"]
    env = {"OCIANALYZE_PROFILE": "unified-studio studio-code-editor"}
    assert profiles(**env) == ["studio-code-editor", "unified-studio"]
    assert profiles("--profile", "studio-classic", **env) == ["studio-classic"]
    assert profiles("--isolated") == ["studio-jupyterlab"]
    assert len(profiles("--profile", "all", **env)) == len(profiles(OCIANALYZE_PROFILE="all")) > 3
    other = tmp_path / "other.toml"
    other.write_text('profile = "unified-studio"')
    assert profiles("--config", str(other)) == profiles(OCIANALYZE_CONFIG=str(other)) == ["unified-studio"]


def test_every_option_has_its_say_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "ocianalyze.toml").write_text(SETTINGS)
    assert run_in(tmp_path, "scan", DEMO, "-q", "--fail-on", "error").returncode == 0
    assert run_in(tmp_path, "scan", DEMO, "-q", OCIANALYZE_FAIL_ON="error").returncode == 0
    assert run_in(tmp_path, "scan", DEMO, "-q", "--fail-on", "error", "--severity", "USR001=error").returncode == 1
    assert (
        run_in(tmp_path, "scan", DEMO, "-q", "--fail-on", "error", OCIANALYZE_SEVERITY="USR001=error").returncode == 1
    )
    limited = run_in(tmp_path, "scan", DEMO, OCIANALYZE_MAX_MEMORY="2000")
    assert (limited.returncode, b"--max-memory" in limited.stderr) == (3, True)
    (tmp_path / "ocianalyze.toml").write_text("[limits]\nmax-memory = 2000")
    assert run_in(tmp_path, "files", DEMO).returncode == 3
    assert run_in(tmp_path, "files", DEMO, "--max-memory", "1GiB").returncode == 0
    assert run_in(tmp_path, "files", DEMO, "--isolated").returncode == 0


@pytest.mark.parametrize(
    ("option", "key", "value", "said"),
    [
        ("--size-limit", "size-limit", '"100.1%"', "'100.1%' is not a size such as 40000, 64MiB or 300GB"),
        ("--size-limit", "size-limit", "30", "30 without a unit means 30 bytes; add a unit, such as 30GB"),
        ("--size-limit", "size-limit", "-1", "'-1' is not a size such as 40000, 64MiB or 300GB"),
        ("--size-limit", "size-limit", '"99999999999999999999"', "'99999999999999999999' is too large"),
        ("--fail-on", "fail-on", '"eror"', "unknown value 'eror'. Did you mean 'error'?"),
        ("--color", "color", '"x"', "unknown value 'x'. Use one of: auto, always, never"),
        ("--jobs", "jobs", "0", "'0' is not a whole number such as 1 or 4"),
        ("--max-steps", "limits.max-steps", "1.5", "'1.5' is not a size such as 40000, 64MiB or 300GB"),
        ("--max-memory", "limits.max-memory", "-5", "'-5' is not a size such as 40000, 64MiB or 300GB"),
    ],
)
def test_a_wrong_value_is_said_in_the_same_words_wherever_it_stands(
    tmp_path: Path, option: str, key: str, value: str, said: str
) -> None:
    settings = tmp_path / "settings.toml"
    table, _, name = key.rpartition(".")
    settings.write_text(f"[{table}]\n{name} = {value}" if table else f"{name} = {value}")
    text, variable = value.strip('"'), f"OCIANALYZE_{option[2:].upper().replace('-', '_')}"
    for where, done in (
        (option, run("scan", DEMO, f"{option}={text}")),
        (variable, run("scan", DEMO, env={variable: text})),
        (f"{settings}:{2 if table else 1}: {key}", run("scan", DEMO, "--config", settings)),
    ):
        assert (done.returncode, done.stderr.decode()) == (2, f"ocianalyze: {where}: {said}\n")


@pytest.mark.parametrize("variable", ["OCIANALYZE_OFFLINE", "OCIANALYZE_VERIFY"])
def test_what_is_no_boolean_is_wrong_usage(variable: str) -> None:
    done = run("scan", DEMO, env={variable: "maybe"})
    assert (done.returncode, done.stderr.decode()) == (2, f"ocianalyze: {variable}: must be true or false\n")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("OCIANALYZE_PROFIL", "x", "Did you mean OCIANALYZE_PROFILE?"),
        ("OCIANALYZE_FAILON", "note", "Did you mean OCIANALYZE_FAIL_ON?"),
        ("OCIANALYZE_PROFILE", "studio", "unknown profile 'studio'"),
        ("OCIANALYZE_CONFIG", "/nowhere.toml", "/nowhere.toml cannot be read"),
        ("OCIANALYZE_SEVERITY", "USR001=bad", "does not have the form"),
        ("OCIANALYZE_SEVERITY", "USR001=warn", "Did you mean 'warning'?"),
    ],
)
def test_a_misspelt_environment_is_wrong_usage(tmp_path: Path, variable: str, value: str, message: str) -> None:
    done = run_in(tmp_path, "scan", DEMO, **{variable: value})
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()


def test_a_working_directory_that_is_gone_is_no_puzzle(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for option, code in (("", 2), ("--isolated", 1)):
        gone.mkdir()
        line = f"cd {gone} && rmdir {gone} && {sys.executable} -m ocianalyze scan {DEMO} -q {option}"
        done = subprocess.run(
            ["bash", "-c", line], capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert done.returncode == code
        assert (b"cannot find the working directory" in done.stderr) == (code == 2)


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    assert run_in(tmp_path, "scan", DEMO, "-q", TEST_REQUIRE_TOOLS="1", OCIANALYZE_DEBUG="1").returncode == 1


def test_inspect_says_what_is_wrong_without_layers() -> None:
    arguments = ("inspect", DEMO, "--profile", "studio-jupyterlab", "--severity", "FSR006=error")
    done = run(*arguments, "--app-image-config", "-", stdin=b'{"KernelGatewayImageConfig": {}}')
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "CFG006  config-for-another-app" in text
    assert text.index("build step") < text.index("Warnings") < text.index("CFG006")
    told = json.loads(run("inspect", DEMO, "--format", "json", "--profile", "studio-classic").stdout)
    full = json.loads(run("scan", DEMO, "--format", "json", "--profile", "studio-classic").stdout)
    assert [finding["rule"] for finding in told["findings"]] == ["APP010", "APP010"]
    assert all(finding in full["findings"] for finding in told["findings"])
    assert json.loads(run("inspect", DEMO, "--ignore", "APP010", "-f", "json").stdout)["findings"] == []


def test_a_scan_that_stops_early_says_so() -> None:
    done = run("scan", DEMO, "--fail-fast", "--fail-on", "note", "--profile", "studio-classic")
    assert done.returncode == 1
    assert b"no layer was read" in done.stdout
    assert b"APP010" in done.stdout
    assert b"KRN008" not in done.stdout
    assert b"APP002" in run("scan", DEMO, "--fail-fast").stdout


def test_a_terminal_is_told_at_once_what_fails_already(tmp_path: Path) -> None:
    path = TESTDATA / "skopeo-oci-archive-zstd.tar"
    command = ["scan", str(path), "--fail-on", "warning", "--cache-dir", str(tmp_path / "cache")]

    def said(*options: str) -> str:
        line = [sys.executable, "-m", "ocianalyze", *command, *options]
        with on_terminal(line, env={"TERM": "dumb"}) as terminal:
            assert terminal.finish() == 1
        return terminal.text

    told = said("--no-cache")
    assert "found before reading the layers: warning IMG004: 3 layers are compressed with zstd" in told
    assert told.strip().count("\n") == 0
    assert said("--verify") == told
    assert said() == ""  # no layer is read
    logged = run(*command, "--verbose").stderr.decode()
    assert "found before reading layers: warning IMG003: the image has an OCI manifest" in logged
    assert "known already" not in logged


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("form", ["docker-legacy", "oci"])
def test_inspect_of_a_stream_says_how_layers_are_stored(
    save_image: SaveImage, form: FormName, compression: Compression
) -> None:
    archive = save_image(fit_image(), form, compression=compression).read_bytes()
    told = json.loads(run("inspect", "-", "--format", "json", stdin=archive).stdout)
    assert {layer["compression"] for layer in told["layers"]} == {compression}
    table = run("inspect", "-", stdin=archive).stdout.decode().partition("stored as")[2]
    assert table.count(f"  {compression}  ") == len(told["layers"])


def test_inspect_reads_no_layer(tmp_path: Path) -> None:
    done = run("inspect", TESTDATA / "skopeo-docker-archive.tar", "--format", "json")
    told = json.loads(done.stdout)
    assert told["platform"] == "linux/amd64"
    assert [layer["compression"] for layer in told["layers"]] == ["none"] * 3
    assert b"build step" in run("inspect", DEMO).stdout
    archive = (TESTDATA / "skopeo-docker-archive.tar").read_bytes()
    broken = tmp_path / "broken.tar"
    broken.write_bytes(compress(archive, "gzip"))
    assert run("inspect", broken).returncode == 0


def test_files_lists_the_merged_tree_and_its_history(save_image: SaveImage) -> None:
    path = save_image(fit_image([file("etc/motd", b"hello")], [whiteout("etc/motd")], [file("etc/motd", b"again!")]))
    lines = run("files", path, "/etc/*").stdout.decode().splitlines()
    assert [line.split()[-1] for line in lines] == ["/etc/group", "/etc/motd", "/etc/passwd"]
    assert lines[1].split()[:4] == ["-rw-r--r--", "0:0", "6", "5"]
    history = run("files", path, "/etc/motd", "--history").stdout.decode().splitlines()
    assert [line.split()[2] for line in history[1:]] == ["added", "deleted", "added"]
    records = run("files", path, "/etc/motd", "--history", "-f", "json").stdout
    assert [change["action"] for change in json.loads(records)["history"]] == ["added", "deleted", "added"]


def test_rules_and_pages() -> None:
    listed = json.loads(run("rules", "-f", "json").stdout)
    assert {rule["id"] for rule in listed} >= {"IMG001", "KRN008", "GPU002", "SIZ001", "USR005", "FSR007", "RTM001"}
    assert run("rules").stdout.count(b"\n") >= len(listed)
    page = run("explain", "krn005").stdout.decode()
    for heading in ("What it checks", "Why it matters", "How to fix", "References"):
        assert heading in page
    assert "error for studio-classic" in page


def test_profiles_are_explained() -> None:
    page = " ".join(run("explain", "Studio-Classic").stdout.decode().split())
    assert "closed for onboarding" in page
    assert re.search(r"S14 The image size, as `docker image ls` shows it, is at most 35 GB. checked by: SIZ001", page)
    assert "/aws/sagemaker/studio" in page
    wrong = run("explain", "studio-clasic")
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert b"Did you mean 'studio-classic'?" in wrong.stderr


def test_several_values_may_have_commas_between_them() -> None:
    def found(*arguments: str, **env: str) -> set[str]:
        report = json.loads(run("scan", DEMO, "-f", "json", *arguments, env=env).stdout)
        return {finding["rule"] for finding in report["findings"]}

    assert found("--select", "USR001,KRN008") == {"USR001", "KRN008"}
    assert found(OCIANALYZE_SELECT="USR001, KRN008") == {"USR001", "KRN008"}
    assert not found("--ignore", "USR001,KRN008") & {"USR001", "KRN008"}
    report = json.loads(run("scan", DEMO, "-f", "json", "--profile", "studio-classic,unified-studio").stdout)
    assert [id_ for id_, judged in report["profiles"].items() if judged["selected"]] == [
        "studio-classic",
        "unified-studio",
    ]
    assert run("scan", DEMO, "--select", "").returncode == 2


def test_the_environment_comes_before_the_file_for_an_app_image_config(tmp_path: Path) -> None:
    (tmp_path / "ocianalyze.toml").write_text('profile = "studio-classic"')
    done = run_in(tmp_path, "app-image-config", DEMO, OCIANALYZE_PROFILE="studio-jupyterlab")
    assert b"'jupyter' is not on PATH" in done.stderr


def test_pages_have_their_code_and_addresses_whole_and_no_blanks_at_the_ends_of_lines() -> None:
    pages = [run("explain", key).stdout.decode() for key in ("KRN008", "GPU001", "SIZ001", "studio-classic")]
    for page in pages:
        assert not any(line.endswith(" ") for line in page.splitlines())
        assert all(len(line) <= 80 for line in page.splitlines() if "<http" not in line and not line.startswith("    "))
    assert "\n    ENV JUPYTER_DATA_DIR=/usr/local/share/jupyter\n\n  Alternatively, set another" in pages[0]
    assert "<https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html>" in pages[0]
    narrow = run("explain", "KRN008", env={"COLUMNS": "30"}).stdout.decode()
    assert "\n    RUN python3 -m ipykernel install --sys-prefix\n" in narrow


def test_what_inspect_tells_other_programs_is_not_wrapped() -> None:
    lines = run("inspect", DEMO).stdout.decode().splitlines()
    assert not any(line.endswith(" ") for line in lines)
    assert any(re.search(r"sha256:[0-9a-f]{64}", line) for line in lines)


def test_limits_are_shown_to_who_asks_for_all_options() -> None:
    short, all_ = (run("scan", option).stdout.decode() for option in ("--help", "--help-all"))
    for option in ("--max-memory", "--max-inflated", "--max-steps"):
        assert option not in short
        assert option in all_
    assert [line for line in short.splitlines() if line.endswith(":") and not line.startswith(" ")] == [
        *("Arguments:", "What to check:", "Output:", "Image:"),
        *("Registry:", "Cache and limits:", "Options:"),
    ]


def test_no_summary_of_a_command_is_cut() -> None:
    text = run("--help").stdout.decode()
    assert "..." not in text.partition("Commands:")[2]
    for command in (
        "scan",
        "inspect",
        "files",
        "app-image-config",
        "check-config",
        "convert",
        "rules",
        "explain",
        "schema",
        "cache",
    ):
        assert re.search(rf"^  {command} +[A-Z].*\.$", text, flags=re.MULTILINE)
        assert run(command, "--help").returncode == 0


def test_the_name_of_a_file_tells_how_a_report_is_written(tmp_path: Path) -> None:
    where = tmp_path / "report.json"
    done = run("scan", str(DEMO), "-o", str(where))
    assert (done.returncode, done.stdout) == (1, b"")
    assert json.loads(where.read_bytes())["verdict"] == "fail"
    table = tmp_path / "report.txt"
    assert run("scan", str(DEMO), "-o", str(where), "-o", str(table)).returncode == 1
    assert "USR001" in table.read_text(encoding="utf-8")
    wrong = run("scan", str(DEMO), "-f", "table", "-o", str(where))
    assert wrong.returncode == 2
    assert b"report.json is named like json, but --format is table. Use --format json" in wrong.stderr


@pytest.mark.parametrize("options", [("--offline",), ()])
@pytest.mark.parametrize("command", ["scan", "inspect", "files", "app-image-config"])
def test_offline_no_registry_is_asked(command: str, options: tuple[str, ...]) -> None:
    env = None if options else {**os.environ, "OCIANALYZE_OFFLINE": "1"}
    line = [sys.executable, "-m", "ocianalyze", command, "localhost:1/team/image:1.0", *options]
    done = subprocess.run(line, capture_output=True, check=False, env=env)
    assert done.returncode == 2
    assert done.stderr.startswith(
        b"ocianalyze: cannot read localhost:1/team/image:1.0 from a registry: network access is disabled"
    )


@pytest.mark.parametrize("missing", ["build/image", "image.tar", "image.tar.gz", "image.gz", "image.zst", "./image"])
def test_a_file_that_is_missing_is_not_looked_for_in_a_registry(missing: str) -> None:
    done = run("scan", missing)
    assert done.returncode == 2
    assert done.stderr.startswith(f"ocianalyze: {missing} does not exist".encode())


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (f"oci-archive:{DEMO}", "is a docker archive, not an OCI image. Scan it without 'oci-archive:'"),
        (f"docker-archive:{DEMO.with_name('buildah-oci-archive.tar')}", "is an OCI image, not a docker archive"),
        (f"{DEMO.with_name('dmeo.tar.gz')}", "does not exist. Did you mean 'demo.tar.gz'?"),
    ],
)
def test_a_wrong_transport_or_name_is_said(image: str, message: str) -> None:
    assert message in run("scan", image).stderr.decode()


def test_a_pattern_without_quotes_gives_a_short_error() -> None:
    done = run("files", str(DEMO), *(f"/etc/{number}" for number in range(2000)))
    assert done.returncode == 2
    assert done.stderr.startswith(b"ocianalyze: unexpected argument /etc/1 and 1,998 more. See '")
    assert done.stderr.count(b"\n") == 1
    assert b"unexpected argument x. See" in run("explain", "APP001", "x").stderr


def test_the_verdict_is_the_last_thing_on_the_screen() -> None:
    lines = run("scan", str(DEMO), "--profile", "studio-classic,studio-jupyterlab").stdout.decode().splitlines()
    assert [line.split()[:2] for line in lines[-6:]] == [
        [],
        ["fail", "studio-code-editor"],
        ["fail", "unified-studio"],
        ["fail", "hyperpod-spaces"],
        ["FAIL", "studio-classic"],
        ["FAIL", "studio-jupyterlab"],
    ]
    assert re.fullmatch(r" FAIL +studio-classic +2 errors, 7 warnings, 4 notes", lines[-2])
