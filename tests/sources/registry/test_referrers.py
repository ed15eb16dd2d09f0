"""What refers to an image, as registries list it: on pages, filtered, without end, or not at all."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from ocianalyze.analysis import Source
from ocianalyze.cli.app import app
from ocianalyze.sources.registry.referrers import listed as referrers
from ocianalyze.sources.registry.referrers.listed import MOST_REFERRERS, Referrer, referrers_of
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import build
from tests.support.push_registry import PushRegistry, digest_of
from tests.support.registries import registry_access
from tests.support.served import serving_image

IMAGE = build(fit_image(), compression="gzip")
ACCESS = registry_access(plain_http=True)


def found(registry: FaultProxy, artifact_type: str | None = None) -> list[Referrer] | None:
    with Source(reference=f"{registry.host}/team/image:1.0", access=ACCESS).open(read_layers=False) as image:
        return referrers_of(image, ACCESS, artifact_type)


def shelf_with(count: int, **options: Any) -> PushRegistry:  # noqa: ANN401 - as the class has them
    """Return a registry that holds some artifacts of two types that refer to the image."""
    shelf = PushRegistry(IMAGE, lists=True, **options)
    for number in range(count):
        raw = json.dumps(
            {"subject": {"digest": shelf.digest}, "artifactType": f"application/x-{number % 2}", "number": number}
        ).encode()
        shelf.manifests[digest_of(raw)] = "application/vnd.oci.image.manifest.v1+json", raw
    return shelf


def answering(path: str, answer: Callable[[Seen], Answer]) -> Callable[[Seen], Answer | None]:
    return lambda seen: answer(seen) if path in seen.path else None


def index(*manifests: object, **more: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "manifests": manifests, **more}).encode()


def test_all_pages_are_read() -> None:
    with fault_proxy(None, shelf_with(7, page=2)) as registry:
        listed = found(registry)
    assert listed is not None
    assert len({one.digest for one in listed}) == 7
    assert all(one.size > 50 and one.created is None for one in listed)


@pytest.mark.parametrize("applies", [True, False])
def test_one_type_is_chosen_whoever_does_it(applies: bool) -> None:  # noqa: FBT001 - pytest's
    def filtered(seen: Seen) -> Answer | None:
        if "/referrers/" not in seen.path or not applies:
            return None
        assert seen.path.endswith("?artifactType=application%2Fx-1")
        one = {"digest": f"sha256:{'1' * 64}", "size": 5, "artifactType": "application/x-1"}
        return Answer(status=200, headers={"OCI-Filters-Applied": "artifactType"}, body=index(one))

    with fault_proxy(None, shelf_with(4, spoil=filtered)) as registry:
        listed = found(registry, "application/x-1")
    assert listed is not None
    assert [one.artifact_type for one in listed] == ["application/x-1"] * (1 if applies else 2)


@pytest.mark.parametrize("status", [400, 404, 405, 500, 501])
def test_the_tag_is_read_where_there_is_no_list(status: int) -> None:
    shelf = shelf_with(0, spoil=answering("/referrers/", lambda _: Answer(status=status)))
    one = {"digest": f"sha256:{'1' * 64}", "size": 5, "mediaType": "x"}
    with fault_proxy(None, shelf) as registry:
        assert found(registry) == []
        shelf.manifests[shelf.tag] = "", index(one)
        assert found(registry) == [Referrer(shelf.digest, one["digest"], "x", "", 5, None)]  # type: ignore[arg-type] # digests


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: Answer(status=401, headers={"WWW-Authenticate": 'Bearer realm="http://evil.example/"'}),
        lambda _: Answer(status=403),
        lambda _: Answer(status=200, body=b"<html>log in"),
        lambda _: Answer(status=200, headers={"Content-Length": "10"}),
        lambda _: Answer(status=200, delay=20),
        lambda _: Answer(status=200, body=b"{}", cut_after=1),
        lambda _: Answer(status=200, body=b"[" * 100_000),
        lambda _: Answer(status=200, body=b" " * (5 << 20)),
        lambda _: Answer(status=200, body=b"null"),
        lambda _: Answer(status=307, headers={"Location": "/v2/team/image/referrers/again"}),
    ],
)
def test_who_refuses_lists_nothing(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Seen], Answer]) -> None:
    monkeypatch.setattr(referrers, "_LONGEST_WAIT", 0.5)
    for path in ("/referrers/", "sha256-"):
        shelf = shelf_with(3, spoil=answering(path, answer))
        shelf.lists = path != "sha256-"
        with fault_proxy(None, shelf) as registry:
            assert not found(registry)
            assert len([seen for seen in registry.seen if "/referrers/" in seen.path]) < 10
            done = CliRunner().invoke(app, ["inspect", f"{registry.host}/team/image:1.0", "--plain-http"])
            assert done.exit_code == 0
            assert "referrer" not in done.stdout


def test_lists_without_end_end() -> None:
    def endless(seen: Seen) -> Answer:
        number = int(seen.path.partition("from=")[2] or 0)
        entries = [{"digest": f"sha256:{number * 100 + one:064}", "size": 1} for one in range(100)]
        link = f'<{seen.path.partition("?")[0]}?from={number + 1}>; rel="next"'
        return Answer(status=200, headers={"Link": link}, body=index(*entries))

    def the_same(seen: Seen) -> Answer:
        link = f'<{seen.path.partition("?")[0]}>; rel="next"'
        return Answer(status=200, headers={"Link": link}, body=index({"digest": f"sha256:{'1' * 64}", "size": 1}))

    for answer, count, most in ((endless, MOST_REFERRERS, 10), (the_same, 1, 1)):
        with fault_proxy(None, shelf_with(0, spoil=answering("/referrers/", answer))) as registry:
            listed = found(registry)
            assert listed is not None
            assert len(listed) == count
            assert len([seen for seen in registry.seen if "/referrers/" in seen.path]) == most


def test_entries_are_a_strangers() -> None:
    good = {
        "digest": f"sha256:{'1' * 64}",
        "size": 1,
        "artifactType": "x/\x1b[31m" + "y" * 1000,
        "annotations": {"org.opencontainers.image.created": "\x1b]0;owned\x07"},
    }
    entries = [good, {"digest": "sha256:short"}, {"digest": 5}, {}, {**good, "size": -1}, {**good, "annotations": [1]}]
    entries += [{**good, "digest": f"sha256:{number:064}", "size": "1"} for number in range(100)]
    shelf = shelf_with(0, spoil=answering("/referrers/", lambda _: Answer(status=200, body=index(*entries))))
    with fault_proxy(None, shelf) as registry:
        name = f"{registry.host}/team/image:1.0"
        table = CliRunner().invoke(app, ["inspect", name, "--plain-http"])
        told = CliRunner().invoke(app, ["inspect", name, "--plain-http", "--format", "json"])
    assert table.exit_code == told.exit_code == 0
    assert "\x1b" not in table.stdout + told.stdout
    assert "and 51 more" in table.stdout
    listed = json.loads(told.stdout)["referrers"]
    assert len(listed) == 101
    assert max(len(one["artifact_type"]) for one in listed) == 200


def test_the_first_failure_is_the_last_attempt() -> None:
    with fault_proxy(None, shelf_with(1, spoil=answering("/referrers/", lambda _: Answer(status=503)))) as registry:
        assert found(registry) == []
        assert len([seen for seen in registry.seen if "/referrers/" in seen.path]) == 1


def test_an_image_that_answers_every_name_has_none() -> None:
    with fault_proxy(None, serving_image(IMAGE)) as registry:
        assert not found(registry)


def test_a_file_has_none() -> None:
    done = CliRunner().invoke(app, ["inspect", "testdata/demo.tar.gz", "--format", "json"])
    assert json.loads(done.stdout)["referrers"] is None
