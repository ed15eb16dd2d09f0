"""What changed since the run before."""

from ocianalyze.fleet.report.document import FleetChanges, FleetReport
from tests.fleet.report.conftest import AskAbout
from tests.support.fleets import failed, finding, image, run


def changes_of(report: FleetReport) -> FleetChanges:
    """Return the changes, which there must be."""
    assert report.changes is not None
    return report.changes


def moved(report: FleetReport) -> dict[str, str]:
    """Return what became of the images that changed."""
    return {change.label: change.movement for change in changes_of(report).images}


def counted(report: FleetReport) -> dict[str, int]:
    """Return how many images moved in each way."""
    return {movement: number for movement, number in changes_of(report).movements.items() if number}


def test_the_first_run_has_nothing_to_compare_with(about: AskAbout) -> None:
    assert about(run(image("a"))).changes is None
    assert about(run(image("a"), finished=None), run(image("a"))).changes is None


def test_the_newest_earlier_finished_run_is_compared_with(about: AskAbout) -> None:
    runs = (run(image("a")), run(image("b")), run(image("c"), finished=None), run(image("b")))
    report = about(*runs)
    assert changes_of(report).since.id == 2
    assert counted(report) == {"same": 1}


def test_images_move(about: AskAbout) -> None:
    old = run(
        image("same", verdict="fail"),
        image("worse", verdict="pass"),
        image("doubted", verdict="pass"),
        image("better", verdict="fail"),
        image("gone"),
        failed("analysed", "registry", "no"),
        image("lost"),
        failed("still", "registry", "no"),
    )
    new = run(
        image("new"),
        image("same", verdict="fail"),
        image("worse", verdict="fail"),
        image("doubted", verdict="undecided"),
        image("better", verdict="undecided"),
        image("analysed", verdict="fail"),
        failed("lost", "registry", "no"),
        failed("still", "registry", "no"),
    )
    report = about(old, new)
    assert moved(report) == {
        "new": "new",
        "gone": "gone",
        "worse": "worse",
        "doubted": "worse",
        "lost": "not-analysed",
        "better": "better",
        "analysed": "analysed",
    }
    assert counted(report) == {
        "new": 1,
        "gone": 1,
        "worse": 2,
        "not-analysed": 1,
        "better": 1,
        "analysed": 1,
        "same": 2,
    }
    by_label = {change.label: change for change in changes_of(report).images}
    assert (by_label["gone"].image, by_label["gone"].new) == (None, None)
    assert (by_label["worse"].image, by_label["worse"].old, by_label["worse"].new) == (2, "pass", "fail")


def test_what_is_not_known_yet_did_not_change(about: AskAbout) -> None:
    old = run(image("a"), image("b"), image("c"))
    assert moved(about(old, run(image("a"), is_listed=0, finished=None))) == {}
    report = about(old, run(image("a"), image("b", verdict=None), finished=None))
    assert moved(report) == {"c": "gone"}
    assert changes_of(report).pending == 1


def test_images_are_recognised_by_reference_name_and_registration(about: AskAbout) -> None:
    old = run(
        image("a", title="x/1", verdict="fail"),
        image("a", title="x/2"),
        image("b.tar", name="one"),
        image("c", app_image_config='{"AppImageConfigName": "p"}', title="then"),
        image("twice", verdict="fail"),
        image("twice"),
    )
    new = run(
        image("a", title="x/2"),
        image("a", title="x/1", verdict="fail"),
        image("b.tar", name="two"),
        image("c", app_image_config='{"AppImageConfigName": "p"}', title="now"),
        image("twice", verdict="fail"),
        image("twice"),
    )
    report = about(old, new)
    assert moved(report) == {"b.tar (two)": "new", "b.tar (one)": "gone"}
    assert changes_of(report).movements["same"] == 5


def test_findings_are_new_and_fixed(about: AskAbout) -> None:
    stays, goes, comes = finding("KRN001", "/a"), finding("KRN002", "/b"), finding("KRN003", "/c")
    old = run(image("a", verdict="fail", findings=[stays, goes]), image("b", verdict="fail", findings=[stays]))
    new = run(
        image("a", verdict="fail", findings=[stays, comes]), image("b"), image("c", verdict="fail", findings=[stays])
    )
    report = about(old, new)
    by_label = {change.label: change for change in changes_of(report).images}
    assert by_label["a"].movement == "same"
    assert [(one.rule, one.path) for one in by_label["a"].new_findings] == [("KRN003", "/c")]
    assert [one.rule for one in by_label["a"].fixed_findings] == ["KRN002"]
    assert [one.rule for one in by_label["b"].fixed_findings] == ["KRN001"]
    assert by_label["c"].new_findings == [], "there is nothing to compare a new image with"
    assert {(one.rule, one.new, one.fixed) for one in changes_of(report).rules} == {
        ("KRN001", 0, 1),
        ("KRN002", 0, 1),
        ("KRN003", 1, 0),
    }


def test_findings_that_get_worse_are_new(about: AskAbout) -> None:
    def one(**columns: object) -> list[dict[str, object]]:
        return [finding("KRN001", "/a", **columns)]  # type: ignore[arg-type]

    cases: tuple[tuple[dict[str, object], dict[str, object], tuple[int, int]], ...] = (
        ({"severity": "warning"}, {"severity": "error"}, (1, 0)),
        ({"severity": "error"}, {"severity": "warning"}, (0, 0)),
        ({"kind": "undecided"}, {}, (1, 0)),
        ({}, {"kind": "undecided"}, (0, 0)),
        ({"waived": "yes"}, {}, (1, 0)),
        ({}, {"waived": "yes"}, (0, 1)),
        ({"selected": 0}, {}, (1, 0)),
        ({}, {"caused_by": "USR001"}, (0, 0)),
        ({"caused_by": "USR001"}, {}, (0, 0)),
    )
    for before, now, expected in cases:
        report = about(run(image("a", findings=one(**before))), run(image("a", findings=one(**now))))
        found = changes_of(report).images
        assert (
            sum(len(change.new_findings) for change in found),
            sum(len(change.fixed_findings) for change in found),
        ) == expected, (before, now)


def test_images_that_were_not_analysed_have_no_new_findings(about: AskAbout) -> None:
    old = run(failed("a", "registry", "no"), image("b", verdict="fail", findings=[finding()]))
    new = run(image("a", verdict="fail", findings=[finding()]), failed("b", "registry", "no"))
    report = about(old, new)
    assert all(not change.new_findings and not change.fixed_findings for change in changes_of(report).images)
