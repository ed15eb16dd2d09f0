"""Lines of a Dockerfile for the findings of an image that buildah really builds from it."""

from pathlib import Path

import pytest

from ocianalyze.analysis import Policy, analyze
from ocianalyze.reports.locating import locate
from tests.support.tools import ROOT, requires, run

DOCKERFILE = """FROM scratch AS base
COPY a /etc/a
FROM base
ENV JUPYTER_PATH=/x
COPY kernel.json \\
  /usr/share/jupyter/kernels/k/kernel.json
COPY a /opt/ml/model/a
EXPOSE 8888
USER 1234
CMD ["jupyter", "lab"]
"""


@requires("buildah", ROOT)
@pytest.mark.parametrize("options", [["--layers"], []], ids=["layers", "one-layer"])
def test_lines_of_what_buildah_builds(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "a").write_text("a")
    (tmp_path / "kernel.json").write_text('{"argv": ["x"], "display_name": "x", "language": "x"}')
    storage = ("--storage-driver", "vfs", "--root", tmp_path / "root", "--runroot", tmp_path / "run")
    run("buildah", *storage, "bud", "--isolation", "chroot", *options, "-t", "lines", tmp_path)
    archive = tmp_path / "image.tar"
    run("buildah", *storage, "push", "--quiet", "lines", f"docker-archive:{archive}")
    report = locate(analyze(str(archive), Policy(profiles=["all"])), DOCKERFILE, "Dockerfile")
    lines = {item.rule: item.source and (item.source.line, item.source.end_line) for item in report.findings}
    assert report.diagnostics == []
    assert {rule: lines[rule] for rule in ("APP010", "USR001", "APP002", "KRN015", "APP001")} == {
        "APP010": (8, 8),
        "USR001": (9, 9),
        "APP002": (10, 10),
        "KRN015": (4, 4),
        "APP001": (1, 1),
    }
    in_layers = bool(options)
    assert (lines["KRN004"], lines["FSR001"]) == (((5, 6), (7, 7)) if in_layers else (None, None))
