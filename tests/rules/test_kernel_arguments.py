"""What the interpreters of kernels load: scripts, archives, packages and modules, and the ways that lead to them."""

from collections.abc import Sequence

import pytest

from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding
from tests.rules.subjects import (
    IPYKERNEL,
    base,
    findings,
    found_in,
    good,
    kernel,
    make_subject,
    program,
    python,
    verdict,
)
from tests.rules.test_kernels import CONDA_PATH, SYSTEM, conda_base, environment, requests
from tests.support.elf import make_elf
from tests.support.tarballs import Item, directory, file, symlink, whiteout

FILE = "{connection_file}"
HOME = "home/sagemaker-user"
DEPOT = ".julia/packages/IJulia/a1b2c/src/kernel.jl"
LIBRARY = "usr/local/lib/R/site-library"
INTERPRETERS = ("julia", "R", "Rscript", "java", "node", "mono", "dotnet", "ruby", "perl", "php", "deno")


def tools() -> list[Item]:
    """Return an image with interpreters, whose `python3` kernel works."""
    return [*good(), program("usr/bin/env"), *(program(f"usr/bin/{name}") for name in INTERPRETERS)]


def found_for(argv: Sequence[str], items: Sequence[Item], **more: object) -> list[tuple[str, Finding]]:
    """Return what the rules say of a kernel that has the command `argv`."""
    subject = make_subject([*tools(), *items, kernel(f"{SYSTEM}/k", argv, **more)])
    return [item for rule in ("KRN005", "KRN007", "FSR005", "USR006") for item in found_in(rule, subject)]


LOADED: list[tuple[Sequence[str], str]] = [
    (["julia", "-i", "--color=yes", "--project=@.", "/opt/k.jl", FILE], "opt/k.jl"),
    (["julia", "-t", "auto", "-L", "/opt/k.jl", "-e", "f()", FILE], "opt/k.jl"),
    (["julia", "--sysimage", "/opt/sys.so", "-e", "f()", FILE], "opt/sys.so"),
    (["java", "-Xmx1g", "-jar", "/opt/k.jar", FILE], "opt/k.jar"),
    (["java", "-cp", "/opt/k.jar", "Main", FILE], "opt/k.jar"),
    (["java", "-cp", "/opt/lib/*:/opt/none", "Main", FILE], "opt/lib/a.jar"),
    (["java", "-javaagent:/opt/agent.jar=x", "-version", FILE], "opt/agent.jar"),
    (["node", "--max-old-space-size=1", "/opt/k.js", FILE], "opt/k.js"),
    (["node", "-r", "/opt/hook.js", "-e", "1", FILE], "opt/hook.js"),
    (["node", "/opt/k", FILE], "opt/k/index.js"),
    (["deno", "run", "--allow-all", "/opt/k.ts", FILE], "opt/k.ts"),
    (["mono", "--debug", "/opt/k.exe", FILE], "opt/k.exe"),
    (["dotnet", "/opt/k.dll", FILE], "opt/k.dll"),
    (["dotnet", "exec", "--depsfile", "/x", "/opt/k.dll", FILE], "opt/k.dll"),
    (["dotnet", "interactive", "jupyter", FILE], "usr/bin/dotnet-interactive"),
    (["ruby", "-I", "/opt/lib", "-w", "/opt/k.rb", FILE], "opt/k.rb"),
    (["perl", "-Mstrict", "-w", "/opt/k.pl", FILE], "opt/k.pl"),
    (["php", "-d", "a=1", "/opt/k.php", FILE], "opt/k.php"),
    (["R", "--slave", "-e", "IRkernel::main()", "--args", FILE], f"{LIBRARY}/IRkernel/DESCRIPTION"),
    (["R", "--slave", "-f", "/opt/k.R", "--args", FILE], "opt/k.R"),
    (["Rscript", "--vanilla", "/opt/k.R", FILE], "opt/k.R"),
    (["Rscript", "-e", "library(IRkernel); main()", FILE], f"{LIBRARY}/IRkernel/DESCRIPTION"),
    (["/usr/local/bin/python3", "-u", "/opt/k.py", FILE], "opt/k.py"),
    (["/usr/local/bin/python3", "/opt/k", FILE], "opt/k/__main__.py"),
    (["/usr/local/bin/python3", "{resource_dir}/k.py", FILE], f"{SYSTEM}/k/k.py"),
    (["/usr/bin/env", "A=1", "node", "{resource_dir}/k.js", FILE], f"{SYSTEM}/k/k.js"),
    (["bash", "-c", "cd /opt/k && exec python3 run.py {connection_file}"], "opt/k/run.py"),
    (["nice", "-n", "5", "julia", "/opt/k.jl", FILE], "opt/k.jl"),
    (["tini", "--", "julia", "/opt/k.jl", FILE], "opt/k.jl"),
    (["dumb-init", "julia", "/opt/k.jl", FILE], "opt/k.jl"),
]


@pytest.mark.parametrize(("argv", "path"), LOADED, ids=[" ".join(argv[:4]) for argv, _ in LOADED])
def test_files_that_are_loaded(argv: Sequence[str], path: str) -> None:
    starters = [program(f"usr/bin/{name}") for name in ("nice", "tini", "dumb-init")]
    there = program(f"/{path}"[1:]) if path.startswith("usr/bin/") else file(path)
    assert found_for(argv, [*starters, there]) == []
    found = found_for(argv, starters)
    assert len(found) == 1
    assert found[0][0] == ("undecided" if "interactive" in argv else "warning")
    assert "'k'" in found[0][1].message


@pytest.mark.parametrize(
    ("argv", "items", "problem"),
    [
        (["node", "/opt/k.js", FILE], [file("opt/k.js", mode=0o600)], "argument-denied"),
        (["java", "-jar", "/root/k.jar", FILE], [directory("root", mode=0o700), file("root/k.jar")], "argument-denied"),
        (["mono", "/opt/k.exe", FILE], [symlink("opt/k.exe", "/opt/gone.exe")], "argument-dangling"),
        (["julia", "/opt", FILE], [], "argument-not-a-file"),
        (["R", "-e", "IRkernel::main()", FILE], [], "argument-package"),
    ],
)
def test_why_they_are_not_loaded(argv: Sequence[str], items: list[Item], problem: str) -> None:
    ((severity, finding),) = found_for(argv, [directory("opt"), *items])
    assert (severity, finding.data["problem"]) == ("warning", problem)


@pytest.mark.parametrize(
    ("argv", "items"),
    [
        (["julia", f"/{HOME}/{DEPOT}", FILE], [file(f"{HOME}/{DEPOT}")]),
        (["julia", "-e", "import IJulia; IJulia.run_kernel()", FILE], [file(f"{HOME}/{DEPOT}")]),
        (["R", "-e", "IRkernel::main()", FILE], [file(f"{HOME}/R/x/4.3/IRkernel/DESCRIPTION")]),
        (["node", f"/{HOME}/k.js", FILE], [file(f"{HOME}/k.js")]),
        (["/usr/local/bin/python3", f"/{HOME}/k.py", FILE], [file(f"{HOME}/k.py")]),
    ],
)
def test_files_that_are_hidden(argv: Sequence[str], items: list[Item]) -> None:
    ((severity, finding),) = found_for(argv, items)
    assert (severity, finding.rule, finding.data["directory"]) == ("warning", "FSR005", f"/{HOME}")
    assert finding.hint is not None
    assert "'RUN mkdir -p /opt/k && cp -a" in finding.hint


def test_the_depot_of_julia_is_moved_as_a_whole() -> None:
    ((_, finding),) = found_for(["julia", f"/{HOME}/{DEPOT}", FILE], [file(f"{HOME}/{DEPOT}")])
    assert finding.hint is not None
    assert "'ENV JULIA_DEPOT_PATH=/opt/k/julia'" in finding.hint
    assert finding.hint.index("'USER root'") < finding.hint.index("'RUN ") < finding.hint.index("'USER 1000'")


@pytest.mark.parametrize(
    "argv",
    [
        ["node", "k.js", FILE],
        ["/usr/local/bin/python3", "k.py", FILE],
        ["java", "-cp", "/opt/a.jar:/opt/b.jar", "Main", FILE],
        ["java", "@/opt/arguments", FILE],
        ["node", f"/{HOME}/k.js", FILE],
        ["julia", "-e", "using IJulia", FILE],
        ["uvx", "--from", "ipykernel", "python", *IPYKERNEL],
        ["uv", "run", "--with", "ipykernel", "python", *IPYKERNEL],
        ["pixi", "run", "kernel", FILE],
        ["/usr/local/bin/python3", "-c", "import (", FILE],
    ],
)
def test_what_only_a_run_could_tell(argv: Sequence[str]) -> None:
    items = [file("opt/a.jar"), *(program(f"usr/bin/{name}") for name in ("uv", "uvx", "pixi"))]
    ((severity, _),) = found_for(argv, items)
    assert severity == "undecided"
    alone = [item for item in tools() if "kernel.json" not in item.path]
    subject = make_subject([*alone, *items, kernel(f"{SYSTEM}/k", argv)])
    assert verdict(subject)["KRN001"] == "undecided"


@pytest.mark.parametrize(
    "argv",
    [
        ["q", "k.q", "-cds", FILE],
        ["singularity", "exec", "-B", "/run", "/img", "/opt/none/python", *IPYKERNEL],
        ["R", FILE],
        ["julia", FILE],
        ["java", "-m", "kernel/Main", FILE],
        ["deno", "jupyter", "--kernel", "--conn", FILE],
        ["Rscript", "-e", "utils::head(1)", FILE],
        ["/usr/local/bin/python3", "-m", "runpy", FILE],
        ["/usr/local/bin/python3", "-c", "import sys; sys.path.append('/x'); import mine", FILE],
    ],
)
def test_what_is_usual_is_no_finding(argv: Sequence[str]) -> None:
    assert found_for(argv, [program("usr/bin/q"), program("usr/bin/singularity")]) == []


# ---- modules -------------------------------------------------------------------------------------------------------

SITE = "usr/local/lib/python3.11/site-packages"
BASH = ["/usr/local/bin/python3", "-m", "bash_kernel", "-f", FILE]


@pytest.mark.parametrize(
    ("argv", "items", "text"),
    [
        (BASH, [file(f"{SITE}/bash_kernel/__main__.py"), file(f"{SITE}/bash_kernel/__init__.py")], None),
        (BASH, [file(f"{SITE}/bash_kernel/__main__.py")], None),  # a namespace package
        (BASH, [file(f"{SITE}/bash_kernel/__init__.py")], "is a package without '__main__'"),
        (BASH, [], "not found in"),
        (BASH, [file("opt/x/lib/python3.9/site-packages/bash_kernel/__init__.py")], "; it is installed in /opt/x/lib"),
        (BASH, [file(f"{HOME}/.local/lib/python3.11/site-packages/bash_kernel.py")], "is hidden at run time"),
        (["/usr/local/bin/python3", "-m", "a.b", FILE], [file(f"{SITE}/a/b.py"), file(f"{SITE}/a/__init__.py")], None),
        (["/usr/local/bin/python3", "-m", "a.b", FILE], [file(f"{SITE}/a/__init__.py")], "has no module 'b'"),
        (["/usr/local/bin/python3", "-m", "a.b", FILE], [file(f"{SITE}/a.py")], "is not a package"),
        (["/usr/local/bin/python3", "-c", "from xeus_python import launch", FILE], [], "'xeus_python'"),
        (["/usr/local/bin/python3", "-c", "import json, sage.all", FILE], [file(f"{SITE}/sage/all.py")], None),
    ],
)
def test_modules(argv: Sequence[str], items: list[Item], text: str | None) -> None:
    found = found_for(argv, items)
    assert [finding.rule for _, finding in found] == (["KRN007"] if text else [])
    assert all(text in finding.message for _, finding in found if text)


def test_modules_of_environments_without_pip() -> None:
    layers = [
        [*base(), *conda_base()],
        [*environment("opt/conda/envs/e")[:-3], file("opt/conda/envs/e/conda-meta/history")],
    ]
    spec = kernel(f"{SYSTEM}/k", ("/opt/conda/envs/e/bin/python", "-m", "bash_kernel", FILE))
    ((_, finding),) = findings("KRN007", *layers, [spec], config=CONDA_PATH)
    assert finding.hint is not None
    assert "'RUN /opt/conda/bin/conda install --prefix /opt/conda/envs/e --yes bash_kernel'" in finding.hint


# ---- environments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["conda", "run", "--no-capture-output", "-n", "e", "python", *IPYKERNEL], None),
        (["conda", "run", "--live-stream", "--name=e", "python", *IPYKERNEL], None),
        (["conda", "run", "--cwd", "/opt", "-p", "/opt/conda/envs/e", "python", *IPYKERNEL], None),
        (["conda", "run", "-n", "elsewhere", "python", *IPYKERNEL], None),
        (["mamba", "run", "-n", "e", "python", *IPYKERNEL], None),
        (["micromamba", "run", "-r", "/opt/conda", "-n", "e", "python", *IPYKERNEL], None),
        (["micromamba", "run", "-r", "/opt/conda", "-n", "none", "python", *IPYKERNEL], "warning"),
        (["micromamba", "run", "-n", "none", "python", *IPYKERNEL], "undecided"),
        (["conda", "run", "-n", "none", "python", *IPYKERNEL], "warning"),
        (["conda", "run", "-p", "/opt/none", "python", *IPYKERNEL], "warning"),
        (["conda", "run", "-n", "base", "python", *IPYKERNEL], "warning"),  # without ipykernel
        (["pixi", "run", "--manifest-path", "/srv/pixi.toml", "-e", "dev", "python", *IPYKERNEL], None),
        (["uv", "run", "--project", "/srv/uv", "--python", "3.12", "python", *IPYKERNEL], None),
        (["uv", "--directory", "/srv/uv", "run", "-m", *IPYKERNEL[1:]], None),
        (["sudo", "-E", "-u", "sagemaker-user", "/usr/local/bin/python3", *IPYKERNEL], None),
        (["sudo", "-u", "sagemaker-user", "/opt/none/python", *IPYKERNEL], "warning"),
    ],
)
def test_environments_that_are_activated(argv: Sequence[str], expected: str | None) -> None:
    names = ("mamba", "micromamba", "pixi", "uv", "sudo")
    layer = [
        *conda_base(),
        *python("opt/conda/envs/e", names=("python",)),
        file("opt/conda/envs/e/conda-meta/history"),
        *python("srv/envs/elsewhere", names=("python",)),
        file("srv/envs/elsewhere/conda-meta/history"),
        file("opt/conda/.condarc", b"envs_dirs: [/srv/envs]\n"),
        *python("srv/.pixi/envs/dev", names=("python",)),
        *python("srv/uv/.venv", names=("python",)),
        *(program(f"usr/bin/{name}") for name in names),
        kernel(f"{SYSTEM}/k", argv),
    ]
    subject = make_subject(good(), layer, config=CONDA_PATH)
    found = [item for rule in ("KRN005", "KRN007") for item in found_in(rule, subject)]
    assert [severity for severity, _ in found] == ([expected] if expected else [])


@pytest.mark.parametrize(
    "argv",
    [
        ["/opt/conda/envs/e/bin/python", *IPYKERNEL],
        ["conda", "run", "-n", "e", "python", *IPYKERNEL],
        ["/opt/wrapper", *IPYKERNEL],
    ],
)
def test_environments_that_are_registered(argv: Sequence[str]) -> None:
    own = [item for item in environment("opt/conda/envs/e") if "kernel.json" not in item.path]
    image = [*good(), *conda_base(), *own]
    assert [severity for severity, _ in findings("KRN013", image, config=CONDA_PATH)] == ["warning"]
    wrapper = program("opt/wrapper", b'#!/bin/sh\n. /opt/conda/bin/activate e\nexec python "$@"\n')
    image += [wrapper, kernel(f"{SYSTEM}/mine", argv)]
    assert findings("KRN013", image, config=CONDA_PATH, app_image_config=requests("mine")) == []


# ---- severities, layers, hints -------------------------------------------------------------------------------------


def test_a_kernel_is_an_error_if_it_is_asked_for_or_the_only_one() -> None:
    broken = kernel(f"{SYSTEM}/k", ["node", "/opt/k.js", FILE])
    assert [severity for severity, _ in findings("KRN005", [*tools(), broken])] == ["warning"]
    asked = findings("KRN005", [*tools(), broken], app_image_config=requests("python3", "k"))
    assert [severity for severity, _ in asked] == ["error"]
    alone = [*base(), program("usr/bin/node"), broken]
    assert [severity for severity, _ in findings("KRN005", alone)] == ["error"]
    assert verdict(make_subject(alone), CLASSIC)["KRN001"] == "error"


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        ([whiteout("opt/k.js")], "KRN005"),
        ([whiteout("opt")], "KRN005"),
        ([file("opt/k.js", mode=0o600)], "KRN005"),
        ([symlink("opt/k.js", "gone.js")], "KRN005"),
        ([file("usr/bin/node", mode=0o644)], "KRN005"),
        ([whiteout("usr/bin/node")], "KRN005"),
    ],
)
def test_the_layer_that_made_it_wrong(step: list[Item], rule: str) -> None:
    first = [*tools(), file("opt/k.js"), kernel(f"{SYSTEM}/k", ["/usr/bin/node", "/opt/k.js", FILE])]
    ((_, finding),) = findings(rule, first, [file("srv/a")], step, [file("srv/b")])
    assert finding.layer == 2


def test_the_layer_that_took_the_module_away() -> None:
    first = [*good(), file(f"{SITE}/bash_kernel.py"), kernel(f"{SYSTEM}/k", BASH)]
    ((_, finding),) = findings("KRN007", first, [file("srv/a")], [whiteout(f"{SITE}/bash_kernel.py")])
    assert finding.layer == 2


@pytest.mark.parametrize(
    ("argv", "items", "hint"),
    [
        (["/opt/tool", FILE], [file("opt/tool", b"x")], "'USER root', 'RUN chmod a+rx /opt/tool', 'USER 1000'"),
        (["node", "/opt/k.js", FILE], [file("opt/k.js", mode=0o600)], "'RUN chmod a+r /opt/k.js'"),
        (["java", "-jar", "/opt/k.jar", FILE], [], "'COPY --chmod=644 k.jar /opt/k.jar'"),
        (["tool", FILE], [program("opt/x/bin/tool")], "'ENV PATH=/opt/x/bin:$PATH'"),
        (["R", "-e", "IRkernel::main()", FILE], [], r"install.packages(\"IRkernel\""),
        (BASH, [file(f"{SITE}/pip/__init__.py")], "'RUN /usr/local/bin/python3 -m pip install bash_kernel'"),
        (BASH, [], "'RUN /usr/local/bin/python3 -m ensurepip && /usr/local/bin/python3 -m pip install bash_kernel'"),
    ],
)
def test_hints_name_what_is_in_the_image(argv: Sequence[str], items: list[Item], hint: str) -> None:
    ((_, finding),) = found_for(argv, items)
    assert finding.hint is not None
    assert hint in finding.hint


def test_a_provisioner_that_is_installed_brings_the_command() -> None:
    metadata = {"kernel_provisioner": {"provisioner_name": "mine"}}
    lab = [program("usr/local/bin/jupyter-lab", b"#!/usr/local/bin/python3\n")]
    points = file(f"{SITE}/mine-1.dist-info/entry_points.txt", b"[jupyter_client.kernel_provisioners]\nmine = m:P\n")
    spec = kernel(f"{SYSTEM}/k", ["/none"], metadata=metadata)
    for rule in ("KRN004", "KRN005", "KRN016"):
        assert findings(rule, [*good(), *lab, points, spec], profile="studio-jupyterlab") == []
    found = findings("KRN016", [*good(), *lab, spec], profile="studio-jupyterlab")
    assert [severity for severity, _ in found] == ["warning"]


# --- what R needs besides its script ---------------------------------------------------------------------------------

START_SCRIPT = b"#!/bin/sh\n# Shell wrapper for R executable.\nR_HOME_DIR=/usr/lib/R\nexec ${R_HOME}/bin/exec/R\n"
IRKERNEL = ["/usr/lib/R/bin/R", "--slave", "-e", "IRkernel::main()", "--args", FILE]
DESCRIPTION = (
    b"Package: IRkernel\nDepends: R (>= 3.2.0)\n"
    b"Imports: repr (>= 0.4.99), methods,\n  pbdZMQ (>= 0.2-1)\nSuggests: knitr\n"
)


def r_image(description: bytes = DESCRIPTION) -> list[Item]:
    """Return an installation of R with IRkernel and what that imports."""
    packages = [file(f"usr/lib/R/site-library/{name}/DESCRIPTION", b"") for name in ("repr", "pbdZMQ")]
    return [
        program("usr/lib/R/bin/R", START_SCRIPT),
        program("usr/lib/R/bin/exec/R"),
        file("usr/lib/R/site-library/IRkernel/DESCRIPTION", description),
        *packages,
    ]


@pytest.mark.parametrize("description", [DESCRIPTION, b"", b"Imports:", b"Imports: \xff\n\n,;: (("])
def test_r_that_can_start(description: bytes) -> None:
    assert found_for(IRKERNEL, r_image(description)) == []


@pytest.mark.parametrize(
    ("gone", "part"),
    [
        ("usr/lib/R/bin/exec/R", "runs /usr/lib/R/bin/exec/R: /usr/lib/R/bin/exec/R does not exist"),
        ("usr/lib/R/site-library/pbdZMQ/DESCRIPTION", "the R package pbdZMQ, which IRkernel imports, is not installed"),
    ],
)
def test_r_that_lacks_something(gone: str, part: str) -> None:
    ((severity, finding),) = found_for(IRKERNEL, [item for item in r_image() if item.path != gone])
    assert severity == "warning"
    assert part in finding.message


@pytest.mark.parametrize(
    ("profile", "undecided"),
    [
        (b"# stop()\nlocal({\n  stop('no')\n})\n", False),
        (b"options(repos = 'x')\nstop('no')\n", True),
        (b"quit (status = 1)", True),
        (b"quiet('x')\nstopifnot(TRUE)\n", False),
    ],
)
def test_a_profile_that_may_end_r(profile: bytes, *, undecided: bool) -> None:
    items = [
        *r_image(),
        file("etc/R/Rprofile.site", profile),
        symlink("usr/lib/R/etc/Rprofile.site", "/etc/R/Rprofile.site"),
    ]
    found = found_for(IRKERNEL, items)
    assert [severity for severity, _ in found] == (["undecided"] if undecided else [])
    assert found_for([*IRKERNEL[:1], "--vanilla", *IRKERNEL[1:]], items) == []


def test_the_program_of_r_that_lacks_a_library() -> None:
    items = [item for item in r_image() if not item.path.endswith("exec/R")]
    needing = program("usr/lib/R/bin/exec/R", make_elf(needed=("libR.so",)))
    ((_, finding),) = found_for(IRKERNEL, [*items, needing])
    assert "needs the library libR.so, which is not in the image" in finding.message
