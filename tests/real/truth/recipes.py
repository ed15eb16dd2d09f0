"""What bases are made of: real packages, and scripts with the structure of those that well-known images have."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.debian import chroot, install_packages, install_wheels
from tests.support.recipes import add_user

_JUPYTERLAB = (
    "jupyterlab==4.4.9",
    "jupyter_server==2.17.0",
    "jupyter_client==8.6.3",
    "jupyter_core==5.8.1",
    "ipykernel==6.30.1",
    "jupyter-activity-monitor-extension==0.3.2",
)
START = (
    'jupyter lab --ip 0.0.0.0 --port 8888 --ServerApp.base_url="/jupyterlab/default" '
    "--ServerApp.token='' --ServerApp.allow_origin='*'"
)
"""The command of AWS's sample image for JupyterLab."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Base(NamedTuple):
    """An image that mutations start from.

    `make` gets its tree and a directory for downloads; `lines` are carried out after it.
    """

    about: str
    parent: str | None
    make: Callable[[Path, Path], None]
    lines: str


def _lab(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, *_JUPYTERLAB)
    chroot(rootfs, "python3", "-m", "ipykernel", "install")
    _compile(rootfs, "python3", "/usr/local/lib", "/usr/lib/python3.11")


def _r(rootfs: Path, scratch: Path) -> None:
    """Install R and IRkernel, whose kernel Debian's package does not install."""
    install_packages(rootfs, scratch, "r-base-core", "r-cran-irkernel")
    source = rootfs / "usr/lib/R/site-library/IRkernel/kernelspec"
    shutil.copytree(source, rootfs / "usr/local/share/jupyter/kernels/ir")


def _conda(rootfs: Path, scratch: Path) -> None:
    _prefix(rootfs, scratch, "/opt/conda", *_JUPYTERLAB, "supervisor==4.3.0", "setuptools<81")
    chroot(rootfs, "/opt/conda/bin/python3.11", "-m", "ipykernel", "install", "--sys-prefix")


def _gateway(rootfs: Path, scratch: Path) -> None:
    """Make what the platform of Studio Classic mounts into an image: a server with a Python of its own."""
    _prefix(rootfs, scratch, "/opt/.sagemakerinternal/conda", "jupyter_kernel_gateway==3.0.1", *_JUPYTERLAB[1:4])


def _prefix(rootfs: Path, scratch: Path, path: str, *requirements: str) -> None:
    """Make a prefix as conda lays it out, with a Python of its own: Debian's, because conda's packages are not here."""
    prefix, python = rootfs / path[1:], f"{path}/bin/python3.11"
    (prefix / "bin").mkdir(parents=True)
    shutil.copy2(rootfs / "usr/bin/python3.11", prefix / "bin")
    for link in ("python3", "python"):
        (prefix / "bin" / link).symlink_to("python3.11")
    library = prefix / "lib/python3.11"
    shutil.copytree(rootfs / "usr/lib/python3.11", library, symlinks=True)
    scheme = library / "sysconfig.py"
    scheme.write_text(scheme.read_text().replace("prefix_scheme = 'posix_local'", "prefix_scheme = 'posix_prefix'"))
    (library / "dist-packages").symlink_to("site-packages")  # the name that Debian has compiled in
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta/history").write_text("==> 2026-01-02 03:04:05 <==\n")
    install_wheels(rootfs, scratch, *requirements, python=python)
    _compile(rootfs, python, f"{path}/lib")


def _classic(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, _JUPYTERLAB[4])
    chroot(rootfs, "python3", "-m", "ipykernel", "install")
    _compile(rootfs, "python3", "/usr/local/lib", "/usr/lib/python3.11")


def _code_editor(rootfs: Path, _scratch: Path) -> None:
    program = rootfs / "usr/local/bin/sagemaker-code-editor"
    program.write_text(_EDITOR)
    program.chmod(0o755)


def _tini(rootfs: Path, scratch: Path) -> None:
    install_packages(rootfs, scratch, "tini")


def _nothing(_rootfs: Path, _scratch: Path) -> None:
    pass


def _compile(rootfs: Path, python: str, *directories: str) -> None:
    """Compile modules, as pip does; some of the standard library's tests are meant to be broken."""
    chroot(rootfs, "sh", "-c", f"{python} -m compileall -q -j 2 {' '.join(directories)} || true")


_GATEWAY = """
COPY <<EOF --chmod=755 /opt/.sagemakerinternal/conda/kgw_variant
#!/bin/sh
# As far as logs of real starts show it: kernels are looked for in the prefix of the image's python.
if command -v python >/dev/null; then
    JUPYTER_PATH=$(python -c 'import sys; print(sys.prefix)')/share/jupyter/
    export JUPYTER_PATH
fi
exec /opt/.sagemakerinternal/conda/bin/jupyter-kernelgateway --ip=0.0.0.0 --port=8888
EOF
"""
_EDITOR = '''#!/usr/bin/python3
"""A stand-in: it has the options of Code Editor that AWS documents, and answers below its base path."""
import argparse
import http.server

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--host", default="localhost")
parser.add_argument("--port", type=int, default=8000)
parser.add_argument("--base-path", default="/")
parser.add_argument("--without-connection-token", action="store_true")
parser.add_argument("--connection-token")
parser.add_argument("--server-data-dir")
parser.add_argument("--extensions-dir")
parser.add_argument("--user-data-dir")
parser.add_argument("--accept-server-license-terms", action="store_true")
options = parser.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        below = self.path.lower().startswith(options.base_path.lower().rstrip("/") + "/")
        self.send_response(404 if not below else 200 if options.without_connection_token else 403)
        self.end_headers()


http.server.ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()
'''
EDITOR_START = (
    'sagemaker-code-editor --host 0.0.0.0 --port 8888 --without-connection-token --base-path "/CodeEditor/default"'
)
"""The command of AWS's sample image for Code Editor."""
_STACKS = f"""
RUN userdel --remove sagemaker-user \\
    && useradd --no-log-init --create-home --shell /bin/bash --uid 1000 --no-user-group jovyan \\
    && mkdir /usr/local/bin/start-notebook.d /usr/local/bin/before-notebook.d
COPY <<EOF --chmod=755 /usr/local/bin/run-hooks.sh
#!/bin/bash
# Sources or runs what is in a directory; this file is sourced itself.
if [[ ! -d "${{1}}" ]]; then
    echo "no directory ${{1}}" >&2
    return 1
fi
for hook in "${{1}}/"*; do
    [ -e "${{hook}}" ] || continue
    case "${{hook}}" in
        *.sh) source "${{hook}}" ;;
        *) if [ -x "${{hook}}" ]; then "${{hook}}"; fi ;;
    esac
done
EOF
COPY <<EOF --chmod=755 /usr/local/bin/start.sh
#!/bin/bash
set -e
if [ $# -eq 0 ]; then
    cmd=("bash")
else
    cmd=("$@")
fi
source /usr/local/bin/run-hooks.sh /usr/local/bin/start-notebook.d
if [ "$(id -u)" == 0 ]; then
    if [ "${{NB_UID}}" != "$(id -u "${{NB_USER}}")" ]; then
        usermod --uid "${{NB_UID}}" "${{NB_USER}}"
    fi
    source /usr/local/bin/run-hooks.sh /usr/local/bin/before-notebook.d
    exec sudo --preserve-env --set-home --user "${{NB_USER}}" PATH="${{PATH}}" "${{cmd[@]}}"
else
    if [[ ! -w "/home/jovyan" ]]; then
        echo "no write access to /home/jovyan" >&2
    fi
    source /usr/local/bin/run-hooks.sh /usr/local/bin/before-notebook.d
    exec "${{cmd[@]}}"
fi
EOF
COPY <<EOF --chmod=755 /usr/local/bin/start-notebook.py
#!/usr/bin/env python
import os
import shlex
import sys

command = []
if os.environ.get("RESTARTABLE") == "yes":
    command.append("run-one-constantly")
command.append("jupyter")
command.append(os.environ.get("DOCKER_STACKS_JUPYTER_CMD", "lab"))
if "NOTEBOOK_ARGS" in os.environ:
    command += shlex.split(os.environ["NOTEBOOK_ARGS"])
command += sys.argv[1:]
print("Executing: " + " ".join(command), flush=True)
os.execvp(command[0], command)
EOF
COPY <<EOF /etc/jupyter/jupyter_server_config.py
c = get_config()
c.ServerApp.ip = ""
c.ServerApp.open_browser = False
c.FileContentsManager.delete_to_trash = False
EOF
ENV CONDA_DIR=/opt/conda SHELL=/bin/bash NB_USER=jovyan NB_UID=1000 NB_GID=100 LC_ALL=C.UTF-8 LANG=C.UTF-8
ENV PATH=/opt/conda/bin:{_PATH} HOME=/home/jovyan JUPYTER_PORT=8888
ENTRYPOINT ["tini", "-g", "--", "start.sh"]
CMD ["start-notebook.py"]
USER 1000
WORKDIR /home/jovyan
"""
_DISTRIBUTION = f"""
COPY <<EOF --chmod=755 /usr/local/bin/micromamba
#!/bin/sh
# A stand-in: it knows how to activate the base environment.
[ "$1" = shell ] || exit 1
echo 'micromamba() {{ [ "$1" = activate ] || return 1; export CONDA_PREFIX=/opt/conda PATH="/opt/conda/bin:$PATH"; }}'
EOF
COPY <<EOF --chmod=755 /usr/local/bin/entrypoint-jupyter-server
#!/bin/bash
set -e
eval "$(micromamba shell hook --shell=bash)"
micromamba activate base
export SAGEMAKER_APP_TYPE_LOWERCASE=$(echo $SAGEMAKER_APP_TYPE | tr '[:upper:]' '[:lower:]')
mkdir -p $STUDIO_LOGGING_DIR/$SAGEMAKER_APP_TYPE_LOWERCASE/supervisord
exec supervisord -c /etc/supervisor/conf.d/supervisord.conf -n
EOF
COPY <<EOF --chmod=755 /usr/local/bin/start-jupyter-server
#!/bin/bash
set -e
eval "$(micromamba shell hook --shell=bash)"
micromamba activate base
cp /etc/sagemaker/overrides.json /opt/conda/etc/jupyter/jupyter_server_config.d/
if [ -n "$SAGEMAKER_APP_TYPE_LOWERCASE" ]; then
    exec jupyter lab --ip 0.0.0.0 --port 8888 \\
        --ServerApp.base_url="/$SAGEMAKER_APP_TYPE_LOWERCASE/default" \\
        --ServerApp.token='' \\
        --ServerApp.allow_origin='*'
else
    exec jupyter lab --ip 0.0.0.0 --port 8888 --ServerApp.token='' --ServerApp.allow_origin='*'
fi
EOF
COPY <<EOF /etc/supervisor/conf.d/supervisord.conf
[supervisord]
nodaemon=true
pidfile=/var/run/supervisord/supervisord.pid
logfile=%(ENV_STUDIO_LOGGING_DIR)s/%(ENV_SAGEMAKER_APP_TYPE_LOWERCASE)s/supervisord/supervisord.log

[program:jupyterlabserver]
directory=%(ENV_HOME)s
command=start-jupyter-server
stopasgroup=true
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
stderr_logfile=/dev/stderr
stderr_logfile_maxbytes=0
EOF
COPY <<EOF /etc/sagemaker/overrides.json
{{"ServerApp": {{"jpserver_extensions": {{}}}}}}
EOF
RUN mkdir -p /var/run/supervisord /var/log/studio /opt/conda/etc/jupyter/jupyter_server_config.d \\
    && chown -R 1000:100 /var/run/supervisord /var/log/studio /opt/conda && chmod 777 /home
ENV SAGEMAKER_LOGGING_DIR=/var/log/sagemaker/ STUDIO_LOGGING_DIR=/var/log/studio/ USER=sagemaker-user
ENV PATH=/opt/conda/bin:/opt/conda/condabin:{_PATH} SHELL=/bin/bash
LABEL org.amazon.sagemaker-distribution.image.version=4.0.0
WORKDIR /home/sagemaker-user
USER sagemaker-user
ENTRYPOINT ["entrypoint-jupyter-server"]
"""

BASES: Mapping[str, Base] = {
    "debian": Base("Debian with Python and the user of the specification", None, add_user, ""),
    "lab": Base("Debian with JupyterLab, started as in AWS's sample", "debian", _lab, f"USER 1000\nCMD {START}"),
    "r": Base("The same with R and IRkernel", "lab", _r, ""),
    "conda": Base(
        "A prefix as conda lays it out, with JupyterLab",
        "debian",
        _conda,
        f"ENV PATH=/opt/conda/bin:{_PATH}\nUSER 1000\nCMD {START}",
    ),
    "stacks": Base("The same with start scripts as in Jupyter's docker-stacks", "conda", _tini, _STACKS),
    "distribution": Base("The same with start scripts as in SageMaker Distribution", "conda", _nothing, _DISTRIBUTION),
    "classic": Base("AWS's sample for Studio Classic: ipykernel only", "debian", _classic, "USER 1000"),
    "gateway": Base("What the platform of Studio Classic brings", "debian", _gateway, _GATEWAY),
    "editor": Base(
        "Debian with a stand-in for Code Editor's server", "debian", _code_editor, f"USER 1000\nCMD {EDITOR_START}"
    ),
}
"""The bases by name."""
