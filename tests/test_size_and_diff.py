"""``ocianalyze size`` and ``ocianalyze diff``, as somebody in a shell sees them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from ocianalyze.reports.schema import json_schema
from tests.conftest import SaveImage
from tests.reports.test_output_is_data import obeyed, poisoned
from tests.support.fit import fit_image
from tests.support.tarballs import Item, file, whiteout

MB = 1_000_000
DEMO = Path(__file__).parents[1] / "testdata" / "demo.tar.gz"


def ocianalyze(*arguments: object, stdin: bytes = b"", columns: int = 80) -> subprocess.CompletedProcess[bytes]:
    """Run a command without the settings of whoever runs the tests."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")}
    environment |= {"OCIANALYZE_ISOLATED": "1", "COLUMNS": str(columns)}
    command = [sys.executable, "-m", "ocianalyze", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment)


@pytest.fixture
def image(save_image: SaveImage) -> Path:
    """Return an image with waste, caches and duplicates."""
    lower = [
        Item(path="opt/gone", size=3 * MB),
        Item(path="var/lib/apt/lists/a", size=2 * MB),
        file("opt/a", b"x" * MB),
    ]
    return save_image(fit_image(lower, [whiteout("opt/gone"), file("opt/b", b"x" * MB)]))


def test_the_table_shows_where_the_bytes_are_and_what_to_do(image: Path) -> None:
    done = ocianalyze("size", image)
    assert (done.returncode, done.stderr) == (0, b"")
    table = done.stdout.decode()
    assert table.index("Directories") < table.index("Layers") < table.index("Packages")
    for text in (
        "/opt/gone of layer 3, deleted by layer 4",
        "package lists of apt: /var/lib/apt/lists (1 file)",
        "fix Add '&& rm -rf /var/lib/apt/lists/*' to the step of layer 3",
        "/opt/a (layer 3) is also /opt/b (layer 4)",
        "Up to 6 MB can be saved",
    ):
        assert text in " ".join(table.split()), text
    assert "░" in table
    assert all(len(line) <= 80 for line in table.splitlines())


def test_json_is_as_its_schema_says(image: Path) -> None:
    report = json.loads(ocianalyze("size", image, "-f", "json").stdout)
    jsonschema.validate(report, json_schema("size"))
    assert [item["kind"] for item in report["inventory"]["avoidable"]] == ["apt-lists"]
    assert [item["bytes"] for item in report["duplicates"]] == [MB]
    schema = json.loads(ocianalyze("schema", "size").stdout)
    assert schema == json_schema("size")
    assert ocianalyze("schema", "sizes").stderr == b"ocianalyze: unknown value 'sizes'. Did you mean 'size'?\n"


def test_every_form_has_the_same_sizes(image: Path) -> None:
    plain = json.loads(ocianalyze("size", image, "-f", "json").stdout)
    streamed = json.loads(ocianalyze("size", "-", "-f", "json", stdin=image.read_bytes()).stdout)
    for key in ("inventory", "filesystem"):
        assert plain[key] == streamed[key]
    assert plain["size"] == streamed["size"]


@pytest.mark.parametrize("command", ["size", "diff"])
def test_what_an_image_says_is_not_obeyed(save_image: SaveImage, command: str) -> None:
    image = save_image(poisoned())
    images = [image] if command == "size" else [save_image(fit_image()), image]
    for form in ("table", "json", *(["markdown"] if command == "diff" else [])):
        for columns in (20, 80):
            done = ocianalyze(command, *images, "-f", form, columns=columns)
            assert done.returncode in (0, 1, 3)
            assert list(obeyed(done.stdout.decode())) == []
            assert list(obeyed(done.stderr.decode())) == []


def test_errors_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.tar").write_bytes(b"x" * 5000)
    (tmp_path / "other.json").write_bytes(b'{"schema": "other"}')
    for arguments, code in (
        (("size", tmp_path / "none.tar"), 2),
        (("size", tmp_path / "broken.tar"), 3),
        (("diff", tmp_path / "broken.tar", DEMO), 3),
        (("diff", DEMO, tmp_path / "broken.tar"), 3),
        (("diff", DEMO, tmp_path / "other.json"), 2),
        (("diff", "-", "-"), 2),
        (("diff", tmp_path / "missing.json", DEMO), 2),
        (("diff", DEMO, DEMO, "--fail-on-growth", "lots"), 2),
        (("diff", DEMO), 2),
    ):
        done = ocianalyze(*arguments)
        assert (done.returncode, done.stdout) == (code, b""), arguments
        assert done.stderr.count(b"\n") == 1, done.stderr


def test_a_difference_decides(save_image: SaveImage) -> None:
    good, bad = save_image(fit_image()), save_image(fit_image(config={"User": "nobody-knows"}))
    assert ocianalyze("diff", good, good).returncode == 0
    assert ocianalyze("diff", bad, bad).returncode == 0
    assert ocianalyze("diff", bad, good).returncode == 0
    worse = ocianalyze("diff", good, bad)
    assert worse.returncode == 1
    assert b"New findings: " in worse.stdout
    assert ocianalyze("diff", good, bad, "--fail-on", "never").returncode == 0


def test_growth_decides(save_image: SaveImage) -> None:
    small, large = (save_image(fit_image([Item(path="opt/x", size=size)])) for size in (10 * MB, 15 * MB))
    for limit, code in (("10%", 1), ("60%", 0), ("4MB", 1), ("6MB", 0)):
        done = ocianalyze("diff", small, large, "--fail-on-growth", limit, "--profile", "studio-classic")
        assert done.returncode == code, limit
        assert (f"the image grew by more than {limit}".encode() in done.stderr) == (code == 1)
    assert ocianalyze("diff", large, small, "--fail-on-growth", "0%").returncode == 0


def test_images_and_stored_reports_in_any_mix(save_image: SaveImage, tmp_path: Path) -> None:
    old, new = save_image(fit_image()), save_image(fit_image([file("opt/ml/x", b"1")]))
    stored = []
    for image in (old, new):
        stored.append(tmp_path / f"{image.name}.json")
        ocianalyze("scan", image, "--inventory", "-o", stored[-1], "-q")
    outputs = [
        json.loads(ocianalyze("diff", first, second, "-f", "json").stdout)
        for first in (old, stored[0])
        for second in (new, stored[1])
    ]
    assert all(output == outputs[0] for output in outputs)
    jsonschema.validate(outputs[0], json_schema("diff"))
    assert outputs[0]["gaps"] == []
    assert outputs[0]["packages"] == []


def test_images_for_different_apps_are_not_the_same_in_silence(save_image: SaveImage) -> None:
    lab = {"Cmd": ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888"]}
    classic, other = save_image(fit_image()), save_image(fit_image(config=lab))
    done = ocianalyze("diff", other, classic)
    assert done.returncode == 3
    assert b"the earlier image was judged as studio-jupyterlab, this one as studio-classic" in done.stdout
    assert ocianalyze("diff", other, classic, "--profile", "studio-classic").returncode == 0


def test_no_byte_is_saved_twice(save_image: SaveImage) -> None:
    twins = [file(f"{place}/{n}", b"x" * MB) for place in ("tmp", "opt") for n in range(2)]
    report = json.loads(ocianalyze("size", save_image(fit_image(twins)), "-f", "json").stdout)
    assert [item["bytes"] for item in report["inventory"]["avoidable"]] == [2 * MB]
    assert [[place["path"] for place in item["places"]] for item in report["duplicates"]] == [["/opt/0", "/opt/1"]]
    assert b"Up to 3 MB can be saved" in ocianalyze("size", save_image(fit_image(twins))).stdout


@pytest.mark.parametrize("change", [{"limit": 0}, {"limit": -1}, {"docker_image_size": -5}, {"compressed": 10**40}])
def test_sizes_that_cannot_be_are_refused(save_image: SaveImage, tmp_path: Path, change: dict[str, int]) -> None:
    report = json.loads(ocianalyze("scan", save_image(fit_image()), "-f", "json").stdout)
    report["facts"]["size"] |= change
    stored = tmp_path / "report.json"
    stored.write_text(json.dumps(report))
    done = ocianalyze("convert", stored, "-f", "html")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1
