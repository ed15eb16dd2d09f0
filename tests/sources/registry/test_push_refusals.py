"""Registries that take no push, or mean harm: what is said of it, and that nothing goes elsewhere."""

import json

import pytest

from ocianalyze.errors import AuthenticationError, OcianalyzeError, RegistryError
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.push_registry import PushRegistry, Spoil
from tests.support.pushes import IMAGE, answering, push, refusal, refused


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://evil.example/upload?x=canary", "sends an upload to another host: http://evil.example"),
        ("//evil.example/upload", "sends an upload to another host: http://evil.example"),
        ("http://127.0.0.1:1/upload", "sends an upload to another host: http://127.0.0.1:1"),
        ("http://127.0.0.1/upload", "sends an upload to another host: http://127.0.0.1"),
        ("http://user:canary@127.0.0.1/", "an invalid URL"),
        ("ftp://127.0.0.1/", "an invalid URL"),
        ("http://[::1", "an invalid URL"),
        ("/x" * 5000, "an invalid URL"),
        ("", "no URL"),
    ],
)
def test_an_upload_goes_nowhere_else(location: str, message: str) -> None:
    line = refusal(answering(202, method="POST", Location=location))
    assert message in line


def test_redirects_elsewhere_or_without_end_are_not() -> None:
    loop = answering(307, Location="/v2/team/image/again")
    assert "HOST redirects an upload more than 5 times" in refusal(loop)
    elsewhere = answering(308, Location="http://evil.example/?canary")
    assert "sends an upload to another host: http://evil.example" in refusal(elsewhere)
    for status in (301, 302, 303):
        assert f"the push failed (status {status})" in refusal(answering(status, Location="/v2/team/image/again"))


UPLOADS, MANIFESTS, TAG = "/uploads/", "/manifests/sha256:", "/manifests/sha256-"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            answering(403, refused("DENIED"), method="POST"),
            (
                "HOST does not allow a push to team/image (without credentials, status 403): DENIED: no. "
                "Log in with 'docker login' or --authfile as somebody who may push to the repository"
            ),
        ),
        (answering(401, method="POST"), "does not allow a push to team/image (without credentials, status 401)"),
        (
            answering(403, refused("DENIED", "the token is read-only"), method="POST"),
            "does not allow a push to team/image (without credentials, status 403): DENIED: the token is read-only",
        ),
        (answering(403, refused("DENIED", "the system is in read only mode"), method="POST"), "takes no pushes to"),
        (
            answering(405, refused("DENIED", "can not push artifact to a proxy project"), method="POST"),
            "takes no pushes",
        ),
        (answering(405, refused("UNSUPPORTED"), method="POST"), "takes no pushes to team/image (status 405)"),
        (
            answering(403, refused("DENIED", "the registry is read-only"), method="POST"),
            "takes no pushes to team/image",
        ),
        (
            answering(400, refused("MANIFEST_INVALID", "\x1b[31mno"), path=MANIFESTS),
            (
                "does not accept artifacts like this one in team/image (status 400): MANIFEST_INVALID: \\x1b[31mno. "
                "Use a registry that supports OCI artifacts, or keep the report as a file"
            ),
        ),
        (answering(405, path=MANIFESTS), "does not accept artifacts like this one"),
        (answering(415, refused("UNSUPPORTED"), path=MANIFESTS), "does not accept artifacts like this one"),
        (answering(413, b"<html>", path=UPLOADS), "(status 413): a web page. The report is too large for the registry"),
        (answering(500, path=MANIFESTS), "the push failed (status 500)"),
        (answering(404, refused("NAME_UNKNOWN"), path=MANIFESTS), "the push failed (status 404): NAME_UNKNOWN: no"),
        (
            answering(400, refused("TAG_INVALID", "The image tag already exists and cannot be overwritten"), path=TAG),
            "does not allow the tag TAG, which lists the referrers, to change (status 400)",
        ),
        (answering(412, refused("PRECONDITION", "immutable"), path=TAG), "Exempt tags that begin with sha256- from"),
        (answering(409, path=TAG), "does not allow the tag TAG, which lists the referrers, to change (status 409)"),
        (answering(201, path=UPLOADS, Docker_Content_Digest=f"sha256:{'0' * 64}"), "stored another blob than was sent"),
        (answering(201, path=MANIFESTS, Docker_Content_Digest="sha256:\x1b"), "stored another manifest than was sent"),
        (answering(429, method="POST", Retry_After="100"), "rate limit exceeded, which ends in"),
    ],
)
def test_a_refusal_is_told_by_its_cause(spoil: Spoil, message: str) -> None:
    assert message in refusal(spoil)


def test_a_login_that_may_only_pull() -> None:
    shelf = PushRegistry(IMAGE, spoil=answering(403, refused("DENIED"), method="POST"))
    with fault_proxy(None, shelf) as registry:

        def spoil(seen: Seen) -> Answer | None:
            if "authorization" not in seen.headers:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Answer(status=403, body=json.dumps(refused("DENIED")).encode()) if seen.method == "POST" else None

        shelf.spoil = spoil
        with pytest.raises(AuthenticationError) as error:
            push(registry, shelf, username="me", password="canary")  # noqa: S106
    assert "does not allow a push to team/image (with the given user name and password, status 403)" in str(error.value)
    assert error.value.hint == "Use credentials that may push to the repository, not only pull from it"


def test_a_tag_that_changes_all_the_time() -> None:
    shelf = PushRegistry(IMAGE)
    shelf.manifests[shelf.tag] = "", b'{"manifests": []}'
    line = ""

    def spoil(seen: Seen) -> Answer | None:
        if seen.method == "PUT" and "/manifests/sha256-" in seen.path:
            return Answer(status=201)  # and nothing is stored
        return None

    shelf.spoil = spoil
    with fault_proxy(None, shelf) as registry, pytest.raises(RegistryError, match="changes all the time"):
        line = push(registry, shelf).name
    assert line == ""
    assert len([seen for seen in registry.seen if seen.method == "PUT" and "sha256-" in seen.path]) <= 6


@pytest.mark.parametrize(
    ("under_the_tag", "message"),
    [
        (b"[" * 100_000, "is not valid JSON"),
        (b'{"manifests": [' + b'{"digest": "x"},' * (1 << 18) + b"{}]}", "is larger than 4,194,304 bytes"),
        (b'{"schemaVersion": 2, "config": {}, "layers": []}', "is not an image index"),
        (
            b'{"mediaType": "application/vnd.docker.distribution.manifest.list.v2+json", "manifests": []}',
            "not an image i",
        ),
        (b'{"manifests": [1]}', "is not an image index"),
        (b'{"manifests": {}}', "is not an image index"),
        (b"<html>", "is not a part of an image but a web page"),
        (b'{"manifests": [], "manifests": [{}]}', "is not valid JSON"),
    ],
)
def test_something_else_under_the_tag_stays(under_the_tag: bytes, message: str) -> None:
    shelf = PushRegistry(IMAGE)
    shelf.manifests[shelf.tag] = "", under_the_tag
    with fault_proxy(None, shelf) as registry, pytest.raises(OcianalyzeError, match=message) as error:
        push(registry, shelf)
    assert error.value.exit_code == 4
    assert shelf.manifests[shelf.tag][1] == under_the_tag
