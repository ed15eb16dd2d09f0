"""Where the time went: in the report, and as a person reads it."""

import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.reports.report import LayerReport, LayerTiming, Report
from ocianalyze.reports.screen import Screen
from ocianalyze.reports.timing import print_timing
from tests.conftest import SaveImage
from tests.support.compress import Compression
from tests.support.images import ImageSpec
from tests.support.tarballs import file
from tests.support.terminal import clean_environment

DEMO = Path(__file__).parents[2] / "testdata" / "demo.tar.gz"
SPEC = ImageSpec(layers=[[file("a", bytes(5000))], [file("b")], [file("a", bytes(5000))]])


def costs(path: Path, *, verify: bool = False) -> Report:
    return analyze(Source(reference=str(path), verify_all=verify), Policy(fail_on="never"))


@pytest.mark.parametrize(
    ("compression", "verify", "read", "hashed"),
    [
        ("none", False, "headers", lambda _: 0),
        ("none", True, "full", lambda layer: layer.size),
        ("gzip", False, "full", lambda layer: layer.size),
        ("gzip", True, "full", lambda layer: layer.size + layer.uncompressed_size),
    ],
    ids=["walked", "verified", "inflated", "inflated and verified"],
)
def test_each_blob_is_read_and_counted_once(
    save_image: SaveImage, compression: Compression, read: str, hashed: Callable[[LayerReport], int], *, verify: bool
) -> None:
    report = costs(save_image(SPEC, "oci", compression=compression), verify=verify)
    layers, timing = report.layers, report.timing
    assert layers[0].digest == layers[2].digest
    assert [(cost.position, cost.read, cost.size, cost.entries) for cost in timing.layers] == [
        (layer.position, read, layer.size, 1) for layer in layers[:2]
    ]
    assert [cost.bytes_hashed for cost in timing.layers] == [hashed(layer) for layer in layers[:2]]
    assert timing.bytes_hashed == sum(cost.bytes_hashed for cost in timing.layers)
    assert timing.bytes_read == sum(cost.bytes_read for cost in timing.layers)
    for cost in timing.layers:
        assert 0 < cost.bytes_read < 3 * cost.size  # what follows a header is read with it, and so again and again
        assert cost.seconds >= 0
        if cost.seconds > 0.001:
            assert cost.bytes_per_second == pytest.approx(cost.size / cost.seconds, rel=0.1)
    assert list(timing.phases) == ["open", "layers", "merge", "rules"]
    assert timing.seconds == pytest.approx(sum(timing.phases.values()), abs=0.001)


def printed(report: Report, width: int = 100) -> str:
    with io.StringIO() as text:
        print_timing(report, Screen(text, width=width))
        return text.getvalue()


def test_the_table_of_known_figures() -> None:
    report = costs(DEMO)
    layers = [
        LayerTiming(
            position=position,
            read="full" if position else "cache",
            size=size,
            entries=1000,
            bytes_read=size if position else 0,
            bytes_hashed=2 * size if position else 0,
            seconds=seconds,
            bytes_per_second=round(size / seconds) if seconds else None,
        )
        for position, size, seconds in ((0, 3_000_000, 0.001), (1, 3_000_000, 0.5), (2, 40_000_000_000, 80.0))
    ]
    timing = report.timing.model_copy(
        update={"phases": {"open": 0.1, "layers": 80.5, "merge": 0.4, "rules": 1.0}, "seconds": 82.0, "layers": layers}
    ).with_start(0.5)
    report = report.model_copy(update={"timing": timing})
    assert printed(report, 80).splitlines() == [
        "Where the time went",
        "  start    0.50 s    1%",
        "  open     0.10 s    0%",
        "  layers  80.50 s   98%",
        "  merge    0.40 s    0%",
        "  rules    1.00 s    1%",
        "  total   82.50 s  100%",
        "",
        "  layer  read bytes read hashed     time    speed entries/s build step",
        "      0 cache        0 B    0 B  0.001 s                    COPY dir:385122f0...",
        "      1  full       3 MB   6 MB  0.500 s   6 MB/s     2,000 /bin/busybox --in...",
        "      2  full      40 GB  80 GB 80.000 s 500 MB/s        12 RUN echo 'sagemak...",
    ]


def test_of_very_many_layers_the_slowest_are_shown() -> None:
    report = costs(DEMO)
    (one, *_) = report.timing.layers
    many = [one.model_copy(update={"position": 0, "seconds": float(number)}) for number in range(60)]
    report = report.model_copy(update={"timing": report.timing.model_copy(update={"layers": many})})
    lines = printed(report).splitlines()
    assert "and 10 more that took less" in lines[-1]
    assert [" 9.000 s " in line for line in lines].count(True) == 0
    assert any(" 59.000 s " in line for line in lines)


def test_no_build_step_moves_the_cursor() -> None:
    report = costs(DEMO)
    layers = [layer.model_copy(update={"created_by": "RUN \x1b[2J\u202e\r\n"}) for layer in report.layers]
    text = printed(report.model_copy(update={"layers": layers}))
    assert "RUN \\x1b[2J\\u202e" in text
    assert not re.search("[\x1b\r\u202e]", text)


@pytest.mark.parametrize("option", ["--timing", "--verbose"])
def test_the_command_line_prints_it_behind_the_report_and_beside_standard_output(option: str) -> None:
    command = [sys.executable, "-m", "ocianalyze", "scan", str(DEMO), "-f", "json"]
    done = subprocess.run([*command, option], capture_output=True, check=False, text=True, env=clean_environment())
    assert done.returncode == 1
    assert done.stdout.endswith("}\n")
    assert re.search(r"^Where the time went\n  start +\d+\.\d\d s", done.stderr, re.MULTILINE)
    assert re.search(r"^ +6 full +4.61 kB 4.61 kB .*RUN mkdir -p", done.stderr, re.MULTILINE)
    plain = subprocess.run(command, capture_output=True, check=False, text=True, env=clean_environment())
    assert plain.stderr == ""
