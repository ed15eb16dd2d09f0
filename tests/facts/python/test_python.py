"""Python installations and what can be imported."""

import pytest

from ocianalyze.facts.directories.mounts import find_mounts
from ocianalyze.facts.python.installations import find_installation
from ocianalyze.facts.python.modules import READS, ModuleFinder, ModuleSearch
from ocianalyze.layers.contents.capture import Capture, Want
from tests.rules.subjects import make_image, program, python
from tests.support.tarballs import Item, directory, file, symlink

NAME = "ipykernel_launcher"


def venv(prefix: str, *, base: str = "/usr/bin", system_site: bool = False, link: bool = True) -> list[Item]:
    """Return a virtual environment."""
    settings = f"home = {base}\ninclude-system-site-packages = {str(system_site).lower()}\nversion = 3.11.2\n"
    executable = f"{prefix}/bin/python"
    return [
        file(f"{prefix}/pyvenv.cfg", settings.encode()),
        symlink(executable, f"{base}/python3") if link else program(executable),
        directory(f"{prefix}/lib/python3.11/site-packages"),
    ]


def search(items: list[Item], executable: str, *, python_path: str = "", home: str = "/home/u") -> ModuleSearch:
    """Return where a module is found."""
    filesystem = make_image(items)[1]
    installation = find_installation(filesystem, executable)
    assert installation is not None
    mounts = find_mounts(filesystem, "/home/sagemaker-user")
    return ModuleFinder(filesystem, home, mounts).find(installation, NAME, python_path)


@pytest.mark.parametrize(
    ("items", "executable", "prefix"),
    [
        (python(), "/usr/bin/python3", "/usr"),
        (python("usr/local"), "/usr/local/bin/python3", "/usr/local"),
        (python("opt/conda", "3.12"), "/opt/conda/bin/python3", "/opt/conda"),
        ([*python(), symlink("usr/local/bin/python", "/usr/bin/python3")], "/usr/local/bin/python", "/usr"),
        ([program("usr/bin/python2.7"), file("usr/lib64/python2.7/os.py")], "/usr/bin/python2.7", "/usr"),
        ([*python(), *venv("opt/venv")], "/opt/venv/bin/python", "/opt/venv"),
        (venv("opt/venv", link=False), "/opt/venv/bin/python", "/opt/venv"),
        ([program("usr/bin/pypy3"), file("usr/lib/pypy3.10/os.py")], "/usr/bin/pypy3", "/usr"),
    ],
)
def test_prefix(items: list[Item], executable: str, prefix: str) -> None:
    found = find_installation(make_image(items)[1], executable)
    assert found is not None
    assert found.prefix == prefix


def test_no_standard_library_no_installation() -> None:
    assert find_installation(make_image([program("usr/bin/python3")])[1], "/usr/bin/python3") is None
    assert find_installation(make_image([])[1], "/usr/bin/python3") is None


def test_versions_follow_the_name_of_the_program() -> None:
    items = [*python(version="3.11"), *python(version="3.9", names=())]
    found = find_installation(make_image(items)[1], "/usr/bin/python3")
    assert found is not None
    assert found.versions == ("python3.11",)


def test_environment_knows_its_base() -> None:
    filesystem = make_image([*python(), *venv("opt/venv")])[1]
    found = find_installation(filesystem, "/opt/venv/bin/python")
    assert found is not None
    assert (found.base, found.home, found.home_exists, found.system_site) == ("/usr", "/usr/bin", True, False)
    alone = find_installation(make_image(venv("opt/venv", base="/gone/bin"))[1], "/opt/venv/bin/python")
    assert alone is not None
    assert (alone.base, alone.home_exists) == (None, False)


@pytest.mark.parametrize(
    "place",
    [
        "usr/lib/python3.11/site-packages/ipykernel_launcher.py",
        "usr/lib64/python3.11/site-packages/ipykernel_launcher.py",
        "usr/lib/python3/dist-packages/ipykernel_launcher.py",
        "usr/local/lib/python3.11/dist-packages/ipykernel_launcher.py",
        "usr/local/lib/python3.11/site-packages/ipykernel_launcher.py",
        "usr/lib/python3.11/ipykernel_launcher.py",
        "usr/lib/python3.11/site-packages/ipykernel_launcher/__init__.py",
        "usr/lib/python3.11/site-packages/ipykernel_launcher.cpython-311-x86_64-linux-gnu.so",
        "home/u/.local/lib/python3.11/site-packages/ipykernel_launcher.py",
    ],
)
def test_places(place: str) -> None:
    found = search([*python(ipykernel=False), file(place)], "/usr/bin/python3")
    assert found.path == "/" + place
    assert not search(python(ipykernel=False), "/usr/bin/python3").path


def test_another_version_is_another_installation() -> None:
    items = [*python(ipykernel=False), file("usr/lib/python3.9/site-packages/ipykernel_launcher.py")]
    assert search(items, "/usr/bin/python3").missing


def test_environment_sees_the_base_only_if_it_is_told_to() -> None:
    assert search([*python(), *venv("opt/venv")], "/opt/venv/bin/python").missing
    assert search([*python(), *venv("opt/venv", system_site=True)], "/opt/venv/bin/python").path
    debian = [*python(ipykernel=False), file("usr/lib/python3/dist-packages/ipykernel_launcher.py")]
    assert search([*debian, *venv("opt/venv", system_site=True)], "/opt/venv/bin/python").path


def test_python_path() -> None:
    items = [*python(ipykernel=False), file("opt/lib/ipykernel_launcher.py")]
    assert search(items, "/usr/bin/python3", python_path="/x:/opt/lib").path == "/opt/lib/ipykernel_launcher.py"
    archive = [*python(ipykernel=False), file("opt/all.zip", b"PK")]
    assert not search(archive, "/usr/bin/python3", python_path="/opt/all.zip").missing


def test_path_files() -> None:
    site = "usr/lib/python3.11/site-packages"
    items = [*python(ipykernel=False), directory(site), file("opt/src/ipykernel_launcher.py")]
    assert search([*items, file(f"{site}/easy-install.pth", b"# x\n\n/opt/src\n")], "/usr/bin/python3").path
    assert search([*items, file(f"{site}/a.pth", b"../../../../opt/src\n")], "/usr/bin/python3").path
    editable = file(f"{site}/__editable__.ipykernel-6.pth", b"import __editable___ipykernel_finder\n")
    assert not search([*items, editable], "/usr/bin/python3").missing
    other = file(f"{site}/__editable__.tool-6.pth", b"import __editable___tool_finder\n")
    assert search([*items, other], "/usr/bin/python3").missing


def test_hidden_home() -> None:
    place = "home/sagemaker-user/.local/lib/python3.11/site-packages/ipykernel_launcher.py"
    found = search([*python(ipykernel=False), file(place)], "/usr/bin/python3", home="/home/sagemaker-user")
    assert found.missing
    assert found.hidden == "/" + place


def test_long_lines_are_a_doubt() -> None:
    line = b"import sys; " + b"x" * 5000 + b" ipykernel\n"
    items = [*python(ipykernel=False), file("usr/lib/python3.11/site-packages/x.pth", line)]
    assert not search(items, "/usr/bin/python3").missing


def test_path_lines_without_measure() -> None:
    site = "usr/lib/python3.11/site-packages"
    items = [*python(ipykernel=False), file(f"{site}/x.pth", b".\n" * 1_000_000)]
    found = search(items, "/usr/bin/python3")
    assert (found.path, found.missing) == (None, False)


def test_only_the_path_files_of_packages_are_kept() -> None:
    capture = Capture(frozenset(READS))
    for path, wanted in (
        ("opt/lib/site-packages/a.pth", Want.WHOLE),
        ("opt/model.pth", Want.SCRIPT),
        ("site-packages/x/a.pth", Want.SCRIPT),
    ):
        assert capture.wanted(path, path.rpartition("/")[2], 0o644) is wanted
