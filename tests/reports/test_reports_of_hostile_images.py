"""No image makes a report explode, or the terminal that shows it do anything."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from ocianalyze.analysis import Source, analyze
from ocianalyze.reports.assembly import _short
from ocianalyze.reports.table import print_report
from tests.support.fit import fit_image
from tests.support.forms import write_directory
from tests.support.tarballs import file


def test_long_text_and_lists_are_cut() -> None:
    value = {"text": "x" * 1_000_000, "items": [["y" * 5000]] * 5000, "number": 1, "none": None}
    shown = _short(value)
    assert shown["text"] == "x" * 4093 + "..."
    assert len(shown["items"]) == 1000
    assert len(shown["items"][0][0]) == 4096
    assert (shown["number"], shown["none"]) == (1, None)
    assert len(_short({str(number): 0 for number in range(5000)})) == 1000


def test_what_the_config_says_is_cut_and_not_obeyed(tmp_path: Path) -> None:
    spec = fit_image([file("a")], config={"User": "\x1b[31m" + "u" * 1_000_000})
    spec = replace(spec, platform="linux/\x1b[2Jamd64\x9b31m")
    path = write_directory(tmp_path / "layout", spec, "oci", compression="none")
    report = analyze(Source(reference=str(path)))
    assert report.facts is not None
    assert report.facts.user is not None
    assert len(report.facts.user.spec) == 4096
    raw = report.to_json()
    assert len(raw) < 100_000
    assert b"\xc2\x9b" not in raw
    assert json.loads(raw)["image"]["platform"] == report.image.platform
    output = StringIO()
    print_report(report, Console(file=output, width=200))
    assert not {"\x1b", "\x9b"} & set(output.getvalue())
    assert "\\x1b[2Jamd64\\x9b31m" in output.getvalue()
