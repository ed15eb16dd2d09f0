"""What changed between two images: each thing that is compared, once changed and once not."""

import json
from typing import Any, Protocol

import jsonschema
import pytest
from hypothesis import given

from ocianalyze import Difference, Policy, Report, UsageError, analyze, diff
from ocianalyze.errors import CorruptLayerError
from ocianalyze.facts.size.tree import find_tree
from ocianalyze.reports.difference.directories import changed_directories
from ocianalyze.reports.failing import failure_report
from ocianalyze.reports.schema import json_schema
from ocianalyze.reports.size.parts import size_node
from ocianalyze.reports.size.places import by_directory
from tests.conftest import SaveImage
from tests.rules.subjects import make_image
from tests.support.fit import KERNEL, fit_image
from tests.support.images import ImageSpec
from tests.support.strategies import layer_stacks
from tests.support.tarballs import Item, file, whiteout

MB = 1_000_000
SITE = "usr/local/lib/python3.11/site-packages"


class ReportOf(Protocol):
    """Returns the report on an image."""

    def __call__(self, spec: ImageSpec, *, inventory: bool = True) -> Report:
        """Analyse an image for Studio Classic."""


@pytest.fixture
def report_of(save_image: SaveImage) -> ReportOf:
    """Return a function that analyses an image."""

    def report(spec: ImageSpec, *, inventory: bool = True) -> Report:
        return analyze(str(save_image(spec)), Policy(profiles=["studio-classic"], inventory=inventory))

    return report


def distribution(name: str, version: str, size: int, site: str = SITE) -> list[Item]:
    """Make an installed Python distribution."""
    return [
        file(f"{site}/{name}-{version}.dist-info/RECORD", f"{name}.py,,\n".encode()),
        Item(path=f"{site}/{name}.py", size=size),
    ]


def test_an_image_is_no_different_from_itself(report_of: ReportOf) -> None:
    report = report_of(fit_image(distribution("a", "1.0", MB)))
    found = diff(report, report_of(fit_image(distribution("a", "1.0", MB))))
    assert (found.new_findings, found.fixed_findings, found.same_findings) == ([], [], len(report.findings))
    assert (found.configuration, found.environment, found.kernels, found.cuda, found.packages) == ([], [], [], [], [])
    assert (found.size.old, found.size.new_bytes, found.size.shared_layers) == (found.size.new, 0, 4)
    assert found.size.directories == []
    assert found.gaps == []


def test_findings(report_of: ReportOf) -> None:
    good, bad = report_of(fit_image()), report_of(fit_image([file("opt/ml/x", b"1")]))
    worse = diff(good, bad)
    assert [item.rule for item in worse.new_findings] == ["FSR001"]
    assert worse.fixed_findings == []
    assert worse.new_findings[0].baseline is None
    better = diff(bad, good)
    assert better.new_findings == []
    assert [item.rule for item in better.fixed_findings] == ["FSR001"]
    wrong = diff(good, report_of(fit_image(config={"User": "nobody-knows"})))
    assert (wrong.old.verdict, wrong.new.verdict) == ("pass", "fail")


def test_configuration(report_of: ReportOf) -> None:
    old = {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "GONE=1", "KEPT=1"], "Labels": {"a": "1"}}
    new = {"Env": ["PATH=/bin:/usr/local/bin", "NEW=2", "KEPT=1"], "Labels": {"a": "2", "b": "3"}, "User": "0"}
    new |= {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["x y"], "WorkingDir": "/opt", "ExposedPorts": {"8888/tcp": {}}}
    found = diff(report_of(fit_image(config=old)), report_of(fit_image(config=new)))
    assert {(item.what, item.old, item.new) for item in found.configuration} == {
        ("USER", "1000 (1000:100)", "0 (0:0)"),
        ("ENTRYPOINT", "none", "/bin/sh -c"),
        ("CMD", "none", "'x y'"),
        ("WORKDIR", "none", "/opt"),
        ("EXPOSE", "none", "8888/tcp"),
        ("LABEL a", "1", "2"),
        ("LABEL b", None, "3"),
    }
    assert found.environment is not None
    assert [(item.what, item.old, item.new) for item in found.environment] == [
        ("GONE", "1", None),
        ("NEW", None, "2"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin", "/bin:/usr/local/bin"),
    ]


def test_kernels(report_of: ReportOf) -> None:
    other = "usr/local/share/jupyter/kernels/other/kernel.json"
    old = report_of(fit_image([file(other, KERNEL)]))
    new = report_of(fit_image([file("usr/local/share/jupyter/kernels/new/kernel.json", KERNEL)]))
    found = {item.what: (item.old is not None, item.new is not None) for item in diff(old, new).kernels}
    assert found == {"other": (True, False), "new": (False, True)}
    broken = report_of(fit_image([file(other, KERNEL.replace(b"bin/python3.11", b"bin/nothing"))]))
    (change,) = diff(old, broken).kernels
    assert change.new is not None
    assert change.new.startswith("/usr/local/bin/nothing -m ipykernel_launcher")
    assert change.new.endswith(", not usable")


def test_cuda(report_of: ReportOf) -> None:
    def cuda(version: str) -> list[Item]:
        return [file("usr/local/cuda/version.json", json.dumps({"cuda": {"version": version}}).encode())]

    driver = [file("usr/lib/x86_64-linux-gnu/libcuda.so.535.104.05", b"\x7fELF" + bytes(60))]
    old, new = report_of(fit_image(cuda("12.4.1"))), report_of(fit_image(cuda("13.0.0"), driver))
    changes = {item.what: (item.old, item.new) for item in diff(old, new).cuda}
    assert changes["CUDA"] == ("12.4", "13.0")
    assert changes["driver in the image"] == (None, "535.104.05")
    assert changes["files of a driver"] == (None, "1")


def test_packages(report_of: ReportOf) -> None:
    status = "Package: {}\nStatus: install ok installed\nVersion: {}\n"
    old = [file("var/lib/dpkg/status", status.format("bash", "5.1").encode()), *distribution("a", "1.0", MB)]
    new = [file("var/lib/dpkg/status", status.format("bash", "5.2").encode()), *distribution("a", "2.0", 3 * MB)]
    old += [*distribution("gone", "1", 5), *distribution("same", "1", 5)]
    new += [*distribution("new", "1", 7), *distribution("same", "1", 5)]
    found = diff(report_of(fit_image(old)), report_of(fit_image(new)))
    assert found.packages is not None
    assert [(item.manager, item.name, item.old, item.new, item.bytes) for item in found.packages] == [
        ("dpkg", "bash", ["5.1"], ["5.2"], None),
        ("python", "a", ["1.0"], ["2.0"], 2 * MB),
        ("python", "gone", ["1"], [], -5),
        ("python", "new", [], ["1"], 7),
    ]


def test_packages_of_a_newer_python_are_the_same_packages(report_of: ReportOf) -> None:
    newer = SITE.replace("3.11", "3.12")
    old, new = fit_image(distribution("a", "1.0", 5)), fit_image(distribution("a", "1.0", 5, newer))
    assert diff(report_of(old), report_of(new)).packages == []


def test_size_and_shared_layers(report_of: ReportOf) -> None:
    old = report_of(fit_image([Item(path="opt/data/a", size=3 * MB), Item(path="opt/b", size=MB)]))
    new = report_of(fit_image([Item(path="opt/data/a", size=7 * MB), Item(path="opt/b", size=MB)]))
    size = diff(old, new).size
    assert (size.new - size.old, size.shared_layers) == (4 * MB, 3)
    assert size.new_bytes > 8 * MB
    assert [(item.path, item.old, item.new) for item in size.directories or ()] == [
        ("/opt/data/a", 3 * MB, 7 * MB),
    ]


def test_a_directory_with_many_changes_stands_for_them(report_of: ReportOf) -> None:
    def many(size: int) -> list[Item]:
        return [Item(path=f"opt/data/{n}", size=size) for n in range(20)]

    size = diff(report_of(fit_image(many(MB))), report_of(fit_image(many(2 * MB)))).size
    assert [(item.path, item.new - item.old) for item in size.directories or ()][:1] == [("/opt/data", 20 * MB)]


def test_a_moved_directory_is_gone_and_new(report_of: ReportOf) -> None:
    old = report_of(fit_image([Item(path="opt/a/x", size=3 * MB)]))
    new = report_of(fit_image([Item(path="opt/b/x", size=3 * MB)]))
    assert [(item.path, item.new - item.old) for item in diff(old, new).size.directories or ()] == [
        ("/opt/a/x", -3 * MB),
        ("/opt/b/x", 3 * MB),
    ]


def test_hidden_bytes_count(report_of: ReportOf) -> None:
    plain = fit_image([Item(path="opt/x", size=3 * MB)])
    hidden = fit_image([Item(path="opt/x", size=3 * MB)], [whiteout("opt/x")])
    assert diff(report_of(plain), report_of(hidden)).size.directories == []


def test_without_inventories_the_rest_is_compared(report_of: ReportOf) -> None:
    plain = report_of(fit_image(), inventory=False)
    found = diff(plain, report_of(fit_image([file("opt/ml/x", b"1")], config={"User": "0"})))
    assert (found.packages, found.environment, found.size.directories) == (None, None, None)
    assert [item.what for item in found.configuration] == ["USER"]
    assert found.gaps == [
        "old image: it has no inventory (scan --inventory), so packages, environment and directories are not compared"
    ]
    assert "FSR001" in [item.rule for item in found.new_findings]


def test_an_image_that_was_not_read_is_compared_as_far_as_it_goes(report_of: ReportOf) -> None:
    stopped = report_of(fit_image()).model_copy(update={"facts": None, "layers": []})
    found = diff(stopped, report_of(fit_image()))
    assert "old image: no layer of it was read" in found.gaps


def test_an_image_that_could_not_be_analysed_is_not_compared(report_of: ReportOf) -> None:
    report = report_of(fit_image())
    failed = failure_report(CorruptLayerError("layer 3 is damaged"), "image.tar", Policy())
    for old, new in ((failed, report), (report, failed)):
        with pytest.raises(UsageError, match="could not be analysed"):
            diff(old, new)


def test_the_document_is_as_its_schema_says(report_of: ReportOf) -> None:
    old = report_of(fit_image(distribution("a", "1.0", MB)))
    new = report_of(fit_image([file("opt/ml/x", b"1")], config={"User": "0"}))
    found: Difference = diff(old, new)
    jsonschema.validate(json.loads(found.to_json()), json_schema("diff"))


@given(layer_stacks(), layer_stacks())
def test_directories_add_up(old: list[list[Item]], new: list[list[Item]]) -> None:
    roots = [by_directory(list(map(size_node, find_tree(make_image(*stack)[1])))) for stack in (old, new)]
    for change in changed_directories(*roots):
        sizes = []
        for root in roots:
            here: Any = root
            for name in filter(None, change.path.split("/")):
                here = here.children.get(name) if here is not None else None
            sizes.append(0 if here is None else here.bytes)
        assert [change.old, change.new] == sizes
        assert change.old != change.new
