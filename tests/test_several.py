"""``ocianalyze scan`` with several images: each has its report, none stops the others, and one exit code is for all."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from tests.conftest import SaveImage
from tests.reports.test_output_is_data import obeyed
from tests.support.fault_proxy import Answer, Behaviour, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.forms import write_archive
from tests.support.images import BuiltImage, build
from tests.support.served import serving_image
from tests.support.tarballs import file
from tests.test_cli import run

GOOD = fit_image()
FAULTY = fit_image(config={"User": "1001"})
BASE = [file("opt/shared", bytes(range(256)) * 400)]


@pytest.fixture
def images(save_image: SaveImage, tmp_path: Path) -> list[str]:
    """Return an image that passes, a broken one, one that fails, and a missing one."""
    good, faulty, broken = save_image(GOOD), save_image(FAULTY), tmp_path / "broken.tar"
    broken.write_bytes(b"x" * 5000)
    return [str(path) for path in (good, broken, faulty, tmp_path / "missing.tar")]


def lines(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, object]]:
    """Return the JSON documents of standard output."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def verdicts(done: subprocess.CompletedProcess[bytes]) -> list[object]:
    """Return the verdicts of the JSON documents of standard output."""
    return [document["verdict"] for document in lines(done)]


def test_each_line_of_json_is_a_report(images: list[str]) -> None:
    done = run("scan", *images, "-f", "json", "--isolated")
    schema = json.loads(run("schema").stdout)
    for document, image in zip(lines(done), images, strict=True):
        jsonschema.validate(document, schema)
        assert document["image"]["reference"] == image  # type: ignore[index] # an object
    assert verdicts(done) == ["pass", "error", "fail", "error"]
    assert done.returncode == 3
    errors = done.stderr.decode().splitlines()
    assert [line.startswith("ocianalyze: ") for line in errors] == [True, True]
    assert "broken.tar" in errors[0]
    assert "missing.tar does not exist" in errors[1]


@pytest.mark.parametrize(
    ("chosen", "code"), [((0, 0), 0), ((0, 2), 1), ((2, 0), 1), ((0, 3), 2), ((3, 2, 0), 2), ((1, 2, 3), 3)]
)
def test_the_exit_code_is_the_highest(images: list[str], chosen: tuple[int, ...], code: int) -> None:
    """Even an image that stands there twice is one of several, though it is scanned once."""
    assert run("scan", *(images[n] for n in chosen), "-q", "--isolated").returncode == code


def test_a_report_is_that_of_a_scan_of_its_own(images: list[str]) -> None:
    several = lines(run("scan", *images[:3], "-f", "json", "--isolated", "--no-cache"))
    for image, document in zip(images[:3], several, strict=True):
        (alone,) = [json.loads(run("scan", image, "-f", "json", "--isolated", "--no-cache").stdout)]
        assert {**alone, "timing": None} == {**document, "timing": None}


def test_tables_have_headings_and_a_summary(images: list[str]) -> None:
    done = run("scan", *images, "--isolated", env={"COLUMNS": "300"})
    text = done.stdout.decode()
    assert re.findall(r"^==> image (\d) of 4: (.*) <==$", text, re.MULTILINE) == [
        (str(number), image) for number, image in enumerate(images, start=1)
    ]
    summary = text.partition("==> summary <==")[2].split("\n")
    assert [line.split() for line in summary[3:7]] == [
        ["pass", "0", "0", "0", images[0]],
        ["error", "3", images[1]],
        ["fail", "2", "0", "1", images[2]],
        ["error", "2", images[3]],
    ]
    assert summary[8] == "4 images: 1 pass, 1 fail, 2 error"
    assert "broken.tar could not be analysed" in text
    assert done.stderr == b""


def test_every_format_holds_several(images: list[str], tmp_path: Path) -> None:
    names = ("all.json", "all.sarif", "all.xml", "gl-code-quality-report.json", "all.md")
    run("scan", *images, "--isolated", *(f"-o{tmp_path / name}" for name in names))
    assert len((tmp_path / "all.json").read_text().splitlines()) == 4
    runs = json.loads((tmp_path / "all.sarif").read_bytes())["runs"]
    assert len({item["automationDetails"]["id"] for item in runs}) == len(runs) == 4
    suites = ET.fromstring((tmp_path / "all.xml").read_bytes())  # noqa: S314 - our own
    cases = [(case.get("classname"), case.get("name")) for case in suites.iter("testcase")]
    assert len(cases) == len(set(cases)) > 100
    assert [len(suite.findall("testcase/error")) for suite in suites][1::2] == [1, 1]
    issues = json.loads((tmp_path / "gl-code-quality-report.json").read_bytes())
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert sum(issue["severity"] == "blocker" for issue in issues) == 2
    assert (tmp_path / "all.md").read_text().count("### ") == 4
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()
    annotated = run("scan", images[2], images[1], "-f", "github", "--isolated").stdout.decode()
    assert f"title={Path(images[2]).name}%3A USR001" in annotated
    assert "title=broken.tar%3A ocianalyze" in annotated
    lined = run("scan", *images, "-f", "line", "--isolated").stdout.decode()
    assert f"{Path(images[2]).name}: error USR001" in lined


def test_no_issue_in_any_image_is_a_list(images: list[str]) -> None:
    done = run("scan", images[0], images[0], images[0], "-f", "gitlab-codequality", "--isolated")
    assert json.loads(done.stdout) == json.loads(run("scan", images[0], "-f", "gitlab-codequality").stdout)


def test_each_image_can_have_a_file(images: list[str], tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    other = tmp_path / "other" / "broken.tar"
    other.parent.mkdir()
    other.write_bytes(b"")
    done = run("scan", *images[:3], str(other), "-o", tmp_path / "r/{name}.html", "-o", tmp_path / "r/x-{name}.sarif")
    names = [*(Path(image).name for image in images[:3]), "broken.tar-2"]
    assert {path.name for path in (tmp_path / "r").iterdir()} == {
        *(f"{name}.html" for name in names),
        *(f"x-{name}.sarif" for name in names),
    }
    said = done.stderr.decode().splitlines()
    assert said[0] == f"ocianalyze: {images[0]}: pass: 0 errors, 0 warnings, 0 notes"
    assert said[-1] == "ocianalyze: 4 images: 1 pass, 1 fail, 2 error"
    assert done.stdout == b""


def test_a_file_that_cannot_be_written_stops_no_other(images: list[str], tmp_path: Path) -> None:
    (tmp_path / f"{Path(images[0]).name}.json").mkdir()
    done = run("scan", images[0], images[2], "-o", tmp_path / "{name}.json", "-f", "json", "-f", "json", "--isolated")
    assert done.returncode == 2
    assert verdicts(done) == ["pass", "fail"]
    assert (tmp_path / f"{Path(images[2]).name}.json").is_file()
    assert b"cannot be written" in done.stderr


def test_a_link_to_itself_is_no_place(images: list[str], tmp_path: Path) -> None:
    loop = tmp_path / "all.sarif"
    loop.symlink_to(loop)
    done = run("scan", images[0], images[2], "-o", loop, "-o", tmp_path / "all.json", "--isolated")
    assert done.returncode == 2
    assert b"all.sarif cannot be written" in done.stderr
    assert len((tmp_path / "all.json").read_text().splitlines()) == 2


def test_a_link_leads_to_the_file_that_is_replaced(images: list[str], tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_text("old")
    stored.chmod(0o640)
    (tmp_path / "all.sarif").symlink_to(stored)
    run("scan", images[0], images[2], "-o", tmp_path / "all.sarif", "--isolated")
    assert len(json.loads(stored.read_bytes())["runs"]) == 2
    assert stored.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "all.sarif").is_symlink()


def test_lines_of_a_file_grow_with_the_images(images: list[str], tmp_path: Path) -> None:
    """While the list is still waited for, nothing is written; while an image is, those before it are."""
    os.mkfifo(tmp_path / "image")
    command = [sys.executable, "-m", "ocianalyze", "scan", images[0], str(tmp_path / "image"), "--isolated"]
    out = [tmp_path / "all.json", tmp_path / "all.sarif"]
    with subprocess.Popen([*command, "-o", out[0], "-o", out[1]], stderr=subprocess.PIPE) as process:
        end = time.monotonic() + 30
        while time.monotonic() < end and not (out[0].exists() and out[0].read_bytes().endswith(b"\n")):
            time.sleep(0.05)
        assert json.loads(out[0].read_bytes())["verdict"] == "pass"
        assert not out[1].exists()
        (tmp_path / "image").write_bytes(Path(images[2]).read_bytes())
        process.wait(30)
    assert len(out[0].read_text().splitlines()) == len(json.loads(out[1].read_bytes())["runs"]) == 2


def test_events_name_their_image(images: list[str]) -> None:
    done = run("scan", *images[:2], "-f", "json", "--stream", "--isolated")
    found = lines(done)
    assert [event["event"] for event in found] == ["opened", "read", "merged", "judged", "report", "report"]
    assert [event["reference"] for event in found] == [images[0]] * 5 + [images[1]]


# What is asked for


def test_a_list_adds_images(images: list[str], tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbf# ours\r\n\r\n  " + images[2].encode() + b"\r\n" + images[0].encode())
    done = run("scan", images[0], "--from-file", tmp_path / "list", "-f", "json", "--isolated")
    assert verdicts(done) == ["pass", "fail"]
    piped = run("scan", "--from-file", "-", "-f", "json", "--isolated", stdin=f"{images[0]}\n".encode())
    assert (verdicts(piped), piped.returncode, piped.stdout.count(b"\n")) == (["pass"], 0, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "list names no image. Write one image per line"),
        (b"# only a remark\n", "list names no image"),
        (b"a.tar\n\xff\n", "list:2: not valid UTF-8"),
        (b"\n\na\x1b[31m.tar\n", r"list:3: not an image: a\x1b[31m.tar"),
        (b"a\tb\n", r"list:1: not an image: a\x09b"),
        (b"x" * 5000, "list:1: not an image"),
        (b"a.tar\n-\n", "list:2: standard input can only be named on the command line"),
        (b"a.tar\ndocker-daemon:x\n", "list:2: the transport 'docker-daemon' is not supported. Save the image"),
        (b"registry.example.com/Team/*:1", "list:1: invalid pattern 'registry.example.com/Team/*:1'"),
        (b"a\n" * 10_001, "list:10001: more than 10,000 images"),
        (b"a\n" * 3_000_000, "list is larger than 4,194,304 bytes"),
    ],
)
def test_lists_that_are_none(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "list").write_bytes(content)
    done = run("scan", "--from-file", tmp_path / "list")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert message in done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-", "-"), "standard input cannot be two images"),
        (("-", "--from-file", "-"), "standard input cannot be both an image and the list of images"),
        (("--from-file", "-", "--app-image-config", "-"), "cannot be both the list of images and the AppImageConfig"),
        (("--from-file", "-", "--username", "x", "--password-stdin"), "standard input cannot be both the password"),
        (("a", "b", "--image", "x"), "--image is about one image"),
        (("a", "b", "--dockerfile", "x"), "--dockerfile is about one image, but there may be several. Scan the image"),
        (("a", "b", "--baseline", "x"), "--baseline is about one image"),
        (("a", "b", "-f", "html"), "html is about one image, but there may be several. Write a file for each: --out"),
        (("a", "b", "-f", "sarif", "-f", "table"), "sarif cannot share standard output"),
        (("a", "b", "--profile", "none"), "unknown profile 'none'"),
        (("a", "b", "--platform", "none"), "invalid platform 'none'"),
        (("a", "b", "-o", "{name}/x.json"), "there is no directory {name}"),
        (("r.example/a:*", "b", "--offline"), "cannot ask a registry which images match r.example/a:*"),
        (
            ("r.example/a:1", "s.example/a:*", "--plain-http"),
            "--plain-http is for one registry, but the images are in 2",
        ),
        (("r.example/a", "s.example/b", "--tls-verify=false"), "--tls-verify=false is for one registry"),
        (("a", "--from-file", "none"), "none cannot be read: No such file"),
        ((), "missing argument 'IMAGE'. See '"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], message: str) -> None:
    done = run("scan", *arguments, "--isolated", stdin=b"a\n")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert message in done.stderr.decode()


@pytest.mark.parametrize("key", ["dockerfile", "baseline"])
def test_settings_about_one_image_are_refused(images: list[str], tmp_path: Path, key: str) -> None:
    settings = tmp_path / "ocianalyze.toml"
    settings.write_text(f'{key} = "x"\n')
    done = run("scan", images[0], images[2], "--config", settings)
    assert done.returncode == 2
    assert f"'{key}' in {settings} is about one image".encode() in done.stderr


def test_a_registry_does_not_choose_the_name_of_a_file(tmp_path: Path) -> None:
    (image,) = built("one")
    repository = f"a{'-' * 200}makefile"
    (tmp_path / "makefile").write_text("all:")
    with fault_proxy(None, served((repository, image))) as registry:
        run("scan", f"{registry.host}/*", "--plain-http", "-f", "json", "-o", tmp_path / "{name}", "--isolated")
    assert (tmp_path / "makefile").read_text() == "all:"
    (other,) = (path.name for path in tmp_path.iterdir() if path.name != "makefile")
    assert other.startswith("127.0.0.1-")


def test_a_password_is_for_one_registry() -> None:
    login = {"OCIANALYZE_REGISTRY_PASSWORD": "canary"}
    with fault_proxy(None) as one, fault_proxy(None) as other:
        done = run("scan", f"{one.host}/a", f"{other.host}/b", "--username", "me", env=login)
        assert (done.returncode, one.seen, other.seen) == (2, [], [])
    assert b"--username is for one registry, but the images are in 2" in done.stderr


def test_an_image_and_a_list_are_not_written_over(images: list[str], tmp_path: Path) -> None:
    listed = tmp_path / "list.json"
    listed.write_text(images[0])
    done = run("scan", "--from-file", listed, "-o", listed, "--isolated")
    assert b"is read, so no report can be written to it" in done.stderr
    stored = tmp_path / "image.json"
    stored.write_bytes(Path(images[0]).read_bytes())
    done = run("scan", stored, images[2], "-o", stored.with_name("{name}"), "-f", "json", "--isolated")
    assert b"is read, so no report can be written to it" in done.stderr
    assert stored.read_bytes() == Path(images[0]).read_bytes()


def test_one_image_may_come_from_standard_input(images: list[str]) -> None:
    done = run("scan", images[0], "-", "-f", "json", "--isolated", stdin=Path(images[2]).read_bytes())
    assert verdicts(done) == ["pass", "fail"]


def test_what_images_are_called_is_not_obeyed(tmp_path: Path) -> None:
    hostile = tmp_path / "::error::x\x1b[31m##[command]"
    hostile.write_bytes(b"x")
    for form in ("table", "json", "sarif", "junit", "github", "line", "markdown", "gitlab-codequality"):
        done = run("scan", str(hostile), str(hostile) + "x", "-f", form, "--isolated")
        assert list(obeyed(done.stdout.decode())) == [] or form == "github"
        assert b"\x1b" not in done.stdout + done.stderr


# Registries


def served(*named: tuple[str, BuiltImage]) -> Behaviour:
    """Return the behaviour of a registry that has several images, by their repositories."""
    serve = {name: serving_image(image) for name, image in named}

    def behave(seen: Seen) -> Answer | None:
        repository = re.sub(r"^/v2/(.*)/(manifests|blobs|tags)/.*", r"\1", seen.path)
        if seen.path.startswith("/v2/_catalog"):
            return Answer(status=200, body=json.dumps({"repositories": sorted(serve)}).encode())
        if "/tags/list" in seen.path:
            return Answer(status=200, body=b'{"tags": ["1.0", "latest"]}')
        return serve[repository](seen) if repository in serve else Answer(status=404)

    return behave


def built(*own: str) -> list[BuiltImage]:
    """Return images that share their layers but for the last one."""
    specs = [fit_image(BASE, [file(f"opt/{name}", name.encode() * 100)]) for name in own]
    return [build(spec, compression="gzip") for spec in specs]


@pytest.mark.parametrize("how", ["cache", "--no-cache"])
def test_layers_that_images_share_are_read_once(tmp_path: Path, how: str) -> None:
    one, two, three = built("one", "two", "three")
    cache = ("--no-cache",) if how == "--no-cache" else ("--cache-dir", str(tmp_path / "cache"))
    with fault_proxy(None, served(("a", one), ("b", two), ("c", three))) as registry:
        names = [f"{registry.host}/{name}:1.0" for name in "abc"]
        done = run("scan", *names, "--plain-http", "-f", "json", "--isolated", *cache)
        asked = [seen.path.rpartition("/")[2] for seen in registry.blobs]
    layers = {layer.stored.digest for image in (one, two, three) for layer in image.layers}
    configs = {image.config.digest for image in (one, two, three)}
    assert sorted(asked) == sorted(layers | configs)
    assert len(layers) == len(one.layers) + 2
    assert verdicts(done) == ["pass"] * 3
    reads = [[layer["read"] for layer in document["layers"]] for document in lines(done)]  # type: ignore[attr-defined]
    shared = len(one.layers) - 1
    assert reads == [["full"] * (shared + 1), ["cache"] * shared + ["full"], ["cache"] * shared + ["full"]]


def test_a_layer_that_lies_is_not_known_by_its_claim() -> None:
    """What was read of another image proves nothing for bytes that never came."""
    one, two = built("one", "two")
    claimed = one.layers[0].stored
    serve = served(("a", one), ("b", two))

    def behave(seen: Seen) -> Answer | None:
        answer = serve(seen)
        if answer is not None and seen.path.endswith(claimed.digest) and seen.path.startswith("/v2/a/"):
            answer.body = bytes(claimed.size)
        return answer

    with fault_proxy(None, behave) as registry:
        names = [f"{registry.host}/{name}:1.0" for name in "ab"]
        done = run("scan", *names, "--plain-http", "-f", "json", "--isolated", "--no-cache")
        asked = [seen.path for seen in registry.blobs]
    assert verdicts(done) == ["error", "pass"]
    assert f"/v2/b/blobs/{claimed.digest}" in asked


def test_patterns_stand_for_what_a_registry_lists(images: list[str]) -> None:
    (image,) = built("one")
    with fault_proxy(None, served(("team/app", image), ("team/tool", image), ("x/app", image))) as registry:
        at = registry.host
        arguments = (f"{at}/team/*", images[0], f"{at}/x/app:*", f"{at}/none/*", f"{at}/x/app:2*", f"{at}/x/app:1.0")
        done = run("scan", *arguments, "--plain-http", "-f", "json", "--isolated")
    assert [(document["image"]["reference"], document["verdict"]) for document in lines(done)] == [  # type: ignore[index]
        (f"{at}/team/app:latest", "pass"),
        (f"{at}/team/tool:latest", "pass"),
        (images[0], "pass"),
        (f"{at}/x/app:1.0", "pass"),
        (f"{at}/x/app:latest", "pass"),
        (f"{at}/none/*", "error"),
        (f"{at}/x/app:2*", "error"),
    ]
    assert [document["error"]["code"] for document in lines(done)[-2:]] == ["no-match"] * 2  # type: ignore[index]
    assert done.returncode == 2


def test_a_tag_that_looks_like_a_file_is_none() -> None:
    (image,) = built("one")
    serve = served(("app", image))

    def behave(seen: Seen) -> Answer | None:
        return Answer(status=200, body=b'{"tags": ["1.tar"]}') if "/tags/" in seen.path else serve(seen)

    with fault_proxy(None, behave) as registry:
        done = run("scan", f"{registry.host}/app:*", "--plain-http", "-f", "json", "--isolated")
    assert verdicts(done) == ["pass"]


def test_a_registry_that_lists_nothing_stops_no_other(images: list[str]) -> None:
    with fault_proxy(None, lambda _: Answer(status=401)) as registry:
        done = run("scan", f"{registry.host}/team/*", images[0], "--plain-http", "-f", "json", "--isolated")
    assert (verdicts(done), done.returncode) == (["error", "pass"], 4)
    assert b"/_catalog" not in done.stderr
    assert b"not every registry lists them all" in done.stderr


def test_a_pattern_of_files_that_matched_none_asks_no_registry() -> None:
    done = run("scan", "build/*", "image-*", "*.tar", "-q", "--isolated")
    assert done.stderr.count(b"does not exist") == 3
    assert done.returncode == 2


# While it goes on


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all(images: list[str], tmp_path: Path, number: int) -> None:
    os.mkfifo(tmp_path / "image")
    out = tmp_path / "all.sarif"
    command = [sys.executable, "-m", "ocianalyze", "scan", images[0], str(tmp_path / "image"), images[2], "--isolated"]
    command += ["-f", "json", "-f", "sarif", "-o", "-", "-o", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["verdict"] == "pass"
        time.sleep(0.2)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
    assert process.returncode == 128 + number
    assert rest == b""
    assert errors.count(b"\n") == 1
    assert [path.name for path in tmp_path.iterdir() if "sarif" in path.name] == []


def test_who_stops_reading_ends_it(images: list[str]) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m ocianalyze scan {images[0]} {images[2]} -f json | true; echo ${{PIPESTATUS[0]}}",
        ],
        capture_output=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == b"141"


def test_memory_does_not_grow_with_the_number_of_images(tmp_path: Path) -> None:
    """Each image has some thousand entries; ten times as many of them take hardly more."""
    entries = [file(f"opt/d{number // 100}/{number}") for number in range(8_000)]
    paths = [tmp_path / f"{number}.tar" for number in range(40)]
    for number, path in enumerate(paths):
        write_archive(path, fit_image(entries, [file(f"opt/n{number}", b"x")]), "docker-25")
    code = """
import resource, sys
sys.argv = ["ocianalyze", "scan", *sys.argv[1:], "-q", "--isolated", "--no-cache"]
from ocianalyze.cli.main import main
try:
    main()
except SystemExit:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

    def most(number: int) -> int:
        command = [sys.executable, "-c", code, *map(str, paths[:number])]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    assert most(40) < most(4) * 1.2
