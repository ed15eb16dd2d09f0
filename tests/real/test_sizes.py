"""What we say of sizes and packages, against du, dpkg, Python and dive, on a real Debian image."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocianalyze import PackageFacts, SizeReport, Source, measure
from ocianalyze.reports.size.places import by_directory
from tests.conftest import SaveImage
from tests.support.debian import chroot
from tests.support.images import ImageSpec
from tests.support.real_images import RealImages
from tests.support.tarballs import Item, directory, file, whiteout
from tests.support.tools import requires, run

MB = 1_000_000
DISTRIBUTIONS = """
import importlib.metadata, json, os
found = {}
for item in importlib.metadata.distributions():
    files = [str(path.locate()) for path in item.files or ()]
    name = item.metadata["Name"]
    found[name] = item.version, sum(os.lstat(path).st_size for path in set(files) if os.path.isfile(path))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def rootfs(real_image: RealImages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the golden image, unpacked by umoci."""
    bundle = tmp_path_factory.mktemp("unpacked") / "bundle"
    run("umoci", "unpack", "--image", f"{real_image('golden', 'oci')}:golden", bundle)
    yield bundle / "rootfs"
    run("rm", "-rf", bundle)


@pytest.fixture(scope="module")
def report(real_image: RealImages) -> SizeReport:
    """Return what we say of the same image."""
    return measure(Source(reference=str(real_image("golden", "oci-archive"))))


def du(*paths: Path) -> int:
    """Return what du says of the regular files below some directories: those with several names count once."""
    files = run("find", *paths, "-type", "f", "-print0")
    said = run("du", "--apparent-size", "--block-size=1", "--total", "--files0-from=-", stdin=files)
    return int(said.splitlines()[-1].split()[0])


@pytest.mark.real
def test_directories_take_what_du_says(report: SizeReport, rootfs: Path) -> None:
    assert report.filesystem.bytes == du(rootfs)
    root = by_directory(report.size.tree or [])
    assert root.bytes - root.hidden == du(rootfs)
    for path in ("usr/bin", "usr/lib/python3.11", "usr/local/lib", "var/lib"):
        found = root
        for name in path.split("/"):
            found = found.children[name]
        assert found.bytes - found.hidden == du(rootfs / path), path


@pytest.mark.real
def test_packages_are_those_of_dpkg(report: SizeReport, rootfs: Path) -> None:
    pattern = "${Package}\\t${Version}\\t${db:Status-Status}\\n"
    lines = chroot(rootfs, "dpkg-query", "--show", f"--showformat={pattern}").decode().splitlines()
    said = {tuple(line.split("\t")[:2]) for line in lines if line.endswith("\tinstalled")}
    mine = {package.name: package for package in report.inventory.packages if package.manager == "dpkg"}
    assert {(package.name, package.version) for package in mine.values()} == said
    for name in ("bash", "python3.11-minimal", "libc6", "perl-base"):
        paths = chroot(rootfs, "dpkg-query", "--listfiles", name).decode().splitlines()
        files = [rootfs / path[1:] for path in paths if (rootfs / path[1:]).is_file()]
        assert mine[name].bytes == du(*[path for path in files if not path.is_symlink()]), name
    assert report.inventory.gaps == []


@pytest.mark.real
def test_distributions_are_those_of_python(report: SizeReport, rootfs: Path) -> None:
    said = json.loads(chroot(rootfs, "python3", "-c", DISTRIBUTIONS))
    mine: dict[str, PackageFacts] = {
        package.name: package for package in report.inventory.packages if package.manager == "python"
    }
    assert {name.lower().replace("_", "-").replace(".", "-"): item[0] for name, item in said.items()} == {
        name: package.version for name, package in mine.items()
    }
    assert said["ipykernel"][1] == mine["ipykernel"].bytes
    claimed = sum(package.bytes or 0 for package in report.inventory.packages)
    assert claimed + report.inventory.unlisted_bytes == report.filesystem.bytes


@requires("dive")
def test_dive_finds_the_same_waste(save_image: SaveImage, tmp_path: Path) -> None:
    """The program counts the copy that is still visible, too, and lists no directories that were deleted as such."""
    old, new, gone = 3 * MB, 4 * MB, [f"opt/gone/{n}" for n in range(5)]
    layers: list[list[Item]] = [
        [
            *(directory("opt"), directory("opt/gone"), Item(path="opt/new", size=old), Item(path="opt/own", size=MB)),
            *(Item(path=path, size=MB) for path in gone),
            file("etc/hostname", b"a"),
        ],
        [Item(path="opt/new", size=new), Item(path="opt/own", size=MB, uid=1000), *map(whiteout, gone)],
    ]
    image = save_image(ImageSpec(layers=layers))
    run("dive", f"docker-archive://{image}", "--json", tmp_path / "dive.json")
    said = json.loads((tmp_path / "dive.json").read_bytes())["image"]
    report = measure(Source(reference=str(image)))
    assert report.size.docker_image_size == said["sizeBytes"]
    assert report.filesystem.shadowed_bytes == said["inefficientBytes"] - new - MB
    assert {item["file"] for item in said["fileReference"]} == {"/opt/new", "/opt/own", *(f"/{path}" for path in gone)}
    places = {place.path: place.bytes for waste in report.size.wasting for place in waste.places}
    assert places == {"/opt/new": old, "/opt/own": MB, "/opt/gone": 5 * MB}
