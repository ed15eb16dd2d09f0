"""What runtimes cannot unpack is found, named and explained; what they can is no finding."""

import pytest

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.tar.obstacles import EVERYONE, Cause, stops_current
from ocianalyze.rules.engine import run
from ocianalyze.rules.layers.finding import cannot_unpack
from ocianalyze.rules.profiles import PROFILES
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Finding
from tests.rules.subjects import findings, found_in, make_subject, verdict
from tests.support.fit import BASE
from tests.support.headers import END, header
from tests.support.shapes.pieces import Shape, entry, file, hardlink, symlink, tar
from tests.support.tarballs import Item, directory, layer
from tests.support.tarballs import file as item
from tests.support.unpacking import ASKED_OF, MERGED, recorded, shapes_to_ask

FAMILY = [rule.id for rule in all_rules() if rule.family == "LAY"]
NAMES = {"containerd": "containerd", "docker": "Docker", "podman": "Podman"}
SHAPES = shapes_to_ask()
NOT_TOLD = {"hardlink-to-replaced-by-whiteout"}
"""Where Docker refuses a layer that it applies to the merged tree for another reason than is told."""


def _found(*layers: bytes) -> list[tuple[str, Finding]]:
    outcome = run(make_subject(*layers), list(PROFILES), select=["LAY"])
    return [(item.severity.value, item.finding) for item in outcome.judgements]


@pytest.mark.parametrize("name", SHAPES)
def test_who_refuses_a_shape_is_named(name: str) -> None:
    """The runtimes of the findings are those of the table, and so is what decides how bad it is."""
    refused = {runtime: answer for runtime, answer in recorded()[name].items() if answer.error}
    try:
        found = _found(*SHAPES[name])
    except CorruptLayerError:
        assert len(refused) == len(ASKED_OF)
        return
    told = {runtime for _, finding in found for runtime in finding.data["runtimes"]}
    optional = {MERGED} if name in NOT_TOLD else set()
    assert told - optional == refused.keys() - optional
    of_current = {"containerd", "docker"} <= refused.keys()
    if len(found) == 1 and found[0][1].data["cause"] != Cause.ATTRIBUTE_SIZE:
        is_of_use = bool({"containerd", "docker", "podman"} & refused.keys())
        assert found[0][0] == ("error" if of_current else "warning" if is_of_use else "note")
    for _, finding in found:
        assert all(NAMES[runtime] in finding.message for runtime in finding.data["runtimes"] if runtime in NAMES)
        assert finding.path is not None
        assert finding.path.startswith("/")
        assert finding.hint
        assert finding.layer is not None
        assert len(finding.message) < 500
    layers = {finding.layer for _, finding in found}
    if len(refused) == len(ASKED_OF):
        assert {int(answer.error.split()[1].rstrip(":")) for answer in refused.values()} <= layers


def test_every_cause_is_found_by_one_rule() -> None:
    rules = {}
    for name, shape in SHAPES.items():
        try:
            filesystem = make_subject(*shape).filesystem
        except CorruptLayerError:
            continue
        for obstacles in filesystem.obstacles:
            rules.update({group.cause: name for group in obstacles})
    assert rules.keys() == set(Cause)
    for cause, name in rules.items():
        found = {finding.rule for _, finding in _found(*SHAPES[name]) if finding.data["cause"] == cause}
        assert len(found) == 1 or cause in (Cause.PARENT, Cause.SYMLINK_DANGLING)
    assert len(FAMILY) == 11


# --- one by one -------------------------------------------------------------------------------------------------------


def _only(rule: str, shape: Shape) -> tuple[str, Finding]:
    (found,) = findings(rule, *shape)
    return found


@pytest.mark.parametrize(
    ("rule", "shape", "path", "what", "who", "hint"),
    [
        (
            "LAY001",
            "type-sparse-S",
            "/a",
            "sparse file of GNU tar (type 'S')",
            EVERYONE,
            "Create the layer without --sparse, or with --format=posix",
        ),
        (
            "LAY002",
            "hardlink-to-lower",
            "/h",
            "hard link to 'f', which is in a lower layer but not in this one",
            "CDPO",
            "Copy the file, use a symlink, or create the file and the link in one build step",
        ),
        (
            "LAY002",
            "hardlink-to-nothing",
            "/h",
            "hard link to 'nothing', which does not exist in this layer at that point",
            EVERYONE,
            "Write the file before the hard link, in the same layer",
        ),
        (
            "LAY005",
            "below-file-of-lower",
            "/f",
            "parent directory has no entry in this layer and is not a directory in a lower layer",
            "M",
            "Add an entry for each directory to the layer, parents first",
        ),
        (
            "LAY007",
            "parent-unstated",
            "/p/q",
            "directory in '/p', which has no earlier entry in this layer",
            "O",
            "Add an entry for each directory to the layer, parents first",
        ),
        (
            "LAY008",
            "name-dotdot-x",
            "/x",
            "path '../x' is outside the root",
            "DM",
            "Write the path relative to the root of the image, without '..'",
        ),
        (
            "LAY009",
            "file-then-whiteout",
            "/.wh.f",
            "whiteout for a path that has an earlier entry in the same layer",
            "CDPO",
            "Remove the whiteout, or write it before the entry",
        ),
        (
            "LAY010",
            "xattr-com-apple",
            "/a",
            "extended attribute 'com.apple.provenance' cannot be set",
            "DOM",
            "Create the archive on the Mac with 'COPYFILE_DISABLE=1 tar --no-xattrs'",
        ),
    ],
)
def test_what_is_said(rule: str, shape: str, path: str, what: str, who: str, hint: str) -> None:
    severity, finding = _only(rule, SHAPES[shape])
    assert (finding.path, finding.message, finding.hint) == (path, f"{what}; {cannot_unpack(who)}", hint)
    assert severity == ("error" if stops_current(who) else "warning" if set(who) & set("CDP") else "note")


def test_what_only_some_file_systems_take_is_a_warning() -> None:
    severity, finding = _only("LAY010", SHAPES["xattr-value-of-64k"])
    assert severity == "warning"
    assert finding.message.endswith("is too large for ext4; containerd, Docker and Podman cannot unpack it on ext4")


def test_runtimes_are_named_once_and_in_words() -> None:
    assert cannot_unpack(EVERYONE) == "containerd, Docker and Podman cannot unpack it"
    assert cannot_unpack("CP") == "containerd and Podman cannot unpack it, but Docker can"
    assert cannot_unpack("O") == (
        "older Docker (moby/go-archive 0.2) cannot unpack it, but containerd, current Docker and Podman can"
    )
    assert cannot_unpack("M") == "Docker without overlay2 cannot unpack it, but containerd, Docker and Podman can"


def test_no_more_than_a_few_are_listed_and_all_are_counted() -> None:
    links = tar(*(hardlink(b"%d" % number, b"nothing") for number in range(25)))
    found = findings("LAY002", links, tar(hardlink(b"h", b"nothing")))
    assert [finding.layer for _, finding in found] == [0] * 11 + [1]
    ((severity, counting),) = [(severity, finding) for severity, finding in found if finding.path is None]
    assert (severity, counting.data["count"]) == ("error", 25)
    assert counting.message == (
        "25 entries of this layer are affected, only 10 are listed; containerd, Docker and Podman cannot unpack them"
    )


def test_a_rule_lists_a_few_of_all_its_causes_together() -> None:
    many = [hardlink(b"%d" % number, b"nothing") for number in range(8)]
    many += [hardlink(b"d%d" % number, b".") for number in range(8)]
    found = findings("LAY002", tar(*many))
    assert len(found) == 11
    assert [finding.data["count"] for _, finding in found if finding.path is None] == [16]


def test_whatever_is_named_is_bounded() -> None:
    long = b"n" * (1 << 19)
    shape = [tar(symlink(b"l", long), hardlink(b"h", long), entry(long), file(b"a", records={b"uid": long}))]
    for _, finding in _found(*shape):
        assert len(finding.message) < 600
        assert len(finding.path or "") < 10_000


def test_an_image_that_conforms_otherwise_fails_and_all_else_is_judged() -> None:
    subject = make_subject([*BASE], tar(hardlink(b"opt/h", b"bin/sh")), config={"Env": ["PATH=/bin"]})
    found = verdict(subject)
    assert found["LAY002"] == "error"
    assert "KRN001" in found


def test_what_a_hardlink_to_a_lower_layer_was_to_bring_is_missing() -> None:
    base = [item(path, b"\x7fELF", mode=0o755) for path in ("opt/sh",)]
    found = verdict(make_subject(base, tar(hardlink(b"bin/sh", b"opt/sh"))))
    assert found["RTM001"] == "error"


def test_nothing_is_said_of_unstated_parents_where_older_docker_stops_anyway() -> None:
    shape = [tar(entry(b"p/q", b"5"), entry(b"a", b"E"))]
    assert findings("LAY007", *shape) == []
    assert len(findings("LAY001", *shape)) == 1


def test_damage_stays_damage() -> None:
    with pytest.raises(CorruptLayerError, match="checksum"):
        make_subject(header(b"a", checksum=b"000001\0 ") + END)


def test_findings_are_those_of_every_profile() -> None:
    subject = make_subject(SHAPES["type-contiguous-7"][0])
    for profile in PROFILES:
        assert [severity for severity, _ in found_in("LAY001", subject, profile)] == ["error"]


def test_owners_beyond_32_bits_are_no_obstacle_but_too_large() -> None:
    shape = [layer([directory("d"), Item(path="d/f", uid=1 << 33)])]
    assert _found(*shape) == []
    ((severity, finding),) = findings("USR005", *shape)
    assert (severity, finding.path) == ("error", "/d/f")
    assert "8589934592:0" in finding.message
