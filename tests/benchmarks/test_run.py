"""Plans can be made for every shape, and a run of a tiny image ends in tables and charts."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import growth, peers, run
from benchmarks.analyzer import Analyzer
from benchmarks.images import SAME_IMAGE, SHAPES, Shape
from benchmarks.measure import Command, Run, Series
from benchmarks.plans import WARM, Race, plan
from benchmarks.plots import draw
from benchmarks.results import _race
from benchmarks.tables import BEGIN, END, write_between

COMPRESSIONS = {
    "gzip-4gb": "gzip",
    "zstd-4gb": "zstd",
    "one-huge-layer": "gzip",
    "big-layer-last": "gzip",
    "forty-layer": "gzip",
    "registry": "gzip",
    "registry-50ms": "gzip",
}


class Caching(Analyzer):
    """An analyzer that has a cache."""

    caches = True


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("analyzer", [Analyzer(), Caching()], ids=["as it is", "with a cache"])
def test_every_shape_has_a_plan(name: str, analyzer: Analyzer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Command, "is_here", True)  # what is missing on this machine is planned, too
    shape = Shape(
        name=name,
        compression=COMPRESSIONS.get(name, "none"),
        entries=10,
        archive=tmp_path / "docker-archive.tar",
        layout=tmp_path / "layout",
        reference="127.0.0.1:5000/image:1.0" if name in SAME_IMAGE else None,
        blobs=() if name == "small" else (tmp_path / "blob",),
    )
    made = plan(shape, analyzer, tmp_path, limits=True, peers=True)
    names = [command.name for command in made.commands]
    assert len(set(names)) == len(names)
    assert {made.ours, made.limit} <= set(names)
    for target in made.targets:
        assert {target.of, target.against or target.of, target.less or target.of} <= set(names)
    for race in made.races:
        assert set(race.rivals) & set(names)
        assert race.bound >= 5
    assert made.reports[0].name == made.ours
    assert analyzer.caches == any("--no-cache" in command.argv for command in made.commands)
    assert (WARM + ", cached" in names) == analyzer.caches


def test_a_race_is_against_the_best_rival_that_gave_an_answer() -> None:
    def series(name: str, wall: float, stopped: str | None = None) -> Series:
        command = Command(name=name, argv=(name,), shown=name)
        return Series(command, [Run(wall=wall, user=0, system=0, peak=1, stopped=stopped)])

    race = Race(text="", quantity="wall", of="ours", rivals=["a", "b", "c", "d"], pick="best", bound=5)
    found = {"ours": series("ours", 2), "a": series("a", 30), "b": series("b", 12), "c": series("c", 1, "exit code 1")}
    outcome = _race(race, found)
    assert (outcome.value, outcome.verdict) == (6, "pass")
    outcome = _race(race, {"ours": found["ours"], "b": series("b", 8)})
    assert (outcome.value, outcome.verdict) == (4, "MISS")
    assert _race(race, {"ours": found["ours"]}).verdict == "not measured"


def test_a_tiny_run_ends_in_tables_and_charts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--scale=0.0002", "--repetitions=1", f"--directory={tmp_path}", f"--output={tmp_path / 'out'}"]
    assert run.main(["million", *options]) == 0
    table = capsys.readouterr().out
    assert "only at scale 1" in table
    assert "DIFFER" not in table
    record = json.loads((tmp_path / "out" / "latest.json").read_bytes())
    rows = {row["name"]: row for row in record["shapes"][0]["rows"]}
    assert rows[WARM]["ratio"] == 1
    assert all(row["wall"] > 0 < row["peak"] for row in rows.values())
    for kind in ("time", "memory"):
        ET.parse(tmp_path / "out" / f"latest-{kind}.svg")  # noqa: S314 - written two lines ago
    assert str(tmp_path) not in table + json.dumps(record)
    assert not (tmp_path / "scratch").exists()


def test_bars_are_as_long_as_what_they_show(tmp_path: Path) -> None:
    rows = [
        {"name": name, "kind": kind, "wall": wall, "peak": 10**8, "stopped": None}
        for name, kind, wall in ((WARM, "ours", 2.0), ("tar -t", "limit", 1.0), ("crane <export>", "peer", 20.0))
    ]
    path = draw([{"name": "million", "rows": rows}], tmp_path, "latest")[0]
    marks = ET.parse(path).getroot().iter("{http://www.w3.org/2000/svg}rect")  # noqa: S314 - written a line ago
    widths = [float(mark.attrib["width"]) for mark in marks if mark.attrib["width"] != "100%"]
    assert widths[1:] == pytest.approx([widths[0] * 2, widths[0] * 20], rel=0.01)


def test_growth_is_shown_as_a_table_and_a_chart() -> None:
    points = [{"value": 10.0**n, "tar": 1e9, "wall": 0.3 * n, "cpu": 0.2, "peak": 5e7} for n in (1, 2, 3)]
    text = growth.render({"entries": points}, {"processor": "one"})
    assert text.count("\n| ") == 4
    ET.fromstring(growth.draw({"entries": points, "bytes": points}))  # noqa: S314 - our own
    assert {len(curve.counts) for curve in growth.curves(1)} == {5}


def test_results_replace_what_stood_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between(page, "new\n")
    assert page.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    with pytest.raises(ValueError, match="has no"):
        write_between(page, "new", "<!-- nothing -->", END + "!")


def test_a_peer_that_cannot_be_built_is_named_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # where there is no Go
    notes: list[str] = []
    peers.build(tmp_path, notes.append)
    assert "crane cannot be built: there is no go" in notes
    peers.find(tmp_path, notes.append)
    assert "crane export is left out: `python -m benchmarks.peers` builds it" in notes
    assert "umoci unpack is left out: it is not installed" in notes
