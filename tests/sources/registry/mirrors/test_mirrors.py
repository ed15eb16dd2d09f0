"""Mirrors that fail in every way: another place is asked, people are told once, and what is read is the right image."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import DigestMismatchError, OcianalyzeError, RegistryError
from ocianalyze.reports.report import Report
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from tests.sources.registry.conftest import IMAGE
from tests.support.fault_proxy import Answer, Behaviour, FaultProxy, Seen, fault_proxy
from tests.support.images import BuiltImage, build
from tests.support.layouts import OCI_INDEX
from tests.support.served import serving_image


@pytest.fixture(scope="module")
def image() -> BuiltImage:
    return build(IMAGE, compression="gzip")


def reach(
    registry: FaultProxy,
    *mirrors: str,
    told: list[str] | None = None,
    **more: Any,  # noqa: ANN401 - as the class has them
) -> RegistryAccess:
    """Return how a registry with mirrors is reached."""
    warn = (lambda _: None) if told is None else told.append
    hosts = {registry.host: HostSettings(plain_http=True, mirrors=mirrors)}
    return RegistryAccess(hosts=hosts, warn=warn, **more)


def scan(registry: FaultProxy, access: RegistryAccess, name: str = "team/image:1.0") -> Report:
    return analyze(Source(reference=f"{registry.host}/{name}", access=access, jobs=2))


def at(mirror: FaultProxy) -> str:
    return f"http://{mirror.host}"


def blobs(image: BuiltImage, change: Answer) -> Behaviour:
    """Serve an image whose layers are spoiled."""
    serve, layers = serving_image(image), {layer.stored.digest for layer in image.layers}
    return lambda seen: change if seen.path.rpartition("/")[2] in layers else serve(seen)


def spoiled(image: BuiltImage, kind: str) -> Behaviour:
    serve = serving_image(image)
    stored = {layer.stored.digest: layer.stored.content for layer in image.layers}
    assert all(isinstance(content, bytes) for content in stored.values())
    contents = {digest: content for digest, content in stored.items() if isinstance(content, bytes)}

    def behave(seen: Seen) -> Answer | None:
        content = contents.get(seen.path.rpartition("/")[2])
        if content is None:
            return serve(seen)
        changed = {
            "other bytes": content[:-30] + bytes(22) + content[-8:],
            "garbage": bytes(len(content)),
            "another layer": next(other for other in contents.values() if other != content),
            "a page": b"<html>Log in</html>",
            "too many": content + bytes(10),
        }[kind]
        return Answer(status=200, body=changed)

    return behave


FAILING: dict[str, Behaviour] = {
    "404": lambda _: Answer(status=404),
    "401": lambda _: Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="nexus"'}),
    "403": lambda _: Answer(status=403),
    "500": lambda _: Answer(status=500),
    "429": lambda _: Answer(status=429, headers={"Retry-After": "3600"}),
    "a page": lambda _: Answer(status=200, headers={"Content-Type": "text/html"}, body=b"<html>Log in</html>"),
    "no manifest": lambda _: Answer(status=200, headers={"Content-Type": "application/json"}, body=b'{"errors": []}'),
    "a list": lambda _: Answer(status=200, body=b"[]"),
    "another type": lambda _: Answer(status=200, headers={"Content-Type": OCI_INDEX}, body=b'{"mediaType": "x/y"}'),
    "an old manifest": lambda _: Answer(status=200, body=b'{"schemaVersion": 1, "fsLayers": []}'),
    "a redirect into nothing": lambda _: Answer(status=307, headers={"Location": "http://127.0.0.1:1/x"}),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_mirror_that_fails_is_passed_over(image: BuiltImage, name: str) -> None:
    told: list[str] = []
    with fault_proxy(None, FAILING[name]) as mirror, fault_proxy(None, serving_image(image)) as registry:
        report = scan(registry, reach(registry, at(mirror), told=told))
        assert report.image.read_from == [at(registry)]
        assert len(mirror.seen) <= 2
        (once,) = told
        assert once.startswith(f"skipping mirror {at(mirror)}, asking {at(registry)} instead: ")


def test_a_mirror_that_is_down_is_asked_once(image: BuiltImage) -> None:
    told: list[str] = []
    with fault_proxy(None, serving_image(image)) as registry:
        scan(registry, reach(registry, "http://127.0.0.1:1", told=told))
    assert len(told) == 1
    assert "refused the connection" in told[0]


def test_if_all_fail_each_says_why() -> None:
    with (
        fault_proxy(None, FAILING["403"]) as first,
        fault_proxy(None, FAILING["404"]) as second,
        fault_proxy(None, FAILING["404"]) as registry,
    ):
        access = reach(registry, f"{at(first)}/cache", at(second))
        with pytest.raises(RegistryError) as error:
            scan(registry, access)
    assert error.value.message.startswith(f"cannot read {registry.host}/team/image:1.0: {at(registry)}/v2/team/image/")
    assert f"{at(first)}/cache failed too: " in error.value.message
    assert f"{at(second)} failed too: " in error.value.message
    assert error.value.one_line().isprintable()


@pytest.mark.parametrize("kind", ["other bytes", "garbage", "another layer", "a page", "too many"])
def test_other_bytes_are_found_out_and_read_elsewhere(image: BuiltImage, kind: str) -> None:
    told: list[str] = []
    with fault_proxy(None, spoiled(image, kind)) as mirror, fault_proxy(None, serving_image(image)) as registry:
        report = scan(registry, reach(registry, at(mirror), told=told))
        assert all(layer.verified for layer in report.layers)
        assert report.image.read_from == [at(mirror), at(registry)]
        assert {seen.path for seen in registry.seen} == {
            f"/v2/team/image/blobs/{layer.stored.digest}" for layer in image.layers
        }
    assert len(told) == 1


def test_other_bytes_at_the_registry_are_an_error(image: BuiltImage) -> None:
    behave = spoiled(image, "other bytes")
    with fault_proxy(None, behave) as mirror, fault_proxy(None, behave) as registry:
        with pytest.raises(Exception, match=r"layer \d"):
            scan(registry, reach(registry, at(mirror)))
        assert registry.blobs


def test_what_a_mirror_lacks_is_read_from_the_next(image: BuiltImage) -> None:
    lacking = {image.config.digest, image.layers[1].stored.digest}
    serve = serving_image(image)

    def partial(seen: Seen) -> Answer | None:
        return Answer(status=404) if seen.path.rpartition("/")[2] in lacking else serve(seen)

    with fault_proxy(None, partial) as mirror, fault_proxy(None, serve) as registry:
        report = scan(registry, reach(registry, at(mirror)))
        assert {seen.path.rpartition("/")[2] for seen in registry.seen} == lacking
        assert report.image.read_from == [at(mirror), at(registry)]


def test_a_layer_goes_on_elsewhere_where_it_broke_off(image: BuiltImage) -> None:
    large = max(image.layers, key=lambda layer: layer.stored.size).stored
    serve = serving_image(image)

    def break_off(seen: Seen) -> Answer | None:
        answer = serve(seen)
        if answer is not None and seen.path.endswith(large.digest):
            answer.cut_after = 100_000
        return answer

    with fault_proxy(None, break_off) as mirror, fault_proxy(None, serve) as registry:
        scan(registry, reach(registry, at(mirror)))
        (again,) = (seen for seen in registry.blobs if seen.path.endswith(large.digest))
        assert again.headers["range"].startswith("bytes=")
        assert int(again.headers["range"].removeprefix("bytes=").partition("-")[0]) >= 100_000


@pytest.mark.parametrize("after", [None, 0, 10])
def test_a_mirror_that_stalls_is_not_waited_for_at_every_layer(image: BuiltImage, after: int | None) -> None:
    stalling = Answer(status=200, headers={"Content-Length": "50"}, body=bytes(50), stall_after=after, delay=3)
    if after is not None:
        stalling.delay = 0
    serve, layers = serving_image(image), {layer.stored.digest for layer in image.layers}
    told: list[str] = []

    def behave(seen: Seen) -> Answer | None:
        return stalling if seen.path.rpartition("/")[2] in layers else serve(seen)

    with fault_proxy(None, behave) as mirror, fault_proxy(None, serve) as registry:
        hosts = {registry.host: HostSettings(plain_http=True, mirrors=(at(mirror),))}
        access = RegistryAccess(own=HostSettings(timeout=0.4), hosts=hosts, warn=told.append)
        assert len(layers) > 1
        analyze(Source(reference=f"{registry.host}/team/image:1.0", access=access, jobs=1))
        assert len(mirror.blobs) <= 1 + 2, "the config, and one layer twice"
    (once,) = told
    assert "stopped answering" in once


def test_errors_of_every_kind_can_name_the_mirrors() -> None:
    """Such as one that needs more than a message: a manifest that is too large."""
    large = Answer(status=200, body=b'{"x": "' + bytes(b"x" * (17 << 20)) + b'"}')
    with fault_proxy(None, FAILING["404"]) as mirror, fault_proxy(None, lambda _: large) as registry:
        with pytest.raises(OcianalyzeError, match=f"too large .*{at(mirror)} failed too") as error:
            scan(registry, reach(registry, at(mirror)))
        assert error.value.one_line().startswith(f"cannot read {registry.host}/team/image:1.0: ")


def test_a_digest_in_the_name_is_checked_at_a_mirror(image: BuiltImage) -> None:
    digest = f"sha256:{'0' * 64}"
    with (
        fault_proxy(None, serving_image(image)) as mirror,
        fault_proxy(None, FAILING["404"]) as registry,
        pytest.raises(RegistryError, match=f"{at(mirror)} failed too: .*does not match the digest"),
    ):
        scan(registry, reach(registry, at(mirror)), f"team/image@{digest}")
    with fault_proxy(None, serving_image(image)) as mirror, pytest.raises(DigestMismatchError):
        analyze(Source(reference=f"{mirror.host}/x@{digest}", access=reach(mirror)))


def test_the_given_login_is_not_for_a_mirror(image: BuiltImage, tmp_path: Path) -> None:
    """A mirror has a login of its own; the one that was given by hand is for the registry."""
    wanted: dict[str, str] = {}
    serve = serving_image(image)

    def guarded(seen: Seen) -> Answer | None:
        user = wanted[seen.headers["host"]]
        if seen.headers.get("authorization") == f"Basic {base64.b64encode(f'{user}:canary'.encode()).decode()}":
            return serve(seen)
        return Answer(status=401, headers={"WWW-Authenticate": "Basic realm=x"})

    with fault_proxy(None, guarded) as mirror, fault_proxy(None, guarded) as registry:
        wanted.update({mirror.host: "of-the-mirror", registry.host: "of-the-registry"})
        login: dict[str, Any] = {"username": "of-the-registry", "password": "canary"}
        assert scan(registry, reach(registry, at(mirror), **login)).image.read_from == [at(registry)]
        assert not any("authorization" in seen.headers for seen in mirror.seen)
        file = tmp_path / "auth.json"
        auth = base64.b64encode(b"of-the-mirror:canary").decode()
        file.write_text(json.dumps({"auths": {mirror.host: {"auth": auth}}}))
        report = scan(registry, reach(registry, at(mirror), authfile=file, **login))
        assert report.image.read_from == [at(mirror)]


INSECURE = '[[registry]]\nlocation = "{host}"\ninsecure = true\n'


def test_what_may_be_insecure_is_asked_without_tls_only_if_it_does_not_speak_it(
    image: BuiltImage, tmp_path: Path
) -> None:
    file = tmp_path / "registries.conf"
    with fault_proxy(None, serving_image(image)) as registry:
        file.write_text(INSECURE.format(host=registry.host))
        environment = {"CONTAINERS_REGISTRIES_CONF": str(file)}
        told: list[str] = []
        report = scan(registry, RegistryAccess(environment=environment, warn=told.append))
        assert report.image.read_from == [at(registry)]
        assert not told, "the file says that it may be so"


def test_a_mirror_whose_certificates_cannot_be_used_is_passed_over(image: BuiltImage, tmp_path: Path) -> None:
    """What is wrong here is no silence of the mirror: nobody is asked without TLS because of it."""
    told: list[str] = []
    (tmp_path / "me.cert").write_text("a certificate")
    for key in (None, "a key"):
        if key is not None:
            (tmp_path / "me.key").write_text(key)
        told.clear()
        with fault_proxy(None, serving_image(image)) as mirror, fault_proxy(None, serving_image(image)) as registry:
            file = tmp_path / "registries.conf"
            file.write_text(
                f'[[registry]]\nlocation = "{registry.host}"\n'
                f'[[registry.mirror]]\nlocation = "{mirror.host}"\ninsecure = true\n'
            )
            hosts = {registry.host: HostSettings(plain_http=True), mirror.host: HostSettings(cert_dir=tmp_path)}
            access = RegistryAccess(
                hosts=hosts, environment={"CONTAINERS_REGISTRIES_CONF": str(file)}, warn=told.append
            )
            assert scan(registry, access).image.read_from == [at(registry)]
            assert not mirror.seen
        (once,) = told
        assert once.startswith(f"skipping mirror https://{mirror.host}, asking {at(registry)} instead: ")
        assert "me.cert" in once
