"""What JupyterLab and ipykernel need to start, and what ends a server or hides its kernels."""

import shlex
from dataclasses import replace
from typing import Any

import pytest

from ocianalyze.rules.profiles import JUPYTERLAB
from tests.rules.subjects import IPYKERNEL, findings, kernel, program
from tests.rules.test_apps import BIN, OPTIONS, SITE, causes, distribution, exec_form, jupyter, jupyter_image
from tests.support.elf import make_elf
from tests.support.tarballs import Item, directory, file, symlink

DYNLOAD = "usr/local/lib/python3.11/lib-dynload"
PAGE = "usr/local/share/jupyter/lab/static/index.html"


def package(name: str, *requires: str, module: str = "", version: str = "1.0", **more: Any) -> list[Item]:  # noqa: ANN401
    """Return an installed distribution, with a package of its name or of another one."""
    fields = "".join(f"Requires-Dist: {line}\n" for line in requires)
    metadata = f"Metadata-Version: 2.1\nName: {name}\n{fields}\nRequires-Dist: nothing-of-this-text\n"
    return [
        file(f"{SITE}/{module or name}/__init__.py", b"#", **more),
        file(f"{SITE}/{name}-{version}.dist-info/METADATA", metadata.encode()),
    ]


def real_lab(*requires: str) -> list[Item]:
    """Return an image whose JupyterLab has its program, its metadata and its page."""
    without = [item for item in jupyter_image() if "jupyterlab-" not in item.path]
    entry = b"[jupyterlab.extension_manager_v1]\npypi = jupyterlab.extensions:get_pypi_manager\n"
    return [
        *without,
        *package("jupyterlab", *requires, version="4.4.9"),
        file(f"{SITE}/jupyterlab/labapp.py", b"#"),
        file(f"{SITE}/jupyterlab/static/index.html", b"#"),
        file(f"{SITE}/jupyterlab/extensions/__init__.py", b"#"),
        file(f"{SITE}/jupyterlab-4.4.9.dist-info/entry_points.txt", entry),
        file(PAGE, b"#"),
    ]


def lacks(items: list[Item], options: str = "", *env: str, before: str = "") -> list[tuple[str, str]]:
    """Return the severity and the cause of what APP017 finds."""
    command = f"{before}exec jupyter lab {OPTIONS} {options}"
    config = {"Cmd": ["/bin/sh", "-c", command], "User": "1000", "Env": list(env)}
    return causes("APP017", items, config, JUPYTERLAB)


def without(items: list[Item], *paths: str) -> list[Item]:
    return [item for item in items if not item.path.startswith(paths)]


def test_nothing_is_missing() -> None:
    assert lacks(jupyter_image()) == []
    tornado = package("tornado")
    assert lacks([*real_lab("tornado>=6", "setuptools"), *tornado]) == []
    assert lacks([*real_lab('tornado>=6; extra == "x"', 'overrides ; sys_platform == "win32"')]) == []
    assert lacks(real_lab(), "--core-mode") == []


@pytest.mark.parametrize(
    "requires", ["tornado>=6.2", "tornado (>=6)", 'jinja2[i18n]>=3; python_version < "3.12"', "Jupyter.Core", "pyzmq"]
)
def test_a_package_is_missing(requires: str) -> None:
    items = [*real_lab("jupyter-server"), *package("jupyter_server", requires), *package("jupyterlab", "pyzmq")]
    expected = [] if requires == "pyzmq" else [("error", "package")]
    server = [*real_lab("jupyter-server", requires), *package("jupyter_server", requires)]
    assert lacks(server if expected else items[:-2]) == (expected or [("error", "package")])


def test_markers_of_other_pythons_do_not_hold() -> None:
    assert lacks(real_lab("tornado; python_version < '3.10'", "jinja2; python_version >= '3.12'")) == []
    assert lacks(real_lab("tornado; python_version >= '3.10'")) == [("error", "package")]


def test_what_is_missing_is_named() -> None:
    config = exec_form("jupyter", "lab", *shlex.split(OPTIONS)) | {"User": "1000"}
    items = [*real_lab("tornado", "jupyter-core"), *package("jupyter_core", "traitlets")]
    (found,) = findings("APP017", items, config=config, profile=JUPYTERLAB)
    assert found[1].data["packages"] == ["tornado", "traitlets"]
    assert "jupyterlab imports 'tornado', which is not installed (and 1 more)" in found[1].message
    step = "'RUN {0} -m ensurepip && {0} -m pip install tornado traitlets'".format("/usr/local/bin/python3")
    assert step in (found[1].hint or "")


def test_a_package_that_the_user_cannot_read() -> None:
    closed = [*real_lab("tornado"), directory(f"{SITE}/tornado", mode=0o700), *package("tornado")]
    assert lacks(closed) == [("error", "unreadable")]
    assert lacks([*real_lab(), directory(SITE, mode=0o711)]) == [("error", "unreadable")]


def test_a_module_of_the_path_variable_takes_the_place_of_a_package() -> None:
    items = [*real_lab("tornado"), *package("tornado"), file("opt/own/tornado.py", b"#")]
    assert lacks(items, "", "PYTHONPATH=/opt/own") == [("undecided", "shadowed")]
    newer = [file("opt/own/tornado/__init__.py", b"#"), file("opt/own/tornado-7.dist-info/METADATA", b"#")]
    assert lacks([*items[:-1], *newer], "", "PYTHONPATH=/opt/own") == []
    assert lacks([*real_lab("tornado"), items[-1]], "", "PYTHONPATH=/opt/own") == []


def test_metadata_that_are_too_large_cannot_be_told() -> None:
    large = file(f"{SITE}/jupyterlab-4.4.9.dist-info/METADATA", b"Requires-Dist: six\n" * 20_000)
    config = exec_form("jupyter", "lab", *shlex.split(OPTIONS))
    items = [*without(real_lab(), large.path), large]
    (found,) = findings("APP017", items, config=config, profile=JUPYTERLAB)
    assert found[0] == "undecided"


def test_a_python_without_sqlite_or_ssl() -> None:
    shared = [file(f"{DYNLOAD}/_ctypes.cpython-311-x86_64-linux-gnu.so", b"#")]
    assert lacks([*real_lab(), *shared]) == [("error", "module"), ("error", "module")]
    shared += [file(f"{DYNLOAD}/_ssl.cpython-311-x86_64-linux-gnu.so", b"#")]
    assert lacks([*real_lab(), *shared, file(f"{DYNLOAD}/_sqlite3.cpython-311-x86_64-linux-gnu.so", b"#")]) == []
    assert lacks([*real_lab(), *shared, *package("pysqlite3", module="pysqlite2")]) == []
    assert lacks([*real_lab(), file(f"{DYNLOAD}/_crypt.cpython-311-x86_64-linux-gnu.so", b"#")]) == []


GLIBC = [file(f"lib64/{name}", b"\x7fELF", mode=0o755) for name in ("ld-linux-x86-64.so.2", "libc.so.6")]
ZMQ = f"{SITE}/zmq/backend/cython/_zmq.cpython-311-x86_64-linux-gnu.so"


def with_zmq(*more: Item) -> list[Item]:
    """Return an image whose pyzmq has a compiled module that needs a library beside it."""
    module = make_elf(None, ("libzmq-1.so.5", "libc.so.6"), "$ORIGIN/../../../pyzmq.libs", padding=100_000)
    server = package("jupyter_server", "pyzmq")
    return [*real_lab("jupyter-server"), *server, *package("pyzmq", module="zmq"), file(ZMQ, module), *GLIBC, *more]


def test_the_libraries_of_modules() -> None:
    path = f"{SITE}/pyzmq.libs/libzmq-1.so.5"
    library = make_elf(None, ("libstdc++.so.6", "libzmq-1.so.5"), "$ORIGIN", padding=3 << 20)
    assert lacks(with_zmq()) == [("error", "library")]
    assert lacks(with_zmq(file(path, b"\x7fELF"))) == []
    assert lacks(with_zmq(file(path, library))) == [("error", "library")]
    assert lacks(with_zmq(file(path, library), file("usr/lib/libstdc++.so.6", b"\x7fELF"))) == []
    assert lacks(with_zmq(file("usr/local/lib/libzmq-1.so.5", b"\x7fELF"))) == []
    assert lacks(with_zmq(file(path, b"\x7fELF", mode=0o600))) == [("error", "library")]
    assert lacks(with_zmq(file(path, b"#" * 100))) == []
    assert lacks(with_zmq(file(path, b"\x7fELF", mode=0o600), file("opt/x/libzmq-1.so.5", b"\x7fELF"))) == []
    assert lacks(with_zmq(file(f"{SITE}/zmq/backend/cffi/_cffi.abi3.so", b"\x7fELF"))) == []
    large = make_elf(None, ("libnone.so.1",), padding=9 << 20)
    assert lacks(with_zmq(file(path, large))) == [], "no library of that size is looked into"


def test_the_libraries_of_the_standard_library() -> None:
    module = make_elf(None, ("libsqlite3.so.0",), padding=100_000)
    files = [file(f"{DYNLOAD}/_sqlite3.cpython-311-x86_64-linux-gnu.so", module), *GLIBC]
    assert lacks([*real_lab(), *files]) == [("error", "library")]
    assert lacks([*real_lab(), *files, file("usr/lib/libsqlite3.so.0", b"\x7fELF")]) == []
    assert lacks([*real_lab(), *files, *package("pysqlite3", module="pysqlite2")]) == []


@pytest.mark.parametrize(
    "tag",
    ["cpython-310-x86_64-linux-gnu", "cpython-311d-x86_64-linux-gnu", "cpython-311-aarch64-linux-gnu", "pypy39-pp73"],
)
def test_modules_of_other_pythons_do_not_matter(tag: str) -> None:
    broken = make_elf(None, ("libnone.so.1",))
    items = with_zmq(file(f"{SITE}/pyzmq.libs/libzmq-1.so.5", b"\x7fELF"))
    sqlite = [file(f"{DYNLOAD}/_sqlite3.{name}.so", content) for name, content in ((tag, broken), ("abi3", b"#"))]
    assert lacks([*items, file(f"{SITE}/zmq/backend/cython/_zmq.{tag}.so", broken), *sqlite]) == []
    assert lacks([*items, file(f"{SITE}/zmq/backend/cython/_poll.abi3.so", broken)]) == [("error", "library")]


def test_modules_that_links_lead_to() -> None:
    store = "opt/store/zmq/backend/cython/_zmq.cpython-311-x86_64-linux-gnu.so"
    broken = file(store, make_elf(None, ("libnone.so.1",)))
    assert lacks([*without(with_zmq(), ZMQ), symlink(ZMQ, f"/{store}"), broken]) == [("error", "library")]
    assert lacks([*without(with_zmq(), ZMQ), symlink(ZMQ, f"/{store}")]) == []
    module = f"{DYNLOAD}/_ssl.cpython-311-x86_64-linux-gnu.so"
    target = f"opt/store/{module.rpartition('/')[2]}"
    stored = file(target, make_elf(None, ("libnone.so.1",)))
    assert lacks([*real_lab(), symlink(module, f"/{target}"), stored]) == [("error", "library")]


def test_how_a_library_comes_back() -> None:
    config = exec_form("jupyter", "lab", *shlex.split(OPTIONS)) | {"User": "1000"}
    ((_, found),) = findings("APP017", with_zmq(), config=config, profile=JUPYTERLAB)
    assert f"/{ZMQ} needs the library libzmq-1.so.5, which is not in the image" in found.message
    assert "install --force-reinstall pyzmq'" in (found.hint or "")
    path = f"{SITE}/pyzmq.libs/libzmq-1.so.5"
    locked = with_zmq(file(path, b"\x7fELF", mode=0o600))
    ((_, found),) = findings("APP017", locked, config=config, profile=JUPYTERLAB)
    assert found.path == f"/{path}"
    assert f"'RUN chmod a+r /{path}'" in (found.hint or "")


def test_jupyterlab_without_its_metadata() -> None:
    assert lacks(without(real_lab(), f"{SITE}/jupyterlab-4")) == [("error", "metadata")]


def test_the_page() -> None:
    lab = real_lab()
    assert lacks(without(lab, PAGE)) == [("error", "page")]
    assert lacks(without(lab, PAGE), "--core-mode") == []
    assert lacks(lab, "--dev-mode") == [("error", "page")]
    assert lacks(lab, "--app-dir=/opt/lab") == [("error", "page")]
    assert lacks([*lab, file("opt/lab/static/index.html", b"#")], "--app-dir=/opt/lab") == []
    assert lacks(lab, "", "JUPYTERLAB_DIR=/opt/lab") == [("error", "page")]
    assert lacks(lab, "", "JUPYTERLAB_DIR=/home/sagemaker-user/lab") == [("error", "page")]
    assert lacks([*without(lab, PAGE), file(PAGE, b"#", mode=0o600)]) == [("error", "page")]
    assert lacks([*without(lab, PAGE), directory("usr/local/share/jupyter", mode=0o700), file(PAGE, b"#")]) == [
        ("error", "page")
    ]
    assert lacks([*without(lab, PAGE), directory(PAGE)]) == [("error", "page")]
    assert lacks(without(lab, PAGE), before="cp -r /opt/page /usr/local/share/jupyter/lab/static; ") == [
        ("undecided", "page")
    ]
    assert lacks(lab, '--app-dir="$AWS_REGION"') == [("undecided", "page")]


def page_hint(options: tuple[str, ...] = (), *env: str, more: tuple[Item, ...] = ()) -> str:
    """Return the hint about a page that is missing."""
    config = exec_form("jupyter", "lab", *shlex.split(OPTIONS), *options) | {"User": "1000", "Env": list(env)}
    items = [*without(real_lab(), PAGE), *more]
    ((_, found),) = findings("APP017", items, config=config, profile=JUPYTERLAB)
    return found.hint or ""


def test_how_the_page_comes_back() -> None:
    assert "pip install --force-reinstall" in page_hint()
    assert "'USER root'" in page_hint()
    for option in ("--app-dir=/opt/lab", "--dev-mode"):
        hint = page_hint((option,))
        assert hint.startswith(f"Remove {option.partition('=')[0]}, so that")
        assert "'CMD " in hint
        assert hint.count(option) == (1 if option == "--dev-mode" else 0)
    assert page_hint((), "JUPYTERLAB_DIR=/opt/lab").endswith("'ENV JUPYTERLAB_DIR='")
    settings = file("etc/jupyter/jupyter_server_config.json", b'{"LabApp": {"app_dir": "/opt/lab"}}')
    assert "from /etc/jupyter/jupyter_server_config.json, so that" in page_hint(more=(settings,))


def test_the_page_of_a_system_python() -> None:
    scripts = [program(f"usr/bin/{name}", b"#!/usr/bin/python3\n") for name in ("jupyter", "jupyter-lab")]
    moved = [replace(item, path=item.path.replace("usr/local", "usr", 1)) for item in without(real_lab(), PAGE)]
    moved = [*without(moved, "usr/bin/jupyter"), *scripts]
    assert lacks([*moved, file(PAGE, b"#")]) == []
    assert lacks(moved) == [("error", "page")]


# --- kernels ----------------------------------------------------------------------------------------------------------


def kernels(*more: Item, argv: tuple[str, ...] = ("/usr/local/bin/python3", *IPYKERNEL), **config: Any) -> list[str]:  # noqa: ANN401
    """Return the messages about a kernel in an image of JupyterLab, by KRN005, KRN007 and USR006."""
    items = [*jupyter_image(), kernel("usr/local/share/jupyter/kernels/own", argv), *more]
    config = exec_form("jupyter", "lab", *shlex.split(OPTIONS)) | {"User": "1000"} | config
    return [
        f"{severity}: {finding.message}"
        for rule in ("KRN005", "KRN007", "USR006")
        for severity, finding in findings(rule, items, config=config, profile=JUPYTERLAB)
        if "'own'" in finding.message
    ]


def test_what_ipykernel_imports() -> None:
    assert kernels(*package("ipykernel")) == []
    (message,) = kernels(*package("ipykernel", "comm>=0.1", "debugpy"))
    assert "ipykernel imports 'comm', which is not installed" in message
    assert kernels(*package("ipykernel", "comm"), *package("comm")) == []
    (message,) = kernels(*package("ipykernel", "pyzmq"), *with_zmq()[-5:])
    assert "ipykernel imports 'zmq', which cannot be loaded: " in message
    (message,) = kernels(*package("ipykernel", "comm"), directory(f"{SITE}/comm", mode=0o700), *package("comm"))
    assert "cannot enter /usr/local/lib/python3.11/site-packages/comm" in message
    shadowed = (*package("ipykernel", "comm"), *package("comm"), file("opt/own/comm.py", b"#"))
    (message,) = kernels(*shadowed, Env=["PYTHONPATH=/opt/own"])
    assert message.startswith("undecided: ")
    assert "from /opt/own/comm.py because of PYTHONPATH" in message


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("/usr/local/bin/python3", "-S", *IPYKERNEL), "option -S keeps it from importing"),
        (("/usr/local/bin/python3", "-Z", *IPYKERNEL), "-Z is not an option of Python"),
        (("/usr/local/bin/python3", "--fast", *IPYKERNEL), "--fast is not an option of Python"),
        (("/usr/local/bin/python3", "-V", *IPYKERNEL), "-V makes it print something and exit"),
        (("/bin/true", "{connection_file}"), "/bin/true does not start a kernel"),
    ],
)
def test_commands_that_end_at_once(argv: tuple[str, ...], expected: str) -> None:
    true = file("bin/true", b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0" + bytes(44), mode=0o755)
    (message,) = kernels(true, argv=argv)
    assert expected in message


def test_options_that_python_has() -> None:
    assert kernels(argv=("/usr/local/bin/python3", "-EsBu", "-Xfrozen_modules=off", "-W", "ignore", *IPYKERNEL)) == []


def test_an_environment_of_the_system_whose_home_is_gone() -> None:
    files = [
        file("opt/venv/pyvenv.cfg", b"home = /opt/none/bin\n"),
        directory("opt/venv/lib/python3.11"),
        file("opt/venv/lib/python3.11/site-packages/ipykernel_launcher.py", b"#"),
    ]
    command = ("/opt/venv/bin/python", *IPYKERNEL)
    assert kernels(*files, symlink("opt/venv/bin/python", "/usr/local/bin/python3.11"), argv=command) == []
    other = [file("opt/py/bin/python3.11", b"\x7fELF" + bytes(60), mode=0o755)]
    (message,) = kernels(*files, *other, symlink("opt/venv/bin/python", "/opt/py/bin/python3.11"), argv=command)
    assert "names a base interpreter in /opt/none/bin" in message


# --- settings ---------------------------------------------------------------------------------------------------------


def configured(text: str, name: str = "jupyter_server_config.py") -> list[tuple[str, str]]:
    return jupyter(f"jupyter lab {OPTIONS}", file(f"etc/jupyter/{name}", text.encode()))


@pytest.mark.parametrize("text", ["raise SystemExit(1)", "import sys\nsys.exit(1)", "raise SystemExit", "exit()"])
def test_settings_that_end_the_server(text: str) -> None:
    assert configured(text) == [("error", "refused")]
    assert configured("import os\nif os.environ.get('NEVER_SET'):\n    " + text.replace("\n", "; ") + "\n") == []


def test_classes_that_are_not_installed() -> None:
    text = 'c.ServerApp.kernel_spec_manager_class = "nb_conda_kernels.CondaKernelSpecManager"'
    assert configured(text) == [("error", "refused")]
    installed = file(f"{SITE}/nb_conda_kernels/__init__.py", b"#")
    config = file("etc/jupyter/jupyter_server_config.py", text.encode())
    assert jupyter(f"jupyter lab {OPTIONS}", config, installed) == []


def listed(text: str, *more: Item, name: str = "jupyter_server_config.py") -> list[str]:
    """Return what KRN001 says of an image with a file of settings."""
    config = exec_form("jupyter", "lab", *shlex.split(OPTIONS)) | {"User": "1000"}
    items = [*jupyter_image(), *more, file(f"etc/jupyter/{name}", text.encode())]
    return [severity for severity, _ in findings("KRN001", items, config=config, profile=JUPYTERLAB)]


def test_kernels_that_are_not_allowed() -> None:
    own = kernel("usr/local/share/jupyter/kernels/own", ("/usr/local/bin/python3", *IPYKERNEL))
    assert listed('c.KernelSpecManager.allowed_kernelspecs = {"other"}', own) == ["error"]
    assert listed('c.KernelSpecManager.allowed_kernelspecs = {"own"}', own) == []
    assert listed('c.KernelSpecManager.whitelist = ["python3", "own"]', own) == []
    assert listed("c.KernelSpecManager.allowed_kernelspecs = set()", own) == ["undecided"]
    settings = '{"KernelSpecManager": {"allowed_kernelspecs": ["other"]}}'
    assert listed(settings, own, name="jupyter_server_config.json") == ["error"]


def test_the_kernel_of_the_server_itself() -> None:
    assert listed("") == []
    assert listed("c.KernelSpecManager.ensure_native_kernel = False") == ["error"]


def test_an_encoding_that_python_does_not_have() -> None:
    command = f"jupyter lab {OPTIONS}"
    assert jupyter({"Cmd": ["/bin/sh", "-c", command], "Env": ["PYTHONIOENCODING=utf-99"]}) == [
        ("error", "python-encoding")
    ]
    assert jupyter({"Cmd": ["/bin/sh", "-c", command], "Env": ["PYTHONIOENCODING=UTF-8:surrogateescape"]}) == []


# --- mounts, SageMaker Distribution, packages that are there twice ----------------------------------------------------


def test_files_where_directories_are_mounted() -> None:
    config = exec_form("jupyter", "lab", *shlex.split(OPTIONS))
    lab = [item for item in jupyter_image() if not item.path.startswith("home/sagemaker-user")]
    assert [one for one, _ in findings("FSR003", [*lab, file("home/sagemaker-user", b"")], config=config)] == ["error"]
    assert [one for one, _ in findings("FSR001", [*lab, file("opt/ml", b"")], config=config)] == ["error"]
    assert [one for one, _ in findings("FSR001", [*lab, symlink("opt/ml", "/data")], config=config)] == ["warning"]


def distributed(
    *remove: str, logs: str = "/var/log/studio/", more: tuple[Item, ...] = (), options: str = ""
) -> list[tuple[str, str]]:
    """Return what APP002 finds of an image that is made from SageMaker Distribution, without some files."""
    items, config = distribution()
    entry = b'#!/bin/bash\nset -e\nmkdir -p $STUDIO_LOGGING_DIR/jupyterlab\nsource "$X"\n'
    entry += f"exec supervisord {options}-n\n".encode()
    supervised = b"[program:jupyterlabserver]\ncommand=start-jupyter-server\n"
    items = [
        *(item for item in items if item.path not in (*remove, f"{BIN}/entrypoint-jupyter-server")),
        file(f"{BIN}/entrypoint-jupyter-server", entry, mode=0o755),
        file("etc/supervisor/conf.d/supervisord.conf", supervised),
        *more,
    ]
    env = [*config["Env"], *([f"STUDIO_LOGGING_DIR={logs}"] if logs else [])]
    config = config | {"Entrypoint": ["entrypoint-jupyter-server"], "Cmd": [], "Env": env, "User": "1000"}
    return causes("APP002", items, config, JUPYTERLAB)


def test_what_the_entry_point_of_sagemaker_distribution_needs() -> None:
    assert distributed() == []
    assert distributed("opt/conda/bin/supervisord") == [("error", "program-missing")]
    assert distributed(f"{BIN}/start-jupyter-server") == [("error", "program-missing")]
    assert distributed(options="-c /etc/none.conf ") == [("error", "configuration-missing")]
    assert distributed(logs="") == [("error", "logs-not-writable")]
    assert distributed(logs="/srv/log", more=(directory("srv"),)) == [("error", "logs-not-writable")]
    assert distributed(logs="/srv/log", more=(directory("srv/log", uid=1000),)) == []


def test_a_package_that_is_installed_twice() -> None:
    config = exec_form("jupyter", "lab", *shlex.split(OPTIONS))

    def twins(*more: Item) -> list[Any]:
        found = findings("APP018", [*jupyter_image(), *more], config=config, profile=JUPYTERLAB)
        return [(severity, finding.data["package"], finding.data["versions"]) for severity, finding in found]

    old, new = package("numpy", version="1.26.4"), package("numpy", version="2.3.1")
    assert twins(*old) == []
    assert twins(*old, *new[1:]) == [("note", "numpy", ["1.26.4", "2.3.1"])]
    assert twins(*old, file("opt/conda/pkgs/numpy-2/site-packages/numpy-2.3.1.dist-info/METADATA", b"#")) == []
    assert twins(*old, file(f"{SITE}/~umpy-2.3.1.dist-info/METADATA", b"#")) == []
