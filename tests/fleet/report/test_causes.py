"""What to fix, and in how many images that helps."""

from tests.fleet.report.conftest import AskAbout
from tests.support.fleets import finding, image, run


def test_one_fix_for_many_images(about: AskAbout) -> None:
    python = finding("KRN005", "/opt/python", "python")
    report = about(
        run(
            image("base", "os", "python", verdict="fail", findings=[python]),
            image("app", "os", "python", "app", verdict="fail", findings=[python]),
            image(
                "more", "os", "python", "more", verdict="fail", findings=[python, finding("USR001", "/home", "more")]
            ),
            image("fixed", "os", "python", "fix"),
        )
    )
    first, second = report.findings.causes
    assert (first.rule, first.path, first.images, first.fixed_in) == ("KRN005", "/opt/python", [0, 1, 2], [0])
    assert first.would_pass == 2, "the third image has another error"
    assert (second.rule, second.images, second.fixed_in, second.would_pass) == ("USR001", [2], [2], 0)
    assert first.layer is not None
    assert first.layer.created_by == "RUN make python"
    assert report.findings.number_of_causes == {"error": 2, "warning": 0, "note": 0}
    assert [(one.rule, one.images, one.causes) for one in report.findings.rules] == [("KRN005", 3, 1), ("USR001", 1, 1)]


def test_what_does_not_count(about: AskAbout) -> None:
    report = about(
        run(
            image(
                "a",
                "l",
                verdict="fail",
                findings=[
                    finding("KRN001", "/x", "l", waived="accepted"),
                    finding("KRN002", "/x", "l", caused_by="KRN001"),
                    finding("KRN003", "/x", "l", selected=0),
                    finding("KRN004", "/x", "l"),
                ],
            )
        ),
    )
    assert [cause.rule for cause in report.findings.causes] == ["KRN004"]
    assert [one.rule for one in report.findings.rules] == ["KRN004"]
    assert report.findings.causes[0].would_pass == 1


def test_findings_of_earlier_runs_do_not_count(about: AskAbout) -> None:
    report = about(run(image("a", "l", verdict="fail", findings=[finding("KRN001")])), run(image("a", "l")))
    assert not report.findings.causes
    assert not report.findings.rules


def test_causes_differ_by_rule_path_and_layer(about: AskAbout) -> None:
    found = [
        finding("KRN001", "/a", "l"),
        finding("KRN001", "/a", "l", fingerprint="again"),
        finding("KRN001", "/b", "l"),
        finding("KRN001", "/a", "m"),
        finding("KRN001", "/a", "l", kind="undecided"),
        finding("KRN002", "/a", "l", severity="warning"),
    ]
    report = about(run(image("a", "l", "m", verdict="fail", findings=found)))
    assert len(report.findings.causes) == 5
    (rule, _) = report.findings.rules
    assert (rule.findings, rule.causes, rule.images, rule.undecided) == (5, 4, 1, 1)
    assert report.findings.number_of_causes == {"error": 4, "warning": 1, "note": 0}


def test_an_image_passes_if_nothing_else_keeps_it_from_that(about: AskAbout) -> None:
    error, doubt = finding("KRN001", "/a", "l"), finding("KRN002", "/a", "l", kind="undecided")
    warning = finding("KRN003", "/a", "l", severity="warning")
    report = about(
        run(
            image("a", "l", verdict="fail", findings=[error, warning]),
            image("b", "l", verdict="fail", findings=[error, doubt]),
            image("c", "l", verdict="undecided", findings=[doubt]),
            image("d", "l", verdict="error", findings=[error]),
        )
    )
    passing = {cause.rule: cause.would_pass for cause in report.findings.causes}
    assert passing == {"KRN001": 1, "KRN002": 1, "KRN003": 0}


def test_without_a_layer_images_that_inherit_are_not_to_change(about: AskAbout) -> None:
    root = finding("USR001", None, None)
    report = about(
        run(
            image("base", "a", findings=[root]),
            image("app", "a", "b", findings=[root]),
            image("good", "a", "g"),
            image("bad again", "a", "g", "h", findings=[root]),
        )
    )
    (cause,) = report.findings.causes
    assert (cause.layer, cause.images, cause.fixed_in) == (None, [0, 1, 3], [0, 3])


def test_most_images_first_and_the_worst_of_equals(about: AskAbout) -> None:
    report = about(
        run(
            image("a", "l", findings=[finding("KRN001", "/n", "l", severity="note"), finding("KRN002", "/e", "l")]),
            image("b", "l", findings=[finding("KRN001", "/n", "l", severity="warning")]),
            image("c", "l", findings=[finding("KRN003", "/w", "l", severity="warning")]),
        )
    )
    assert [(cause.rule, cause.severity) for cause in report.findings.causes] == [
        ("KRN001", "warning"),
        ("KRN002", "error"),
        ("KRN003", "warning"),
    ]
