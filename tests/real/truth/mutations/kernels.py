"""Mutations of kernels: what starts them, and where they are."""

import json
from collections.abc import Sequence

from tests.real.truth.mutations.mutation import KERNELS, Mutation, ipykernel, kernelspec, settings

_M = Mutation
_SPEC = f"{KERNELS}/python3/kernel.json"
_VENV = "RUN python3 -m venv --without-pip"


def _written(text: str) -> str:
    return settings(f"{KERNELS}/second/kernel.json", text)


def _wrapped(text: str, mode: str = "755") -> str:
    return (
        settings(f"--chmod={mode} /usr/local/bin/kernel", text)
        + "\n"
        + kernelspec("second", ["/usr/local/bin/kernel", "{connection_file}"])
    )


_RUN = 'exec python3 -m ipykernel_launcher -f "$1"'

MUTATIONS: Sequence[Mutation] = (
    _M("kernel-removed", "no kernelspec; the server has its own kernel", f"RUN rm -r {KERNELS}"),
    _M("kernel-second", "a second kernel", kernelspec("second", ipykernel())),
    _M("kernel-bare-python", "python, which the server replaces by its own", kernelspec("second", ipykernel("python"))),
    _M("kernel-bare-python3", "python3 without a directory", kernelspec("second", ipykernel("python3"))),
    _M("kernel-bare-minor", "the minor version of the server", kernelspec("second", ipykernel("python3.11"))),
    _M("kernel-other-minor", "a minor version that is not installed", kernelspec("second", ipykernel("python3.12"))),
    _M(
        "kernel-interpreter-missing",
        "an interpreter that is not there",
        kernelspec("second", ipykernel("/opt/conda/bin/python")),
    ),
    _M(
        "kernel-only-missing",
        "the only kernel has no interpreter",
        kernelspec("python3", ipykernel("/opt/conda/bin/python")),
    ),
    _M(
        "kernel-not-executable",
        "an interpreter that is not executable",
        "RUN install -m 644 /usr/bin/python3.11 /opt/python\n" + kernelspec("second", ipykernel("/opt/python")),
    ),
    _M(
        "kernel-module-missing",
        "a module that is not installed",
        kernelspec("second", ["/usr/bin/python3", "-m", "xeus_python", "-f", "{connection_file}"]),
    ),
    _M(
        "kernel-ipykernel-module",
        "ipykernel by its other name",
        kernelspec("second", ["/usr/bin/python3", "-m", "ipykernel", "-f", "{connection_file}"]),
    ),
    _M("kernel-isolated", "Python in isolated mode", kernelspec("second", ipykernel("/usr/bin/python3", "-I"))),
    _M("kernel-without-site", "Python without packages", kernelspec("second", ipykernel("/usr/bin/python3", "-S"))),
    _M(
        "kernel-ignores-environment",
        "Python without its variables",
        kernelspec("second", ipykernel("/usr/bin/python3", "-E")),
    ),
    _M(
        "kernel-option-unknown",
        "an option that Python does not have",
        kernelspec("second", ipykernel("/usr/bin/python3", "-Z")),
    ),
    _M(
        "kernel-without-connection",
        "no connection file",
        kernelspec("second", ["/usr/bin/python3", "-m", "ipykernel_launcher"]),
    ),
    _M("kernel-argv-missing", "no command", _written('{"display_name": "second", "language": "python"}')),
    _M("kernel-argv-empty", "an empty command", kernelspec("second", [])),
    _M("kernel-argv-text", "a command as one text", kernelspec("second", " ".join(ipykernel()))),
    _M("kernel-json-broken", "no JSON", _written('{"argv": ["python3",}')),
    _M(
        "kernel-json-bom",
        "a byte order mark",
        _written("\ufeff" + json.dumps({"argv": ipykernel(), "display_name": "x", "language": "python"})),
    ),
    _M("kernel-json-empty", "an empty file", _written("")),
    _M("kernel-json-list", "a list instead of an object", _written(json.dumps(ipykernel()))),
    _M(
        "kernel-json-crlf",
        "Windows line ends",
        _written(
            json.dumps({"argv": ipykernel(), "display_name": "x", "language": "python"}, indent=1).replace("\n", "\r\n")
        ),
    ),
    _M("kernel-json-unreadable", "a file that only root may read", f"RUN chmod 600 {_SPEC}"),
    _M(
        "kernel-json-link",
        "a link to the file",
        f"RUN mkdir /opt/spec {KERNELS}/second && cp {_SPEC} /opt/spec && ln -s /opt/spec/kernel.json {KERNELS}/second/kernel.json",
    ),
    _M(
        "kernel-json-link-broken",
        "a link to nothing",
        f"RUN mkdir {KERNELS}/second && ln -s /opt/none {KERNELS}/second/kernel.json",
    ),
    _M("kernel-directory-link", "a link to the directory", f"RUN ln -s python3 {KERNELS}/second"),
    _M("kernel-directory-empty", "a directory without a file", f"RUN mkdir {KERNELS}/second"),
    _M(
        "kernel-directory-locked",
        "a directory that only root may enter",
        kernelspec("second", ipykernel()) + f"\nRUN chmod 700 {KERNELS}/second",
    ),
    _M("kernel-name-space", "a name with a space", f"RUN cp -r {KERNELS}/python3 '{KERNELS}/my kernel'"),
    _M("kernel-name-upper", "a name in capitals", f"RUN cp -r {KERNELS}/python3 {KERNELS}/Science"),
    _M(
        "kernel-interrupt-message",
        "interrupted by a message",
        kernelspec("second", ipykernel(), interrupt_mode="message"),
    ),
    _M(
        "kernel-interrupt-wrong",
        "an interrupt mode that does not exist",
        kernelspec("second", ipykernel(), interrupt_mode="never"),
    ),
    _M("kernel-env", "variables", kernelspec("second", ipykernel(), env={"OMP_NUM_THREADS": "1"})),
    _M(
        "kernel-env-path",
        "a PATH of its own, for a bare name",
        kernelspec(
            "second", ["sh", "-c", "exec python3 -m ipykernel_launcher -f {connection_file}"], env={"PATH": "/opt/none"}
        ),
    ),
    _M(
        "kernel-env-home",
        "the PYTHONHOME of another Python",
        kernelspec("second", ipykernel(), env={"PYTHONHOME": "/opt/conda"}),
    ),
    _M(
        "kernel-env-path-module",
        "a PYTHONPATH with what it needs",
        "RUN mkdir /opt/own && echo 'from ipykernel import kernelapp; kernelapp.launch_new_instance()' > /opt/own/launcher.py\n"
        + kernelspec(
            "second", ["/usr/bin/python3", "-m", "launcher", "-f", "{connection_file}"], env={"PYTHONPATH": "/opt/own"}
        ),
    ),
    _M("kernel-env-wrong", "variables that are no texts", kernelspec("second", ipykernel(), env={"THREADS": 1})),
    _M(
        "kernel-provisioner",
        "a provisioner that is not installed",
        kernelspec("second", ipykernel(), metadata={"kernel_provisioner": {"provisioner_name": "remote"}}),
    ),
    _M("kernel-wrapped", "a script around it", _wrapped(f"#!/bin/sh\n{_RUN}")),
    _M(
        "kernel-wrapped-bash",
        "a script of bash around it",
        _wrapped(f"#!/bin/bash\nset -euo pipefail\nexport A=1\n{_RUN}"),
    ),
    _M("kernel-wrapped-crlf", "a script with Windows line ends", _wrapped(f"#!/bin/sh\r\n{_RUN}\r")),
    _M("kernel-wrapped-mode", "a script that is not executable", _wrapped(f"#!/bin/sh\n{_RUN}", "644")),
    _M("kernel-wrapped-shebang", "a script for a shell that is not installed", _wrapped(f"#!/bin/zsh\n{_RUN}")),
    _M(
        "kernel-wrapped-source",
        "a script that reads a file that is not there",
        _wrapped(f"#!/bin/bash\nset -e\nsource /opt/conda/etc/profile.d/conda.sh\n{_RUN}"),
    ),
    _M("kernel-env-program", "env around it", kernelspec("second", ["/usr/bin/env", *ipykernel("python3")])),
    _M("kernel-nice", "nice around it", kernelspec("second", ["nice", "-n", "5", *ipykernel()])),
    _M(
        "kernel-conda-run",
        "conda run, without conda",
        kernelspec("second", ["conda", "run", "-n", "science", *ipykernel("python")]),
    ),
    _M(
        "kernel-shell",
        "a shell around it",
        kernelspec("second", ["bash", "-c", "exec python3 -m ipykernel_launcher -f {connection_file}"]),
    ),
    _M(
        "kernel-shell-fails",
        "a shell that fails first",
        kernelspec(
            "second", ["bash", "-c", "source /opt/none && exec python3 -m ipykernel_launcher -f {connection_file}"]
        ),
    ),
    _M("kernel-true", "a program that ends at once", kernelspec("second", ["/bin/true", "{connection_file}"])),
    _M("kernel-tilde", "an interpreter in the home", kernelspec("second", ipykernel("~/venv/bin/python"))),
    _M(
        "kernel-resource-dir",
        "a script beside the file",
        settings(f"--chmod=755 {KERNELS}/second/run.sh", f"#!/bin/sh\n{_RUN}")
        + "\n"
        + kernelspec("second", ["{resource_dir}/run.sh", "{connection_file}"]),
    ),
    _M(
        "kernel-usr-share",
        "a kernel in /usr/share",
        kernelspec("second", ipykernel(), directory="/usr/share/jupyter/kernels"),
    ),
    _M(
        "kernel-home",
        "a kernel in the home, which the volume hides",
        kernelspec("second", ipykernel(), directory="/home/sagemaker-user/.local/share/jupyter/kernels"),
    ),
    _M(
        "kernel-root-home",
        "a kernel in root's home",
        kernelspec("second", ipykernel(), directory="/root/.local/share/jupyter/kernels"),
    ),
    _M(
        "kernel-shadowed",
        "a broken kernel that comes before a good one",
        kernelspec("python3", ipykernel("/opt/none/python"), directory="/opt/first/kernels")
        + "\nENV JUPYTER_PATH=/opt/first",
    ),
    _M(
        "kernel-link-hidden",
        "a link into the volume",
        f"RUN cp -r {KERNELS}/python3 /home/sagemaker-user/second && ln -s /home/sagemaker-user/second {KERNELS}/second",
    ),
    _M(
        "venv-shared",
        "a virtual environment that sees the packages",
        f"{_VENV} --system-site-packages /opt/venv\n" + kernelspec("second", ipykernel("/opt/venv/bin/python")),
    ),
    _M(
        "venv-empty",
        "a virtual environment without ipykernel",
        f"{_VENV} /opt/venv\n" + kernelspec("second", ipykernel("/opt/venv/bin/python")),
    ),
    _M(
        "venv-copies",
        "a virtual environment with a copy of Python",
        f"{_VENV} --copies --system-site-packages /opt/venv\n"
        + kernelspec("second", ipykernel("/opt/venv/bin/python")),
    ),
    _M(
        "venv-link-broken",
        "a virtual environment whose Python is gone",
        f"{_VENV} --system-site-packages /opt/venv && ln -sf /usr/local/bin/python3.11 /opt/venv/bin/python3 && ln -sf python3 /opt/venv/bin/python\n"
        + kernelspec("second", ipykernel("/opt/venv/bin/python")),
    ),
    _M(
        "venv-home-wrong",
        "a virtual environment whose home is gone",
        f"{_VENV} --copies --system-site-packages /opt/venv && sed -i 's,^home.*,home = /opt/none/bin,' /opt/venv/pyvenv.cfg\n"
        + kernelspec("second", ipykernel("/opt/venv/bin/python")),
    ),
    _M(
        "venv-without-cfg",
        "a virtual environment without its pyvenv.cfg",
        f"{_VENV} /opt/venv && rm /opt/venv/pyvenv.cfg\n" + kernelspec("second", ipykernel("/opt/venv/bin/python")),
    ),
    _M(
        "venv-hidden",
        "a virtual environment in the volume",
        f"{_VENV} --system-site-packages /home/sagemaker-user/venv\n"
        + kernelspec("second", ipykernel("/home/sagemaker-user/venv/bin/python")),
    ),
    _M(
        "venv-root",
        "a virtual environment in root's home",
        f"{_VENV} --system-site-packages /root/venv\n" + kernelspec("second", ipykernel("/root/venv/bin/python")),
    ),
)
