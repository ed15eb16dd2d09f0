"""A fleet on this machine: each layer is read once, each image gets the report of a scan, and nothing is lost."""

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.fleet.results.results import Results
from ocianalyze.fleet.running import Step
from ocianalyze.rules.policy import Policy
from tests.conftest import SaveImage
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.fleet_runs import BASE, Fleet, alone, asked_blobs, built, served
from tests.support.images import build
from tests.support.tarballs import file

NAMES = "abcdef"


def test_each_blob_is_asked_for_once_and_each_image_gets_the_report_of_a_scan(fleet: Fleet) -> None:
    images = dict(zip(NAMES, built(*NAMES), strict=True))
    with fault_proxy(None, served(images)) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in NAMES]
        found = fleet.scan(*references)
        asked = asked_blobs(registry.blobs)
        for reference in references:
            assert fleet.report(reference) == alone(reference)
    layers = {layer.stored.digest for image in images.values() for layer in image.layers}
    assert sorted(asked) == sorted(layers | {image.config.digest for image in images.values()})
    assert {row["verdict"] for row in found.values()} == {"pass"}
    assert {row["exit_code"] for row in found.values()} == {0}
    sizes = {layer.stored.digest: layer.stored.size for image in images.values() for layer in image.layers}
    assert fleet.bytes_read() == sum(sizes.values())


def test_a_second_run_reads_nothing(fleet: Fleet) -> None:
    images = dict(zip("ab", built(*"ab"), strict=True))
    with fault_proxy(None, served(images)) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in "ab"]
        first = fleet.scan(*references)
        second = fleet.scan(*references)
    assert fleet.bytes_read() == 0
    assert [run.is_continued for run in fleet.runs] == [False, False]
    assert [row["verdict"] for row in first.values()] == [row["verdict"] for row in second.values()]


def test_a_pattern_stands_for_what_the_registry_lists(fleet: Fleet) -> None:
    images = dict(zip(("team/a", "team/b", "other/c"), built(*"abc"), strict=True))
    with fault_proxy(None, served(images)) as registry:
        found = fleet.scan(f"{registry.host}/team/*:*")
        assert list(found) == [f"{registry.host}/team/{name}:1.0" for name in "ab"]


def test_a_tag_that_moves_meanwhile_changes_nothing(fleet: Fleet) -> None:
    old, new = built("old")[0], built("new", User="1001")[0]
    before, after = served({"a": old}), served({"a": new})
    tags = 0

    def behave(seen: Seen) -> Answer | None:
        nonlocal tags
        tags += seen.path.endswith("/manifests/1.0")
        return (after if tags > 1 else before)(seen)

    with fault_proxy(None, behave) as registry:
        reference = f"{registry.host}/a:1.0"
        (row,) = fleet.scan(reference).values()
    assert tags == 1
    assert row["pinned"].startswith(f"docker://{reference}@sha256:")
    assert row["verdict"] == "pass"


def test_what_cannot_be_opened_is_a_row_with_its_reason(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "broken.tar").write_bytes(b"\1" * 5000)
    images = {"a": built("a")[0]}
    with fault_proxy(None, served(images)) as registry:
        missing, good = f"{registry.host}/missing:1.0", f"{registry.host}/a:1.0"
        found = fleet.scan(missing, good, f"{registry.host}/none*:*", str(tmp_path / "broken.tar"))
    verdicts = [(row["verdict"], row["exit_code"]) for row in found.values()]
    assert verdicts == [("error", 4), ("pass", 0), ("error", 2), ("error", 3)]
    assert all(row["error_message"] and row["error_code"] for row in found.values() if row["verdict"] == "error")
    assert [row["error_code"] for row in found.values()] == ["not-found", None, "no-match", "invalid-image"]


def test_a_broken_layer_is_read_once_and_named_by_its_position_in_each_image(fleet: Fleet) -> None:
    broken = [file("opt/shared", bytes(range(256)) * 400)]
    one = build(fit_image(broken, [file("opt/one", b"1")]), compression="gzip")
    two = build(fit_image([file("opt/first", b"0")], broken, [file("opt/two", b"2")]), compression="gzip")
    shared = one.layers[3].stored
    assert shared.digest == two.layers[4].stored.digest
    behave = served({"team/one": one, "team/two": two})
    asked = []

    def cut(seen: Seen) -> Answer | None:
        answer = behave(seen)
        if answer is not None and seen.path.endswith(shared.digest):
            asked.append(seen.path)
            answer.body = bytes(shared.size)
        return answer

    with fault_proxy(None, cut) as registry:
        found = fleet.scan(*(f"{registry.host}/team/{name}:1.0" for name in ("one", "two")))
    first, second = found.values()
    assert (first["verdict"], second["verdict"]) == ("error", "error")
    assert "layer 3" in first["error_message"]
    assert "layer 4" in second["error_message"]
    assert sorted(asked) == [f"/v2/team/{name}/blobs/{shared.digest}" for name in ("one", "two")]


def test_a_layer_that_is_broken_in_one_repository_is_read_from_another(fleet: Fleet) -> None:
    one, two = built("one", "two")
    shared = one.layers[0].stored
    behave = served({"one": one, "two": two})

    def lie(seen: Seen) -> Answer | None:
        answer = behave(seen)
        if answer is not None and seen.path == f"/v2/one/blobs/{shared.digest}":
            answer.body = bytes(shared.size)
        return answer

    with fault_proxy(None, lie) as registry:
        found = fleet.scan(f"{registry.host}/one:1.0", f"{registry.host}/two:1.0")
    assert [row["verdict"] for row in found.values()] == ["error", "pass"]


def test_an_interrupted_run_goes_on_where_it_stopped(fleet: Fleet) -> None:
    images = dict(zip(NAMES, built(*NAMES), strict=True))

    class Interrupted(BaseException):
        pass

    def interrupt(step: Step) -> None:
        if step.images == 2:
            raise Interrupted

    with fault_proxy(None, served(images)) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in NAMES]
        with pytest.raises(Interrupted):
            fleet.scan(*references, told=interrupt)
        with Results(fleet.path) as results:
            before = fleet.images(results, fleet.runs[0])
        assert sum(row["verdict"] is not None for row in before.values()) == 2
        found = fleet.scan(*references)
        asked = asked_blobs(registry.blobs)
        for reference in references:
            assert fleet.report(reference) == alone(reference)
    assert fleet.runs[1] == (fleet.runs[0].id, True)
    assert {row["verdict"] for row in found.values()} == {"pass"}
    configs = {image.config.digest for image in images.values()}
    assert len([digest for digest in asked if digest in configs]) == len(images)


def test_a_run_with_other_options_begins_anew(fleet: Fleet) -> None:
    images = {"a": built("a")[0]}
    with fault_proxy(None, served(images)) as registry:
        reference = f"{registry.host}/a:1.0"
        with pytest.raises(ZeroDivisionError):
            fleet.scan(reference, told=lambda _: 1 // 0)
        fleet.scan(reference, policy=Policy(profiles=("studio-classic",)))
        fleet.scan(reference, anew=True)
    assert [run.is_continued for run in fleet.runs] == [False, False, False]


def test_a_process_that_dies_takes_nothing_with_it(fleet: Fleet) -> None:
    images = dict(zip(NAMES, built(*NAMES), strict=True))
    killed: list[int] = []

    def kill(step: Step) -> None:
        if step.images == 1 and not killed:
            children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
            for child in map(int, children):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    killed.append(child)
                    os.kill(child, signal.SIGKILL)
                    break

    with fault_proxy(None, served(images)) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in NAMES]
        found = fleet.scan(*references, told=kill)
        for reference in references:
            assert fleet.report(reference) == alone(reference)
    assert killed
    assert {row["verdict"] for row in found.values()} == {"pass"}


def test_archives_layouts_and_lists(fleet: Fleet, save_image: SaveImage, tmp_path: Path) -> None:
    directory = tmp_path / "images"
    directory.mkdir()
    good, faulty = fit_image(), fit_image(config={"User": "1001"})
    one = save_image(good, compression="gzip").rename(directory / "one.tar")
    several = save_image([fit_image(tags=["a:1"]), fit_image(BASE, tags=["b:1"])]).rename(directory / "several.tar")
    (directory / "notes.txt").write_text("nothing")
    listed = tmp_path / "list.txt"
    listed.write_text(f"# a list\n\n{save_image(faulty)}\n{directory}\n{tmp_path}/missing.tar\n")
    found = fleet.scan(str(listed))
    verdicts = {name.rpartition("/")[2]: row["verdict"] for name, row in found.items()}
    assert list(verdicts.values()) == ["fail", "pass", "pass", "pass", "error"]
    assert fleet.report(str(one))["image"]["reference"] == str(one)
    assert {row["name"] for row in found.values() if row["reference"] == str(several)} == {"@0", "@1"}


def test_an_archive_with_compression_around_it_is_read_when_it_is_judged(
    fleet: Fleet, save_image: SaveImage, tmp_path: Path
) -> None:
    import gzip

    path = tmp_path / "image.tar.gz"
    path.write_bytes(gzip.compress(save_image(fit_image()).read_bytes(), 1))
    (row,) = fleet.scan(str(path)).values()
    assert row["verdict"] == "pass"
    assert fleet.report(str(path)) == alone(str(path))
    with sqlite3.connect(fleet.path) as database:
        (layers,) = database.execute("SELECT COUNT(*) FROM image_layers").fetchone()
    assert layers == 3


@pytest.mark.parametrize("content", [b"not a database, but long enough to be taken for one" * 20, b"SQLite format 3\0"])
def test_another_file_is_not_written_over(fleet: Fleet, content: bytes) -> None:
    fleet.path.write_bytes(content)
    with pytest.raises(UsageError, match=r"fleet\.sqlite"):
        fleet.scan("whatever.tar")
    assert fleet.path.read_bytes() == content
