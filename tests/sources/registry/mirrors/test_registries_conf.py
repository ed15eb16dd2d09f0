"""registries.conf, as skopeo reads it: the longest prefix decides, and a mirror is asked for nothing else."""

from pathlib import Path

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import RegistryError, UsageError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from ocianalyze.sources.registry.endpoints import endpoints
from ocianalyze.sources.registry.mirrors.registries_conf import RegistriesConf
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.registries import registry_access
from tests.support.tools import requires, run

DIGEST = f"sha256:{'a' * 64}"


def conf(directory: Path, text: str) -> RegistriesConf:
    """Return what a file says."""
    path = directory / "registries.conf"
    path.write_text(text)
    return RegistriesConf({"CONTAINERS_REGISTRIES_CONF": str(path)})


def asked(directory: Path, text: str, name: str) -> list[str] | None:
    """Return where an image is asked for, without tags and digests."""
    stated = conf(directory, text).find(RepositoryName.parse(name))
    return None if stated is None else [*(mirror.name for mirror, _ in stated.mirrors), stated.location.name]


HUB = """
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "first.example.com"
[[registry.mirror]]
location = "second.example.com:5000/hub/"
"""
NESTED = """
[[registry]]
location = "example.com"
[[registry.mirror]]
location = "wide.example.net"
[[registry]]
prefix = "example.com/team"
location = "inside.example.com/team-a"
[[registry]]
prefix = "example.com/team/app"
location = "example.com/team/app"
[[registry.mirror]]
location = "narrow.example.net/app"
"""
SUBDOMAINS = """
[[registry]]
prefix = "*.example.com"
[[registry]]
prefix = "*.moved.example.com"
location = "new.example.net/all"
"""
BY_DIGEST = """
[[registry]]
location = "example.com"
mirror-by-digest-only = true
[[registry.mirror]]
location = "mirror.example.net"
"""
BY_KIND = """
[[registry]]
location = "example.com"
[[registry.mirror]]
location = "tags.example.net"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "digests.example.net"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "all.example.net"
pull-from-mirror = "all"
"""

TWICE = """
[[registry]]
location = "example.com"
[[registry]]
prefix = "example.com/"
location = "other.example.net"
"""

ASKED = [
    (TWICE, "example.com/x", ["example.com/x"]),
    (HUB, "ubuntu", ["first.example.com/library/ubuntu", "second.example.com:5000/hub/library/ubuntu",
                     "docker.io/library/ubuntu"]),
    (HUB, "quay.io/library/ubuntu", None),
    (HUB, "docker.io.example.com/library/ubuntu", None),
    (NESTED, "example.com/other/app", ["wide.example.net/other/app", "example.com/other/app"]),
    (NESTED, "example.com/team/tool:1", ["inside.example.com/team-a/tool"]),
    (NESTED, "example.com/team/app:1", ["narrow.example.net/app", "example.com/team/app"]),
    (NESTED, "example.com/team/app2", ["inside.example.com/team-a/app2"]),
    (NESTED, "example.com/teams/app", ["wide.example.net/teams/app", "example.com/teams/app"]),
    (NESTED, "example.com:5000/team/app", None),
    (SUBDOMAINS, "a.example.com/x", ["a.example.com/x"]),
    (SUBDOMAINS, "example.com/x", None),
    (SUBDOMAINS, "notexample.com/x", None),
    (SUBDOMAINS, "a.moved.example.com/x/y", ["new.example.net/all/x/y"]),
    (BY_DIGEST, "example.com/x:1", ["example.com/x"]),
    (BY_DIGEST, f"example.com/x@{DIGEST}", ["mirror.example.net/x", "example.com/x"]),
    (BY_DIGEST, f"example.com/x:1@{DIGEST}", ["mirror.example.net/x", "example.com/x"]),
    (BY_KIND, "example.com/x:1", ["tags.example.net/x", "all.example.net/x", "example.com/x"]),
    (BY_KIND, f"example.com/x@{DIGEST}", ["digests.example.net/x", "all.example.net/x", "example.com/x"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "expected"), ASKED)
def test_where_an_image_is_asked_for(tmp_path: Path, text: str, name: str, expected: list[str] | None) -> None:
    assert asked(tmp_path, text, name) == expected


def test_tags_and_digests_stay(tmp_path: Path) -> None:
    stated = conf(tmp_path, HUB).find(RepositoryName.parse(f"ubuntu:24.04@{DIGEST}"))
    assert stated is not None
    assert {str(name).partition("/ubuntu")[2] for name, _ in stated.mirrors} == {f":24.04@{DIGEST}"}


TAGGED = """
[[registry]]
prefix = "example.com/app:1"
location = "inside.example.net/app:2"
[[registry.mirror]]
location = "mirror.example.net/app/"
"""


def test_a_prefix_may_have_a_tag(tmp_path: Path) -> None:
    stated = conf(tmp_path, TAGGED).find(RepositoryName.parse("example.com/app:1"))
    assert stated is not None
    assert [str(name) for name, _ in stated.mirrors] == ["mirror.example.net/app:1"]
    assert str(stated.location) == "inside.example.net/app:2"
    assert conf(tmp_path, TAGGED).find(RepositoryName.parse("example.com/app:10")) is None


WRONG = [
    ('[[registry]]\nlocation = "example.com"\nblocked = true', "example.com/x is blocked by .*registries.conf"),
    ("[registries.search]\nregistries = ['x']", "has the format of version 1"),
    ("[[registry]]\ninsecure = true", "neither a location nor a prefix"),
    ('[[registry]]\nlocation = "example.com"\ninsecure = "yes"', "registry.1.insecure: must be a valid bool"),
    ('[[registry]]\nlocation = "example.com"\n[[registry.mirror]]\nlocation = "A B"', "leads example.com/x to 'A B/x'"),
    (
        '[[registry]]\nprefix = "example.com/x"\nlocation = "mirror/of"',
        "leads example.com/x to 'mirror/of', which names no registry",
    ),
    (
        '[[registry]]\nlocation = "example.com"\n[[registry.mirror]]\nlocation = "mirror"',
        "leads example.com/x to 'mirror/x', which names no registry",
    ),
    (
        '[[registry]]\nprefix = "https://example.com"\nlocation = "a.example"',
        "'https://example.com' is a URL, not a pre",
    ),
    (
        '[[registry]]\nlocation = "example.com"\n[[registry.mirror]]\nlocation = "http://m.example"',
        "leads example.com/x to 'http://m.example/x', which is not an image name",
    ),
    ("[[registry]", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_cannot_be_followed(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        asked(tmp_path, text, "example.com/x")
    assert str(tmp_path) in error.value.message


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^CONTAINERS_REGISTRIES_CONF: .*/missing\.conf does not exist$"):
        RegistriesConf({"CONTAINERS_REGISTRIES_CONF": f"{tmp_path}/missing.conf"})
    assert RegistriesConf({"CONTAINERS_REGISTRIES_CONF": "/dev/null"}).alias("x") == "x"
    assert RegistriesConf({"HOME": f"{tmp_path}/missing"}).alias("team/x:1") == "team/x:1"


def test_which_files_count(tmp_path: Path) -> None:
    """The user's file replaces the system's; what is dropped in replaces it for the same prefix; later names win."""
    config = tmp_path / ".config" / "containers"
    (config / "registries.conf.d").mkdir(parents=True)
    (config / "registries.conf").write_text(HUB.replace("second", "other") + '[aliases]\n"x" = "example.com/x"\n')
    (config / "registries.conf.d" / "1.conf").write_text('[aliases]\n"x" = "example.net/x"\n"gone" = ""\n')
    (config / "registries.conf.d" / "2.conf").write_text('[[registry]]\nprefix="docker.io"\nlocation = "hub.example"\n')
    (config / "registries.conf.d" / "3.txt").write_text("no TOML")
    found = RegistriesConf({"HOME": str(tmp_path)})
    stated = found.find(RepositoryName.parse("ubuntu"))
    assert stated is not None
    assert (stated.location.name, stated.mirrors) == ("hub.example/library/ubuntu", ())
    names = ["x", "x:1", f"x@{DIGEST}", "gone", "team/x", "example.org/x"]
    assert [found.alias(name) for name in names] == [
        "example.net/x", "example.net/x:1", f"example.net/x@{DIGEST}", "gone", "team/x", "example.org/x",
    ]  # fmt: skip


INSECURE = """
[[registry]]
location = "example.com"
insecure = true
[[registry.mirror]]
location = "mirror.example.net"
insecure = true
"""
LOWERED, CHECKED = [(False, False), (True, True)], [(True, False)]
SAID: list[tuple[dict[str, HostSettings], list[tuple[bool, bool]], list[tuple[bool, bool]]]] = [
    ({}, LOWERED, LOWERED),
    ({"own": HostSettings(tls_verify=True)}, LOWERED, CHECKED),
    ({"example.com": HostSettings(tls_verify=True)}, LOWERED, CHECKED),
    ({"mirror.example.net": HostSettings(tls_verify=True)}, CHECKED, LOWERED),
    ({"example.com": HostSettings(plain_http=False)}, LOWERED, [(False, False)]),
    ({"own": HostSettings(tls_verify=False)}, LOWERED, [(False, False), (False, True)]),
    ({"own": HostSettings(plain_http=True)}, LOWERED, [(True, True)]),
]
"""Settings of hosts, and whether a certificate is checked, and no TLS is used, at the mirror and at the registry."""


@pytest.mark.parametrize(("said", "mirror", "own"), SAID)
def test_who_demands_that_certificates_are_checked_gets_that(
    tmp_path: Path, said: dict[str, HostSettings], mirror: list[tuple[bool, bool]], own: list[tuple[bool, bool]]
) -> None:
    hosts = {host: settings for host, settings in said.items() if host != "own"}
    access = RegistryAccess(own=said.get("own", HostSettings()), hosts=hosts)
    found = endpoints(RepositoryName.parse("example.com/x"), conf(tmp_path, INSECURE), access)
    assert [(one.how.tls_verify, one.how.plain_http) for one in found] == [*mirror, *own]


COMPARED = """
[[registry]]
location = "{registry}"
insecure = true
[[registry.mirror]]
location = "{first}/cache"
insecure = true
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "{second}"
insecure = true
[[registry]]
location = "{registry}"
insecure = true
[[registry]]
prefix = "{registry}/team2"
location = "{registry}/moved"
insecure = true
"""


@requires("skopeo")
@pytest.mark.parametrize("name", ["team/app:1", f"team/app@{DIGEST}", "other/app:1", "team2/app:1"])
def test_skopeo_asks_the_same_places(tmp_path: Path, name: str) -> None:
    order: list[str] = []

    def behave(seen: Seen) -> Answer:
        if "/manifests/" not in seen.path:
            return Answer(status=200)
        order.append(f"{seen.headers['host']}{seen.path}")
        return Answer(status=404)

    with fault_proxy(None, behave) as first, fault_proxy(None, behave) as second, fault_proxy(None, behave) as registry:
        path = tmp_path / "registries.conf"
        path.write_text(COMPARED.format(registry=registry.host, first=first.host, second=second.host))
        image = f"{registry.host}/{name}"
        with pytest.raises(RuntimeError, match="manifest"):
            run("skopeo", "--registries-conf", str(path), "inspect", "--raw", f"docker://{image}")
        theirs, order[:] = list(order), []
        access = registry_access(environment={"CONTAINERS_REGISTRIES_CONF": str(path)}, warn=lambda _: None)
        with pytest.raises(RegistryError, match="not found"):
            analyze(Source(reference=image, access=access))
    assert order == theirs
    assert order


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"CONTAINERS_REGISTRIES_CONF: .*/none\.conf does not exist"):
        RegistriesConf({"CONTAINERS_REGISTRIES_CONF": str(tmp_path / "none.conf")})
