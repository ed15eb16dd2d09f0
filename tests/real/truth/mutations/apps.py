"""Mutations of images for other apps: Studio Classic, whose server comes with the platform, and Code Editor."""

from collections.abc import Sequence

from tests.real.truth.mutations.mutation import KERNELS, PACKAGES, Mutation, ipykernel, kernelspec
from tests.real.truth.recipes import EDITOR_START

_PYTHON = "RUN ln -s /usr/bin/python3 /usr/local/bin/python"
_PREFIX_KERNELS = "/usr/share/jupyter/kernels"


def _classic(name: str, about: str, lines: str) -> Mutation:
    return Mutation(f"classic-{name}", about, lines, base="classic", profile="studio-classic")


def _editor(name: str, about: str, lines: str, entrypoint: str = "", arguments: Sequence[str] = ()) -> Mutation:
    registered = {"ContainerEntrypoint": [entrypoint], "ContainerArguments": list(arguments)} if entrypoint else {}
    return Mutation(f"editor-{name}", about, lines, registered, base="editor", profile="studio-code-editor")


def _with(old: str, new: str) -> str:
    return f"CMD {EDITOR_START.replace(old, new)}"


MUTATIONS: Sequence[Mutation] = (
    _classic("unchanged", "the image as it is", ""),
    _classic("python", "python beside python3", _PYTHON),
    _classic("kernel-removed", "no kernelspec", f"RUN rm -r {KERNELS}"),
    _classic("kernel-other-name", "the kernel under another name", f"RUN mv {KERNELS}/python3 {KERNELS}/science"),
    _classic("kernel-upper", "the kernel's name in capitals", f"RUN mv {KERNELS}/python3 {KERNELS}/Python3"),
    _classic(
        "kernel-bare-python",
        "python, which the platform's server replaces by its own",
        kernelspec("python3", ipykernel("python")),
    ),
    _classic("kernel-bare-python3", "python3, which it replaces, too", kernelspec("python3", ipykernel("python3"))),
    _classic(
        "kernel-env-python3", "python3 behind env", kernelspec("python3", ["/usr/bin/env", *ipykernel("python3")])
    ),
    _classic(
        "kernel-missing", "an interpreter that is not there", kernelspec("python3", ipykernel("/opt/conda/bin/python"))
    ),
    _classic(
        "kernel-home",
        "the kernel in the home, which the volume hides",
        f"RUN mkdir -p /home/sagemaker-user/.local/share/jupyter && mv {KERNELS} /home/sagemaker-user/.local/share/jupyter",
    ),
    _classic(
        "kernel-in-prefix",
        "the kernel in the prefix of python",
        f"{_PYTHON}\nRUN mkdir -p /usr/share/jupyter && mv {KERNELS} {_PREFIX_KERNELS}",
    ),
    _classic("kernel-second", "a second kernel", kernelspec("second", ipykernel())),
    _classic(
        "kernel-second-broken",
        "a second kernel without its interpreter",
        kernelspec("second", ipykernel("/opt/none/python")),
    ),
    _classic(
        "kernel-shadowed",
        "a broken kernel in the prefix of python, before a good one",
        f"{_PYTHON}\n" + kernelspec("python3", ipykernel("/opt/none/python"), directory=_PREFIX_KERNELS),
    ),
    _classic("no-ipykernel", "no ipykernel", f"RUN rm -r {PACKAGES}/ipykernel*"),
    _classic("packages-locked", "packages that only root may read", f"RUN chmod -R go-rwx {PACKAGES}"),
    _classic("python-removed", "no Python", "RUN rm /usr/bin/python3.11"),
    _classic("shell-removed", "no /bin/sh, which the platform's script needs", "RUN rm /bin/sh"),
    _classic("bash-removed", "no bash", "RUN rm /bin/bash"),
    _classic("loader-removed", "no loader", "RUN rm /lib64/ld-linux-x86-64.so.2"),
    _classic(
        "command",
        "a command that does not exist, which the platform replaces",
        'ENTRYPOINT ["/opt/none"]\nCMD ["none"]',
    ),
    _classic("kernels-locked", "a directory of kernels for root alone", f"RUN chmod 700 {KERNELS}"),
    _classic(
        "internal-data",
        "data where the platform mounts its own",
        "RUN mkdir -p /opt/.sagemakerinternal && echo 1 > /opt/.sagemakerinternal/data",
    ),
    _classic(
        "python-internal",
        "a kernel where the platform mounts its own",
        "RUN mkdir -p /opt/.sagemakerinternal && cp /usr/bin/python3.11 /opt/.sagemakerinternal/python\n"
        + kernelspec("python3", ipykernel("/opt/.sagemakerinternal/python")),
    ),
    _classic(
        "jupyter-path",
        "a JUPYTER_PATH of its own, without python",
        f"RUN mkdir /opt/jupyter && mv {KERNELS} /opt/jupyter\nENV JUPYTER_PATH=/opt/jupyter",
    ),
    _classic(
        "jupyter-path-python",
        "the same with python, for which the platform sets another",
        f"{_PYTHON}\nRUN mkdir /opt/jupyter && mv {KERNELS} /opt/jupyter\nENV JUPYTER_PATH=/opt/jupyter",
    ),
    _classic(
        "venv",
        "a virtual environment first on PATH, with the kernel",
        f"RUN python3 -m venv --without-pip --system-site-packages /opt/venv && mkdir -p /opt/venv/share/jupyter && mv {KERNELS} /opt/venv/share/jupyter\nENV PATH=/opt/venv/bin:$PATH",
    ),
    _editor("unchanged", "the image as it is", ""),
    _editor("host-unset", "no address", _with("--host 0.0.0.0 ", "")),
    _editor("host-loopback", "only the machine itself may connect", _with("0.0.0.0", "127.0.0.1")),
    _editor("port-unset", "no port", _with("--port 8888 ", "")),
    _editor("port-8080", "another port", _with("8888", "8080")),
    _editor("token", "a token is asked for", _with("--without-connection-token ", "")),
    _editor("base-path-unset", "no base path", _with(' --base-path "/CodeEditor/default"', "")),
    _editor("base-path-lower", "the base path in small letters", _with("CodeEditor", "codeeditor")),
    _editor("base-path-other", "another base path", _with("/CodeEditor/default", "/editor")),
    _editor("removed", "no server", "RUN rm /usr/local/bin/sagemaker-code-editor"),
    _editor("not-executable", "a server that is not executable", "RUN chmod a-x /usr/local/bin/sagemaker-code-editor"),
    _editor("path-short", "a PATH without the server", "ENV PATH=/usr/bin:/bin"),
    _editor(
        "exec-form",
        "the command in exec form",
        'CMD ["sagemaker-code-editor", "--host=0.0.0.0", "--port=8888", "--without-connection-token", "--base-path=/CodeEditor/default"]',
    ),
    _editor("no-command", "no command", "CMD []"),
    _editor("user-unknown", "a name that no line of passwd has", "USER coder"),
    _editor(
        "registered",
        "a command of the ContainerConfig",
        "CMD []",
        "sagemaker-code-editor",
        ["--host=0.0.0.0", "--port=8888", "--without-connection-token", "--base-path=/CodeEditor/default"],
    ),
    _editor(
        "registered-missing",
        "a program of the ContainerConfig that the image lacks",
        "",
        "code-server",
        ["--host=0.0.0.0"],
    ),
)
