"""The text files that are looked into, made of words that they have and of words that they should not have."""

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from tests.hostile.mutations import TEXTS, any_json, mutated_bytes, mutated_json

_PASSWD: Final = (
    "root:x:0:0:root:/root:/bin/sh",
    "a:x:1000:100::/home/a:/bin/bash",
    "b:x:99999999999:1:::",
    ":",
    "::::::",
    "+",
    "#",
    "c:x:-1:x::/:",
)
_GROUP: Final = ("root:x:0:", "users:x:100:a,b", "g:x:x:", ":::", "h:x:4294967296:" + "a," * 50)
_LOADER: Final = (
    "include /etc/ld.so.conf.d/*.conf",
    "include **/[",
    "/usr/local/cuda/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "# x",
    "include /etc/ld.so.conf",
    "hwcap 0 x",
    "/a=b",
    "relative",
    "include",
)
_SUDOERS: Final = (
    "a ALL=(ALL) NOPASSWD: ALL",
    "%sudo ALL=(ALL:ALL) ALL",
    "#includedir /etc/sudoers.d",
    "@include /etc/sudoers",
    "Defaults !authenticate",
    "User_Alias X=a,\\",
    "#1000 ALL=NOPASSWD:ALL",
)
_DPKG: Final = (
    "Package: libcuda1",
    "Version: 550.54-1",
    "Status: install ok installed",
    "",
    " continued",
    "Package: nvidia-driver-550",
    "Status: deinstall ok config-files",
    ":",
    "Package:",
)
_PYVENV: Final = (
    "home = /usr/bin",
    "include-system-site-packages = true",
    "version = 3.11.4",
    "=",
    "home",
    "home=" + "/" * 40,
)
_ENTRY_POINTS: Final = (
    "[console_scripts]",
    "jupyter-lab = jupyterlab.labapp:main",
    "[jupyter_client.kernel_provisioners]",
    "a = b:c",
    "[",
    "= x",
    "a = b:c [extra]",
)
_METADATA: Final = (
    "Metadata-Version: 2.1",
    "Name: ipykernel",
    "Version: 6.29",
    "",
    "Name: jupyter_server",
    "Requires-Dist: x; extra == 'a'",
)
_SHELL: Final = (
    *(
        "exec",
        '"$@"',
        "$*",
        "if",
        "then",
        "else",
        "fi",
        "for x in",
        "do",
        "done",
        "while",
        "case $1 in",
        "esac",
        ";;",
        "function f() {",
        "}",
        "(",
        ")",
        "{",
    ),
    *(
        "&&",
        "||",
        ";",
        "|",
        "&",
        "\n",
        "\n",
        "\n",
        "<<EOF",
        "EOF",
        "<<<",
        ">",
        "2>&1",
        "$(",
        "`",
        "${",
        "${A:-b}",
        "${A[@]}",
        "$((",
        "))",
        "[[",
        "]]",
        "=~",
    ),
    *(
        "set -e",
        "set --",
        "shift",
        "trap",
        "source",
        ". /etc/profile",
        "eval",
        "export PATH=/a:$PATH",
        "A=b",
        "A+=c",
        "unset A",
        "local",
        "declare -a A",
        "cd /",
        "su -",
        "gosu a",
    ),
    *(
        "jupyter",
        "lab",
        "--ip=0.0.0.0",
        "--port",
        "8888",
        "python3",
        "-m",
        "conda run -n base",
        "/bin/sh -c",
        "tini --",
        "sleep infinity",
        "\\",
        "'",
        '"',
        "#",
        "\\\n",
    ),
)
_FILES: Final[Mapping[str, Sequence[str]]] = {
    "etc/passwd": _PASSWD,
    "etc/group": _GROUP,
    "etc/ld.so.conf": _LOADER,
    "etc/ld.so.conf.d/x.conf": _LOADER,
    "etc/sudoers": _SUDOERS,
    "etc/sudoers.d/x": _SUDOERS,
    "var/lib/dpkg/status": _DPKG,
    "var/lib/dpkg/status.d/x": _DPKG,
    "usr/local/pyvenv.cfg": _PYVENV,
    "root/.conda/environments.txt": ("/opt/conda", "/opt/conda/envs/a", "/usr/local", "relative", ""),
    "usr/local/lib/python3.11/site-packages/x-1.dist-info/entry_points.txt": _ENTRY_POINTS,
    "usr/local/lib/python3.11/site-packages/x-1.dist-info/METADATA": _METADATA,
    "usr/local/lib/python3.11/site-packages/x.pth": ("import x", "/opt/x", "..", "\0"),
    "usr/local/cuda/version.txt": ("CUDA Version 12.4.1", "x", "12"),
    "lib/apk/db/installed": ("P:nvidia-driver", "V:1", "", "F:usr", "R:x"),
}
_CONDA: Final[Any] = {
    "name": "cuda-toolkit",
    "version": "12.4.1",
    "build_number": 0,
    "depends": ["python >=3"],
    "files": ["bin/nvcc"],
    "paths_data": {"paths": []},
}
_KERNEL: Final[Any] = {
    "argv": ["/usr/local/bin/python3.11", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3",
    "language": "python",
    "interrupt_mode": "signal",
    "env": {"A": "b", "PATH": "/x:$PATH"},
    "metadata": {"debugger": True, "kernel_provisioner": {"provisioner_name": "local-provisioner", "config": {}}},
}
_OBJECTS: Final[Mapping[str, Any]] = {
    "usr/local/share/jupyter/kernels/k/kernel.json": _KERNEL,
    "opt/conda/conda-meta/cuda-toolkit-12.4.1-0.json": _CONDA,
    "usr/local/cuda/version.json": {
        "cuda": {"name": "CUDA SDK", "version": "12.4.1"},
        "cuda_cudart": {"version": "12.4"},
    },
    "etc/jupyter/jupyter_server_config.json": {
        "ServerApp": {"ip": "*", "port": 8888, "kernel_spec_manager_class": "x"}
    },
    "usr/local/share/jupyter/kernels/python3/kernel.json": _KERNEL,
}
SCRIPT: Final = "opt/start"


def any_files(rng: Random) -> dict[str, bytes]:
    """Return some of the files that are looked into, by their paths; `SCRIPT` is one of them now and then."""
    files = {path: _lines(rng, words) for path, words in rng.sample(list(_FILES.items()), rng.randint(0, 4))}
    files |= {path: _object(rng, value) for path, value in rng.sample(list(_OBJECTS.items()), rng.randint(0, 2))}
    if rng.random() < 0.5:
        files[SCRIPT] = _script(rng)
    return files


def _lines(rng: Random, words: Sequence[str]) -> bytes:
    chosen = [rng.choice(words if rng.random() < 0.8 else TEXTS) for _ in range(rng.choice((1, 4, 20, 300)))]
    return _text(rng, rng.choice(("\n", "\n", "\n", "\r\n", "\n\n")).join(chosen))


def _script(rng: Random) -> bytes:
    words = [rng.choice(_SHELL if rng.random() < 0.9 else TEXTS) for _ in range(rng.choice((3, 10, 60, 400)))]
    first = rng.choice(
        (
            "#!/bin/sh\n",
            "#!/bin/bash -e\n",
            "#!/usr/bin/env bash\n",
            "#!/usr/bin/env -S bash -x\n",
            "",
            "#!" + "x" * 300,
        )
    )
    return _text(rng, first + " ".join(words))


def _object(rng: Random, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    value = any_json(rng) if rng.random() < 0.1 else mutated_json(rng, value)
    return _text(rng, json.dumps(value, ensure_ascii=rng.random() < 0.5))


def _text(rng: Random, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return mutated_bytes(rng, raw) if rng.random() < 0.3 else raw
