"""The benchmark of fleets makes images that are real, and its simulation does what a run does."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from benchmarks.fleet import render
from benchmarks.fleet_growth import grow
from benchmarks.fleet_images import BREAKING, Sizes, make_fleet
from benchmarks.registry import running
from tests.support.tools import requires
from tests.test_cli import run

TINY = Sizes(images=12, bases=3, layers_of_base=4, layers_of_image=2, base_layer=30_000, image_layer=5_000)


@requires("docker-registry")
def test_the_images_are_real(tmp_path: Path) -> None:
    names = make_fleet(tmp_path, TINY)
    results, listed = tmp_path / "fleet.sqlite", tmp_path / "list.txt"
    with running(tmp_path) as registry:
        listed.write_text("".join(f"{registry}/{name}\n" for name in names))
        done = run("fleet", str(listed), "--plain-http", "--isolated", "-q", "-o", str(results))
        layers_alone = subprocess.run([sys.executable, "-m", "benchmarks.fleet_layers", listed], check=False)
    assert layers_alone.returncode == 0
    assert (done.returncode, done.stderr) == (1, b"")
    with sqlite3.connect(results) as database:
        verdicts = dict(database.execute("SELECT position, verdict FROM images").fetchall())
        (layers,) = database.execute("SELECT COUNT(*) FROM layers").fetchone()
    assert layers == TINY.bases * TINY.layers_of_base + TINY.images * TINY.layers_of_image
    broken = {number for number in range(TINY.images) if number % 10 == 0}
    assert {number for number, verdict in verdicts.items() if verdict == "fail"} == broken
    assert len(BREAKING) == 4


def test_larger_fleets_are_simulated() -> None:
    found = [grow(30), grow(60)]
    assert [one["images"] for one in found] == [30, 60]
    assert found[0]["layers"] < found[1]["layers"]
    machine = {"processor": "some"}
    fleet = {"images": 2, "whole": 1.0, "layers": 0.9, "ratio": 1.1, "alone": 3.0}
    assert "| 60 |" in render({"fleet": fleet, "clusters": {1: 2.0}, "growth": found, "machine": machine})
