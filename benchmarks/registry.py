"""A registry on this machine that holds the image of a shape: Debian's docker-registry, filled by skopeo."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from benchmarks.images import LATENCY, Shape
from benchmarks.latency import delayed
from benchmarks.measure import CommandError

_PATIENCE = 20.0
_CONFIG = """version: 0.1
log:
  level: error
storage:
  filesystem:
    rootdirectory: {directory}/data
http:
  addr: {host}
"""


@contextmanager
def serving(shape: Shape) -> Iterator[Shape]:
    """Yield the shape with its name in a registry that runs as long as the context lasts; it keeps a copy of the blobs.

    Raises:
        CommandError: docker-registry or skopeo is missing or failed.
    """
    with tempfile.TemporaryDirectory(prefix="registry-") as name, running(Path(name)) as host:
        reference = f"{host}/{shape.name}:1.0"
        command = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{shape.layout}"]
        try:
            subprocess.run([*command, f"docker://{reference}"], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CommandError(f"skopeo could not fill the registry: {error}") from error
        with delayed(host, LATENCY[shape.name]) if shape.name in LATENCY else nullcontext(host) as there:
            yield replace(shape, reference=f"{there}/{shape.name}:1.0")


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Yield the host of a registry whose images are below ``data`` in `directory`, as long as the context lasts.

    Raises:
        CommandError: docker-registry is missing or failed.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config = directory / "config.yml"
    config.write_text(_CONFIG.format(directory=directory.resolve(), host=host))
    try:
        process = subprocess.Popen(
            ["docker-registry", "serve", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise CommandError(f"docker-registry cannot be run: {error.strerror}") from error
    try:
        _await(host)
        yield host
    finally:
        process.terminate()
        process.wait()


def _await(host: str) -> None:
    address, _, port = host.partition(":")
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((address, int(port))) == 0:
                return
        time.sleep(0.05)
    raise CommandError("docker-registry does not answer")
