"""What images are built on, and where layers come from."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.fleet.report.document import FleetReport
from tests.fleet.report.conftest import AskAbout, asked
from tests.support.fleets import finding, image, run, write_fleet


def bases(report: FleetReport) -> list[int | None]:
    """Return the base of each image in the fleet."""
    return [one.base.image if one.base is not None else None for one in report.images]


def test_the_longest_stack_below_is_the_base(about: AskAbout) -> None:
    report = about(
        run(
            image("app", "a", "b", "c", "d"),
            image("lower", "a"),
            image("base", "a", "b"),
            image("same", "a", "b"),
            image("other", "b", "a", "c"),
            image("sibling", "a", "b", "x"),
            image("empty"),
        )
    )
    assert bases(report) == [2, None, 1, 1, None, 2, None]
    assert [one.built_on_it for one in report.images] == [0, 4, 2, 2, 0, 0, 0]
    assert report.without_base == [1, 4]
    assert [(use.image, use.name, use.direct, use.in_all) for use in report.bases] == [(1, None, 2, 4), (2, None, 2, 2)]


def test_contents_count_not_their_compression(about: AskAbout) -> None:
    report = about(run(image("base", "a", "b"), image("app", "a@zstd", "b@zstd", "c")))
    assert bases(report) == [None, 0]


def test_stated_bases(about: AskAbout) -> None:
    report = about(
        run(
            image("a", "x", base="debian:12"),
            image("b", "y", base="debian:12"),
            image("c", "y", "z", base="debian:12"),
            image("d", "w", base=""),
        )
    )
    assert bases(report) == [None, None, 1, None]
    assert [one.base.stated if one.base else None for one in report.images] == ["debian:12"] * 3 + [None]
    assert report.without_base == [3]
    assert [(use.image, use.name, use.direct, use.in_all) for use in report.bases] == [
        (None, "debian:12", 2, 2),
        (1, None, 1, 1),
    ]


def relations(report: FleetReport) -> dict[str, tuple[str, int, str | None]]:
    """Return where the layer of each rule's finding comes from."""
    found: dict[str, tuple[str, int, str | None]] = {}
    for cause in report.findings.causes:
        assert cause.layer is not None
        assert cause.layer.base is not None
        found[cause.rule] = (cause.layer.base.relation, cause.layer.base.image, cause.layer.base.name)
    return found


def test_where_layers_come_from(about: AskAbout) -> None:
    def broken(*rules: str) -> list[dict[str, object]]:
        layers = {"KRN001": "a", "KRN002": "b", "KRN003": "own", "KRN004": "s", "KRN005": "t", "KRN006": "u"}
        return [finding(rule, "/x", layers[rule]) for rule in rules]

    report = about(
        run(
            image("app", "a", "b", "own", findings=broken("KRN001", "KRN002", "KRN003")),
            image("base", "a", "b", findings=broken("KRN001", "KRN002")),
            image("copy", "a", "b", findings=broken("KRN001")),
            image("sibling", "s", "t", "1", base="debian", findings=broken("KRN004", "KRN005")),
            image("sibling", "s", "t", "2", "3", base="debian"),
            image("another", "t", "u", base="ubuntu", findings=broken("KRN006")),
            image("another", "u", "9"),
        )
    )
    assert relations(report) == {
        "KRN001": ("base", 1, None),
        "KRN002": ("base", 1, None),
        "KRN003": ("own", 0, None),
        "KRN004": ("stated", 3, "debian"),
        "KRN005": ("shared", 5, None),
        "KRN006": ("stated", 5, "ubuntu"),
    }


def test_a_layer_that_no_image_has(about: AskAbout) -> None:
    (cause,) = about(run(image("a", "x", findings=[finding("KRN001", "/x", "gone")]))).findings.causes
    assert cause.layer is not None
    assert cause.layer.base is None
    assert cause.fixed_in == []


@given(stacks=st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=12))
def test_bases_are_those_of_a_slow_search(stacks: list[list[str]]) -> None:
    with TemporaryDirectory() as directory:
        path = write_fleet(Path(directory, "x"), run(*(image(str(n), *stack) for n, stack in enumerate(stacks))))
        report = asked(path)
    for place, stack in enumerate(stacks):
        below = [
            (len(other), -number)
            for number, other in enumerate(stacks)
            if other and len(other) < len(stack) and stack[: len(other)] == other
        ]
        assert bases(report)[place] == (-max(below)[1] if below else None)
        above = sum(len(other) > len(stack) > 0 and other[: len(stack)] == stack for other in stacks)
        assert report.images[place].built_on_it == above
