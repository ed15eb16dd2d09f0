"""No image is left out of a fleet or taken for another, no password goes astray, and nothing hangs or is lost."""

import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.errors import AnalysisError, UsageError
from ocianalyze.fleet.members.finding import find_members, read_sources
from ocianalyze.fleet.planning import open_member
from ocianalyze.fleet.report import ask
from ocianalyze.fleet.report.wording import label
from ocianalyze.fleet.results.database import create, open_to_read
from ocianalyze.fleet.results.results import Results
from ocianalyze.fleet.results.stored import stored_report
from ocianalyze.fleet.running import Step
from ocianalyze.fleet.work.conditions import Conditions
from ocianalyze.layers.blob.compression import compress_frame
from tests.conftest import SaveImage
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.fleet_runs import Fleet, built, served
from tests.support.registries import PASSWORD
from tests.test_cli import run

GOOD, FAULTY = fit_image(), fit_image(config={"User": "1001"})


class Interrupted(BaseException):
    """What somebody who presses Ctrl-C raises."""


def interrupt(_: Step) -> None:
    """Interrupt a run at its first step."""
    raise Interrupted


# Passwords


@pytest.mark.parametrize("how", ["patterns", "list", "names"])
def test_a_password_for_one_registry_reaches_no_other(tmp_path: Path, how: str) -> None:
    image = {"team/a": built("a")[0]}
    with fault_proxy(None, served(image)) as one, fault_proxy(None, served(image)) as two:
        sources = [f"docker://{registry.host}/team/a:{'1.0' if how == 'names' else '*'}" for registry in (one, two)]
        if how == "list":
            listed = tmp_path / "list.txt"
            listed.write_text("\n".join(sources))
            sources = [str(listed)]
        options = ("--username", "user", "--password-stdin", "--plain-http", "--isolated", "-o", str(tmp_path / "f"))
        done = run("fleet", *sources, *options, stdin=PASSWORD.encode())
        assert one.seen == two.seen == []
    assert done.returncode == 2
    assert b"is for one registry" in done.stderr
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize("source", ["user:secret@registry.example.com/a:1", "docker://user:secret@reg.example.com/a:*"])
def test_a_password_in_a_name_is_refused_and_not_shown(source: str) -> None:
    for stdin, named in ((b"", source), (source.encode(), "-")):
        with pytest.raises(UsageError) as error:
            read_sources([named], stdin=lambda stdin=stdin: stdin)  # type: ignore[misc] # bound here
        assert "secret" not in error.value.one_line()


# Which images


def test_a_run_that_goes_on_has_the_images_that_are_named_now(fleet: Fleet, save_image: SaveImage) -> None:
    good, faulty, other = (str(save_image(spec)) for spec in (GOOD, FAULTY, fit_image(config={"User": "1002"})))
    listed = fleet.directory / "list.txt"
    listed.write_text(f"{good}\n{other}\n")
    with pytest.raises(Interrupted):
        fleet.scan(str(listed), told=lambda step: interrupt(step) if step.images else None)
    listed.write_text(f"{faulty}\n{good}\n")
    found = fleet.scan(str(listed))
    assert {name: row["verdict"] for name, row in found.items()} == {faulty: "fail", good: "pass"}
    assert fleet.runs[1].is_continued
    assert [row["position"] for row in found.values()] == [0, 1]


def test_so_has_one_of_a_directory(fleet: Fleet, save_image: SaveImage) -> None:
    directory = fleet.directory / "images"
    directory.mkdir()
    save_image(GOOD).rename(directory / "a.tar")
    with pytest.raises(Interrupted):
        fleet.scan(str(directory), told=interrupt)
    save_image(FAULTY).rename(directory / "b.tar")
    assert [row["verdict"] for row in fleet.scan(str(directory)).values()] == ["pass", "fail"]


def test_files_are_read_whatever_they_are_called(
    fleet: Fleet, save_image: SaveImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = fleet.directory / "images"
    directory.mkdir()
    save_image(GOOD).rename(directory / "a.tar")
    for name in ("docker-archive:a.tar", "oci:a.tar", "-.tar", "@.tar"):
        save_image(FAULTY).rename(directory / name)
    os.mkfifo(directory / "pipe.tar")
    shutil.copy(save_image(GOOD), directory / os.fsdecode(b"\xff.tar"))
    monkeypatch.chdir(directory)
    found = fleet.scan(".")
    verdicts = {name.removeprefix("./"): row["verdict"] for name, row in found.items()}
    unreadable = next(name for name in verdicts if "xff" in name)
    assert verdicts.pop(unreadable) == "error"
    assert verdicts.pop("a.tar") == "pass"
    assert set(verdicts.values()) == {"fail"}
    assert len(verdicts) == 4


def test_a_directory_without_images_and_what_is_missing_are_rows(fleet: Fleet) -> None:
    (fleet.directory / "empty").mkdir()
    found = fleet.scan(str(fleet.directory / "empty"), str(fleet.directory / "missing.tar"))
    assert [(row["verdict"], row["exit_code"]) for row in found.values()] == [("error", 2), ("error", 2)]


def test_no_registry_is_asked_for_a_file(
    save_image: SaveImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "registry.example.com:5000" / "team").mkdir(parents=True)
    save_image(GOOD).rename(tmp_path / "registry.example.com:5000" / "team" / "app")
    name = "registry.example.com:5000/team/app"
    (member,) = find_members([name], Conditions(offline=True))
    assert open_member(member, Conditions(offline=True)).pinned == str(tmp_path / name)
    (explicit,) = find_members([f"docker-archive:{tmp_path.name}/x"], Conditions())
    assert explicit.error is not None


def test_no_file_is_taken_for_an_image_of_a_registry(
    fleet: Fleet, save_image: SaveImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fleet.directory)
    with fault_proxy(None, served({"team/app": built("a", User="1001")[0]})) as registry:
        name = f"{registry.host}/team/app:1.0"

        def disturb(step: Step) -> None:
            if not step.images and not Path(registry.host).exists():
                for there in (f"{name}", f"{name}@x"):
                    Path(there).parent.mkdir(parents=True, exist_ok=True)
                    save_image(GOOD).rename(there)

        (row,) = fleet.scan(name, told=disturb).values()
    assert (row["source"], row["verdict"]) == ("registry", "fail")


def test_an_archive_that_calls_itself_like_another_image_keeps_its_path(fleet: Fleet, save_image: SaveImage) -> None:
    evil = save_image([fit_image(tags=["registry.example.com/prod/app:1.0"]), fit_image(tags=["b:1"], config={"A": 1})])
    fleet.scan(str(evil))
    with closing(open_to_read(fleet.path)) as database:
        images = ask(database).images
    assert all(label(image).startswith(str(evil)) for image in images)


# What changes meanwhile


def test_an_archive_that_changes_is_the_only_one_that_fails(fleet: Fleet, save_image: SaveImage) -> None:
    paths = [save_image(GOOD).rename(fleet.directory / f"{name}.tar") for name in "abcdefgh"]

    def change(step: Step) -> None:
        if not step.images:
            os.utime(paths[0], ns=(1, 1))

    found = fleet.scan(*map(str, paths), told=change, store=fleet.conditions().store)
    assert {row["verdict"] for name, row in found.items() if name != str(paths[0])} == {"pass"}


def test_results_that_are_taken_away_are_missed(fleet: Fleet, save_image: SaveImage) -> None:
    def remove(_: Step) -> None:
        fleet.path.unlink(missing_ok=True)

    with pytest.raises(AnalysisError, match="removed or replaced"):
        fleet.scan(str(save_image(GOOD)), told=remove)


def test_a_file_called_memory_keeps_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Results(Path(":memory:")):
        pass
    assert (tmp_path / ":memory:").stat().st_size


def test_what_was_planned_before_an_interruption_is_kept(fleet: Fleet) -> None:
    images = dict(zip("abcdef", built(*"abcdef"), strict=True))
    behave, configs = served(images), {image.config.digest: name for name, image in images.items()}
    asked: list[str] = []

    def fail(seen: Seen) -> Answer | None:
        name = configs.get(seen.path.rpartition("/")[2])
        asked.extend([name] if name else [])
        return behave(seen)

    with fault_proxy(None, fail) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in images]
        with pytest.raises(Interrupted):
            fleet.scan(*references, told=interrupt)
        fleet.scan(*references)
    assert sorted(asked) == sorted(images)


# What one image says of another


def test_what_an_image_states_of_a_layer_is_not_told_of_others(fleet: Fleet) -> None:
    good, liar = built("good", "liar")
    behave = served({"good": good, "liar": liar})
    layer = good.layers[0].stored

    def lie(seen: Seen) -> Answer | None:
        answer = behave(seen)
        if answer is not None and seen.path.startswith("/v2/liar/manifests/"):
            assert isinstance(answer.body, bytes)
            answer.body = re.sub(rb'"size": ?%d\b' % layer.size, b'"size":4611686018427387904', answer.body)
        return answer

    with fault_proxy(None, lie) as registry:
        found = fleet.scan(f"{registry.host}/liar:1.0", f"{registry.host}/good:1.0")
        again = fleet.scan(f"{registry.host}/good:1.0")
    assert [row["verdict"] for row in found.values()] == ["error", "pass"]
    assert [row["verdict"] for row in again.values()] == ["pass"]
    with closing(open_to_read(fleet.path)) as database:
        for number in (1, 2):
            sizes = ask(database, number).sizes
            assert sizes.stored.together == sum(one.stored.size for one in good.layers)


# Results files


def test_a_file_that_was_left_when_it_was_made_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("VACUUM")
    create(path).close()
    create(path).close()


def test_what_others_put_into_a_results_file_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sqlite"
    with closing(create(path)) as database:
        database.execute("CREATE VIEW more AS SELECT 1")
    for opened in (create, open_to_read):
        with pytest.raises(UsageError, match="views or triggers"):
            opened(path)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("UPDATE images SET documents = ?", "no json"),
        ("UPDATE images SET documents = ?", '["sha256:none"]'),
        ("UPDATE images SET documents = ?", None),
        ("UPDATE images SET app_image_config = ?", "{"),
        ("UPDATE documents SET content = ?", b"no frame"),
    ],
)
def test_a_damaged_file_is_said_in_one_line(fleet: Fleet, query: str, value: object) -> None:
    with fault_proxy(None, served({"a": built("a")[0]})) as registry:
        reference = f"{registry.host}/a:1.0"
        with pytest.raises(Interrupted):
            fleet.scan(reference, told=interrupt)
        with closing(sqlite3.connect(fleet.path)) as database, database:
            database.execute(query, (value,))
        with pytest.raises(UsageError, match="is damaged"):
            fleet.scan(reference)


@pytest.mark.parametrize("report", [5, "text", b"no frame", compress_frame(b"[]"), compress_frame(b'{"schema": 1}')])
def test_a_report_is_checked_before_it_is_printed(fleet: Fleet, save_image: SaveImage, report: Any) -> None:  # noqa: ANN401
    reference = str(save_image(GOOD))
    fleet.scan(reference)
    with closing(sqlite3.connect(fleet.path)) as database, database:
        database.execute("UPDATE reports SET report = ?", (report,))
    with closing(open_to_read(fleet.path)) as database, pytest.raises(UsageError, match="the report on"):
        stored_report(database, reference)
