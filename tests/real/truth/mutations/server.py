"""Mutations of the command: its options, its form, and the scripts around it."""

import json
from collections.abc import Sequence

from tests.real.truth.mutations.mutation import Mutation, serve, settings, words
from tests.real.truth.recipes import START

_PEM = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0/FsRSgT35GJVxVE
dlEgCyfnCOLlZpEFtYakbT9/II2hRANCAARVXc/vyam1bMq7GWGAfs+zjHMH+MeI
mbyP4nGpR1FZu78OTs/kqQnYpui8oP7pnKUEZ7cPyfeJx6SVJKMIHmVe
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUJJeQa7NHVxhWPLnnmmncjfcdbSwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTA0NDIyNVoYDzIxMjYxMTA1
MDQ0MjI1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARVXc/vyam1bMq7GWGAfs+zjHMH+MeImbyP4nGpR1FZu78OTs/kqQnY
pui8oP7pnKUEZ7cPyfeJx6SVJKMIHmVeo1MwUTAdBgNVHQ4EFgQUepeljGrnLBJj
k2E559N64OFuxckwHwYDVR0jBBgwFoAUepeljGrnLBJjk2E559N64OFuxckwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAzp4D1GQYqqcJHq/BxG/Q
dLWfAbpnO5EcG2Qs5k4dwwMCIQCCnx/dB1NAWpL6lliByzPzBIsvYsWW0BU/CH3j
L8UXMA==
-----END CERTIFICATE-----"""
"""A key and a certificate for nothing, made for these tests."""
_M = Mutation


def _script(text: str, *, mode: str = "755", line: str = 'ENTRYPOINT ["/usr/local/bin/start"]') -> str:
    copied = settings(f"--chmod={mode} /usr/local/bin/start", text)
    return f"{copied}\n{line}\nCMD {json.dumps(words())}"


MUTATIONS: Sequence[Mutation] = (
    _M("unchanged", "the image as it is", ""),
    _M("exec-form", "the command in exec form", serve()),
    _M(
        "entrypoint-and-cmd",
        "program and options in two instructions",
        f'ENTRYPOINT ["jupyter-lab"]\nCMD {json.dumps(words()[2:])}',
    ),
    _M("no-command", "no command at all", "ENTRYPOINT []\nCMD []"),
    _M("only-bash", "the command is a shell", 'CMD ["/bin/bash"]'),
    _M("only-python", "the command is Python", 'CMD ["python3"]'),
    _M("sleep", "the command waits for ever", 'CMD ["sleep", "infinity"]'),
    _M("port-9999", "another port", serve(port="9999")),
    _M("port-unset", "no port, which is 8888 by default", serve(without="port")),
    _M("port-in-environment", "another port in the environment", "ENV JUPYTER_PORT=9999\n" + serve(without="port")),
    _M("port-twice", "two ports, of which the last counts", serve("--port=9999")),
    _M("port-privileged", "a port that only root may use", serve(port="80")),
    _M("port-retries", "no other ports are tried", serve("--ServerApp.port_retries=0")),
    _M("ip-loopback", "only the machine itself may connect", serve(ip="127.0.0.1")),
    _M("ip-localhost", "the same by name", serve(ip="localhost")),
    _M("ip-unset", "no address, which is localhost by default", serve(without="ip")),
    _M("ip-star", "every address, as a star", serve(ip="*")),
    _M("ip-empty", "every address, as nothing", serve(ip="")),
    _M("ip-v6", "every address, in IPv6", serve(ip="::")),
    _M("ip-foreign", "an address that the container does not have", serve(ip="198.51.100.7")),
    _M("base-url-slash", "the base URL with a slash at its end", serve(ServerApp_base_url="/jupyterlab/default/")),
    _M("base-url-bare", "the base URL without slashes", serve(ServerApp_base_url="jupyterlab/default")),
    _M("base-url-other", "another base URL", serve(ServerApp_base_url="/jupyter/default")),
    _M("base-url-unset", "no base URL", serve(without="ServerApp.base_url")),
    _M("base-url-case", "the base URL in other letters", serve(ServerApp_base_url="/JupyterLab/default")),
    _M("base-url-longer", "a base URL below the right one", serve(ServerApp_base_url="/jupyterlab/default/lab")),
    _M("token-secret", "a token", serve(ServerApp_token="secret")),
    _M("token-unset", "no word of the token, which is then a random one", serve(without="ServerApp.token")),
    _M("token-quoted", "two quotation marks as the token, as in AWS's sample", serve(ServerApp_token="''")),
    _M(
        "token-identity",
        "the token switched off by its newer name",
        serve("--IdentityProvider.token=", without="ServerApp.token"),
    ),
    _M(
        "token-empty-in-environment",
        "the token switched off in the environment",
        "ENV JUPYTER_TOKEN=\n" + serve(without="ServerApp.token"),
    ),
    _M(
        "token-in-environment",
        "a token in the environment, and none on the command line",
        "ENV JUPYTER_TOKEN=secret\n" + serve(),
    ),
    _M("origin-unset", "no word of origins", serve(without="ServerApp.allow_origin")),
    _M("no-remote-access", "other hosts than localhost are refused", serve("--ServerApp.allow_remote_access=False")),
    _M("option-misspelt", "a class name with a typing error", serve("--SeverApp.ip=0.0.0.0", without="ip")),
    _M("flag-unknown", "a flag that does not exist", serve("--no-such-flag")),
    _M("value-wrong", "a port that is no number", serve(port="http")),
    _M("file-missing", "a notebook to open that is not there", serve("first.ipynb")),
    _M("no-browser", "no browser is opened", serve("--no-browser")),
    _M("debug", "more is logged", serve("--debug")),
    _M("version", "the server only prints its version", serve("--version")),
    _M("generate-config", "the server only writes its settings", serve("--generate-config")),
    _M("socket", "a socket instead of a port", serve("--ServerApp.sock=/tmp/jupyter.sock", without="ip port")),
    _M(
        "certificate",
        "a certificate, so that only HTTPS is spoken",
        settings("/etc/ssl/own.pem", _PEM) + "\n" + serve("--certfile=/etc/ssl/own.pem"),
    ),
    _M("certificate-missing", "a certificate that is not there", serve("--certfile=/etc/ssl/own.pem")),
    _M("root-dir-missing", "a directory that is not there", serve("--ServerApp.root_dir=/srv/notebooks")),
    _M(
        "root-dir-hidden",
        "a directory that the volume hides",
        "RUN mkdir /home/sagemaker-user/work\n" + serve("--ServerApp.root_dir=/home/sagemaker-user/work"),
    ),
    _M("root-dir-home", "the volume as directory", serve("--ServerApp.root_dir=/home/sagemaker-user")),
    _M("config-missing", "a settings file that is not there", serve("--config=/etc/jupyter/none.py")),
    _M("dev-mode", "JupyterLab as its developers start it", serve("--dev-mode")),
    _M("core-mode", "JupyterLab without extensions", serve("--core-mode")),
    _M("app-dir-missing", "an application directory that is not there", serve("--app-dir=/srv/lab")),
    _M("root-allowed", "root, who is allowed to", "USER root\n" + serve("--allow-root")),
    _M("program-jupyter-lab", "the program of JupyterLab", serve(program="jupyter-lab")),
    _M("program-by-path", "the program by its path", serve(program="/usr/local/bin/jupyter-lab")),
    _M("program-module", "JupyterLab as a module", serve(program="python3 -m jupyterlab")),
    _M("program-jupyter-module", "jupyter as a module", serve(program="python3 -m jupyter lab")),
    _M("program-server", "the server without JupyterLab's command", serve(program="jupyter server")),
    _M("program-notebook", "a program that is not installed", serve(program="jupyter notebook")),
    _M("program-misspelt", "a program that does not exist", serve(program="jupyterlab")),
    _M("program-env", "the command behind env", serve(program="env LANG=C.UTF-8 jupyter lab")),
    _M("program-nice", "the command behind nice", serve(program="nice -n 5 jupyter lab")),
    _M("program-tini", "the command behind an init that is not installed", serve(program="tini -- jupyter lab")),
    _M("program-bash-login", "the command in a login shell", f"CMD {json.dumps(['bash', '-lc', START])}"),
    _M("shell-cd", "another directory first", f"CMD cd /tmp && {START}"),
    _M("shell-cd-missing", "a directory first that is not there", f"CMD cd /srv/work && {START}"),
    _M("shell-background", "the server in the background of a shell that ends", f"CMD {START} &"),
    _M("shell-wait", "the server in the background of a shell that waits", f"CMD {START} & wait"),
    _M("shell-later", "the server after a while", f"CMD sleep 2; exec {START}"),
    _M("shell-fails-first", "a program first that does not exist", f"CMD no-such-program && {START}"),
    _M("shell-fails-anyway", "the same, but it does not matter", f"CMD no-such-program; {START}"),
    _M("shell-variable", "the port from a variable", "ENV LAB_PORT=8888\nCMD " + START.replace("8888", "${LAB_PORT}")),
    _M(
        "shell-variable-unset",
        "the port from a variable that is not set",
        "CMD " + START.replace("8888", "${LAB_PORT}"),
    ),
    _M("script-exec", "a script that ends in exec", _script('#!/bin/sh\nset -e\nexec "$@"')),
    _M("script-child", "a script that starts the server as a child", _script('#!/bin/bash\n"$@"')),
    _M(
        "script-python",
        "a script in Python",
        _script("#!/usr/bin/python3\nimport os, sys\nos.execvp(sys.argv[1], sys.argv[1:])"),
    ),
    _M("script-crlf", "a script with Windows line ends", _script('#!/bin/sh\r\nexec "$@"\r')),
    _M("script-without-shebang", "a script without its first line", _script('exec "$@"')),
    _M("script-not-executable", "a script that is not executable", _script('#!/bin/sh\nexec "$@"', mode="644")),
    _M("script-only-root", "a script that only root may run", _script('#!/bin/sh\nexec "$@"', mode="700")),
    _M(
        "script-by-shell",
        "a script that is not executable, given to a shell",
        _script('exec "$@"', mode="644", line='ENTRYPOINT ["sh", "/usr/local/bin/start"]'),
    ),
    _M(
        "script-fails",
        "a script that stops at its first error",
        _script('#!/bin/sh\nset -e\ncp /etc/none /tmp\nexec "$@"'),
    ),
    _M(
        "script-fails-writing",
        "a script that writes where only root may",
        _script('#!/bin/sh\nset -e\ntouch /etc/started\nexec "$@"'),
    ),
    _M(
        "script-makes-directory",
        "a script that makes a directory where only root may",
        _script('#!/bin/bash\nset -e\nmkdir -p /var/lib/studio/cache\nexec "$@"'),
    ),
    _M(
        "script-edits",
        "a script that edits a file of root's in place",
        _script('#!/bin/bash\nset -eu\nsed -i "s/a/b/" /etc/profile\nexec "$@"'),
    ),
    _M(
        "script-edits-or-not",
        "a script that may fail to edit a file",
        _script('#!/bin/bash\nset -eu\nsed -i "s/a/b/" /etc/profile 2>/dev/null || true\nexec "$@"'),
    ),
    _M(
        "script-changes-owner",
        "a script that gives the volume to its user",
        _script('#!/bin/sh\nset -e\nchown -R 1000:100 /usr/local/share/jupyter\nexec "$@"'),
    ),
    _M(
        "script-prepares",
        "a script that prepares the volume",
        _script(
            '#!/bin/sh\nset -e\nmkdir -p "$HOME/.cache/x" /tmp/x\ncp /etc/profile "$HOME/.profile"\n'
            'touch /tmp/x/y\nrm -rf /tmp/x\nln -sf /etc/profile /tmp/p\nchmod 600 /tmp/p || :\nexec "$@"'
        ),
    ),
    _M("script-interpreter-missing", "a script for a shell that is not installed", _script('#!/bin/zsh\nexec "$@"')),
    _M("script-drops-arguments", "a script that forgets its arguments", _script("#!/bin/sh\nexec jupyter lab")),
    _M(
        "script-sudo",
        "a script that needs sudo, which is not installed",
        _script('#!/bin/sh\nset -e\nsudo true\nexec "$@"'),
    ),
    _M(
        "script-hidden",
        "a script in the volume",
        settings("--chmod=755 /home/sagemaker-user/start.sh", '#!/bin/sh\nexec "$@"')
        + '\nENTRYPOINT ["/home/sagemaker-user/start.sh"]\n'
        + serve(),
    ),
    _M(
        "registered-arguments",
        "arguments of the ContainerConfig, the program of the image",
        'ENTRYPOINT ["jupyter-lab"]\nCMD ["--port=9999"]',
        {"ContainerArguments": words()[2:]},
    ),
    _M(
        "registered-entrypoint",
        "program and arguments of the ContainerConfig, on an image with a shell",
        'ENTRYPOINT []\nCMD ["bash"]',
        {"ContainerEntrypoint": ["jupyter-lab"], "ContainerArguments": words()[2:]},
    ),
    _M(
        "registered-only-entrypoint",
        "a program of the ContainerConfig without arguments",
        "",
        {"ContainerEntrypoint": ["jupyter-lab"]},
    ),
    _M(
        "registered-missing",
        "a program of the ContainerConfig that the image lacks",
        "",
        {"ContainerEntrypoint": ["start-lab"], "ContainerArguments": words()[2:]},
    ),
    _M(
        "registered-environment",
        "variables of the ContainerConfig",
        "CMD jupyter lab --ip=0.0.0.0 --ServerApp.base_url=/jupyterlab/default --port=$LAB_PORT --ServerApp.token=",
        {"ContainerEnvironmentVariables": {"LAB_PORT": "8888"}},
    ),
)
