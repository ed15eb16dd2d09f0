"""Waste is blamed on the step that hid the bytes, with the lines that save it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest

from ocianalyze.rules.rule import Finding
from tests.rules.subjects import found_in, make_subject
from tests.support.tarballs import Item, whiteout

MB = 1_000_000
BASE = [Item(path="usr/lib/base", size=100 * MB)]
COPY = "COPY project/ /opt/project/ # buildkit"
RUN = "RUN /bin/sh -c pip install torch # buildkit"


def sized(path: str, size: int = 10 * MB, *, mode: int = 0o644, uid: int = 0, gid: int = 0) -> Item:
    """Make a file of so many zero bytes."""
    return Item(path=path, size=size, mode=mode, uid=uid, gid=gid)


def found(*layers: tuple[str, Sequence[Item]]) -> list[tuple[str, Finding]]:
    """Return what is found in an image of these steps upon a base."""
    steps = [("/bin/sh -c #(nop) ADD file:" + "a" * 64 + " in / ", BASE), *layers]
    subject = make_subject(*(items for _, items in steps))
    layers_with_steps = [
        layer._replace(created_by=step or None) for layer, (step, _) in zip(subject.image.layers, steps, strict=True)
    ]
    image = subject.image._replace(layers=tuple(layers_with_steps))
    return found_in("SIZ003", replace(subject, image=image))


class Case(NamedTuple):
    """What one step writes, what a later one does, and what is said of it."""

    written: tuple[str, Sequence[Item]]
    items: Sequence[Item]
    said: str
    hint: str


PROJECT = (COPY, [sized("opt/project/a"), sized("opt/project/b")])
TORCH = (RUN, [sized("opt/torch/a"), sized("opt/torch/b")])

SAVED = {
    "chown of what was copied": Case(
        PROJECT,
        [sized("opt/project/a", uid=1000, gid=100), sized("opt/project/b", uid=1000, gid=100)],
        "stores 20 MB again with another owner in /opt/project (layer 1)",
        "Set the owner while copying in layer 1: 'COPY --chown=1000:100 project/ /opt/project/', instead of in a later "
        "step",
    ),
    "chown of what classic Docker copied": Case(
        (f"/bin/sh -c #(nop) COPY dir:{'b' * 64} in /opt/project/ ", PROJECT[1]),
        [sized("opt/project/a", uid=1000, gid=100)],
        "stores 10 MB again with another owner in /opt/project/a (layer 1)",
        "Set the owner while copying in layer 1: 'COPY --chown=1000:100 SOURCE /opt/project/', instead of in a later "
        "step",
    ),
    "chown of what was installed": Case(
        TORCH,
        [sized("opt/torch/a", uid=1000, gid=100), sized("opt/torch/b", uid=1000, gid=100)],
        "stores 20 MB again with another owner in /opt/torch (layer 1)",
        "Set the owner in the step that writes the files: add '&& chown -R 1000:100 /opt/torch' to the step of layer 1 "
        "('RUN pip install torch')",
    ),
    "chown to several": Case(
        TORCH,
        [sized("opt/torch/a", uid=1000, gid=100), sized("opt/torch/b", uid=7)],
        "stores 20 MB again with another owner in /opt/torch (layer 1)",
        "Set the owner in the step that writes the files: add '&& chown -R OWNER /opt/torch' to the step of layer 1 "
        "('RUN pip install torch')",
    ),
    "chmod of what was copied": Case(
        PROJECT,
        [sized("opt/project/a", mode=0o755), sized("opt/project/b", mode=0o755)],
        "stores 20 MB again with another mode in /opt/project (layer 1)",
        "Set the mode while copying in layer 1: 'COPY --chmod=755 project/ /opt/project/', instead of in a later step",
    ),
    "chmod of what was installed": Case(
        ("|1 A=b /bin/sh -c make install", TORCH[1]),
        [sized("opt/torch/a", mode=0o755)],
        "stores 10 MB again with another mode in /opt/torch/a (layer 1)",
        "Set the mode in the step that writes the files: add '&& chmod -R 755 /opt/torch/a' to the step of layer 1 "
        "('RUN make install')",
    ),
    "deleted after it was installed": Case(
        TORCH,
        [whiteout("opt/torch")],
        "deletes 20 MB in /opt/torch (layer 1)",
        "Delete /opt/torch in the step that creates it: add '&& rm -rf /opt/torch' to the step of layer 1 "
        "('RUN pip install torch')",
    ),
    "deleted after it was copied": Case(
        PROJECT,
        [whiteout("opt/project")],
        "deletes 20 MB in /opt/project (layer 1)",
        "Mount /opt/project in the step that needs it instead of copying it in layer 1: "
        "'RUN --mount=type=bind,source=SOURCE,target=/opt/project ...'",
    ),
    "another version": Case(
        TORCH,
        [sized("opt/torch/a", 11 * MB), sized("opt/torch/b", 12 * MB)],
        "replaces 20 MB in /opt/torch (layer 1)",
        "Install only the final version of /opt/torch: join the step of layer 2 with '&&' to the step of layer 1 "
        "('RUN pip install torch')",
    ),
    "another version of what was copied": Case(
        PROJECT,
        [sized("opt/project/a", 11 * MB)],
        "replaces 10 MB in /opt/project/a (layer 1)",
        "Copy only the final version of /opt/project/a: leave it out of the step of layer 1 "
        "('COPY project/ /opt/project/')",
    ),
    "the same again": Case(
        PROJECT,
        PROJECT[1],
        "stores 20 MB again with the same size, time, owner and mode in /opt/project (layer 1)",
        "Store /opt/project once: run 'chown -R' and 'chmod -R' only on files that need it, and copy files only once",
    ),
    "an unknown step": Case(
        ("", TORCH[1]),
        [whiteout("opt/torch")],
        "deletes 20 MB in /opt/torch (layer 1)",
        "Delete /opt/torch in the step that creates it: add '&& rm -rf /opt/torch' to the step of layer 1",
    ),
}


@pytest.mark.parametrize("name", SAVED)
def test_the_step_that_hid_it_and_the_lines_that_save_it(name: str) -> None:
    written, items, said, hint = SAVED[name]
    ((severity, finding),) = found(written, ("RUN something", items))
    assert (severity, finding.layer, finding.hint) == ("note", 2, hint)
    assert finding.message.endswith(f" of earlier layers: it {said}")


BASES = {
    "Use a base image without /usr/lib/base": whiteout("usr"),
    "Use a base image that has the final version of /usr/lib/base": sized("usr/lib/base", 5),
    "Change the owner only of what the user has to write": sized("usr/lib/base", 100 * MB, uid=5),
    "Change the mode only of what needs it": sized("usr/lib/base", 100 * MB, mode=0o755),
}


@pytest.mark.parametrize("hint", BASES)
def test_what_comes_with_the_base_image(hint: str) -> None:
    ((severity, finding),) = found(("RUN something", [BASES[hint]]))
    assert (severity, finding.layer) == ("warning", 1)
    assert (finding.hint or "").startswith(hint)


def test_two_places_are_named() -> None:
    ((_, finding),) = found(PROJECT, TORCH, ("RUN x", [whiteout("opt/torch"), sized("opt/project/a", uid=5)]))
    assert finding.message == (
        "layer 3 hides 30 MB of earlier layers: it deletes 20 MB in /opt/torch (layer 2), and stores 10 MB again with "
        "another owner in /opt/project/a (layer 1)"
    )
    assert (finding.hint or "").count("; ") == 1
    assert finding.data["places"][1] == {
        "path": "/opt/project/a",
        "bytes": 10 * MB,
        "layer": 1,
        "change": "owner",
        "value": "5:0",
    }
    assert {key: value for key, value in finding.data.items() if key != "places"} == {
        "shadowed_bytes": 30 * MB,
        "wasted_bytes": 30 * MB,
        "image_bytes": 150 * MB,
    }


def test_over_a_third_is_a_warning() -> None:
    def image(size: int) -> list[tuple[str, Finding]]:
        return found(
            (RUN, [sized("a", size), sized("b", 5 * MB)]), ("RUN x", [whiteout("a")]), ("RUN y", [whiteout("b")])
        )

    assert [severity for severity, _ in image(44 * MB)] == ["note", "note"]  # 49 of 149 MB
