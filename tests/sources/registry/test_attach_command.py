"""``ocianalyze attach`` with a registry in memory: which reports it takes, and what it says."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ocianalyze.analysis import Source, analyze
from ocianalyze.cli.app import app
from ocianalyze.errors import UsageError
from ocianalyze.reports.formats import render
from tests.support.fault_proxy import fault_proxy
from tests.support.push_registry import PushRegistry
from tests.support.pushes import IMAGE
from tests.support.registries import registry_access


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a report on the image, as JSON and as SARIF."""
    directory = tmp_path_factory.mktemp("reports")
    with fault_proxy(None, PushRegistry(IMAGE)) as registry:
        report = analyze(Source(reference=f"{registry.host}/team/image:1.0", access=registry_access(plain_http=True)))
    found = directory / "r.json", directory / "r.sarif"
    for path in found:
        path.write_bytes(render(report, path.suffix[1:]))
    return found


def command(*arguments: object) -> str:
    """Return what the command prints, or raise its error."""
    done = CliRunner().invoke(app, ["attach", *map(str, arguments), "--plain-http"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def changed(path: Path, where: Path, **image: object) -> Path:
    """Write a report that says something else of its image, and return its path."""
    value = json.loads(path.read_text())
    value["image"] |= image
    where.write_text(json.dumps(value))
    return where


def test_a_report_on_another_image_is_refused(reports: tuple[Path, Path], tmp_path: Path) -> None:
    other = f"sha256:{'0' * 64}"
    other_image = {"digest": other, "config_digest": other}
    shelf = PushRegistry(IMAGE)
    with fault_proxy(None, shelf) as registry:
        name = f"{registry.host}/team/image:1.0"
        with pytest.raises(UsageError) as error:
            command(name, changed(reports[0], tmp_path / "a.json", **other_image))
        assert f"a.json is about {other} (linux/amd64), but {name} is {shelf.digest}" in error.value.message
        with pytest.raises(UsageError, match=shelf.digest):
            command(name, changed(reports[0], tmp_path / "a.json", config_digest=other))
        (tmp_path / "a.sarif").write_text(reports[1].read_text().replace(IMAGE.config.digest[7:], other[7:]))
        with pytest.raises(UsageError) as error:
            command(name, reports[0], tmp_path / "a.sarif")
        assert f"about an image with the config {other}, but" in error.value.message
        assert f"has the config {IMAGE.config.digest}" in error.value.message
        with pytest.raises(UsageError, match=shelf.digest):
            command(
                name,
                changed(reports[0], tmp_path / "a.json", digest=other, config_digest=other, platform="my own/platform"),
            )
        with pytest.raises(UsageError, match="is another image: there is no image for platform linux/arm64"):
            command(
                name,
                changed(reports[0], tmp_path / "a.json", digest=other, config_digest=other, platform="linux/arm64"),
            )
        assert not [seen for seen in registry.seen if seen.method in ("PUT", "POST")], "nothing was pushed"


def test_the_report_of_an_archive_is_about_the_image_that_was_pushed(
    reports: tuple[Path, Path], tmp_path: Path
) -> None:
    """Its manifest is another, because its layers are stored in another form; their contents are the same."""
    shelf = PushRegistry(IMAGE)
    with fault_proxy(None, shelf) as registry:
        report = changed(reports[0], tmp_path / "a.json", digest=f"sha256:{'0' * 64}")
        assert "sha256:" in command(f"{registry.host}/team/image:1.0", report)


def test_a_report_without_a_digest_is_known_by_its_config(reports: tuple[Path, Path], tmp_path: Path) -> None:
    shelf = PushRegistry(IMAGE)
    with fault_proxy(None, shelf) as registry:
        name = f"{registry.host}/team/image:1.0"
        assert "@sha256:" in command(name, changed(reports[0], tmp_path / "a.json", digest=None), reports[1])
    assert len(shelf.tagged()) == 1


def test_what_is_no_image_in_a_registry(reports: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(b"")
    for name in (tmp_path / "image.tar", "-", "oci:layout", "./image"):
        with pytest.raises(UsageError, match="is not the name of an image in a registry"):
            command(name, reports[0])
    with pytest.raises(UsageError, match="network access is disabled"):
        command("registry.example.com/image", reports[0], "--offline")


def test_the_command_says_what_it_pushed(reports: tuple[Path, Path]) -> None:
    shelf = PushRegistry(IMAGE, lists=True)
    with fault_proxy(None, shelf) as registry:
        name = f"{registry.host}/team/image:1.0"
        told = json.loads(command(name, *reports, "--format", "json"))
        assert command(name, *reports, "--quiet") == ""
        found = json.loads(CliRunner().invoke(app, ["inspect", name, "--plain-http", "-f", "json"]).stdout)["referrers"]
    assert told == {
        "artifact": f"{registry.host}/team/image@{found[0]['digest']}",
        "digest": found[0]["digest"],
        "artifact_type": "application/vnd.ocianalyze.report.v1+json",
        "subject": shelf.digest,
        "fallback_tag": None,
        "pushed": True,
    }
    layers = json.loads(shelf.manifests[told["digest"]][1])["layers"]
    assert [(layer["mediaType"], layer["annotations"]) for layer in layers] == [
        ("application/vnd.ocianalyze.report.v1+json", {"org.opencontainers.image.title": "ocianalyze.json"}),
        ("application/sarif+json", {"org.opencontainers.image.title": "ocianalyze.sarif"}),
    ]
