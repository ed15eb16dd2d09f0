"""One row for each image, read back by the readers of others."""

import csv
import io
import sys
from typing import Any

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.fleet.report import render
from ocianalyze.fleet.report.document import FleetReport
from tests.fleet.report.conftest import AskAbout
from tests.reports.test_output_is_data import obeyed
from tests.support.fleets import image, run

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def table(report: FleetReport) -> list[dict[str, str]]:
    """Return the rows of the CSV file."""
    return list(csv.DictReader(io.StringIO(render(report, "csv").decode(), newline=""), strict=True))


def frame(report: FleetReport) -> list[dict[str, Any]]:
    """Return the rows of the Parquet file."""
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    rows: list[dict[str, Any]] = parquet.read_table(io.BytesIO(render(report, "parquet"))).to_pylist()
    return rows


def test_there_is_a_row_for_each_image(sample_report: FleetReport) -> None:
    rows = table(sample_report)
    assert [row["reference"] for row in rows] == [one.reference for one in sample_report.images]
    first, second = rows[0], rows[3]
    assert (first["verdict"], first["error_rules"], first["warning_rules"]) == ("fail", "KRN005", "USR001")
    assert (first["base"], first["stated_base"]) == ("", "docker.io/debian:12")
    assert second["base"] == "registry.example.com/base/python:3.12"
    assert second["users"] == "domain d-speech, space alice"
    assert second["app_image_config"] == "speech-config"
    assert rows[2]["sufficient_drivers"] == "610.43.02; 580.65.06; 575.51.03; 550.54.14; 525.60.13"
    assert rows[-1]["error_message"] == "layer 3 is truncated at byte 1234"
    assert {row["change"] for row in rows} >= {"new", ""}


def test_lines_end_as_the_standard_says(sample_report: FleetReport) -> None:
    content = render(sample_report, "csv")
    assert content.count(b"\r\n") == content.count(b"\n") == len(sample_report.images) + 1


@pytest.mark.parametrize("begin", FORMULAS)
def test_no_cell_is_a_formula(about: AskAbout, begin: str) -> None:
    text = f'{begin}1+1", "2'
    report = about(
        run(image(text, title=text, users=[text, "b"], app_image_config=f'{{"AppImageConfigName": "{begin}"}}'))
    )
    (row,) = table(report)
    shown = {"\t": "\\x09", "\r": "\\x0d"}.get(begin, f"'{begin}")
    for name in ("reference", "title", "users"):
        assert row[name].startswith(shown), name
    assert row["app_image_config"] in (shown, "")
    assert not any(cell.startswith(FORMULAS) for cell in row.values())


def test_nothing_in_a_cell_is_obeyed(hostile_report: FleetReport) -> None:
    content = render(hostile_report, "csv").decode()
    assert list(obeyed(content.replace("\r\n", "\n"))) == []
    for row in table(hostile_report):
        assert not any(cell.startswith(FORMULAS) for cell in row.values())
    assert all(None not in row for row in table(hostile_report))


def test_the_frame_has_the_same_rows(sample_report: FleetReport) -> None:
    rows = frame(sample_report)
    for text, value in zip(table(sample_report), rows, strict=True):
        assert list(text) == list(value)
        for name, cell in value.items():
            shown = "" if cell is None else "; ".join(cell) if isinstance(cell, list) else str(cell)
            assert text[name] == shown, name
    assert rows[2]["users"] == []
    assert rows[3]["users"] == ["domain d-speech, space alice"]


def test_the_frame_has_texts_as_they_are(hostile_report: FleetReport) -> None:
    assert frame(hostile_report)[0]["reference"] == hostile_report.images[0].reference


def test_an_empty_run_has_columns(about: AskAbout) -> None:
    report = about(run())
    assert render(report, "csv").startswith(b"position,reference,name,title,")
    assert frame(report) == []


def test_without_pyarrow(sample_report: FleetReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="Parquet needs pyarrow") as caught:
        render(sample_report, "parquet")
    assert caught.value.hint == "Install 'ocianalyze[parquet]'"
