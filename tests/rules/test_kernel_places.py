"""Where kernels lie, by which names, and what conda's need: KRN009 to KRN016, each branch and each trap."""

from typing import Any

import pytest

from tests.rules.subjects import (
    IPYKERNEL,
    base,
    findings,
    golden,
    good,
    kernel,
    make_subject,
    program,
    python,
    verdict,
)
from tests.rules.test_kernels import CONDA, CONDA_PATH, SYSTEM, USER, conda_base, environment, requests
from tests.support.tarballs import Item, file, symlink

NEWER = ("studio-jupyterlab", "studio-code-editor", "unified-studio")
LAB = "studio-jupyterlab"


# ---- KRN009 --------------------------------------------------------------------------------------------------------


def test_python3_outside_the_prefix_of_python() -> None:
    ((severity, finding),) = findings("KRN009", *golden())
    assert (severity, finding.data["prefix"]) == ("warning", "/usr")
    elsewhere = [
        *base(),
        *python("opt/py", names=("python",)),
        kernel("usr/share/jupyter/kernels/python3", ("/opt/py/bin/python", *IPYKERNEL)),
    ]
    ((_, finding),) = findings("KRN009", elsewhere, config={"Env": ["PATH=/opt/py/bin"]})
    assert finding.path == "/usr/share/jupyter/kernels/python3/kernel.json"


@pytest.mark.parametrize(
    "items",
    [
        good(),  # the prefix is /usr/local itself
        [*golden()[0], *golden()[1], kernel(f"{SYSTEM}/mine")],  # of any other name it is found
        [*golden()[0], kernel(f"{SYSTEM}/python3"), kernel("usr/share/jupyter/kernels/python3")],  # in /usr, too
        [*base(), *python("usr"), kernel(f"{SYSTEM}/python3")],  # no python: KRN010's
        [*golden()[0], file(f"{SYSTEM}/python3/kernel.json", b"{")],  # KRN003's
    ],
)
def test_python3_where_it_should_be(items: list[Item]) -> None:
    assert findings("KRN009", items) == []
    assert findings("KRN009", *golden(), profile=LAB) == []


# ---- KRN010 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (python("usr"), "is not on PATH"),
        ([symlink("usr/bin/python", "gone")], "/usr/bin/python -> /usr/bin/gone is a broken symlink"),
        ([program("usr/bin/python", mode=0o700)], "user 1000:100 cannot execute"),
    ],
)
def test_no_python_on_path(items: list[Item], text: str) -> None:
    ((severity, finding),) = findings("KRN010", [*base(), *items])
    assert severity == "warning"
    assert text in finding.message
    assert findings("KRN010", [*base(), *items], profile=LAB) == []


def test_python_on_path() -> None:
    assert findings("KRN010", good()) == []
    assert (
        findings("KRN010", [*base(), *python("opt/py", names=("python",))], config={"Env": ["PATH=/opt/py/bin"]}) == []
    )


# ---- KRN011 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("my kernel", "warning"),
        ("\u00e9", "warning"),
        ("a+b", "warning"),
        ("\u017f", "warning"),  # a long s, which some engines take for a letter from a to z
        ("a\n", "warning"),
        ("MyKernel", "note"),
        ("julia-1.9_x", None),
    ],
)
def test_names(name: str, severity: str | None) -> None:
    items = [*good(), kernel(f"{SYSTEM}/{name}", ("/usr/local/bin/python3", *IPYKERNEL))]
    for profile in ("studio-classic", *NEWER):
        assert [found for found, _ in findings("KRN011", items, profile=profile)] == ([severity] if severity else [])


def test_names_that_nobody_sees() -> None:
    items = [*good(), kernel(f"{USER}/a b"), kernel("opt/x/share/jupyter/kernels/a b")]
    assert findings("KRN011", items) == []
    layers = [[*base(), *conda_base()], environment(f"{CONDA}/envs/My Env", name="A b")]
    assert findings("KRN011", *layers, config=CONDA_PATH) == []


# ---- KRN012 --------------------------------------------------------------------------------------------------------


def test_shadowed() -> None:
    items = [*good(), kernel("usr/share/jupyter/kernels/Python3")]
    for profile in ("studio-classic", *NEWER):
        ((severity, finding),) = findings("KRN012", items, profile=profile)
        assert (severity, finding.data["shadowed_by"]) == ("note", f"/{SYSTEM}/python3")


def test_not_shadowed() -> None:
    assert findings("KRN012", [*good(), kernel(f"{USER}/python3"), kernel("usr/share/jupyter/kernels/x")]) == []
    linked = [*good(), symlink("usr/share/jupyter/kernels", "/usr/local/share/jupyter/kernels")]
    assert findings("KRN012", linked) == []


def test_conda_takes_the_place_of_a_kernel_spec() -> None:
    layers = [[*base(), *conda_base()], [*environment(f"{CONDA}/envs/e"), kernel(f"{SYSTEM}/conda-env-e-py")]]
    ((_, finding),) = findings("KRN012", *layers, config=CONDA_PATH)
    assert finding.data["shadowed_by"] == f"/{CONDA}/envs/e/share/jupyter/kernels/python3"


# ---- KRN013 --------------------------------------------------------------------------------------------------------


def without_kernel(prefix: str) -> list[Item]:
    return [item for item in environment(prefix) if not item.path.endswith("kernel.json")]


def test_conda_environments() -> None:
    layers = [[*base(), *conda_base()], environment(f"{CONDA}/envs/a"), without_kernel(f"{CONDA}/envs/b")]
    (first, second) = findings("KRN013", *layers, config=CONDA_PATH)
    assert (first[0], first[1].data["environment"], first[1].layer) == ("warning", f"/{CONDA}/envs/b", 2)
    assert second[0] == "note"
    assert list(second[1].data["kernels"].values()) == ["conda-env-a-py"]
    assert "'conda-env-a-py'" in second[1].message
    assert findings("KRN013", *layers, config=CONDA_PATH, profile=LAB) == []


def test_conda_environments_that_need_no_kernel() -> None:
    assert findings("KRN013", good()) == []
    assert findings("KRN013", [*base(), *conda_base()], config=CONDA_PATH) == []  # conda's own
    mamba = [*base(), *conda_base("opt/mamba")]
    assert findings("KRN013", mamba, config={"Env": ["PATH=/opt/mamba/bin"]}) == []
    tools = [*base(), *conda_base(), file(f"{CONDA}/envs/tools/conda-meta/history")]
    assert findings("KRN013", tools, config=CONDA_PATH) == []  # no Python in it
    micromamba = [item for item in (*base(), *environment(CONDA)) if not item.path.endswith("bin/conda")]
    assert findings("KRN013", micromamba) == []  # left out, whoever may be asked
    cache = [*base(), *conda_base(), file(f"{CONDA}/pkgs/p/conda-meta/history"), program(f"{CONDA}/pkgs/p/bin/python")]
    assert findings("KRN013", cache, config=CONDA_PATH) == []


def test_conda_environments_that_may_not_be_listed() -> None:
    layers = [[*base(), *conda_base()], [*environment(f"{CONDA}/envs/a"), *environment("srv/b")]]
    ((severity, finding),) = findings("KRN013", *layers, config=CONDA_PATH)
    assert (severity, finding.data["unknown"]) == ("note", ["/srv/b"])
    ((severity, finding),) = findings("KRN013", *layers)
    assert severity == "note"
    assert "'conda' cannot be run" in finding.message


# ---- KRN014 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gone", "missing"), [("bin/bash", "bash"), (f"{CONDA}/bin/activate", "activate")])
def test_what_conda_kernels_need(gone: str, missing: str) -> None:
    layers = [[item for item in (*base(), *conda_base()) if item.path != gone], environment(f"{CONDA}/envs/e")]
    for names, expected in (((), "warning"), (("python3",), "warning"), (("conda-env-e-py",), "error")):
        config = requests(*names) if names else None
        ((severity, finding),) = findings("KRN014", *layers, config=CONDA_PATH, app_image_config=config)
        assert (severity, finding.data["missing"]) == (expected, missing)


def test_conda_kernels_have_what_they_need() -> None:
    layers = [[*base(), *conda_base()], environment(f"{CONDA}/envs/e")]
    assert findings("KRN014", *layers, config=CONDA_PATH) == []
    assert findings("KRN014", good()) == []
    no_bash = [item for item in (*base(), *conda_base(), *environment(CONDA)) if item.path != "bin/bash"]
    assert findings("KRN014", no_bash, config=CONDA_PATH) == []  # the base environment is a plain python3


# ---- KRN015 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_PREFER_ENV_PATH"])
def test_variables(name: str) -> None:
    for profile in ("studio-classic", *NEWER):
        ((severity, finding),) = findings("KRN015", good(), config={"Env": [f"{name}=/srv/j"]}, profile=profile)
        assert (severity, finding.data["variable"], finding.data["lost"]) == ("note", name, [])
        assert findings("KRN015", good(), config={"Env": [f"{name}="]}, profile=profile) == []


def test_kernels_that_only_a_variable_finds() -> None:
    items = [*good(), kernel("srv/j/kernels/mine", ("/usr/local/bin/python3", *IPYKERNEL))]
    config = {"Env": ["JUPYTER_PATH=/srv/j:/usr/local/share/jupyter"]}
    ((severity, finding),) = findings("KRN015", items, config=config)
    assert (severity, finding.data["lost"]) == ("warning", ["mine"])
    for profile in NEWER:
        assert [severity for severity, _ in findings("KRN015", items, config=config, profile=profile)] == ["note"]
    long = {"Env": ["JUPYTER_PATH=" + "/x:" * 100_000]}
    ((_, finding),) = findings("KRN015", items, config=long)
    assert len(finding.message) < 400


# ---- KRN016 --------------------------------------------------------------------------------------------------------

PACKAGES = "usr/local/lib/python3.11/site-packages"


def provisioned(name: object, **more: Any) -> Item:  # noqa: ANN401 - JSON
    metadata = {"kernel_provisioner": {"provisioner_name": name} | more}
    return kernel(f"{SYSTEM}/mine", ("/usr/local/bin/python3", *IPYKERNEL), metadata=metadata)


def test_provisioners() -> None:
    items = [*good(), provisioned("slurm")]
    for profile in ("studio-classic", *NEWER):
        ((severity, finding),) = findings("KRN016", items, profile=profile)
        assert (severity, finding.data["provisioner"]) == ("warning", "slurm")
        assert findings("KRN016", [*good(), provisioned("local-provisioner")], profile=profile) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"[console_scripts]\nslurm = x:y\n\n[jupyter_client.kernel_provisioners]\nother = a:b\nslurm=a:b\n", True),
        (b"[ jupyter_client.kernel_provisioners ]\r\n slurm = a:b\r\n", True),
        (b"[jupyter_client.kernel_provisioners]\n# slurm = a:b\n[x]\nslurm = a:b\n", False),
        (b"", False),
    ],
)
def test_provisioners_that_a_package_brings(text: bytes, *, found: bool) -> None:
    items = [*good(), provisioned("slurm"), file(f"{PACKAGES}/p-1.dist-info/entry_points.txt", text)]
    assert [severity for severity, _ in findings("KRN016", items)] == ["warning"]  # the service's server is another one
    assert bool(findings("KRN016", items, profile=LAB)) is not found
    subject = make_subject(items)
    assert [item.listed for item in subject.facts.own.kernels if item.name == "mine"] == [found]


# ---- all of them -----------------------------------------------------------------------------------------------------


def test_the_good_image_is_faultless_everywhere() -> None:
    for profile in ("studio-classic", *NEWER):
        assert {rule for rule in verdict(make_subject(good()), profile) if rule.startswith(("KRN", "USR"))} == set()


def test_a_kernel_that_goes_by_two_names() -> None:
    path = {"Env": [f"PATH=/{CONDA}/envs/e/bin:/{CONDA}/bin:/usr/bin:/bin"]}
    layers = [[*base(), *conda_base()], environment(f"{CONDA}/envs/e")]
    ((severity, finding),) = findings("KRN002", *layers, config=path)
    assert severity == "warning"
    assert finding.hint == "Use 'conda-env-e-py' in KernelSpecs of the AppImageConfig"
    assert findings("KRN012", *layers, config=path) == []
