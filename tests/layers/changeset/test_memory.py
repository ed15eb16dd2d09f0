"""The memory of a layer is charged alike, whether it is read batch by batch or comes from the cache as a whole."""

from ocianalyze.layers.changeset.building import read_changeset
from ocianalyze.layers.changeset.changeset import memory_of
from ocianalyze.layers.metering.budget import Budget, memory_of_rows
from ocianalyze.layers.metering.limits import Limits
from tests.support.blobs import stream_window
from tests.support.tarballs import directory, file, layer, symlink


def test_the_whole_is_the_sum_of_its_batches() -> None:
    items = [directory("d"), *(file(f"d/{number}") for number in range(20_000)), file("d/é☃"), symlink("d/é", "☃")]
    budget = Budget(Limits())
    changeset = read_changeset(stream_window(layer(items)), what="x", budget=budget)
    assert Limits().max_memory - budget._memory == memory_of(changeset)


def test_one_name_does_not_make_others_dear() -> None:
    names = ["abc", "déf", "☃"]
    assert memory_of_rows(names) == sum(memory_of_rows([name]) for name in names)
