"""Names of images mean to us what they mean to Docker and to skopeo, or differ on purpose, with a reason."""

import json
import os
import random
import re
import subprocess
from collections.abc import Iterable
from typing import Final

import pytest

from ocianalyze.errors import InvalidReferenceError
from ocianalyze.oci.reference import Reference
from ocianalyze.oci.repository import RepositoryName
from tests.support.go_programs import go_program
from tests.support.tools import requires, run

DIGEST: Final = "sha256:" + "a1" * 32
HEX: Final = "0123456789abcdef" * 4

NAMES: Final = (
    *("ubuntu", "ubuntu:22.04", "library/ubuntu", "team/image", "a/b/c/d", "docker.io", "docker.io/ubuntu"),
    *("docker.io/library/ubuntu", "docker.io/team/image:1", "index.docker.io/ubuntu", "index.docker.io/team/image"),
    *("localhost", "localhost/foo", "localhost:5000", "localhost:5000/foo", "localhost:5000/foo:bar"),
    *("127.0.0.1/foo", "127.0.0.1:5000/foo/bar/baz", "[::1]/foo", "[::1]:5000/foo:1", "[2001:db8::1]/foo"),
    *("[fe80::1%25eth0]/foo", "[::1/foo", "::1/foo", "[]/foo", "[::ffff:127.0.0.1]/foo", "foo:5000/bar", "foo:bar/baz"),
    *("foo_bar.com:80/x", "foo_bar/x", "xn--n3h.example/x", "example.com./x", "example..com/x", ".example.com/x"),
    *("-example.com/x", "example-.com/x", "Registry/foo", "LOCALHOST/foo", "EXAMPLE.com/foo", "example.com/Foo"),
    *("Foo", "foo/Bar", "foo:Bar", "foo/bar:BAZ", "foo_bar", "foo__bar", "foo___bar", "foo----bar", "foo-.bar"),
    *("foo._bar", "foo.bar", "foo..bar", "_foo", "foo_", "foo-", "-foo", "foo/-bar", "foo/bar-", "a..b/../../etc"),
    *("", "/", "/foo", "foo/", "foo//bar", "//foo", "foo:", "foo:bar:baz", ":bar", "@", "foo@", f"@{DIGEST}"),
    *(f"ubuntu@{DIGEST}", f"ubuntu:22.04@{DIGEST}", f"localhost:5000/foo:1@{DIGEST}", f"foo@{DIGEST}@{DIGEST}"),
    *(
        "foo@sha256:abc",
        f"foo@{DIGEST.upper()}",
        f"foo@sha256:{'A1' * 32}",
        f"foo@sha512:{'a1' * 64}",
        f"foo@md5:{HEX}",
    ),
    *(HEX, f"{HEX}:tag", f"{HEX}@{DIGEST}", HEX[1:], HEX + "0", f"library/{HEX}", f"docker.io/{HEX}", HEX.upper()),
    *("a" * 127, "a" * 128, "a" * 247, "a" * 248, "a" * 255, "a" * 256, "x.io/" + "a" * 250, "x.io/" + "a" * 251),
    *("foo:" + "a" * 127, "foo:" + "a" * 128, "foo:" + "a" * 129, "foo:.x", "foo:-x", "foo:_x", "foo:x.", "foo:x y"),
    *(
        "foo bar",
        " foo",
        "foo ",
        "foo\n",
        "foo\t",
        "föö",
        "foo/bär",
        "foo:täg",
        "\uff46oo",
        "例え/foo",
        "foo²",
        "foo\u0661",
    ),
    *("http://example.com/foo", "https://example.com/foo", "user:pass@example.com/foo", "user@example.com/foo"),
    *("example.com:/foo", "example.com:80:80/foo", "example.com:80", "example.com/foo:80/bar", "example.com:x/foo"),
    *("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/image:tag", "public.ecr.aws/docker/library/python:3.12"),
    *(
        "foo\\bar",
        "foo%2fbar",
        "foo?x=y",
        "foo#x",
        "foo;bar",
        "$(foo)",
        "foo\0bar",
        "foo/./bar",
        "./foo",
        "../foo",
        "~foo",
    ),
)

ON_PURPOSE: Final = {
    "registry-1.docker.io/ubuntu": "the host that answers for Docker Hub means Docker Hub, where 'ubuntu' is official",
    "registry-1.docker.io/team/image": "the host that answers for Docker Hub means Docker Hub, with its credentials",
    "Docker.io/ubuntu": "hosts are told apart without regard to case (RFC 3986, section 3.2.2)",
    "INDEX.docker.io/team/image": "hosts are told apart without regard to case (RFC 3986, section 3.2.2)",
    "example.com:99999/foo": "there is no such port",
    "example.com:0/foo": "there is no such port",
    f"{'a' * 64}.com/foo": "no label of a host has more than 63 characters (RFC 1035, section 2.3.4)",
    "[:::]/foo": "it is no address",
    "foo_bar.com/x": "the library takes the host for a part of the name, and has then no registry; a host has no '_'",
    f"foo@sha384:{'a1' * 48}": "image-spec registers sha256 and sha512 only, and a digest is there to be checked",
}
"""Names that we read otherwise, and why."""

_CAPITAL: Final = "since distribution 2.8.2 a first part with a capital is a host, because no repository has one"
_ADDRESS: Final = "since distribution 2.8.2 a host can be an address of IPv6"
_LENGTH: Final = "since distribution/reference 0.6 the host does not count into the 255 characters"
_OLDER_SKOPEO: Final = {
    **dict.fromkeys(("Registry/foo", "LOCALHOST/foo", "EXAMPLE/foo"), _CAPITAL),
    **dict.fromkeys(("[::1]/foo", "[::1]:5000/foo:1", "[2001:db8::1]/foo"), _ADDRESS),
    **dict.fromkeys(("a" * 247, "x.io/" + "a" * 251), _LENGTH),
}
"""What an older skopeo refuses that the library takes now, and we with it; none reads it as something else."""


def ours(text: str) -> str | None:
    """Return a name in full, None for none; ``docker://`` is read as well, and must come to the same."""
    try:
        name = RepositoryName.parse(text)
    except InvalidReferenceError:
        return None
    assert Reference.parse(f"docker://{text}") == Reference("registry", text)
    assert RepositoryName.parse(str(name)) == name
    return str(name)


def docker(texts: Iterable[str]) -> list[str | None]:
    """Return what distribution/reference makes of names."""
    questions = "\n".join(json.dumps(text) for text in texts).encode()
    full: list[str | None] = []
    for line in run(go_program("distribution_reference"), stdin=questions).splitlines():
        answer = json.loads(line)
        tag = f":{answer['tag']}" if answer["tag"] else ""
        digest = f"@{answer['digest']}" if answer["digest"] else ""
        full.append(None if answer["error"] else f"{answer['registry']}/{answer['repository']}{tag}{digest}")
    return full


def test_hand_picked_names_agree_with_docker() -> None:
    texts = list(dict.fromkeys(NAMES))
    different = [(text, own, its) for text, its in zip(texts, docker(texts), strict=True) if (own := ours(text)) != its]
    assert different == []


def test_every_difference_is_one() -> None:
    texts = list(ON_PURPOSE)
    assert [text for text, its in zip(texts, docker(texts), strict=True) if ours(text) == its] == []


def test_generated_names_agree_with_docker() -> None:
    parts = (
        "a b 0 foo Foo _ __ - -- . .. / : @ localhost docker.io index.docker.io example.com EXAMPLE.com library [::1] "
    )
    alphabet = [*parts.split(" "), ":5000", ":1.0", f"@{DIGEST}", f"@{DIGEST[:-1]}", HEX, "ü", "\n", " ", "%"]
    likely = ["a", "foo", "b0", "example.com", "localhost", "/", ":5000", "/", ":1.0", f"@{DIGEST}", "-", "_"]
    chance = random.Random(20)  # noqa: S311 - the same names each time
    texts = ["".join(chance.choices(alphabet, k=chance.randint(1, 6))) for _ in range(4000)]
    texts += ["".join(chance.choices(likely, k=chance.randint(1, 9))) for _ in range(4000)]
    answers = docker(texts)
    different = [(text, own, its) for text, its in zip(texts, answers, strict=True) if (own := ours(text)) != its]
    assert [item for item in different if not _no_host_at_all(item[0])] == []
    assert sum(answer is not None for answer in answers) > 800


def _no_host_at_all(text: str) -> bool:
    """Tell whether the first part cannot be a host for the reasons that `ON_PURPOSE` gives."""
    host, slash, _ = text.partition("/")
    name, _, port = host.partition(":")
    return bool(slash) and (
        "_" in name or any(len(label) > 63 for label in name.split(".")) or (port.isdecimal() and int(port) > 65535)
    )


@requires("skopeo")
@pytest.mark.parametrize(
    "text", [*(name for name in NAMES if "\0" not in name), *(name for name in _OLDER_SKOPEO if name not in NAMES)]
)
def test_hand_picked_names_agree_with_skopeo(text: str) -> None:
    """What skopeo says that it tries to reach; a proxy that is none keeps it from reaching it."""
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:1")
    environment = {key: value for key, value in os.environ.items() if key.lower() != "no_proxy"}
    done = subprocess.run(
        ["skopeo", "--debug", "--command-timeout=20s", "inspect", f"docker://{text}"],
        env=environment | nowhere,
        capture_output=True,
        check=False,
    )
    found = re.search(rb'Trying to access \\"(.*?)\\"', done.stderr)
    theirs = found[1].decode() if found else None
    if b"both a tag and digest" in done.stderr:
        assert f"@{DIGEST}" in str(ours(text))  # skopeo does not ask for a name with both; Docker does
        return
    if text in _OLDER_SKOPEO and theirs is None:
        return
    assert ours(text) == theirs
