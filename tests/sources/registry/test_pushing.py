"""What is pushed to registries, which are odd at times; none of them is a real one."""

import json
from pathlib import Path

import pytest

from ocianalyze.layers.metering.limits import DEFAULT_LIMITS
from ocianalyze.oci.digest import Digest
from ocianalyze.sources.registry.access import HostAccess, RegistryAccess
from ocianalyze.sources.registry.referrers import listed as referrers
from ocianalyze.sources.registry.referrers.attaching import attach
from ocianalyze.sources.registry.referrers.pushing import Pushing
from ocianalyze.sources.registry.referrers.subjects import Claim
from ocianalyze.sources.registry.transport import Transport
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.push_registry import PushRegistry, digest_of
from tests.support.pushes import FILE, IMAGE, TYPE, answering, push, refusal, refused
from tests.support.registries import registry_access


def test_what_is_sent() -> None:
    shelf = PushRegistry(IMAGE)
    with fault_proxy(None, shelf) as registry:
        attached = push(registry, shelf)
        again = push(registry, shelf)
        puts = [seen for seen in registry.seen if seen.method == "PUT"]
    assert (attached.is_new, again.is_new) == (True, False)
    assert attached.name == again.name == f"{registry.host}/team/image@{attached.digest}"
    assert attached.tag == shelf.tag
    manifest = json.loads(shelf.manifests[attached.digest][1])
    image = shelf.manifests["1.0"]
    assert manifest["subject"] == {"mediaType": image[0], "digest": shelf.digest, "size": len(image[1])}
    assert manifest["artifactType"] == TYPE
    assert [shelf.blobs[layer["digest"]] for layer in manifest["layers"]] == [FILE.content]
    assert shelf.blobs[manifest["config"]["digest"]] == b"{}"
    entry = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": attached.digest,
        "size": len(shelf.manifests[attached.digest][1]),
        "artifactType": TYPE,
        "annotations": {"org.opencontainers.image.created": "2026-01-02T03:04:05Z"},
    }
    assert shelf.tagged() == [entry]
    uploads = [seen.path for seen in puts if "/uploads/" in seen.path]
    assert uploads == [
        f"/v2/team/image/blobs/uploads/session?_state=canary&digest=sha256%3A{digest[7:]}"
        for digest in (digest_of(b"{}"), digest_of(FILE.content))
    ], "each blob is sent once"


@pytest.mark.parametrize("tells_subject", [True, False])
def test_a_registry_that_lists_referrers_needs_no_tag(tells_subject: bool) -> None:  # noqa: FBT001 - pytest's
    shelf = PushRegistry(IMAGE, lists=True, tells_subject=tells_subject)
    with fault_proxy(None, shelf) as registry:
        assert [push(registry, shelf).is_new for _ in range(2)] == [True, False]
        assert push(registry, shelf).tag is None
    assert shelf.tag not in shelf.manifests


def test_a_subject_that_is_taken_note_of_needs_no_tag() -> None:
    shelf = PushRegistry(IMAGE, tells_subject=True)
    with fault_proxy(None, shelf) as registry:
        assert push(registry, shelf).tag is None
    assert shelf.tag not in shelf.manifests


def test_what_others_listed_is_kept_as_it_is() -> None:
    other = {"mediaType": "x", "digest": "sha256:other", "size": 1, "own": {"field": 1}}
    shelf = PushRegistry(IMAGE)
    shelf.manifests[shelf.tag] = "", json.dumps({"schemaVersion": 2, "own": 1, "manifests": [other]}).encode()
    with fault_proxy(None, shelf) as registry:
        push(registry, shelf)
    index = json.loads(shelf.manifests[shelf.tag][1])
    assert index["own"] == 1
    assert index["manifests"][0] == other
    assert len(index["manifests"]) == 2


def test_two_at_once_are_both_listed() -> None:
    """The other one writes between our reading and our writing; its ETag tells."""
    shelf = PushRegistry(IMAGE, has_etags=True)
    shelf.manifests[shelf.tag] = "", b'{"manifests": []}'
    others: list[dict[str, str]] = []

    def spoil(seen: Seen) -> None:
        if seen.method == "PUT" and shelf.tag in seen.path and len(others) < 2:
            others.append({"digest": f"sha256:{len(others)}"})
            shelf.manifests[shelf.tag] = "", json.dumps({"manifests": others}).encode()

    shelf.spoil = spoil
    with fault_proxy(None, shelf) as registry:
        attached = push(registry, shelf)
    assert [one["digest"] for one in shelf.tagged()] == ["sha256:0", "sha256:1", attached.digest]


def test_an_upload_goes_where_the_registry_says() -> None:
    for location in ("/elsewhere/uploads/1?a=b", "uploads/1", "https://HOST/v2/uploads/1", "http://HOST/uploads/1?x"):
        shelf = PushRegistry(IMAGE)
        with fault_proxy(None, shelf) as registry:
            shelf.spoil = answering(202, method="POST", Location=location.replace("HOST", registry.host))
            push(registry, shelf)
            assert all(seen.headers["host"] == registry.host for seen in registry.seen)
        assert digest_of(FILE.content) in shelf.blobs


@pytest.mark.parametrize("status", [307, 308])
def test_redirects_on_the_own_host_are_followed(status: int) -> None:
    def spoil(seen: Seen) -> Answer | None:
        if seen.method == "PUT" and "moved" not in seen.path:
            return Answer(status=status, headers={"Location": seen.path.replace("/v2/", "/moved/v2/")})
        return None

    shelf = PushRegistry(IMAGE, spoil=spoil)
    with fault_proxy(None, shelf) as registry:
        assert push(registry, shelf).is_new


@pytest.mark.parametrize("scope", ["", "repository:inside/image:pull,push", "repository:team/image:*"])
def test_the_scopes_of_a_push(scope: str) -> None:
    shelf = PushRegistry(IMAGE)
    with fault_proxy(None, shelf) as registry:

        def spoil(seen: Seen) -> Answer | None:
            if seen.path.startswith("/token"):
                return Answer(status=200, body=b'{"token": "good", "expires_in": 300}')
            if seen.headers.get("authorization") == "Bearer good":
                return None
            header = f'Bearer realm="http://{registry.host}/token",service="s",scope="{scope}"'
            return Answer(status=401, headers={"WWW-Authenticate": header})

        shelf.spoil = spoil
        push(registry, shelf)
        asked = [seen.path for seen in registry.seen if seen.path.startswith("/token")]
    own = "scope=repository%3Ateam%2Fimage%3Apull%2Cpush"
    more = "&scope=repository%3Ainside%2Fimage%3Apull%2Cpush" if "inside" in scope else ""
    assert asked == [f"/token?{own}{more}&service=s"]


def test_an_upload_that_a_registry_forgot_is_begun_anew() -> None:
    shelf = PushRegistry(IMAGE)
    forgotten: list[Seen] = []

    def spoil(seen: Seen) -> Answer | None:
        if seen.method == "PUT" and "/uploads/" in seen.path and len(forgotten) < 2:
            forgotten.append(seen)
            return Answer(status=404, body=json.dumps(refused("BLOB_UPLOAD_UNKNOWN")).encode())
        return None

    shelf.spoil = spoil
    with fault_proxy(None, shelf) as registry:
        assert push(registry, shelf).is_new
    assert "the push failed (status 404)" in refusal(answering(404, path="/uploads/"))


def test_a_large_report_is_sent_whole() -> None:
    content = json.dumps(["x" * 1000] * 20_000).encode()
    shelf = PushRegistry(IMAGE)
    failed: list[Seen] = []

    def spoil(seen: Seen) -> Answer | None:
        if seen.method == "PUT" and not failed:
            failed.append(seen)
            return Answer(status=503)
        return None

    shelf.spoil = spoil
    with fault_proxy(None, shelf) as registry:
        push(registry, shelf, FILE._replace(content=content))
    assert shelf.blobs[digest_of(content)] == content


def test_a_tag_is_made_of_any_digest() -> None:
    assert referrers.tag_of(Digest.of(b"", algorithm="sha512")) == f"sha512-{Digest.of(b'', algorithm='sha512')[7:71]}"


@pytest.mark.parametrize("kind", [Transport, Pushing])
def test_nothing_is_pushed_past_us(kind: type[Transport]) -> None:
    """What `oras` has of its own would go around all that is decided of requests."""
    with fault_proxy(None, PushRegistry(IMAGE)) as registry:
        transport = kind(registry.host, HostAccess(plain_http=True), registry_access())
        container = transport.get_container(f"{registry.host}/team/image:1.0")
        for own in (transport.delete_tag, transport.get_tags, transport.get_manifest):
            with pytest.raises(NotImplementedError):
                own(container, "1.0") if own == transport.delete_tag else own(container)
        with pytest.raises(NotImplementedError):
            transport.upload_manifest({"schemaVersion": 2, "config": {}, "layers": []}, container)
        transport.close()
        assert registry.seen == []


def test_it_goes_where_the_image_is_read(tmp_path: Path) -> None:
    """Files of podman and containerd say where a registry is, and how; a mirror in them is left alone."""
    shelf, mirror = PushRegistry(IMAGE), PushRegistry(IMAGE)
    with fault_proxy(None, shelf) as registry, fault_proxy(None, mirror) as other:
        conf = tmp_path / "registries.conf"
        conf.write_text(
            f'[[registry]]\nprefix = "registry.example.com"\nlocation = "{registry.host}"\ninsecure = true\n'
            f'[[registry.mirror]]\nlocation = "{other.host}"\ninsecure = true\n'
        )
        podman = {"CONTAINERS_REGISTRIES_CONF": str(conf)}
        host = registry.host.replace(":", "_") + "_"
        hosts = tmp_path / "containerd" / "certs.d" / host / "hosts.toml"
        hosts.parent.mkdir(parents=True)
        hosts.write_text(
            f'server = "http://{registry.host}/v2/below"\noverride_path = true\n[host."http://{other.host}"]\n'
        )
        for name, environment in (
            ("registry.example.com", podman),
            (registry.host, {"XDG_CONFIG_HOME": str(tmp_path)}),
        ):
            attached = attach(
                f"{name}/team/image:1.0",
                RegistryAccess(environment=environment, warn=lambda _: None),
                DEFAULT_LIMITS,
                [FILE],
                artifact_type=TYPE,
                claims=[Claim("r.json", Digest.parse(shelf.digest), None)],
                created=None,
            )
            assert attached.name.startswith(f"{registry.host}/team/image@")
            paths = [seen.path for seen in registry.seen if seen.method == "PUT"]
            assert {path.startswith("/v2/below/team/image/") for path in paths} == {name == registry.host}
            registry.seen.clear()
        assert other.seen == []
