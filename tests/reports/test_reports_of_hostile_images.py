"""No image makes a report explode, or the terminal that shows it do anything."""

import hashlib
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

from ocianalyze.analysis import Source, analyze, preview
from ocianalyze.reports import inspection
from ocianalyze.reports.screen import Screen
from ocianalyze.reports.shortening import short
from ocianalyze.reports.table import print_report
from ocianalyze.reports.text import to_json
from tests.support.fit import fit_image
from tests.support.forms import write_archive, write_directory
from tests.support.headers import header, pax
from tests.support.images import ImageSpec
from tests.support.tarballs import file


def test_long_text_and_lists_are_cut() -> None:
    value = {"text": "x" * 1_000_000, "items": [["y" * 5000]] * 5000, "number": 1, "none": None}
    shown = short(value)
    assert shown["text"] == "x" * 4093 + "..."
    assert len(shown["items"]) == 1000
    assert len(shown["items"][0][0]) == 4096
    assert (shown["number"], shown["none"]) == (1, None)
    assert len(short({str(number): 0 for number in range(5000)})) == 1000


def test_sizes_that_add_up_to_more_than_64_bits(tmp_path: Path) -> None:
    """A manifest states three layers of 2**63 - 1 bytes; a layer has sparse files of 2**62."""
    spec = fit_image([file("a")], [file("b")])
    path = write_directory(tmp_path / "layout", spec, "oci", compression="none")
    index = json.loads((path / "index.json").read_bytes())
    manifest = path / "blobs" / index["manifests"][0]["digest"].replace(":", "/")
    changed = json.loads(manifest.read_bytes())
    for layer in changed["layers"]:
        layer["size"] = 2**63 - 1
    raw = json.dumps(changed).encode()
    digest = hashlib.sha256(raw).hexdigest()
    (manifest.parent / digest).write_bytes(raw)
    index["manifests"][0] |= {"digest": f"sha256:{digest}", "size": len(raw)}
    (path / "index.json").write_text(json.dumps(index))
    with Source(reference=str(path)).open(read_layers=False) as image:
        told = inspection.record(image, preview(image))
        inspection.print_image(image, preview(image), Screen(StringIO()))
    assert sum(layer["size"] for layer in json.loads(to_json(told))["layers"]) > 2**64

    sparse = pax({b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"%d" % 2**62})
    tars = [sparse + header(b"%d" % number, size=0) for number in range(9)]
    huge = ImageSpec(layers=[b"".join((*tars, bytes(1024)))] * 2)
    archived = write_archive(tmp_path / "image.tar", huge, "docker-legacy", compression="none")
    report = analyze(Source(reference=str(archived)))
    assert report.facts is not None
    assert json.loads(report.to_json())["facts"]["filesystem"]["bytes"] == report.facts.filesystem.bytes
    print_report(report, Screen(StringIO()))


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
    print_report(report, Screen(output, width=200))
    assert not {"\x1b", "\x9b"} & set(output.getvalue())
    assert "\\x1b[2Jamd64\\x9b31m" in output.getvalue()
