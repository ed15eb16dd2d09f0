"""Users, and owners of files in any layer."""

from typing import Any

import pytest

from tests.rules.subjects import GROUPS, base, findings
from tests.support.tarballs import Item, directory, file, hardlink, whiteout


def passwd(*lines: str) -> list[Item]:
    """Return /etc/passwd and /etc/group."""
    return [file("etc/passwd", "\n".join(lines).encode()), file("etc/group", GROUPS.encode())]


SAGEMAKER = passwd("root:x:0:0::/root:", "sagemaker-user:x:1000:100::/home/sagemaker-user:")


@pytest.mark.parametrize(
    ("items", "user"),
    [
        (SAGEMAKER, "1000"),
        (SAGEMAKER, "sagemaker-user"),
        (SAGEMAKER, "1000:100"),
        (SAGEMAKER, "sagemaker-user:users"),
        (SAGEMAKER, ""),
        (SAGEMAKER, "root"),
        ([], "0"),
        ([], ""),
        ([], "1000:100"),
        # AWS's R image: two users of one number.
        (passwd("sagemaker-user:x:1000:100::/home/sagemaker-user:", "rstudio:x:1000:100::/home/rstudio:"), "rstudio"),
    ],
)
def test_supported_users(items: list[Item], user: str) -> None:
    for rule in ("USR001", "USR003", "USR004"):
        assert findings(rule, items, config={"User": user}) == []


@pytest.mark.parametrize(
    ("items", "user", "rule"),
    [
        (passwd("u:x:1000:1000::/home/u:"), "1000", "USR001"),
        (passwd("u:x:1001:100::/home/u:"), "u", "USR001"),
        (SAGEMAKER, "1000:0", "USR001"),
        (SAGEMAKER, "0:100", "USR001"),
        (SAGEMAKER, "jovyan", "USR003"),
        (SAGEMAKER, "1000:wheel", "USR003"),
        (SAGEMAKER, "4294967295", "USR003"),
        ([], "sagemaker-user", "USR003"),
        (passwd("root:x:0:0::/root:"), "1000", "USR004"),
        ([], "1000", "USR004"),
    ],
)
def test_unsupported_users(items: list[Item], user: str, rule: str) -> None:
    found = {name: findings(name, items, config={"User": user}) for name in ("USR001", "USR003", "USR004")}
    assert [severity for severity, _ in found.pop(rule)] == ["error"]
    assert not any(found.values())


def test_an_unlisted_user_of_another_number_is_both() -> None:
    for rule in ("USR001", "USR004"):
        assert [severity for severity, _ in findings(rule, base(), config={"User": "5000"})] == ["error"]


@pytest.mark.parametrize("owner", [{"uid": 65535}, {"gid": 65535}, {"uid": 65534, "gid": 65534}])
def test_owners_in_range(owner: dict[str, Any]) -> None:
    assert findings("USR005", [file("a", **owner)]) == []


@pytest.mark.parametrize(
    "item",
    [
        file("a", uid=65536),
        file("a", gid=65536),
        directory("a", uid=4294967294),
        # Beyond seven octal digits: a PAX record.
        file("a", uid=2_000_123_456),
        Item(path="a", kind="symlink", target="b", gid=70_000),
    ],
)
def test_owners_out_of_range(item: Item) -> None:
    ((severity, finding),) = findings("USR005", [file("x"), item])
    assert (severity, finding.path, finding.layer, finding.data["count"]) == ("error", "/a", 0, 1)


def test_deleted_files_count_and_layers_are_told_apart() -> None:
    layers = [
        [file("ok")],
        [file(f"d/{n}", uid=70_000 + n % 2) for n in range(30)],
        [whiteout("d")],
        [file("e", gid=99_999), hardlink("f", "e", gid=99_999)],
    ]
    first, second = (finding for _, finding in findings("USR005", *layers))
    assert (first.layer, first.data["count"], first.data["deleted"]) == (1, 30, 30)
    assert first.data["ids"] == ["70000:0", "70001:0"]
    assert len(first.data["paths"]) == 10
    assert "deletes" in first.message
    assert (second.layer, second.data["count"], second.data["deleted"]) == (3, 2, 0)
