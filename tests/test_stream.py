"""``scan --stream``: events for programs, from the first byte to the report."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SaveImage
from tests.reports.test_output_is_data import obeyed, poisoned
from tests.support.fit import fit_image
from tests.support.tarballs import Item
from tests.test_convert import ocianalyze

MB = 1_000_000


def events(*arguments: object) -> list[dict[str, Any]]:
    """Return the events of a scan."""
    done = ocianalyze("scan", *arguments, "-f", "json", "--stream")
    return [json.loads(line) for line in done.stdout.splitlines()]


def without_times(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report without what no two scans have in common."""
    return {key: value for key, value in report.items() if key != "timing"}


def test_the_last_event_is_the_report(save_image: SaveImage) -> None:
    image = save_image(fit_image())
    found = events(image)
    assert [event["event"] for event in found] == ["opened", "read", "merged", "judged", "report"]
    assert len(found[0]["layers"]) == 3
    assert found[0]["layers"][0].keys() == {"position", "size", "created_by"}
    assert found[0]["image"] == found[-1]["report"]["image"]
    plain = json.loads(ocianalyze("scan", image, "-f", "json").stdout)
    assert without_times(found[-1]["report"]) == without_times(plain)
    assert found[1]["seconds"] <= found[2]["seconds"] <= found[3]["seconds"]


def test_progress_comes_while_an_image_is_read(save_image: SaveImage) -> None:
    image = save_image(fit_image([Item(path="opt/x", size=20 * MB)]))
    command = [sys.executable, "-m", "ocianalyze", "scan", "-", "-f", "json", "--stream", "--isolated"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        content = image.read_bytes()
        for start in range(0, len(content), MB):
            process.stdin.write(content[start : start + MB])
            process.stdin.flush()
            time.sleep(0.1)
        process.stdin.close()
        found = [json.loads(line) for line in process.stdout]
    progress = [event for event in found if event["event"] == "progress"]
    assert len(progress) > 1
    assert [event["bytes"] for event in progress] == sorted(event["bytes"] for event in progress)
    assert 0 < progress[0]["bytes"] < progress[-1]["bytes"] <= len(content)
    assert progress[-1]["entries"] > 0
    assert found[-1]["report"]["verdict"] == "pass"


def test_an_error_is_the_last_event(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"x" * 5000)
    (event,) = events(broken)
    assert event["event"] == "report"
    assert event["report"]["verdict"] == "error"
    assert "broken.tar" in event["report"]["error"]["reference"]


def test_what_an_image_says_is_not_obeyed(save_image: SaveImage) -> None:
    done = ocianalyze("scan", save_image(poisoned()), "-f", "json", "--stream")
    assert list(obeyed(done.stdout.decode())) == []


@pytest.mark.parametrize("arguments", [(), ("-f", "line"), ("-f", "json", "-o", "r.json"), ("-f", "json", "-q")])
def test_it_is_for_json_on_standard_output(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = ocianalyze("scan", "x.tar", "--stream", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(b"ocianalyze: --stream is for JSON on standard output")


def test_others_get_their_reports(save_image: SaveImage, tmp_path: Path) -> None:
    image = save_image(fit_image())
    done = ocianalyze("scan", image, "-f", "line", "-f", "json", "-o", "r.txt", "-o", "-", "--stream", cwd=tmp_path)
    assert done.stdout.splitlines()[-1].startswith(b'{"event":"report"')
    assert (tmp_path / "r.txt").is_file()
