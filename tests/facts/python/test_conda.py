"""Conda environments have the names that nb_conda_kernels gives them, and are those that conda would list.

What nb_conda_kernels 2.5.2 answered for these trees is kept in ``tests/data/nb_conda_kernels.json``; where it is at
hand (`tests.support.jupyter`), it is asked again, and about any tree.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.facts import READS, gather
from ocianalyze.facts.kernels.kernel import Listing
from ocianalyze.filesystem.merge import merge
from ocianalyze.layers.contents.capture import Capture
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.reading.reader import Reading
from tests.facts.kernels.test_discovery import as_jupyter
from tests.rules.subjects import IPYKERNEL, base, kernel, make_image, make_subject, program, python
from tests.support.blobs import MemoryBlob
from tests.support.filesystems import drawn, read
from tests.support.jupyter import Case, ask, has_conda_kernels, write
from tests.support.tarballs import Item, file, layer, symlink

ANSWERS = Path(__file__).parents[2] / "data" / "nb_conda_kernels.json"
SERVICE = "/opt/.sagemakerinternal/conda"
CONDA = "opt/conda"
PATH = "/opt/conda/bin:/usr/local/bin:/usr/bin:/bin"


def conda(prefix: str = CONDA, *, executable: bool = True) -> list[Item]:
    """Return conda itself, without a kernel."""
    items = [
        *python(prefix, "3.12", ipykernel=False, names=("python3", "python")),
        file(f"{prefix}/conda-meta/history"),
    ]
    return items + ([program(f"{prefix}/bin/conda", f"#!/{prefix}/bin/python\n".encode())] if executable else [])


def environment(prefix: str, *kernels: str) -> list[Item]:
    """Return an environment with kernels."""
    specs = [
        kernel(f"{prefix}/share/jupyter/kernels/{name}", (f"/{prefix}/bin/python", *IPYKERNEL)) for name in kernels
    ]
    return [file(f"{prefix}/conda-meta/history"), *specs]


def spec(prefix: str, content: bytes, name: str = "python3") -> Item:
    return file(f"{prefix}/share/jupyter/kernels/{name}/kernel.json", content)


ENVS = f"{CONDA}/envs"
E = [*conda(), *environment(f"{ENVS}/e", "python3")]

# what lies in the image, its variables, and which environments conda lists
TREES: dict[str, tuple[list[Item], dict[str, str], list[str]]] = {
    "base-is-filtered": ([*conda(), *environment(CONDA, "python3")], {}, ["/opt/conda"]),
    "base-elsewhere": (
        [*conda("opt/mamba"), *environment("opt/mamba", "python3", "ir")],
        {"PATH": "/opt/mamba/bin:/bin"},
        ["/opt/mamba"],
    ),
    "languages": (
        [*conda(), *environment(f"{ENVS}/Rapids", "python3", "python2x", "ir", "Julia-1.9", "conda-env-x-py")],
        {},
        ["/opt/conda", "/opt/conda/envs/Rapids"],
    ),
    "characters": (
        [*conda(), *environment(f"{ENVS}/My Env+\u00e9\u0301\u4e2d", "python3", "a b\u00fc")],
        {},
        ["/opt/conda", "/opt/conda/envs/My Env+\u00e9\u0301\u4e2d"],
    ),
    "two-names-one-kernel": (
        [*conda(), *environment(f"{ENVS}/a b", "python3"), *environment(f"{ENVS}/a_b", "python3")],
        {},
        ["/opt/conda", "/opt/conda/envs/a b", "/opt/conda/envs/a_b"],
    ),
    "project": (
        [*conda(), *environment("srv/project/envs/e", "python3"), *environment("srv/other/env", "python3")],
        {"CONDA_ENVS_PATH": "/srv/project/envs:/srv/other"},
        ["/opt/conda", "/srv/other/env", "/srv/project/envs/e"],
    ),
    "duplicates": (
        [
            *E,
            *environment("data/e", "python3"),
            *environment("data2/e", "python3"),
            *environment("x/p/envs/e", "python3"),
            *environment("y/p/envs/e", "python3"),
        ],
        {"CONDA_ENVS_DIRS": "/data:/data2:/x/p/envs:/y/p/envs"},
        ["/data/e", "/data2/e", "/opt/conda", "/opt/conda/envs/e", "/x/p/envs/e", "/y/p/envs/e"],
    ),
    "condarc-list": (
        [*E, *environment("data/f", "python3"), file("opt/conda/.condarc", b"envs_dirs:\n  - /data  # x\nx: 1\n")],
        {},
        ["/data/f", "/opt/conda", "/opt/conda/envs/e"],
    ),
    "condarc-inline": (
        [*E, *environment("data/f", "python3"), file("etc/conda/condarc.d/a.yml", b'envs_dirs: ["/data", /no]\n')],
        {},
        ["/data/f", "/opt/conda", "/opt/conda/envs/e"],
    ),
    "condarc-variables": (
        [
            *E,
            *environment("data/f", "python3"),
            *environment("root/g/h", "python3"),
            file("srv/rc.yml", b"envs_dirs:\n- '$DATA'\n\n# and\n- ~/g\n"),
        ],
        {"CONDARC": "/srv/rc.yml", "DATA": "/data", "HOME": "/root"},
        ["/data/f", "/opt/conda", "/opt/conda/envs/e", "/root/g/h"],
    ),
    "condarc-odd": (
        [
            *E,
            *environment("data/f", "python3"),
            *environment("data2/g", "python3"),
            *environment("data3/h"),
            file("root/.condarc", b'"envs_path" : [\n  "/data", # x\n  /no\n]\n'),
            file(
                "srv/rc/a.yaml",
                b"channels:\n  - x\nenvs_dirs: # where\n    # no\n    - '/data2'\npkgs_dirs:\n  - /data3\n",
            ),
            file("srv/rc/b.txt", b"envs_dirs: [/data3]\n"),
            file("opt/conda/condarc.d/c.yml", b"x:\n  envs_dirs:\n  - /data3\nmy_envs_dirs: [/data3]\n"),
        ],
        {"CONDARC": "/srv/rc", "HOME": "/root"},
        ["/data/f", "/data2/g", "/opt/conda", "/opt/conda/envs/e"],
    ),
    "environments-txt": (
        [
            *E,
            *environment("srv/f", "python3"),
            file("root/.conda/environments.txt", b"/opt/conda\n/srv/f\n/gone\n# x\n/srv/f\n"),
        ],
        {"HOME": "/root"},
        ["/opt/conda", "/opt/conda/envs/e", "/srv/f"],
    ),
    "home-envs": (
        [*E, *environment("root/.conda/envs/f", "python3")],
        {"HOME": "/root"},
        ["/opt/conda", "/opt/conda/envs/e", "/root/.conda/envs/f"],
    ),
    "linked": (
        [*E, *environment("srv/f", "python3"), symlink(f"{ENVS}/g", "../../../srv/f")],
        {},
        ["/opt/conda", "/opt/conda/envs/e", "/opt/conda/envs/g"],
    ),
    "no-environment": (
        [*E, file(f"{ENVS}/x/a"), kernel(f"{ENVS}/x/share/jupyter/kernels/k"), file(f"{ENVS}/.conda_envs_dir_test")],
        {},
        ["/opt/conda", "/opt/conda/envs/e"],
    ),
    "named-base": ([*conda(), *environment(f"{ENVS}/base", "python3")], {}, ["/opt/conda", "/opt/conda/envs/base"]),
    "found-both-ways": (E, {"PATH": f"/opt/conda/envs/e/bin:{PATH}"}, ["/opt/conda", "/opt/conda/envs/e"]),
    "same-name": (
        [*E, kernel("usr/local/share/jupyter/kernels/conda-env-e-py")],
        {},
        ["/opt/conda", "/opt/conda/envs/e"],
    ),
    "broken-json": (
        [*E, spec(f"{ENVS}/e", b"{", "x"), spec(f"{ENVS}/e", b"\xef\xbb\xbf{}", "y")],
        {},
        ["/opt/conda", "/opt/conda/envs/e"],
    ),
    "hidden-directory": ([*E, kernel(f"{ENVS}/e/share/jupyter/kernels/.dot")], {}, ["/opt/conda", "/opt/conda/envs/e"]),
    "bare-python": (
        [*E, spec(f"{ENVS}/e", b'{"argv": ["python"], "display_name": ""}', "b")],
        {},
        ["/opt/conda", "/opt/conda/envs/e"],
    ),
}
"""What must be the same."""

FAILURES: dict[str, bytes] = {
    "no-display-name": b'{"argv": []}',
    "no-argv": b'{"display_name": "x"}',
    "argv-string": b'{"argv": "x", "display_name": "x"}',
    "list": b"[]",
    "display-name-number": b'{"argv": [], "display_name": 1}',
    "metadata-null": b'{"argv": [], "display_name": "x", "metadata": null}',
    "env-list": b'{"argv": [], "display_name": "x", "env": []}',
    "self": b'{"argv": [], "display_name": "x", "self": 1}',
}
"""Documents in an environment on which nb_conda_kernels fails altogether."""


def classic(items: list[Item], variables: dict[str, str]) -> Listing:
    """Return the kernels of an image as Studio Classic lists them."""
    config = {"Env": [f"{name}={value}" for name, value in ({"PATH": PATH, "HOME": "/root"} | variables).items()]}
    image, filesystem = make_image([*base(), program("bin/bash"), *items], config=config, reads=READS | {"/srv/**"})
    return gather(image, filesystem).classic


def case_of(items: list[Item], variables: dict[str, str], known: list[str]) -> Case:
    """Return the server of Studio Classic for an image."""
    python_on_path = "/".join((variables.get("PATH") or PATH).split("/bin")[:1])
    prefix = python_on_path if any(item.path == f"{python_on_path[1:]}/bin/python" for item in items) else "/opt/conda"
    base_prefix = next(path for path in ("/opt/mamba", "/opt/conda") if path in known)
    return Case(
        environment={"HOME": "/root", "JUPYTER_PATH": f"{prefix}/share/jupyter/", **variables},
        prefix=SERVICE,
        base_prefix=SERVICE,
        executable=f"{SERVICE}/bin/python",
        version="3.7",
        conda={"envs": known, "conda_prefix": base_prefix, "envs_dirs": [f"{base_prefix}/envs"]},
        conda_filter="/opt/conda$",
    )


def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return found


def ask_about(
    trees: dict[str, tuple[list[Item], dict[str, str], list[str]]], directory: Path
) -> dict[str, dict[str, Any]]:
    """Return what nb_conda_kernels says of trees."""
    posed = []
    for name, (items, variables, known) in trees.items():
        write(items, directory / name)
        posed.append((directory / name, case_of(items, variables, known)))
    answers = ask(posed)
    for answer in answers:
        answer.pop("directories", None)
    return dict(zip(trees, answers, strict=True))


@pytest.mark.parametrize("name", TREES)
def test_names_directories_and_commands(name: str) -> None:
    items, variables, known = TREES[name]
    listing = classic(items, variables)
    assert listing.conda is not None
    assert list(listing.conda.environments) == known
    assert as_jupyter(listing) == recorded()[name]


@pytest.mark.parametrize("name", FAILURES)
def test_documents_on_which_it_fails(name: str) -> None:
    listing = classic([*conda(), *environment(f"{ENVS}/e"), spec(f"{ENVS}/e", FAILURES[name])], {})
    (found,) = listing.kernels
    assert found.spec.conda_failure
    assert not found.listed
    assert set(recorded()[name]) == {"fails"}


@pytest.mark.skipif(not has_conda_kernels(), reason="nb_conda_kernels is not here (see tests/support/jupyter.py)")
def test_the_record_is_true(tmp_path: Path) -> None:
    known = ["/opt/conda", "/opt/conda/envs/e"]
    failing: dict[str, tuple[list[Item], dict[str, str], list[str]]] = {
        name: ([*conda(), *environment(f"{ENVS}/e"), spec(f"{ENVS}/e", content)], {}, known)
        for name, content in FAILURES.items()
    }
    assert ask_about(TREES | failing, tmp_path) == recorded()


_environments = st.dictionaries(
    st.sampled_from(
        [
            f"{ENVS}/a",
            f"{ENVS}/A",
            f"{ENVS}/a b",
            f"{ENVS}/base",
            "d/envs/a",
            "d/a",
            "e/d/envs/a",
            f"{CONDA}/conda-bld/a",
        ]
    ),
    st.lists(st.sampled_from(["python3", "ir", "X", "x y"]), unique=True, max_size=3),
    max_size=5,
)
_specs = st.lists(st.sampled_from(["python3", "conda-env-a-py", "ir"]), unique=True)


@pytest.mark.skipif(not has_conda_kernels(), reason="nb_conda_kernels is not here (see tests/support/jupyter.py)")
def test_any_environments(tmp_path: Path) -> None:
    variables = {"CONDA_ENVS_DIRS": "/d/envs:/d:/e/d/envs:/opt/conda/conda-bld"}
    trees = {}
    for number, (environments, specs) in enumerate(drawn(st.tuples(_environments, _specs), 60)):
        items = [*conda(), *(kernel(f"usr/share/jupyter/kernels/{name}") for name in specs)]
        items += (item for prefix, names in environments.items() for item in environment(prefix, *names))
        trees[str(number)] = (items, variables, sorted(["/opt/conda", *(f"/{prefix}" for prefix in environments)]))
    for name, theirs in ask_about(trees, tmp_path).items():
        assert as_jupyter(classic(*trees[name][:2])) == theirs, trees[name]


# ---- where conda keeps what ------------------------------------------------------------------------------------------


def test_no_conda_to_ask() -> None:
    listing = classic([*conda(executable=False), *environment(f"{ENVS}/e", "python3")], {})
    assert [(item.name, item.visible, bool(item.doubt)) for item in listing.kernels] == [("conda-env-e-py", True, True)]


def test_environments_that_conda_does_not_know() -> None:
    listing = classic([*E, *environment("srv/p/envs/f", "python3")], {})
    assert listing.conda is not None
    assert listing.conda.unknown == ("/srv/p/envs/f",)
    doubts = {item.name: item.doubt for item in listing.kernels}
    assert doubts["conda-env-e-py"] is None
    assert "may not know" in (doubts["conda-env-p-f-py"] or "")


def test_what_is_mounted_over_tells_conda_nothing() -> None:
    home = "home/sagemaker-user"
    items = [*E, *environment("srv/f", "python3"), file(f"{home}/.conda/environments.txt", b"/srv/f\n")]
    listing = classic(items, {"HOME": f"/{home}"})
    assert listing.conda is not None
    assert listing.conda.environments == ("/opt/conda", "/opt/conda/envs/e")


def test_root_asks_all_users() -> None:
    items = [*base(), *E, *environment("srv/f", "python3"), file("home/x/.conda/environments.txt", b"/srv/f\n")]
    items.append(file("etc/passwd", b"root:x:0:0::/root:\nx:x:7:7::/home/x:\n"))
    for user, known in (("0", True), ("7", True), ("8", False)):
        conda_found = make_subject(items, config={"User": user, "Env": [f"PATH={PATH}"]}).facts.classic.conda
        assert conda_found is not None
        assert ("/srv/f" in conda_found.environments) == known


def test_the_server_of_the_image_asks_conda_if_it_can() -> None:
    items = [*base(), program("bin/bash"), *E, program("opt/conda/bin/jupyter-lab", b"#!/opt/conda/bin/python\n")]
    config = {"Env": [f"PATH={PATH}"]}
    assert make_subject(items, config=config).facts.own.kernels == ()
    module = file("opt/conda/lib/python3.12/site-packages/nb_conda_kernels/__init__.py")
    (found,) = make_subject([*items, module, *environment(CONDA)], config=config).facts.own.kernels
    assert (found.name, found.origin) == ("conda-env-e-py", "conda")


def test_configuration_that_was_not_kept() -> None:
    """A configuration whose content is not kept leaves it open which environments there are, in every form."""
    items = [*base(), *E, *environment("data/f", "python3"), file("srv/rc/a.yml", b"envs_dirs: [/data]\n")]
    image, filesystem = make_image(items, config={"Env": [f"PATH={PATH}", "CONDARC=/srv/rc"]})
    streamed = read(MemoryBlob(layer(items), seekable=False), Reading(capture=Capture(READS)))
    passed = merge([streamed.changeset], [streamed.contents], Limits())
    for tree in (filesystem, passed):
        with pytest.raises(ContentUnavailableError, match=r"/srv/rc/a\.yml") as caught:
            assert gather(image, tree).kernels
        assert caught.value.layer == 0


def test_configuration_without_measure() -> None:
    text = b"envs_dirs: [\n" * 10_000 + b"envs_dirs:\n" + b"- /x\n" * 100_000
    variables = {"CONDA_ENVS_PATH": ":".join(f"/{n}" for n in range(5000)), "X": "y" * 100_000}
    listing = classic(
        [*E, file("opt/conda/.condarc", text), file("opt/conda/condarc", b"envs_dirs: $X$X/a")], variables
    )
    assert listing.conda is not None
    assert listing.conda.environments == ("/opt/conda", "/opt/conda/envs/e")
