"""Mutations of the other bases: R, conda's prefix, docker-stacks, SageMaker Distribution."""

import json
from collections.abc import Sequence

from tests.real.truth.mutations.mutation import KERNELS, Mutation, ipykernel, kernelspec, serve, settings, words

_CONDA_KERNELS = "/opt/conda/share/jupyter/kernels"
_CONDA_PACKAGES = "/opt/conda/lib/python3.11/site-packages"
_ARGUMENTS = words()[2:]
_NOTEBOOK_ARGS = 'ENV NOTEBOOK_ARGS="--ServerApp.base_url=/jupyterlab/default --ServerApp.token="'


def _r(name: str, about: str, lines: str) -> Mutation:
    return Mutation(f"r-{name}", about, lines, base="r")


def _conda(name: str, about: str, lines: str) -> Mutation:
    return Mutation(f"conda-{name}", about, lines, base="conda")


def _stacks(name: str, about: str, lines: str = "", arguments: Sequence[str] = ()) -> Mutation:
    registered = {"ContainerArguments": list(arguments)} if arguments else {}
    return Mutation(f"stacks-{name}", about, lines, registered, base="stacks")


def _distribution(name: str, about: str, lines: str) -> Mutation:
    return Mutation(f"distribution-{name}", about, lines, base="distribution")


_ENVIRONMENT = (
    "RUN mkdir -p /opt/conda/envs/science/conda-meta && cd /opt/conda/envs/science && cp -r ../../bin ../../lib . "
    "&& touch conda-meta/history"
)

MUTATIONS: Sequence[Mutation] = (
    _r("unchanged", "two kernels", ""),
    _r("removed", "R is gone", "RUN rm /usr/bin/R"),
    _r("script-link-broken", "R is a link to nothing", "RUN ln -sf /opt/R/bin/R /usr/bin/R"),
    _r("not-executable", "R is not executable", "RUN chmod a-x /usr/lib/R/bin/R"),
    _r("binary-removed", "R's script is there, its program is gone", "RUN rm /usr/lib/R/bin/exec/R"),
    _r("irkernel-removed", "no IRkernel", "RUN rm -r /usr/lib/R/site-library/IRkernel"),
    _r("dependency-removed", "a package missing that IRkernel needs", "RUN rm -r /usr/lib/R/site-library/pbdZMQ"),
    _r("packages-locked", "packages that only root may read", "RUN chmod 700 /usr/lib/R/site-library"),
    _r("library-removed", "a library missing that R needs", "RUN rm /usr/lib/R/lib/libR.so"),
    _r(
        "absolute",
        "R by its path",
        kernelspec(
            "ir", ["/usr/bin/R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"], language="R"
        ),
    ),
    _r(
        "absolute-missing",
        "R by a path where it is not",
        kernelspec(
            "ir", ["/opt/conda/bin/R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"], language="R"
        ),
    ),
    _r(
        "only",
        "only the kernel of R",
        f"RUN rm -r {KERNELS}/python3\n"
        + settings("/etc/jupyter/jupyter_server_config.py", "c.KernelSpecManager.ensure_native_kernel = False"),
    ),
    _r(
        "only-broken",
        "only the kernel of R, and no R",
        f"RUN rm -r {KERNELS}/python3 /usr/bin/R\n"
        + settings("/etc/jupyter/jupyter_server_config.py", "c.KernelSpecManager.ensure_native_kernel = False"),
    ),
    _r(
        "user-kernel",
        "the kernel in root's home, where installspec() puts it",
        f"RUN mkdir -p /root/.local/share/jupyter/kernels && mv {KERNELS}/ir /root/.local/share/jupyter/kernels",
    ),
    _r("profile-fails", "a profile that stops R", "RUN echo 'stop(\"no\")' >> /etc/R/Rprofile.site"),
    _r("home-wrong", "another R_HOME", "ENV R_HOME=/opt/R"),
    _conda("unchanged", "a server in /opt/conda", ""),
    _conda("path-unset", "a PATH without /opt/conda/bin", "ENV PATH=/usr/local/bin:/usr/bin:/bin"),
    _conda(
        "by-path",
        "the same, and the program by its path",
        "ENV PATH=/usr/local/bin:/usr/bin:/bin\n" + serve(program="/opt/conda/bin/jupyter-lab"),
    ),
    _conda(
        "moved",
        "the prefix is moved, but its programs name the old place",
        "RUN mv /opt/conda /opt/miniconda\nENV PATH=/opt/miniconda/bin:$PATH",
    ),
    _conda(
        "linked",
        "the prefix is moved, with a link in its place",
        "RUN mv /opt/conda /opt/miniconda && ln -s miniconda /opt/conda",
    ),
    _conda(
        "hidden",
        "the prefix is moved into the volume, with a link in its place",
        "RUN mv /opt/conda /home/sagemaker-user/conda && ln -s /home/sagemaker-user/conda /opt/conda",
    ),
    _conda("root-home", "the prefix in root's home", "RUN mv /opt/conda /root/conda && ln -s /root/conda /opt/conda"),
    _conda("locked", "a prefix for root alone", "RUN chmod 700 /opt/conda"),
    _conda("umask", "a prefix that a hostile umask wrote", "RUN chmod -R go-rwx /opt/conda/lib"),
    _conda("python-link-broken", "its python leads nowhere", "RUN rm /opt/conda/bin/python3.11"),
    _conda("home-set", "the PYTHONHOME of the prefix", "ENV PYTHONHOME=/opt/conda"),
    _conda("home-of-system", "the PYTHONHOME of the system", "ENV PYTHONHOME=/usr"),
    _conda("path-of-system", "the PYTHONPATH of the system's standard library", "ENV PYTHONPATH=/usr/lib/python3.11"),
    _conda("system-python-removed", "no Python of the system", "RUN rm /usr/bin/python3*"),
    _conda("no-ipykernel", "no ipykernel", f"RUN rm -r {_CONDA_PACKAGES}/ipykernel*"),
    _conda(
        "kernel-of-system", "a kernel of the system's Python, which has no ipykernel", kernelspec("system", ipykernel())
    ),
    _conda(
        "kernel-of-system-only",
        "python3 is a kernel of the system's Python, which has no ipykernel",
        kernelspec("python3", ipykernel(), directory=_CONDA_KERNELS),
    ),
    _conda(
        "kernel-run",
        "conda run, without conda",
        kernelspec("science", ["conda", "run", "-n", "science", *ipykernel("python")]),
    ),
    _conda(
        "kernel-run-no-capture",
        "conda run with its options, without conda",
        kernelspec(
            "science", ["/opt/conda/bin/conda", "run", "--no-capture-output", "-p", "/opt/conda", *ipykernel("python")]
        ),
    ),
    _conda(
        "environment",
        "an environment with a kernel",
        _ENVIRONMENT + "\n" + kernelspec("science", ipykernel("/opt/conda/envs/science/bin/python")),
    ),
    _conda(
        "environment-empty",
        "an environment without ipykernel",
        _ENVIRONMENT
        + " && rm -r lib/python3.11/site-packages/ipykernel*\n"
        + kernelspec("science", ipykernel("/opt/conda/envs/science/bin/python")),
    ),
    _conda(
        "environment-removed",
        "a kernel of an environment that is gone",
        kernelspec("science", ipykernel("/opt/conda/envs/science/bin/python")),
    ),
    _conda(
        "environment-hidden",
        "a link to an environment in the volume",
        _ENVIRONMENT
        + " && mv /opt/conda/envs/science /home/sagemaker-user/science && ln -s /home/sagemaker-user/science /opt/conda/envs/science\n"
        + kernelspec("science", ipykernel("/opt/conda/envs/science/bin/python")),
    ),
    _conda(
        "activated",
        "a kernel in a shell that activates an environment, without conda",
        kernelspec(
            "science",
            ["bash", "-c", "source activate science && exec python -m ipykernel_launcher -f {connection_file}"],
        ),
    ),
    _conda(
        "launcher",
        "a command that activates first, without conda",
        "CMD . /opt/conda/etc/profile.d/conda.sh && conda activate base && exec jupyter lab --ip=0.0.0.0 --ServerApp.base_url=/jupyterlab/default --ServerApp.token=",
    ),
    _stacks("unchanged", "base URL and token as docker-stacks has them"),
    _stacks("arguments", "options for Studio in the ContainerConfig", arguments=["start-notebook.py", *_ARGUMENTS]),
    _stacks("command", "options for Studio in the command", f"CMD {json.dumps(['start-notebook.py', *_ARGUMENTS])}"),
    _stacks("environment", "options for Studio in the variable that the script reads", _NOTEBOOK_ARGS),
    _stacks("environment-port", "the same with another port", f"{_NOTEBOOK_ARGS}\nENV JUPYTER_PORT=9999"),
    _stacks(
        "settings",
        "options for Studio in the settings",
        "RUN echo \"c.ServerApp.base_url = '/jupyterlab/default'; c.IdentityProvider.token = ''\" >> /etc/jupyter/jupyter_server_config.py",
    ),
    _stacks(
        "jupyter-server", "another program by its variable", f"{_NOTEBOOK_ARGS}\nENV DOCKER_STACKS_JUPYTER_CMD=server"
    ),
    _stacks(
        "jupyter-notebook",
        "a program by its variable that is not installed",
        f"{_NOTEBOOK_ARGS}\nENV DOCKER_STACKS_JUPYTER_CMD=notebook",
    ),
    _stacks(
        "restartable",
        "a program by its variable that is not installed, around it",
        f"{_NOTEBOOK_ARGS}\nENV RESTARTABLE=yes",
    ),
    _stacks("tini-removed", "no tini", f"{_NOTEBOOK_ARGS}\nRUN rm /usr/bin/tini"),
    _stacks(
        "hook-fails",
        "a hook that fails",
        f"{_NOTEBOOK_ARGS}\n" + settings("/usr/local/bin/before-notebook.d/own.sh", "false"),
    ),
    _stacks(
        "hook-environment",
        "a hook that sets a variable",
        settings(
            "/usr/local/bin/before-notebook.d/own.sh",
            "export NOTEBOOK_ARGS='--ServerApp.base_url=/jupyterlab/default --ServerApp.token='",
        ),
    ),
    _stacks(
        "hook-exits",
        "a hook that ends the script",
        f"{_NOTEBOOK_ARGS}\n" + settings("/usr/local/bin/start-notebook.d/own.sh", "exit 1"),
    ),
    _stacks("hooks-removed", "no directory of hooks", f"{_NOTEBOOK_ARGS}\nRUN rm -r /usr/local/bin/start-notebook.d"),
    _stacks("root", "root, without sudo", f"{_NOTEBOOK_ARGS}\nUSER root"),
    _stacks(
        "script-crlf",
        "a script with Windows line ends",
        f"{_NOTEBOOK_ARGS}\nRUN sed -i 's/$/\\r/' /usr/local/bin/start.sh",
    ),
    _stacks(
        "notebook-script-mode",
        "a script that is not executable",
        f"{_NOTEBOOK_ARGS}\nRUN chmod a-x /usr/local/bin/start-notebook.py",
    ),
    _stacks(
        "home-locked",
        "a home that the user may not write",
        f"{_NOTEBOOK_ARGS}\nRUN chown root /home/jovyan && chmod 755 /home/jovyan",
    ),
    _stacks("entrypoint-replaced", "no entry point, and AWS's command", "ENTRYPOINT []\n" + serve()),
    _distribution("unchanged", "the image as it is", ""),
    _distribution("supervisord-removed", "no supervisord", "RUN rm /opt/conda/bin/supervisord"),
    _distribution("server-script-removed", "no script for the server", "RUN rm /usr/local/bin/start-jupyter-server"),
    _distribution(
        "server-script-mode",
        "a script for the server that is not executable",
        "RUN chmod a-x /usr/local/bin/start-jupyter-server",
    ),
    _distribution(
        "prefix-locked",
        "a prefix that the user may not write",
        "RUN chown -R root:root /opt/conda && chmod -R go-w /opt/conda",
    ),
    _distribution(
        "run-locked",
        "a directory for supervisord that the user may not write",
        "RUN chown root:root /var/run/supervisord",
    ),
    _distribution("micromamba-removed", "no micromamba", "RUN rm /usr/local/bin/micromamba"),
    _distribution("root", "root", "USER root"),
    _distribution("number", "the user by number", "USER 1000"),
    _distribution("log-dir-unset", "no directory for logs", "ENV STUDIO_LOGGING_DIR="),
    _distribution("log-dir-locked", "a directory for logs that cannot be made", "ENV STUDIO_LOGGING_DIR=/srv/log"),
    _distribution("no-entrypoint", "a shell, as SageMaker Distribution has it", 'ENTRYPOINT ["/bin/bash"]'),
    _distribution(
        "jupyter-lab",
        "JupyterLab itself, as in AWS's sample",
        f'ENTRYPOINT ["jupyter-lab"]\nCMD {json.dumps(_ARGUMENTS)}',
    ),
    _distribution("packages", "another package", f"RUN echo 1 > {_CONDA_PACKAGES}/own.py"),
)
