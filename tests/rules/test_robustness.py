"""Any bytes in the files that are read give findings: no fact and no rule fails on what an image may hold."""

import json
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.registration.app_image_config import FAMILIES
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import PROFILES
from tests.rules.subjects import ELF, base, kernel_json, make_subject, program, python
from tests.support.tarballs import directory, file, symlink

FILES = (
    "etc/passwd",
    "etc/group",
    "etc/ld.so.conf",
    "etc/ld.so.conf.d/a.conf",
    "var/lib/dpkg/status",
    "usr/local/cuda-12.1/version.json",
    "usr/local/cuda-12.1/version.txt",
    "usr/lib/python3.11/site-packages/a.pth",
    "opt/venv/pyvenv.cfg",
    "usr/local/share/jupyter/kernels/python3/kernel.json",
    "usr/lib/python3.11/site-packages/a.dist-info/entry_points.txt",
    "opt/conda/envs/e/share/jupyter/kernels/k/kernel.json",
    "opt/conda/.condarc",
    "root/.conda/environments.txt",
    "etc/sudoers",
    "etc/sudoers.d/a",
    "etc/jupyter/jupyter_server_config.py",
    "etc/jupyter/jupyter_server_config.json",
    "usr/local/etc/jupyter/jupyter_lab_config.py",
)
VARIABLES = ("HOME", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "XDG_DATA_HOME", "CONDA_ENVS_DIRS", "CONDARC", "PYTHONPATH")

_lines = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=4).map(
    lambda lines: "\n".join(lines).encode()
)
_fields = st.sampled_from(
    [b"a:x:1:2::/h:", b"Package: libcuda1\nVersion: 5", b"include /etc/*", b"home = /usr/bin", b"[]"]
)


def _text(most: int) -> st.SearchStrategy[str]:
    """Return texts as a config may have them."""
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=most)


_contents = st.binary(max_size=40) | _lines | _fields
_scalars = st.none() | st.booleans() | st.text(max_size=3)
_json = st.recursive(
    _scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=5
)
_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=6)


@given(st.dictionaries(st.sampled_from(FILES), _contents, max_size=5), _text(12), _text(12))
def test_contents(contents: dict[str, bytes], user: str, path: str) -> None:
    items = [*base(), *python(ipykernel=False), program("opt/venv/bin/python")]
    items += [
        *python("opt/conda", names=("python",)),
        file("opt/conda/conda-meta/history"),
        file("opt/conda/envs/e/conda-meta/history"),
        program("usr/bin/conda", b"#!/opt/conda/bin/python\n"),
        program("usr/bin/sudo", mode=0o4755),
    ]
    items += (file(name, content) for name, content in contents.items())
    items.append(program("usr/bin/jupyter-lab", b"#!/usr/bin/python3\n"))
    environment = [f"PATH={path}:/usr/bin", f"LD_LIBRARY_PATH={path}", *(f"{name}={path}" for name in VARIABLES)]
    config = {"User": user, "Env": environment, "Cmd": ["jupyter-lab"]}
    run(make_subject(items, config=config), list(PROFILES))


@given(st.lists(_text(10), max_size=3), st.binary(max_size=300).map(lambda head: head.replace(b"\0", b"")), _names)
def test_commands_and_first_lines(argv: list[str], head: bytes, name: str) -> None:
    place = f"usr/local/share/jupyter/kernels/{name}"
    items = [
        *base(),
        *python(),
        file(f"{place}/kernel.json", kernel_json(argv or ["/opt/tool", "{connection_file}"])),
        program("opt/tool", b"#!" + head),
        program(f"usr/bin/{name}", ELF + head),
    ]
    if name not in (".", ".."):
        run(make_subject(items, config={"Entrypoint": argv, "Cmd": [name, "-c", head.decode("latin-1")]}))


@given(_json)
def test_app_image_config(value: object) -> None:
    config = json.loads(json.dumps({**dict.fromkeys(FAMILIES, value), "Tags": value, "AppImageConfigName": value}))
    run(make_subject(base(), app_image_config=config))


_words = st.sampled_from(
    (
        *(
            "sh",
            "-c",
            "bash",
            "-lc",
            "env",
            "-S",
            "A=1",
            "exec",
            "tini",
            "--",
            "conda",
            "run",
            "-n",
            "base",
            "sudo",
            "-u",
        ),
        *(
            "jupyter",
            "lab",
            "jupyter-lab",
            "--ip",
            "--ip=0.0.0.0",
            "--port",
            "--ServerApp.token=",
            "--config=/x",
            "python",
        ),
        *(
            "-m",
            "jupyterlab",
            "sagemaker-code-editor",
            "--host",
            "/start.sh",
            "start-notebook.py",
            "init",
            "_entrypoint.sh",
        ),
        *("$A", '"$@"', "if", "then", "fi", "&&", ";", "\n", "'", '"', "`x`", "$(x)", "trap x TERM"),
    )
) | _text(4)
_scripts = st.lists(_words, max_size=8).map(" ".join)
_variables = st.dictionaries(
    st.sampled_from(
        (
            *("CUDA_VERSION", "NVIDIA_REQUIRE_CUDA", "NVIDIA_REQUIRE_X", "NVIDIA_DRIVER_CAPABILITIES", "SHELL"),
            *("NVIDIA_VISIBLE_DEVICES", "JUPYTER_PORT", "JUPYTER_TOKEN", "JUPYTER_CONFIG_PATH", "NOTEBOOK_ARGS", "A"),
            *("MAMBA_ROOT_PREFIX", "ENV_NAME", "AWS_REGION"),
        )
    ),
    _scripts | _text(12),
    max_size=4,
)


@settings(deadline=None)
@given(st.lists(_words, max_size=4), st.lists(_words | _scripts, max_size=4), _scripts, _variables)
def test_entry_points_and_variables(
    entrypoint: list[str], cmd: list[str], script: str, variables: dict[str, str]
) -> None:
    items = [
        *base(),
        *python(),
        program("start.sh", b"#!/bin/sh\n" + script.encode("utf-8", "replace")),
        program("usr/bin/jupyter-lab", b"#!/usr/bin/python3\n"),
        program("usr/bin/start-notebook.py", b"#!/usr/bin/env python3\n"),
    ]
    env = ["PATH=/usr/bin:/bin", *(f"{name}={value}" for name, value in variables.items())]
    config = {"Entrypoint": entrypoint, "Cmd": cmd, "Env": env, "StopSignal": script, "WorkingDir": script}
    run(make_subject(items, config=config, driver_version="535.104.05"), list(PROFILES))


def test_scripts_that_run_each_other_end() -> None:
    items = [
        *base(),
        program("start.sh", b"#!/bin/sh\n" + b"/run.sh; sh /start.sh; bash -c /start.sh\n" * 1000),
        program("run.sh", b"#!/bin/sh\n" + b'exec /start.sh "$@"\n' * 1000),
    ]
    start = perf_counter()
    command = make_subject(items, config={"Cmd": ["/start.sh", *(["x"] * 1000)]}).facts.commands["jupyterlab"]
    assert command.found.opaque is not None
    assert perf_counter() - start < 5


def test_loader_configurations_that_include_themselves() -> None:
    content = b"include /etc/ld.so.conf\n" * 400 + b"".join(b"/d%d\n" % number for number in range(2000))
    assert len(make_subject([file("etc/ld.so.conf", content)]).facts.nvidia.loader.added) == 2000


def test_kernels_without_measure() -> None:
    """Many of them, each of which asks for a look-up of its own; names that are all alike."""
    place, envs = "usr/local/share/jupyter/kernels", "data"
    items = [*base(), *python(), program("usr/bin/conda", b"#!/usr/bin/python3\n"), file("usr/conda-meta/history")]
    for number in range(3000):
        content = kernel_json([f"tool{number}", "{connection_file}"], env={"PYTHONPATH": f"/p{number}"})
        items.append(file(f"{place}/k{number}/kernel.json", content))
        items.append(file(f"{envs}/{number}/e/conda-meta/history"))
        items.append(file(f"{envs}/{number}/e/share/jupyter/kernels/k/kernel.json", content))
    path = ":".join(f"/b{number}" for number in range(100))
    subject = make_subject(items, config={"Env": [f"PATH={path}:/usr/bin"]})
    started = perf_counter()
    run(subject)
    assert perf_counter() - started < 60
    assert len(subject.facts.kernels) > 3000


def test_more_kernels_than_anybody_has_leave_the_rules_undecided() -> None:
    """Each that is broken would be told of, in a report of hundreds of megabytes."""
    broken = [file(f"usr/local/share/jupyter/kernels/k{number}/kernel.json", b"[]") for number in range(30_000)]
    started = perf_counter()
    outcome = run(make_subject([*base(), *python(), *broken]), profiles=tuple(PROFILES))
    assert perf_counter() - started < 60
    assert len(outcome.judgements) < 30_000
    assert all(outcome.verdict(profile) != "pass" for profile in PROFILES)
    assert any("--max-steps" in str(item.finding.hint) for item in outcome.judgements)


def test_large_files() -> None:
    place = "usr/local/share/jupyter/kernels/x"
    accounts = b"x:x:9:9::/:\n" * 500_000 + b"late:x:5:5::/:/bin/sh\n"
    facts = make_subject([file(f"{place}/kernel.json", b" " * 2_000_000), file("etc/passwd", accounts)]).facts
    with pytest.raises(UndecidedError, match=r"kernel\.json has 2,000,000 bytes"):
        _ = facts.kernels
    assert not facts.user.listed


def test_hostile_patterns_take_no_time() -> None:
    items = [*base(), *python(ipykernel=False), program("usr/bin/conda", b"#!/usr/bin/python3\n")]
    items += [file(f"usr/d/{number}/f{number}x") for number in range(2000)]
    items.append(file("etc/ld.so.conf", b"".join(b"include /usr/*/[0-9]*/*x%dy\n" % n for n in range(20000))))
    items += [file(f"etc/conda/condarc.d/{number}.yml", b"envs_dirs: [\n" * 20000) for number in range(5)]
    kernels = [
        file(f"usr/share/jupyter/kernels/k{n}/kernel.json", kernel_json(env={"PYTHONPATH": f"/usr/d:/n{n}"}))
        for n in range(500)
    ]
    start = perf_counter()
    make_subject([*items, *kernels])
    assert perf_counter() - start < 10


def test_includes_of_the_loader() -> None:
    items = [
        file("etc/ld.so.conf", b"include\tld.so.conf.d/*.conf\n"),
        file("etc/ld.so.conf.d/a.conf", b"include more/b\n/a\n"),
        file("etc/ld.so.conf.d/more/b", b"/b\n"),
    ]
    assert [item.path for item in make_subject(items).facts.nvidia.loader.added] == ["/b", "/a"]


def test_hostile_programs_take_no_time() -> None:
    far = [symlink(f"l{number}", f"/l{number + 1}/../l{number + 1}") for number in range(38)]
    paths = ":".join(f"/l0/{number}" for number in range(1000))
    kernels = [
        file(f"usr/share/jupyter/kernels/k{n}/kernel.json", kernel_json(("foo",), env={"PATH": f"{paths}:/{n}"}))
        for n in range(100)
    ]
    script = b"#!/bin/sh\n" + b"PATH=/a:$PATH\n" * 1000 + b"\n".join(b"x%d" % number for number in range(1000))
    settings = [
        file("etc/jupyter/jupyter_server_config.py", b" \n" * 100_000),
        file("etc/jupyter/jupyter_config.py", b"".join(b"x%d = get_config()\n" % n for n in range(10_000))),
    ]
    items = [*base(), *python(), *far, directory("l38"), *kernels, *settings, program("entrypoint.sh", script)]
    start = perf_counter()
    make_subject(items, config={"Env": [f"PATH={paths}"], "Entrypoint": ["/entrypoint.sh"]})
    deep = {"Cmd": ["uv", "run"] * 10 + ["jupyter", "lab"], "WorkingDir": "/" + "a/" * 1500}
    make_subject([*items, program("usr/bin/jupyter", b"#!/usr/bin/python3\n")], config=deep)
    assert perf_counter() - start < 20
