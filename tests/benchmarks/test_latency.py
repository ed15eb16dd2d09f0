"""A way that takes its time, and loses nothing."""

import time

from benchmarks.latency import delayed
from ocianalyze.analysis import Source, analyze
from tests.support.fault_proxy import fault_proxy
from tests.support.fit import fit_image
from tests.support.images import build
from tests.support.registries import registry_access
from tests.support.served import serving_image


def test_all_arrives_later() -> None:
    with fault_proxy(None, serving_image(build(fit_image(), compression="gzip"))) as registry:
        with delayed(registry.host, 0.2) as host:
            start = time.monotonic()
            report = analyze(Source(reference=f"{host}/team/image", access=registry_access(plain_http=True)))
            taken = time.monotonic() - start
        assert all(layer.verified for layer in report.layers)
        assert taken > 0.6, "a handshake, a manifest and a config"
