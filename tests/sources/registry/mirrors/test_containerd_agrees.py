"""containerd itself is asked for images with the same hosts.toml: the same hosts are asked, with the same paths."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import RegistryError
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.registries import registry_access
from tests.support.tools import skip_or_fail

DIGEST = f"sha256:{'a' * 64}"
CONFIG = """
version = 2
root = "{place}/root"
state = "{place}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{place}/grpc.sock"
[ttrpc]
address = "{place}/ttrpc.sock"
"""
_PATIENCE = 20.0


@pytest.fixture(scope="module")
def containerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run containerd with a place of its own, and return its socket."""
    skip_or_fail(("containerd", "ctr", "root"))
    place = tmp_path_factory.mktemp("containerd")
    (place / "config.toml").write_text(CONFIG.format(place=place))
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(["containerd", "--config", place / "config.toml"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + _PATIENCE
        while not (place / "grpc.sock").exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        yield place / "grpc.sock"
    finally:
        process.terminate()
        process.wait(_PATIENCE)


SERVER = 'server = "http://{registry}"\n'
DIRECTORIES = {
    "host": ["{host}_{port}_"],
    "host with a colon": ["{host}:{port}"],
    "default": ["_default"],
    "certificates alone": ["", "_default"],
    "two": ["{host}_{port}_", "_default"],
}
"""Where the file is; the second one leads astray."""
FILES = {
    "in order": SERVER + '[host."http://{two}"]\n[host."http://{one}"]\n',
    "paths": SERVER + '[host."http://{one}/cache/"]\n[host."http://{two}/v2/hub"]\n',
    "override": SERVER
    + '[host."http://{one}/a/b"]\noverride_path = true\n[host."http://{two}"]\noverride_path = true\n',
    "v2": SERVER + '[host."http://{one}/v2"]\n[host."http://{two}/v2/"]\n',
    "capabilities": SERVER
    + '[host."http://{one}"]\ncapabilities = ["pull"]\n[host."http://{two}"]\ncapabilities = ["resolve"]\n',
    "all capabilities": SERVER + '[host."http://{one}"]\ncapabilities = []\n',
    "push": SERVER + '[host."http://{one}"]\ncapabilities = ["push"]\n',
    "server elsewhere": 'server = "http://{one}/inside"\n[host."http://{two}"]\n',
    "server elsewhere, override": 'server = "http://{one}/inside"\noverride_path = true\n[host."http://{two}"]\n',
    "itself": SERVER + '[host."http://{registry}"]\n',
    "dotted keys": SERVER + 'host."http://{two}".capabilities = ["pull", "resolve"]\nhost."http://{one}".ca = []\n',
    "one line": SERVER + 'host = {{ "http://{one}" = {{ skip_verify = false }} }}\n',
    "server that only pulls": SERVER + 'capabilities = ["pull"]\n[host."http://{one}"]\n',
    "empty": "",
}


"""One without any host is not among them: containerd 1.6 takes it for no TOML, and its successors do not."""


@pytest.mark.parametrize("name", ["team/app:1", f"team/app@{DIGEST}"])
@pytest.mark.parametrize(
    ("kind", "directory"), [*((kind, "host") for kind in FILES), *(("in order", place) for place in DIRECTORIES)]
)
def test_containerd_asks_the_same_places(
    containerd: Path, tmp_path: Path, kind: str, directory: str, name: str
) -> None:
    order: list[str] = []

    def behave(seen: Seen) -> Answer:
        if "/manifests/" in seen.path:
            order.append(f"{seen.headers['host']}{seen.path}")
        return Answer(status=404)

    with ExitStack() as stack:
        one, two, registry = (stack.enter_context(fault_proxy(None, behave)).host for _ in range(3))
        root = tmp_path / ".config" / "containerd" / "certs.d"
        host, _, port = registry.partition(":")
        for place, text in zip(DIRECTORIES[directory], (FILES[kind], 'server = "http://other.invalid"'), strict=False):
            if not place:
                (root / f"{host}_{port}_").mkdir(parents=True)
                continue
            path = root / place.format(host=host, port=port) / "hosts.toml"
            path.parent.mkdir(parents=True)
            path.write_text(text.format(one=one, two=two, registry=registry))
        image = f"{registry}/{name}"
        pull: list[str | Path] = ["ctr", "--address", containerd, "images", "pull", "--hosts-dir", root, image]
        done = subprocess.run(pull, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        assert done.returncode, done.stderr
        theirs, order[:] = list(order), []
        access = registry_access(environment={"HOME": str(tmp_path)}, plain_http=True, warn=lambda _: None)
        with pytest.raises(RegistryError):
            analyze(Source(reference=image, access=access))
    assert theirs
    assert order == theirs
