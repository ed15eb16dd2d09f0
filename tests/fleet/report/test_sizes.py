"""What images and layers take, and what sharing saves."""

from tests.fleet.report.conftest import AskAbout
from tests.support.fleets import LAYER_SIZE, digest_of, image, run


def test_what_sharing_saves(about: AskAbout) -> None:
    report = about(
        run(
            image("a", "base", "a", size=10),
            image("b", "base", "b", size=30),
            image("c", "base", "b", "c", "c"),
            image("d", verdict=None),
        )
    )
    size = report.sizes
    assert (size.images, size.images_known, size.layers) == (40, 2, 4)
    assert (size.stored.apart, size.stored.together) == (8 * LAYER_SIZE, 4 * LAYER_SIZE)
    assert (size.unpacked.apart, size.unpacked.together) == (24 * LAYER_SIZE, 12 * LAYER_SIZE)
    assert size.largest == [1, 0]
    assert [(use.diff_id, use.images, use.saved) for use in size.shared] == [
        (digest_of("base"), 3, 2 * LAYER_SIZE),
        (digest_of("b"), 2, LAYER_SIZE),
    ]
    assert {use.diff_id for use in size.single} == {digest_of("a"), digest_of("c")}
    assert [one.own_size for one in report.images] == [2 * LAYER_SIZE, LAYER_SIZE, LAYER_SIZE, 0]
    assert sum(one.own_size for one in report.images) == size.stored.together


def test_layers_of_other_runs_do_not_count(about: AskAbout) -> None:
    report = about(run(image("a", "x", "y")), run(image("a", "x")))
    assert report.sizes.layers == 1
    assert report.sizes.shared == []


def test_a_layer_that_is_stored_in_two_ways_is_stored_twice(about: AskAbout) -> None:
    report = about(run(image("a", "x"), image("b", "x@zstd", "y")))
    assert report.sizes.layers == 3
    assert report.sizes.stored.together == 3 * LAYER_SIZE
    assert [one.own_size for one in report.images] == [LAYER_SIZE, 2 * LAYER_SIZE]
