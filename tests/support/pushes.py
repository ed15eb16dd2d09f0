"""Pushes to registries in memory, and what becomes of them."""

import json
from typing import Any

import pytest

from ocianalyze.errors import RegistryError
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS
from ocianalyze.oci.digest import Digest
from ocianalyze.sources.registry.referrers.artifacts import File
from ocianalyze.sources.registry.referrers.attaching import Attached, attach
from ocianalyze.sources.registry.referrers.subjects import Claim
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import build
from tests.support.push_registry import PushRegistry, Spoil
from tests.support.registries import registry_access

IMAGE = build(fit_image(), compression="gzip")
TYPE = "application/x-test"
FILE = File("report.json", TYPE, b'{"a": 1}')


def push(registry: FaultProxy, shelf: PushRegistry, file: File = FILE, **options: Any) -> Attached:  # noqa: ANN401
    """Attach a file to the image of a registry."""
    return attach(
        f"{registry.host}/team/image:1.0",
        registry_access(plain_http=True, **options),
        DEFAULT_LIMITS,
        [file],
        artifact_type=TYPE,
        claims=[Claim("r.json", Digest.parse(shelf.digest), None)],
        created="2026-01-02T03:04:05Z",
    )


def refusal(spoil: Spoil) -> str:
    """Return the error of a push to a registry that answers so, in one line."""
    shelf = PushRegistry(IMAGE, spoil=spoil)
    with fault_proxy(None, shelf) as registry, pytest.raises(RegistryError) as error:
        push(registry, shelf)
    line = error.value.one_line()
    assert line.isprintable()
    assert len(line) < 1000
    assert "canary" not in line
    return line.replace(registry.host, "HOST").replace(shelf.tag, "TAG")


def answering(status: int, body: object = None, *, method: str = "PUT", path: str = "", **headers: str) -> Spoil:
    """Return a behaviour that answers some requests so."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    stated = {name.replace("_", "-"): value for name, value in headers.items()}

    def spoil(seen: Seen) -> Answer | None:
        if seen.method == method and path in seen.path:
            return Answer(status=status, body=raw, headers=stated)
        return None

    return spoil


def refused(code: str, message: str = "no") -> dict[str, object]:
    """Return what a registry says of a refusal."""
    return {"errors": [{"code": code, "message": message}]}
