"""Which driver of the host suffices for which image."""

from ocianalyze.fleet.report.ranges import ranges
from tests.fleet.report.conftest import AskAbout
from tests.support.fleets import image, run


def test_images_with_equal_outcomes_are_one_row(about: AskAbout) -> None:
    new = {"610.43.02": "sufficient", "580.65.06": "too-old", "99.1": "too-old", "101.5": "too-old"}
    old = dict.fromkeys(new, "sufficient")
    report = about(
        run(
            image("a", drivers=new, minimum_driver="600.1"),
            image("b", drivers=old, minimum_driver="99.1"),
            image("c", drivers=new, minimum_driver="580.70"),
            image("d"),
            image("e", drivers={"610.43.02": "sufficient"}),
        )
    )
    matrix = report.drivers
    assert [one.driver for one in matrix.drivers] == ["610.43.02", "580.65.06", "101.5", "99.1"]
    assert [(row.images, row.minimum_drivers) for row in matrix.rows] == [
        ([0, 2], ["580.70", "600.1"]),
        ([1], ["99.1"]),
        ([4], []),
    ]
    assert matrix.rows[2].outcomes == ["sufficient", None, None, None]
    first, second = matrix.drivers[:2]
    assert (first.cuda, first.outcomes["sufficient"], first.outcomes["too-old"]) == ("13.3", 4, 0)
    assert (second.outcomes["sufficient"], second.outcomes["too-old"]) == (1, 2)


def test_drivers_that_are_alike_are_one_range(about: AskAbout) -> None:
    first = {"610.1": "sufficient", "580.1": "sufficient", "550.1": "too-old", "525.1": "too-old"}
    second = {"610.1": "sufficient", "580.1": "sufficient", "550.1": "refused", "525.1": "depends"}
    found = ranges(about(run(image("a", drivers=first), image("b", drivers=second))).drivers)
    assert [(one.drivers, one.cuda, one.column) for one in found] == [
        ("580.1 to 610.1", "580 to 610", 0),
        ("550.1", "550", 2),
        ("525.1", "525", 3),
    ]


def test_drivers_of_other_runs_do_not_count(about: AskAbout) -> None:
    assert about(run(image("a", drivers={"1.1": "sufficient"})), run(image("a"))).drivers.rows == []
