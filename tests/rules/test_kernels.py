"""Kernels: found or not, valid or not, startable or not. Each branch, and each trap of the field."""

from collections.abc import Sequence
from typing import Any

import pytest

from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Severity
from tests.rules.subjects import (
    IPYKERNEL,
    base,
    findings,
    golden,
    good,
    good_kernel,
    kernel,
    kernel_json,
    make_subject,
    program,
    python,
    verdict,
)
from tests.support.tarballs import Item, directory, file, symlink

SYSTEM = "usr/local/share/jupyter/kernels"
USER = "home/sagemaker-user/.local/share/jupyter/kernels"
CONDA = "opt/conda"


def requests(*names: str, mount: str | None = None, root: bool = False) -> dict[str, Any]:
    """Return an AppImageConfig that names kernels."""
    config: dict[str, Any] = {"KernelSpecs": [{"Name": name} for name in names]}
    if mount is not None:
        config["FileSystemConfig"] = {"MountPath": mount, **({"DefaultUid": 0, "DefaultGid": 0} if root else {})}
    return {"AppImageConfigName": "x", "KernelGatewayImageConfig": config}


def environment(prefix: str, *, bare: bool = False, name: str = "python3") -> list[Item]:
    """Return a conda environment with ipykernel."""
    command = "python" if bare else f"/{prefix}/bin/python"
    return [
        *python(prefix, "3.12", names=("python3", "python")),
        file(f"{prefix}/conda-meta/history", b"==> x <==\n"),
        kernel(f"{prefix}/share/jupyter/kernels/{name}", (command, *IPYKERNEL)),
    ]


def conda_base(prefix: str = CONDA) -> list[Item]:
    """Return conda itself, without a kernel."""
    return [
        *python(prefix, "3.12", ipykernel=False, names=("python3", "python")),
        file(f"{prefix}/conda-meta/history", b"x"),
        program(f"{prefix}/bin/conda", f"#!/{prefix}/bin/python\n".encode()),
        file(f"{prefix}/bin/activate"),
        program("bin/bash"),
    ]


CONDA_PATH = {"Env": ["PATH=/opt/conda/bin:/usr/local/bin:/usr/bin:/bin"]}


# ---- images that must not fail -------------------------------------------------------------------------------------


def test_the_good_image_is_faultless() -> None:
    assert verdict(make_subject(good())) == {}


def test_a_kernel_that_is_not_shown_does_no_harm() -> None:
    """AWS's echo sample leaves the kernel spec that `pip install ipykernel` brings, and shows its own kernel only."""
    left = kernel("usr/local/share/jupyter/kernels/python3", ("python", *IPYKERNEL))
    shown = kernel("usr/local/share/jupyter/kernels/echo", ("/usr/local/bin/python3", *IPYKERNEL))
    layers = [[*good(), left, shown]]
    assert verdict(make_subject(*layers))["KRN006"] == "warning"
    assert verdict(make_subject(*layers, app_image_config=requests("echo"))) == {}
    assert verdict(make_subject(*layers, app_image_config=requests("python3")))["KRN006"] == "error"


def test_the_example_of_the_specification() -> None:
    found = verdict(make_subject(*golden()))
    assert "error" not in found.values()
    assert set(found) == {"KRN009"}  # a python3 that the service may shadow


def test_the_example_on_debian() -> None:
    layers = [
        [
            *base(),
            symlink("usr/bin/python3", "python3.11"),
            program("usr/bin/python3.11"),
            file("usr/lib/python3.11/os.py"),
        ],
        [
            file("usr/local/lib/python3.11/dist-packages/ipykernel_launcher.py", b"#"),
            kernel(f"{SYSTEM}/python3", ("/usr/bin/python3", *IPYKERNEL)),
        ],
    ]
    assert "error" not in verdict(make_subject(*layers)).values()


def test_conda_sample_as_root_mounted_on_root() -> None:
    layers = [
        [*base(), directory("root", mode=0o700), file("root/.condarc"), *conda_base()],
        environment(f"{CONDA}/envs/myenv"),
    ]
    config = requests("conda-env-myenv-py", mount="/root", root=True)
    subject = make_subject(*layers, config={**CONDA_PATH, "User": "0"}, app_image_config=config)
    assert "error" not in verdict(subject).values()


def test_pip_venv_sample() -> None:
    venv = [
        file("opt/venv/pyvenv.cfg", b"home = /usr/local/bin\n"),
        symlink("opt/venv/bin/python3", "/usr/local/bin/python3"),
        symlink("opt/venv/bin/python", "python3"),
        file("opt/venv/lib/python3.11/site-packages/ipykernel_launcher.py"),
        kernel("opt/venv/share/jupyter/kernels/python3", ("/opt/venv/bin/python3", *IPYKERNEL)),
    ]
    config = {"Env": ["PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin"]}
    assert verdict(make_subject([*base(), *python("usr/local")], venv, config=config)) == {}


def test_r_sample() -> None:
    items = [
        *base(),
        program("usr/bin/R", b"#!/bin/sh\n"),
        kernel(f"{SYSTEM}/ir", ("R", "--slave", "--args", "{connection_file}")),
    ]
    assert "error" not in verdict(make_subject(items)).values()
    assert verdict(make_subject(items, app_image_config=requests("ir"))) == {"KRN010": "warning"}  # no python at all


# ---- KRN001 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "items",
    [
        [],
        [kernel(f"{USER}/python3", ("/usr/local/bin/python3", *IPYKERNEL))],
        [file(f"{SYSTEM}/python3/kernel.json", b"{")],
        [kernel(f"{SYSTEM}/python3", ("/usr/local/bin/python3",))],
        [kernel(f"{SYSTEM}/python3", ("/gone", "{connection_file}"))],
        [kernel(f"{SYSTEM}/python3", ("python", *IPYKERNEL))],
        [
            program("usr/bin/python3.9"),
            file("usr/lib/python3.9/os.py"),
            kernel(f"{SYSTEM}/k", ("/usr/bin/python3.9", *IPYKERNEL)),
        ],
        [kernel("opt/elsewhere/share/jupyter/kernels/python3", ("/usr/local/bin/python3", *IPYKERNEL))],
    ],
)
def test_no_usable_kernel(items: list[Item]) -> None:
    image = [*base(), *python("usr/local", names=("python3", "python")), *items]
    ((severity, _),) = findings("KRN001", image)
    assert severity == "error"


def test_an_unlisted_kernel_without_python_on_path_is_undecided() -> None:
    image = [*base(), kernel("opt/x/share/jupyter/kernels/python3")]
    ((severity, finding),) = findings("KRN001", [*image, *python("usr", names=("python3",))])
    assert severity == "undecided"
    ((severity, finding),) = findings("KRN001", image)
    assert severity == "error"
    assert "has a command that cannot be run" in finding.message
    assert finding.data["unlisted"] == ["/opt/x/share/jupyter/kernels/python3/kernel.json"]


# ---- KRN002 --------------------------------------------------------------------------------------------------------


def test_requested_kernels() -> None:
    assert findings("KRN002", good()) == []
    assert findings("KRN002", good(), app_image_config=requests("python3")) == []
    found = findings("KRN002", good(), app_image_config=requests("python3", "myenv"))
    assert [(severity, finding.data["requested"]) for severity, finding in found] == [("error", "myenv")]


def test_names_are_case_sensitive() -> None:
    ((severity, finding),) = findings("KRN002", good(), app_image_config=requests("Python3"))
    assert severity == "error"
    assert "case sensitive" in finding.message
    upper = [*good(), kernel(f"{SYSTEM}/MyKernel", ("/usr/local/bin/python3", *IPYKERNEL))]
    assert findings("KRN002", upper, app_image_config=requests("mykernel")) == []


def test_python3_is_shown_unless_others_are_named() -> None:
    items = [*base(), *python("usr/local"), kernel(f"{SYSTEM}/ir", ("/usr/local/bin/python3", *IPYKERNEL))]
    ((severity, finding),) = findings("KRN002", items)
    assert (severity, finding.data["stated"]) == ("warning", False)
    assert findings("KRN002", base()) == []  # KRN001's


def test_conda_names() -> None:
    layers = [[*base(), *conda_base()], environment(f"{CONDA}/envs/My Env"), environment(f"{CONDA}/envs/r", name="ir")]
    names = ("conda-env-My_Env-py", "conda-env-r-r")
    assert findings("KRN002", *layers, config=CONDA_PATH, app_image_config=requests(*names)) == []
    ((severity, _),) = findings("KRN002", *layers, config=CONDA_PATH, app_image_config=requests("My Env"))
    assert severity == "error"


def test_conda_environments_elsewhere_are_doubtful() -> None:
    layers = [[*base(), *conda_base()], environment("srv/project/envs/e")]
    ((severity, finding),) = findings("KRN002", *layers, app_image_config=requests("conda-env-project-e-py"))
    assert severity == "undecided"
    assert "may not know" in finding.message


def test_base_environment() -> None:
    filtered = [*base(), *conda_base(), *environment(CONDA)]
    subject = make_subject(filtered, config=CONDA_PATH)
    assert [(item.name, item.origin, item.usable) for item in subject.facts.kernels] == [
        ("python3", "kernelspec", True)
    ]
    elsewhere = [*base(), *conda_base("opt/mamba"), *environment("opt/mamba")]
    path = {"Env": ["PATH=/opt/mamba/bin:/bin"]}
    assert findings("KRN002", elsewhere, config=path, app_image_config=requests("conda-base-py")) == []
    assert findings("KRN002", elsewhere, config=path, app_image_config=requests("conda-root-py")) == []
    ((severity, finding),) = findings("KRN002", elsewhere, app_image_config=requests("conda-base-py"))
    assert severity == "undecided"  # who would be asked for its environments?
    assert "'conda' cannot be run" in finding.message


def test_package_cache_is_no_environment() -> None:
    cache = f"{CONDA}/pkgs/ipykernel-6/share/jupyter/kernels/python3"
    subject = make_subject([*base(), *conda_base(), kernel(cache), file(f"{CONDA}/pkgs/x/conda-meta/history")])
    assert (subject.facts.kernels, subject.facts.unlisted_kernels) == ((), ())


def test_a_kernel_found_both_ways_may_have_one_name_only() -> None:
    path = {"Env": [f"PATH=/{CONDA}/envs/e/bin:/{CONDA}/bin:/usr/bin:/bin"]}
    layers = [[*base(), *conda_base()], environment(f"{CONDA}/envs/e")]
    ((severity, _),) = findings("KRN002", *layers, config=path, app_image_config=requests("python3"))
    assert severity == "warning"
    assert findings("KRN002", *layers, config=path, app_image_config=requests("conda-env-e-py")) == []
    alone = {"Env": [f"PATH=/{CONDA}/envs/e/bin:/usr/bin:/bin"]}
    for name in ("python3", "conda-env-e-py"):
        ((severity, finding),) = findings("KRN002", *layers, config=alone, app_image_config=requests(name))
        assert severity == "undecided"
        assert "conda" in finding.message


# ---- KRN003, KRN004 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"\xef\xbb\xbf{}", b"[]", b'{"argv": null}', b'{"env": []}', b"\xff"])
def test_invalid_kernelspecs(content: bytes) -> None:
    ((severity, finding),) = findings("KRN003", [*good(), file(f"{SYSTEM}/other/kernel.json", content)])
    assert (severity, finding.path) == ("warning", f"/{SYSTEM}/other/kernel.json")


def test_invalid_kernelspecs_that_nobody_reads() -> None:
    places = (f"{USER}/other", "opt/x/share/jupyter/kernels/other", "usr/share/jupyter/kernels/python3")
    for place in places:
        assert findings("KRN003", [*good(), file(f"{place}/kernel.json", b"{")]) == []
    assert findings("KRN003", [*good(), kernel(f"{SYSTEM}/other", codemirror="x")]) == []


def test_an_invalid_kernelspec_shadows_a_valid_one() -> None:
    items = [
        *base(),
        *python("usr/local", names=("python",)),
        file(f"{SYSTEM}/k/kernel.json", b"{"),
        kernel("usr/share/jupyter/kernels/k"),
    ]
    first, second = make_subject(items).facts.kernels
    assert first.spec.problem
    assert second.shadowed_by == f"/{SYSTEM}/k"
    assert [severity for severity, _ in findings("KRN001", items)] == ["error"]


@pytest.mark.parametrize(
    ("document", "severity"),
    [
        (b"{}", "warning"),
        (b'{"argv": "/usr/local/bin/python3"}', "warning"),
        (b'{"argv": []}', "warning"),
        (b'{"argv": ["/usr/local/bin/python3", "-m", "ipykernel_launcher"]}', "warning"),
        (b'{"argv": ["/opt/launch"]}', "warning"),
        (b'{"argv": ["/usr/local/bin/python3", "{connection_file}"], "env": {"A": 1}}', "warning"),
        (b'{"argv": ["/usr/local/bin/python3", "{connection_file}"], "env": {"A": "1"}}', None),
        (b'{"argv": ["/usr/local/bin/python3", "{resource_dir}/x.py", "--f={connection_file}", "{other}"]}', None),
    ],
)
def test_commands(document: bytes, severity: str | None) -> None:
    items = [*good(), program("opt/launch", b"#!/bin/sh\n"), file(f"{SYSTEM}/other/kernel.json", document)]
    assert [found for found, _ in findings("KRN004", items)] == ([severity] if severity else [])


# ---- KRN005 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "argv0", "problem", "severity"),
    [
        ([], "/opt/venv/bin/python", "missing", "warning"),
        ([symlink("opt/venv/bin/python", "/usr/bin/python3.12")], "/opt/venv/bin/python", "dangling", "warning"),
        ([file("opt/tool", b"x")], "/opt/tool", "not-executable", "warning"),
        ([], "R", "not-on-path", "warning"),
        ([], "python3.12", "not-on-path", "warning"),
        ([program("opt/tool", b"#!/usr/bin/perl\n")], "/opt/tool", "interpreter", "warning"),
        (
            [program("opt/venv/bin/python"), file("opt/venv/pyvenv.cfg", b"home=/gone/bin\n")],
            "/opt/venv/bin/python",
            "home-missing",
            "warning",
        ),
        ([], "bin/tool", "relative", "undecided"),
        ([], "~/tool", "missing", "warning"),
    ],
)
def test_programs_that_cannot_run(items: list[Item], argv0: str, problem: str, severity: str) -> None:
    image = [*good(), *items, kernel(f"{SYSTEM}/other", (argv0, "{connection_file}"))]
    ((found, finding),) = findings("KRN005", image)
    assert (found, finding.data["problem"], finding.data["kernel"]) == (severity, problem, "other")


def test_the_chain_is_told() -> None:
    image = [
        *good(),
        symlink("opt/v/bin/python", "/usr/bin/python3.12"),
        kernel(f"{SYSTEM}/o", ("/opt/v/bin/python", *IPYKERNEL)),
    ]
    ((_, finding),) = findings("KRN005", image)
    assert "/opt/v/bin/python -> /usr/bin/python3.12 is a broken symlink" in finding.message


@pytest.mark.parametrize(
    ("items", "argv0", "more"),
    [
        ([program("opt/tools/R")], "R", {"env": {"PATH": "/opt/tools:${PATH}"}}),
        ([program("opt/tools/R")], "/opt/tools/R", {}),
        ([], "{prefix}/bin/python", {}),
        ([program(f"{SYSTEM}/other/run")], "{resource_dir}/run", {}),
        ([], "python", {}),
        (python("usr/local", "3.12"), "python3.12", {}),
    ],
)
def test_programs_that_can_run(items: list[Item], argv0: str, more: dict[str, object]) -> None:
    assert findings("KRN005", [*good(), *items, kernel(f"{SYSTEM}/other", (argv0, "{connection_file}"), **more)]) == []


def test_root_may_run_what_is_below_root() -> None:
    items = [
        *good(),
        directory("root", mode=0o700),
        program("root/tool"),
        kernel(f"{SYSTEM}/o", ("/root/tool", "{connection_file}")),
    ]
    assert findings("KRN005", items, config={"User": ""}) == []


def test_conda_kernels_find_their_own_programs() -> None:
    own = kernel(f"{CONDA}/envs/e/share/jupyter/kernels/ir", ("R", "{connection_file}"))
    layers = [[*base(), *conda_base()], [*environment(f"{CONDA}/envs/e"), program(f"{CONDA}/envs/e/bin/R"), own]]
    assert findings("KRN005", *layers, config=CONDA_PATH) == []


# ---- KRN006 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["python", "python3", "python3.7"])
def test_bare_python(word: str) -> None:
    items = [
        *base(),
        *python("usr/local", names=("python3", "python")),
        kernel(f"{SYSTEM}/python3", (word, *IPYKERNEL)),
    ]
    ((severity, finding),) = findings("KRN006", items)
    assert (severity, finding.data["argv"][0]) == ("error", word)


def test_bare_python_that_does_not_matter() -> None:
    bare = kernel_json(("python", *IPYKERNEL))
    # pip wrote it first, ipykernel's own installer then wrote the absolute path.
    assert findings("KRN006", [*good()[:-1], file(f"{SYSTEM}/python3/kernel.json", bare)], [good_kernel()]) == []
    # Another interpreter than the server's.
    named = [*good(), program("usr/bin/python3.11"), kernel(f"{SYSTEM}/other", ("python3.11", *IPYKERNEL))]
    assert findings("KRN006", named) == []
    # Shadowed, hidden, unlisted.
    for place in ("usr/share/jupyter/kernels", USER, "opt/x/share/jupyter/kernels"):
        assert findings("KRN006", [*good(), file(f"{place}/python3/kernel.json", bare)]) == []
    # conda starts it in its environment.
    layers = [[*base(), *conda_base()], environment(f"{CONDA}/envs/e", bare=True)]
    assert findings("KRN006", *layers, config=CONDA_PATH) == []


# ---- KRN007 --------------------------------------------------------------------------------------------------------


def test_ipykernel() -> None:
    assert findings("KRN007", good()) == []
    items = [*base(), *python("usr/local", ipykernel=False, names=("python3",)), good_kernel()]
    ((severity, finding),) = findings("KRN007", items)
    assert (severity, finding.data["module"]) == ("error", "ipykernel_launcher")
    assert findings("KRN007", [*items, file("srv/ipykernel_launcher.py")], config={"Env": ["PYTHONPATH=/srv"]}) == []


def test_ipykernel_in_a_hidden_home() -> None:
    home = "home/sagemaker-user/.local/lib/python3.11/site-packages/ipykernel_launcher.py"
    items = [*base(), *python("usr/local", ipykernel=False), good_kernel(), file(home)]
    ((_, finding),) = findings("KRN007", items)
    assert finding.data["hidden"] == f"/{home}"
    assert findings("KRN007", items, app_image_config=requests("python3", mount="/data")) == []


@pytest.mark.parametrize(
    "argv",
    [
        ("/usr/local/bin/python3", "-m", "runpy", "{connection_file}"),
        ("/usr/local/bin/python3", "/opt/run.py", "-m", "ipykernel_launcher", "{connection_file}"),
        ("/opt/launch", *IPYKERNEL),
    ],
)
def test_kernels_of_which_the_module_is_not_known(argv: tuple[str, ...]) -> None:
    items = [
        *base(),
        *python("usr/local", ipykernel=False),
        program("opt/launch", b"#!/usr/local/bin/python3\n"),
        program("usr/bin/env"),
    ]
    assert findings("KRN007", [*items, kernel(f"{SYSTEM}/other", argv)]) == []


_ISOLATED = 'PYTHONPATH=/usr/local/lib/python3.11/site-packages exec /opt/bare/bin/python3 -I "$@"'
FOLLOWED: list[tuple[str, Sequence[str], str, str | None]] = [
    ("a script", ["/opt/k.sh", "{connection_file}"], "exec python3 -m ipykernel_launcher -f $1", None),
    ("a script that passes all on", ["/opt/k.sh", *IPYKERNEL], '. /opt/x.sh\nexec python3 "$@"', None),
    ("a program that is missing", ["/opt/k.sh", *IPYKERNEL], 'exec /opt/venv/bin/python "$@"', "missing"),
    ("a program that PATH does not lead to", ["/opt/k.sh", *IPYKERNEL], 'PATH=/bin exec python3 "$@"', "not-on-path"),
    ("a module that is missing", ["/opt/k.sh", *IPYKERNEL], 'exec /opt/bare/bin/python3 "$@"', "KRN007"),
    ("no program at all", ["/opt/k.sh", *IPYKERNEL], "echo hello", "idle"),
    ("what fails before", ["/opt/k.sh", *IPYKERNEL], 'set -e\n/opt/setup\nexec python3 "$@"', "idle"),
    ("an open condition", ["/opt/k.sh", *IPYKERNEL], 'if [ "$AWS_X" ]; then exec python3 "$@"; fi', "unknown"),
    ("an open program", ["/opt/k.sh", *IPYKERNEL], 'exec "$AWS_PYTHON" "$@"', "unknown"),
    ("a variable of kernel.json", ["/opt/k.sh", *IPYKERNEL], 'exec "$MY_PYTHON" "$@"', None),
    ("what nobody can see into", ["/opt/k.sh", *IPYKERNEL], "/opt/launch $2", "unknown"),
    ("a shell's command line", ["bash", "-lc", "python3 -m ipykernel_launcher -f {connection_file}"], "", None),
    ("one that is wrong", ["sh", "-c", "python4 -m ipykernel_launcher -f {connection_file}"], "", "not-on-path"),
    ("env", ["env", "A=1", "python3", *IPYKERNEL], "", None),
    ("env that splits", ["/usr/bin/env", "-S", "python4", *IPYKERNEL], "", "not-on-path"),
    ("env with another PATH", ["env", "PATH=/bin", "python3", *IPYKERNEL], "", "not-on-path"),
    ("conda run", ["/opt/conda/bin/conda", "run", "-n", "lab", "python", *IPYKERNEL], "", None),
    ("conda run of nothing", ["/opt/conda/bin/conda", "run", "-n", "lob", "python", *IPYKERNEL], "", "idle"),
    (
        "a script of Python",
        ["/usr/local/bin/python3", "/opt/none.py", "{connection_file}"],
        "",
        "argument-missing",
    ),
    ("a Python without a library", ["/opt/lone/python3", *IPYKERNEL], "", "unknown"),
    ("a Python told to look elsewhere", ["/opt/k.sh", *IPYKERNEL], 'PYTHONHOME=/none exec python3 "$@"', "idle"),
    ("one that is told not to", ["/opt/k.sh", *IPYKERNEL], 'PYTHONHOME=/none exec python3 -E "$@"', None),
    ("a module in one word", ["/opt/bare/bin/python3", "-umipykernel", "-f", "{connection_file}"], "", "KRN007"),
    ("a module and a path that does not count", ["/opt/k.sh", *IPYKERNEL], _ISOLATED, "KRN007"),
    ("a placeholder that nobody fills in", ["{nope}/python3", *IPYKERNEL], "", "missing"),
    ("a launcher that is a script", ["R", "-e", "IRkernel::main()", "--args", "{connection_file}"], "", None),
    ("a program of its own", ["/opt/launch", "{connection_file}"], "", None),
]


@pytest.mark.parametrize(("argv", "text", "expected"), [row[1:] for row in FOLLOWED], ids=[row[0] for row in FOLLOWED])
def test_what_a_kernel_starts_is_followed(argv: Sequence[str], text: str, expected: str | None) -> None:
    items = [
        *base(),
        *python("usr/local"),
        *python("opt/bare", ipykernel=False),
        *python("opt/conda", names=("python",)),
        file("opt/conda/conda-meta/history"),
        *python("opt/conda/envs/lab", names=("python",)),
        file("opt/conda/envs/lab/conda-meta/history"),
        program("opt/conda/bin/conda", b"#!/opt/conda/bin/python\n"),
        program("opt/k.sh", f"#!/bin/sh\n{text}\n".encode()),
        file("opt/x.sh", b"export A=1\n"),
        program("opt/launch"),
        program("opt/lone/python3"),
        program("usr/bin/env"),
        program("usr/local/bin/R", b"#!/bin/sh\nexec ${R_HOME}/bin/exec/R ${args} ${@}\n"),
        file("usr/local/lib/R/site-library/IRkernel/DESCRIPTION"),
        kernel(f"{SYSTEM}/k", argv, env={"MY_PYTHON": "/usr/local/bin/python3"}),
    ]
    found = [*findings("KRN005", items), *findings("KRN007", items)]
    if expected == "KRN007":
        assert [finding.rule for _, finding in found] == [expected]
        return
    severity = "undecided" if expected == "unknown" else "error"
    assert [(kind, finding.data["problem"]) for kind, finding in found] == ([(severity, expected)] if expected else [])
    usable = {None: [], "unknown": ["undecided"]}.get(expected, ["error"])
    assert [kind for kind, _ in findings("KRN001", items)] == usable


def test_a_kernel_that_may_not_start_beside_one_that_does() -> None:
    items = [*good(), program("opt/k.sh", b'#!/bin/sh\n[ $AWS_X ] && exec python3 "$@"\n')]
    subject = make_subject([*items, kernel(f"{SYSTEM}/k", ["/opt/k.sh", *IPYKERNEL])])
    (judgement,) = run(subject, [CLASSIC], select=["KRN005"]).judgements
    assert (judgement.severity, judgement.finding.is_undecided) == (Severity.WARNING, True)
    subject = make_subject(
        [*items, kernel(f"{SYSTEM}/k", ["/opt/k.sh", *IPYKERNEL])], app_image_config=requests("python3", "k")
    )
    (judgement,) = run(subject, [CLASSIC], select=["KRN005"]).judgements
    assert judgement.severity is Severity.ERROR


def test_ipykernel_by_a_path_line_into_a_hidden_directory() -> None:
    hidden = "home/sagemaker-user/lib/ipykernel_launcher.py"
    line = file("usr/local/lib/python3.11/site-packages/x.pth", b"/home/sagemaker-user/lib\n")
    items = [*base(), *python("usr/local", ipykernel=False), directory("usr/local/lib/python3.11/site-packages")]
    ((_, finding),) = findings("KRN007", [*items, good_kernel(), file(hidden), line])
    assert finding.data["hidden"] == f"/{hidden}"


def test_commands_by_way_of_env() -> None:
    items = [*base(), *python("usr/local", ipykernel=False), program("usr/bin/env")]
    mine = kernel(f"{SYSTEM}/other", ("/usr/bin/env", "X=1", "python3", *IPYKERNEL))
    ((severity, _),) = findings("KRN007", [*items, mine])
    assert severity == "error"
    missing = kernel(f"{SYSTEM}/other", ("/usr/bin/env", "nopython", *IPYKERNEL))
    ((severity, finding),) = findings("KRN005", [*items, missing])
    assert (severity, finding.data["problem"]) == ("error", "not-on-path")


def test_variables_of_a_kernel_that_explode() -> None:
    mine = kernel(f"{SYSTEM}/other", ("python3.11", *IPYKERNEL), env={"PATH": "$A" * 10_000, "X": "$A" * 10_000})
    config = {"Env": ["A=" + "x" * 100_000, "PATH=/usr/local/bin"]}
    ((severity, finding),) = findings("KRN005", [*good(), mine], config=config)
    assert severity == "undecided"
    assert finding.message.endswith("has up to 1,000,020,000 characters, over the limit of 65,536")


# ---- KRN008 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "config"),
    [
        (USER, {}),
        ("opt/ml/jupyter/kernels", {"Env": ["JUPYTER_DATA_DIR=/opt/ml/jupyter"]}),
        ("home/sagemaker-user/x/jupyter/kernels", {"Env": ["XDG_DATA_HOME=/home/sagemaker-user/x"]}),
        ("home/sagemaker-user/.ipython/kernels", {}),
    ],
)
def test_hidden_kernels(place: str, config: dict[str, Any]) -> None:
    items = [*good(), kernel(f"{place}/mine", ("/usr/local/bin/python3", *IPYKERNEL))]
    ((severity, finding),) = findings("KRN008", items, config=config)
    assert (severity, finding.data["kernel"]) == ("warning", "mine")
    ((severity, _),) = findings("KRN008", items, config=config, app_image_config=requests("mine"))
    assert severity == "error"


def test_hidden_kernels_that_do_not_matter() -> None:
    twice = [*good(), kernel(f"{USER}/python3")]
    assert findings("KRN008", twice) == []
    mine = [*good(), kernel(f"{USER}/mine", ("/usr/local/bin/python3", *IPYKERNEL))]
    assert findings("KRN008", mine, app_image_config=requests("mine", mount="/home/sagemaker-user/work")) == []
    assert findings("KRN002", mine, app_image_config=requests("mine", mount="/home/sagemaker-user/work")) == []


def test_hidden_by_a_link_and_by_an_environment() -> None:
    link = [*good(), symlink(f"{SYSTEM}/mine", f"/{USER}/mine"), kernel(f"{USER}/mine")]
    assert {finding.data["directory"] for _, finding in findings("KRN008", link)} == {"/home/sagemaker-user"}
    conda = [
        *base(),
        *conda_base("home/sagemaker-user/miniconda3"),
        *environment("home/sagemaker-user/miniconda3/envs/e"),
    ]
    assert [finding.data["kernel"] for _, finding in findings("KRN008", conda)] == ["conda-env-e-py"]


def test_kernels_that_the_user_cannot_reach_are_no_guess() -> None:
    conda = "root/miniconda3"
    items = [*base(), *python(conda, names=("python",)), kernel(f"{conda}/share/jupyter/kernels/python3")]
    config = {"Env": [f"PATH=/{conda}/bin:/usr/bin"]}
    assert [severity for severity, _ in findings("KRN001", [*items, directory("root", mode=0o700)], config=config)] == [
        "error"
    ]
    # Where no python is on PATH, the start-up may find them in another way.
    works = [*items, kernel(f"{conda}/share/jupyter/kernels/python3", [f"/{conda}/bin/python", *IPYKERNEL])]
    assert [severity for severity, _ in findings("KRN001", works)] == ["undecided"]
    assert [severity for severity, _ in findings("KRN001", items)] == ["error"]


@pytest.mark.parametrize(
    ("home", "expected"),
    [("", []), ("/usr/local", []), ("/opt/old", ["error"]), ("/none", ["error"]), ("/opt/same", ["undecided"])],
)
def test_pythonhome_of_another_python_keeps_a_kernel_from_starting(home: str, expected: list[str]) -> None:
    items = [*good(), *python("opt/old", "3.8"), *python("opt/same", "3.11"), good_kernel()]
    found = findings("KRN001", items, config={"Env": [f"PYTHONHOME={home}"]})
    assert [severity for severity, _ in found] == expected
