"""Mutations of settings files, and of the variables that Jupyter, Python and the loader read."""

import json
from collections.abc import Sequence

from tests.real.truth.mutations.mutation import KERNELS, Mutation, serve, settings

_M = Mutation
_PY = "/etc/jupyter/jupyter_server_config.py"
_JSON = "/etc/jupyter/jupyter_server_config.json"
_ALL = {"ip": "0.0.0.0", "port": 8888, "base_url": "/jupyterlab/default", "token": "", "allow_origin": "*"}
_ALL_PY = "\n".join(f"c.ServerApp.{name} = {value!r}" for name, value in _ALL.items())
_ALL_JSON = json.dumps({"ServerApp": _ALL})
_BARE = 'CMD ["jupyter", "lab"]'


def _python(*lines: str) -> str:
    return settings(_PY, "\n".join(lines))


MUTATIONS: Sequence[Mutation] = (
    _M("settings-python", "all settings in a Python file", f"{settings(_PY, _ALL_PY)}\n{_BARE}"),
    _M("settings-json", "all settings in a JSON file", f"{settings(_JSON, _ALL_JSON)}\n{_BARE}"),
    _M(
        "settings-prefix",
        "all settings in the directory of Python's prefix",
        f"{settings('/usr/local/etc/jupyter/jupyter_lab_config.json', json.dumps({'ServerApp': _ALL}))}\n{_BARE}",
    ),
    _M(
        "settings-config-d",
        "all settings in a directory of fragments",
        f"{settings('/etc/jupyter/jupyter_server_config.d/studio.json', _ALL_JSON)}\n{_BARE}",
    ),
    _M(
        "settings-home",
        "all settings in the home directory, which the volume hides",
        f"{settings('/home/sagemaker-user/.jupyter/jupyter_server_config.py', _ALL_PY)}\n{_BARE}",
    ),
    _M(
        "settings-root-home",
        "all settings in root's home",
        f"{settings('/root/.jupyter/jupyter_server_config.py', _ALL_PY)}\n{_BARE}",
    ),
    _M(
        "settings-unreadable",
        "all settings in a file that only root may read",
        f"{settings('--chmod=600 ' + _PY, _ALL_PY)}\n{_BARE}",
    ),
    _M(
        "settings-computed",
        "settings that Python computes from the environment",
        f"{settings(_PY, 'import os' + chr(10) + _ALL_PY + chr(10) + 'c.ServerApp.port = int(os.environ[' + repr('LAB_PORT') + '])')}\nENV LAB_PORT=8888\n{_BARE}",
    ),
    _M(
        "settings-overridden",
        "another port in the settings, and the right one on the command line",
        _python("c.ServerApp.port = 9999"),
    ),
    _M(
        "settings-win",
        "another port in the settings, and none on the command line",
        _python("c.ServerApp.port = 9999") + "\n" + serve(without="port"),
    ),
    _M("settings-broken-python", "a settings file with a syntax error", _python("c.ServerApp.port = = 8888")),
    _M("settings-broken-json", "a settings file that is no JSON", settings(_JSON, '{"ServerApp": {"port": 8888,}}')),
    _M("settings-raise", "a settings file that fails", _python("import no_such_module")),
    _M("settings-exit", "a settings file that ends the server", _python("raise SystemExit(1)")),
    _M(
        "settings-password",
        "a password",
        _python(
            'c.PasswordIdentityProvider.hashed_password = "argon2:$argon2id$v=19$m=10240,t=10,p=8$c2FsdHNhbHQ$aGFzaA"'
        ),
    ),
    _M(
        "settings-allowed-kernels",
        "only a kernel that does not exist is allowed",
        _python('c.KernelSpecManager.allowed_kernelspecs = {"other"}'),
    ),
    _M(
        "settings-no-native",
        "no kernel of the server's own, and no kernelspec",
        f"RUN rm -r {KERNELS}\n" + _python("c.KernelSpecManager.ensure_native_kernel = False"),
    ),
    _M(
        "settings-class-missing",
        "a class that cannot be imported",
        _python('c.ServerApp.kernel_spec_manager_class = "nb_conda_kernels.CondaKernelSpecManager"'),
    ),
    _M(
        "settings-contents-missing",
        "a directory for files that is not there",
        _python('c.FileContentsManager.root_dir = "/srv/none"'),
    ),
    _M("settings-no-terminals", "no terminals", _python("c.ServerApp.terminals_enabled = False")),
    _M("settings-no-xsrf", "no check against forged requests", _python("c.ServerApp.disable_check_xsrf = True")),
    _M(
        "settings-default-kernel",
        "a default kernel that does not exist",
        _python('c.MultiKernelManager.default_kernel_name = "other"'),
    ),
    _M(
        "settings-extension-off",
        "the server extension of JupyterLab switched off, under 'jupyter server'",
        settings(
            "/etc/jupyter/jupyter_server_config.d/jupyterlab.json",
            '{"ServerApp": {"jpserver_extensions": {"jupyterlab": false}}}',
        )
        + "\n"
        + serve(program="jupyter server"),
    ),
    _M(
        "settings-extension-missing",
        "a server extension that is not installed",
        settings(
            "/etc/jupyter/jupyter_server_config.d/none.json",
            '{"ServerApp": {"jpserver_extensions": {"no_such_extension": true}}}',
        ),
    ),
    _M(
        "settings-certificate", "a certificate that is not there", _python('c.ServerApp.certfile = "/etc/ssl/none.pem"')
    ),
    _M("env-path-short", "a PATH without the directory of jupyter", "ENV PATH=/usr/bin:/bin"),
    _M("env-path-empty", "an empty PATH", "ENV PATH="),
    _M("env-path-more", "a PATH with directories that do not exist", "ENV PATH=/opt/none/bin:$PATH"),
    _M("env-path-volume", "a PATH that begins in the volume", "ENV PATH=/home/sagemaker-user/.local/bin:$PATH"),
    _M("env-home-root", "root's home for another user", "ENV HOME=/root"),
    _M("env-home-tmp", "/tmp as home", "ENV HOME=/tmp"),
    _M("env-home-missing", "a home that cannot be made", "ENV HOME=/srv/none"),
    _M("env-home-opt-ml", "a home in a reserved directory", "ENV HOME=/opt/ml/home"),
    _M("env-pythonpath-missing", "a PYTHONPATH that is not there", "ENV PYTHONPATH=/opt/none"),
    _M(
        "env-pythonpath-shadow",
        "a PYTHONPATH with a module that shadows another",
        settings("/opt/own/tornado.py", "raise ImportError('not tornado')") + "\nENV PYTHONPATH=/opt/own",
    ),
    _M("env-pythonhome-missing", "the PYTHONHOME of a Python that is not there", "ENV PYTHONHOME=/opt/conda"),
    _M("env-pythonhome-own", "the PYTHONHOME of this Python", "ENV PYTHONHOME=/usr"),
    _M("env-pythonioencoding", "an encoding that does not exist", "ENV PYTHONIOENCODING=utf-99"),
    _M("env-pythonstartup", "a start-up file that is not there", "ENV PYTHONSTARTUP=/etc/none.py"),
    _M("env-pythonnousersite", "no packages of the user", "ENV PYTHONNOUSERSITE=1"),
    _M("env-pythonwarnings", "warnings switched off", "ENV PYTHONWARNINGS=ignore"),
    _M(
        "env-python-usual",
        "what many images set",
        "ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1",
    ),
    _M("env-runtime-dir-locked", "a runtime directory that cannot be made", "ENV JUPYTER_RUNTIME_DIR=/run/jupyter"),
    _M("env-runtime-dir-tmp", "a runtime directory in /tmp", "ENV JUPYTER_RUNTIME_DIR=/tmp/jupyter"),
    _M("env-data-dir-locked", "a data directory that cannot be made", "ENV JUPYTER_DATA_DIR=/usr/share/own"),
    _M(
        "env-data-dir-owned",
        "a data directory of the user",
        "RUN install -d -o 1000 -g 100 /opt/data\nENV JUPYTER_DATA_DIR=/opt/data",
    ),
    _M("env-config-dir-locked", "a settings directory that cannot be made", "ENV JUPYTER_CONFIG_DIR=/usr/share/own"),
    _M(
        "env-jupyter-path",
        "more directories with kernels",
        f"RUN mkdir -p /opt/jupyter && cp -r {KERNELS} /opt/jupyter/kernels && mv /opt/jupyter/kernels/python3 /opt/jupyter/kernels/second\nENV JUPYTER_PATH=/opt/jupyter",
    ),
    _M("env-no-config", "no settings files", "ENV JUPYTER_NO_CONFIG=1"),
    _M("env-xdg-data-locked", "a data directory of the desktop that cannot be made", "ENV XDG_DATA_HOME=/root/share"),
    _M(
        "env-xdg-runtime-missing",
        "a runtime directory of the desktop that is not there",
        "ENV XDG_RUNTIME_DIR=/run/user/1000",
    ),
    _M("env-ipythondir-locked", "a directory of IPython that cannot be made", "ENV IPYTHONDIR=/usr/share/own"),
    _M(
        "env-lab-dir-missing", "an application directory of JupyterLab that is not there", "ENV JUPYTERLAB_DIR=/opt/lab"
    ),
    _M("env-ld-preload-missing", "a library to load first that is not there", "ENV LD_PRELOAD=/opt/none.so"),
    _M("env-ld-library-path", "a library path that is not there", "ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64"),
    _M("env-tmpdir-missing", "a directory for temporary files that is not there", "ENV TMPDIR=/scratch"),
    _M("env-locale", "a locale that is not installed", "ENV LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8"),
    _M("env-shell-missing", "a shell that is not installed", "ENV SHELL=/bin/zsh"),
    _M("env-platform", "variables that the platform sets itself", "ENV AWS_REGION=eu-west-1 SAGEMAKER_SPACE_NAME=own"),
    _M("env-proxy", "a proxy", "ENV http_proxy=http://127.0.0.1:3128 https_proxy=http://127.0.0.1:3128"),
)
