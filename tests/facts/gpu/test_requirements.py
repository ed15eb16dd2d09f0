"""What images demand of drivers: the tables are those of nvidia-container-toolkit's own tests, with its results."""

import pytest

from ocianalyze.facts.gpu.drivers import compare, cuda_of, minimum_for, parse_version, released_with
from ocianalyze.facts.gpu.requirements import (
    Condition,
    Host,
    find_requirements,
    fulfils,
    major_minor,
    parse_requirement,
)


def environment(*variables: str) -> dict[str, str]:
    """Return variables as a mapping."""
    return dict(variable.split("=", 1) for variable in variables)


# internal/config/image/cuda_image_test.go, TestGetRequirements
REQUIREMENTS = [
    (["NVIDIA_REQUIRE_JETPACK=csv-mounts=all"], []),
    (["NVIDIA_REQUIRE_JETPACK_HOST_MOUNTS=base-only"], []),
    (["NVIDIA_REQUIRE_CUDA=cuda>=11.6"], ["cuda>=11.6"]),
    (["NVIDIA_REQUIRE_CUDA=cuda>=11.6", "NVIDIA_REQUIRE_BRAND=brand=tesla"], ["brand=tesla", "cuda>=11.6"]),
    (["CUDA_VERSION=11.6"], ["cuda>=11.6"]),
    (["CUDA_VERSION=11.6", "NVIDIA_REQUIRE_BRAND=brand=tesla"], ["brand=tesla", "cuda>=11.6"]),
    (["NVIDIA_REQUIRE_CUDA=cuda>=11.6", "NVIDIA_REQUIRE_BRAND=brand=tesla", "NVIDIA_DISABLE_REQUIRE=true"], []),
    (["CUDA_VERSION=11.6", "NVIDIA_REQUIRE_BRAND=brand=tesla", "NVIDIA_DISABLE_REQUIRE=true"], []),
    # strconv.ParseBool
    (["NVIDIA_REQUIRE_CUDA=cuda>=11.6", "NVIDIA_DISABLE_REQUIRE=T"], []),
    (["NVIDIA_REQUIRE_CUDA=cuda>=11.6", "NVIDIA_DISABLE_REQUIRE=yes"], ["cuda>=11.6"]),
    (["NVIDIA_REQUIRE_CUDA=cuda>=11.6", "CUDA_VERSION=12.0"], ["cuda>=11.6"]),
    (["NVIDIA_REQUIRE_CUDA=", "CUDA_VERSION=12.0.1"], ["cuda>=12.0"]),
    (["CUDA_VERSION="], []),
    ([], []),
]


@pytest.mark.parametrize(("variables", "expected"), REQUIREMENTS)
def test_requirements_of_variables(variables: list[str], expected: list[str]) -> None:
    assert [str(item) for item in find_requirements(environment(*variables))] == expected


# TestParseMajorMinorVersionValid
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0.0"),
        ("8", "8.0"),
        ("7.5", "7.5"),
        ("9.0.116", "9.0"),
        ("4294967295.4294967295.4294967295", "4294967295.4294967295"),
        ("v11.6", "11.6"),
    ],
)
def test_legacy_versions(text: str, expected: str) -> None:
    assert major_minor(text) == expected


# TestParseMajorMinorVersionInvalid
@pytest.mark.parametrize(
    "text",
    [
        *("foo", "foo.5.10", "9.0.116.50", "9.0.116foo", "7.foo", "9.0.bar", "9.4294967296", "9.0.116.", "9..0", "9."),
        *(".5.10", "-9", "+9", "-9.1.116", "-9.-1.-116"),
    ],
)
def test_legacy_versions_that_are_none(text: str) -> None:
    assert major_minor(text) is None
    (requirement,) = find_requirements({"CUDA_VERSION": text})
    assert requirement.problem is not None


# internal/requirements/constraints/factory_test.go, TestParse
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("cuda>=11.6", [[("cuda", ">=", "11.6")]]),
        ("cuda>11.6", [[("cuda", ">", "11.6")]]),
        ("cuda<=11.6", [[("cuda", "<=", "11.6")]]),
        ("cuda<11.6", [[("cuda", "<", "11.6")]]),
        ("cuda=11.6", [[("cuda", "=", "11.6")]]),
        ("cuda!=11.6", [[("cuda", "!=", "11.6")]]),
        # TestNewConstraintFromRequirement (whose descriptions mix up the two, unlike its results)
        ("cuda>=11.6 arch=5.3", [[("cuda", ">=", "11.6")], [("arch", "=", "5.3")]]),
        ("cuda>=11.6,arch=5.3", [[("cuda", ">=", "11.6"), ("arch", "=", "5.3")]]),
        ("cuda<13.6 cuda>=11.6,arch=5.3", [[("cuda", "<", "13.6")], [("cuda", ">=", "11.6"), ("arch", "=", "5.3")]]),
        ("  cuda=1,,  ", [[("cuda", "=", "1")]]),
    ],
)
def test_alternatives_and_conditions(text: str, expected: list[list[tuple[str, str, str]]]) -> None:
    requirement = parse_requirement("X", text)
    assert requirement.problem is None
    assert [[tuple(item) for item in group] for group in requirement.alternatives] == expected


@pytest.mark.parametrize(
    "text", ["notvalid", "cuda=foo", "cuda==11", "cuda=", "=5", "foo=45", "cuda>=11.6 foo=bar", "cuda<>1"]
)
def test_what_the_container_runtime_refuses(text: str) -> None:
    assert parse_requirement("X", text).problem is not None


NVIDIA_CUDA = (
    "cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=unknown,driver>=470,driver<471 "
    "brand=tesla,driver>=525,driver<526 brand=tesla,driver>=535,driver<536"
)


@pytest.mark.parametrize(
    ("driver", "text", "expected"),
    [
        ("550.54.15", NVIDIA_CUDA, True),
        ("580.65.06", NVIDIA_CUDA, True),
        ("535.104.05", NVIDIA_CUDA, None),  # if the GPU is a Tesla
        ("530.30.02", NVIDIA_CUDA, False),
        ("470.57.02", NVIDIA_CUDA, None),
        ("450.80.02", NVIDIA_CUDA, False),
        ("535.104.05", "cuda>=12.2", True),
        ("535.104.05", "cuda>=12.3", False),
        ("535.104.05", "CUDA>=12.2,DRIVER>=535", True),
        ("535.104.05", "driver=535.104.5", True),
        ("535.104.05", "driver!=535.104.05", False),
        ("535", "driver>=535.0.0", True),
        ("535.1", "driver>535", True),
        ("535.1", "driver<=535", False),
        ("535.1", "arch>=7.0", None),
        ("535.1", "arch>=7.0,driver<500", False),
        ("535.1", "", True),
        ("100", "cuda>=1.0", None),  # older than any that is known
    ],
)
def test_hosts(driver: str, text: str, expected: bool | None) -> None:  # noqa: FBT001 - three values
    host = Host.of(driver)
    assert host is not None
    assert fulfils(host, parse_requirement("X", text)) is expected


def test_hosts_without_a_version() -> None:
    assert Host.of("new") is None
    assert Host.of("9" * 50) is None
    assert str(Condition("cuda", ">=", "1")) == "cuda>=1"


@pytest.mark.parametrize(
    ("left", "right", "order"), [("1.0", "1", 0), ("1.2", "1.10", -1), ("2", "1.9.9", 1), ("535.05", "535.5", 0)]
)
def test_versions_are_compared_by_their_numbers(left: str, right: str, order: int) -> None:
    first, second = parse_version(left), parse_version(right)
    assert first is not None
    assert second is not None
    assert compare(first, second) == order
    assert compare(second, first) == -order


def test_drivers_and_cuda_versions() -> None:
    assert cuda_of((535, 104, 5)) == (12, 2)
    assert cuda_of((565, 57)) == (12, 6)
    assert cuda_of((999,)) == (13, 3)
    assert cuda_of((300,)) is None
    assert released_with((12, 4)) == "550.54.14"
    assert released_with((12, 7)) == "570.26"
    assert released_with((99, 0)) is None
    assert minimum_for((12, 9)) == "525.60.13"


@pytest.mark.parametrize(
    ("condition", "fulfilled"),
    [
        ("cuda>=12.4", True),
        ("cuda>=13.3", True),
        ("cuda>=13.9", None),
        ("cuda<14", None),
        ("cuda<13", False),
        ("cuda=13.3", None),
        ("cuda>13.3", None),
    ],
)
def test_a_driver_newer_than_the_table_may_have_a_newer_cuda(
    condition: str,
    fulfilled: bool | None,  # noqa: FBT001 - three values
) -> None:
    host = Host.of("999.10")
    assert host is not None
    assert host.or_newer
    assert fulfils(host, parse_requirement("X", condition)) is fulfilled
    known = Host.of("610.43.02")
    assert known is not None
    assert not known.or_newer


def test_much_is_refused_in_time() -> None:
    assert parse_requirement("X", "a," * 100_000).problem == "'a' is not a comparison"
    assert len(find_requirements({f"NVIDIA_REQUIRE_{n}": "cuda>=1" for n in range(1000)})) == 1000
