"""Which run is asked for, and what of a results file cannot be used."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.fleet.report.document import FleetReport
from tests.fleet.report.conftest import AskAbout, asked
from tests.support.fleets import failed, finding, image, run, write_fleet


def states(report: FleetReport) -> dict[str, int]:
    """Return the verdicts that there are."""
    return {state: number for state, number in report.verdicts.items() if number}


def test_the_newest_run_is_asked_for(about: AskAbout) -> None:
    old, new = run(image("a")), run(image("a"), image("b"), finished=None)
    assert about(old, new).run.id == 2


def test_an_earlier_run_is_asked_for(about: AskAbout) -> None:
    report = about(run(image("a")), run(image("a"), image("b")), of=1)
    assert (report.run.id, [one.reference for one in report.images], report.changes) == (1, ["a"], None)


def test_no_run(about: AskAbout) -> None:
    with pytest.raises(UsageError, match="the results file has no run") as caught:
        about()
    assert caught.value.hint == "Start one with 'ocianalyze fleet SOURCE'"


def test_an_unknown_run(about: AskAbout) -> None:
    with pytest.raises(UsageError, match="has no run 7") as caught:
        about(run(), run(), of=7)
    assert caught.value.hint == "Choose one of 2, 1"


def test_an_empty_run(about: AskAbout) -> None:
    report = about(run(is_listed=0, finished=None))
    assert report.images == []
    assert states(report) == {}
    assert not any((report.drivers.rows, report.drivers.drivers, report.findings.causes, report.bases))
    assert report.sizes.layers == 0
    assert not report.run.is_listed


def test_an_unfinished_run(about: AskAbout) -> None:
    waiting = image("b", verdict=None)
    report = about(run(image("a", "l"), waiting, finished=None))
    assert states(report) == {"pass": 1, "pending": 1}
    assert report.images[1].verdict is None
    assert report.without_base == [0]


def test_verdicts_and_profiles_are_counted(about: AskAbout) -> None:
    report = about(
        run(
            image("a", verdict="fail", profiles={"studio-jupyterlab": "fail", "studio-classic": "pass"}),
            image("b", profiles={"studio-jupyterlab": "pass", "studio-classic": "undecided"}),
            image("c", profiles={"studio-classic": "pass", "new-kind": "error"}),
            failed("d", "registry", "no"),
            image("e", verdict=None),
        )
    )
    assert states(report) == {"pass": 2, "fail": 1, "error": 1, "pending": 1}
    lab, classic, new = report.profiles
    assert (lab.profile, lab.verdicts["pass"], lab.verdicts["fail"]) == ("studio-jupyterlab", 1, 1)
    assert (lab.decides["pass"], lab.decides["fail"]) == (1, 1)
    assert (classic.profile, classic.verdicts["pass"], classic.verdicts["undecided"]) == ("studio-classic", 2, 1)
    assert sum(classic.decides.values()) == 1
    assert (new.profile, new.title, new.verdicts["error"], sum(new.decides.values())) == ("new-kind", "", 1, 0)


def test_an_image_has_its_facts(about: AskAbout) -> None:
    found = [
        finding("KRN001"),
        finding("KRN002", severity="warning"),
        finding("KRN003", kind="undecided", severity="note"),
        finding("KRN004", severity="note"),
        finding("KRN005", selected=0),
        finding("KRN006", waived="accepted"),
        finding("KRN007", caused_by="KRN001"),
    ]
    report = about(
        run(
            image(
                "a.tar",
                verdict="fail",
                findings=found,
                name="x",
                title="notebook/3",
                app_image_config='{"AppImageConfigName": "config"}',
                users=["domain d-1"],
                size=7,
                minimum_driver="525.60.13",
            ),
            image("b", app_image_config="{}"),
            image("c", app_image_config="[broken", users=[]),
        )
    )
    first, second, third = report.images
    assert (first.title, first.name, first.app_image_config, first.users) == (
        "notebook/3",
        "x",
        "config",
        ["domain d-1"],
    )
    assert (first.error_rules, first.warning_rules, first.undecided_rules) == (["KRN001"], ["KRN002"], ["KRN003"])
    assert (first.profiles, first.size, first.minimum_driver) == (["studio-classic"], 7, "525.60.13")
    assert second.app_image_config == third.app_image_config == ""


def test_failures_are_grouped_by_reason(about: AskAbout) -> None:
    report = about(
        run(
            failed("r/a:1", "registry", "r/a:1: https://r/v2/a/manifests/1 says 404 Not Found", "Check r/a:1"),
            failed("r/b", "registry", "r/b: https://r/v2/b/manifests/2 says 404 Not Found", "Check r/b"),
            failed("r/c", "registry", "r/c: https://r/v2/b/manifests/2 says 500 Broken", "Check r/c"),
            failed("d.tar", "corrupt-layer", "layer 3 is truncated"),
            failed("e.tar", "corrupt-layer", "layer 11 is truncated"),
            failed("f.tar", "invalid-image", "layer 11 is truncated"),
            image("g"),
        )
    )
    assert [(one.code, [item.image for item in one.images]) for one in report.failures] == [
        ("registry", [0, 1]),
        ("corrupt-layer", [3, 4]),
        ("registry", [2]),
        ("invalid-image", [5]),
    ]
    assert report.failures[0].hint == "Check r/a:1"
    assert report.failures[1].images[1].message == "layer 11 is truncated"


def test_a_damaged_file_is_our_error(tmp_path: Path) -> None:
    path = write_fleet(tmp_path / "results.sqlite", run(image("a", "l", verdict="broken")))
    with pytest.raises(UsageError, match=r"not valid at ImageFacts\.verdict"):
        asked(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE findings")
    with pytest.raises(UsageError, match="cannot be read: no such table"):
        asked(path)


def test_nothing_is_written(tmp_path: Path) -> None:
    path = write_fleet(tmp_path / "results.sqlite", run(image("a", "l", findings=[finding()])))
    before = path.read_bytes()
    asked(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_it_can_be_asked_twice(tmp_path: Path) -> None:
    from ocianalyze.fleet.report import ask
    from ocianalyze.fleet.results.database import open_to_read

    path = write_fleet(tmp_path / "results.sqlite", run(image("a", "l", verdict="fail", findings=[finding()])))
    with closing(open_to_read(path)) as connection:
        assert ask(connection) == ask(connection)
