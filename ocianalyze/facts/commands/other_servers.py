"""Servers that are none of Studio's: they stay, and what stands behind them in a script is not run."""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ALWAYS: Final = frozenset(
    """
    code-server openvscode-server rserver shiny-server jupyterhub jupyterhub-singleuser jupyter-kernelgateway
    jupyter-enterprisegateway configurable-http-proxy tensorboard gunicorn uvicorn hypercorn daphne waitress-serve
    celery dask-scheduler dask-worker tritonserver tensorflow_model_server redis-server mongod mysqld mariadbd dockerd
    containerd minio prometheus grafana-server etcd vault caddy traefik haproxy envoy ttyd gotty wetty noVNC_server
    novnc_proxy websockify Xvnc vncserver-fg nginx-debug kernelgateway fluent-bit rsyslogd-fg
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
_WITH: Final[dict[str, Callable[[Sequence[str]], bool]]] = {
    "apache2": lambda words: "FOREGROUND" in " ".join(words),
    "apache2ctl": lambda words: "FOREGROUND" in " ".join(words),
    "apachectl": lambda words: "FOREGROUND" in " ".join(words),
    "bokeh": lambda words: words[:1] == ["serve"],
    "code": lambda words: words[:1] in (["serve-web"], ["tunnel"]),
    "cron": lambda words: "-f" in words,
    "crond": lambda words: "-f" in words,
    "dask": lambda words: words[:1] in (["scheduler"], ["worker"]),
    "flask": lambda words: "run" in words,
    "httpd": lambda words: "FOREGROUND" in " ".join(words),
    "jupyter": lambda words: words[:1] in (["kernelgateway"], ["enterprisegateway"], ["nbclassic-proxy"]),
    "mlflow": lambda words: words[:1] in (["server"], ["ui"]),
    "nginx": lambda words: "daemon off" in " ".join(words),
    "ollama": lambda words: words[:1] == ["serve"],
    "panel": lambda words: words[:1] == ["serve"],
    "postgres": lambda words: "-C" not in words and "--version" not in words,
    "ray": lambda words: words[:1] == ["start"] and "--block" in words,
    "rstudio-server": lambda _words: False,
    "sshd": lambda words: "-D" in words,
    "streamlit": lambda words: words[:1] == ["run"],
    "voila": bool,
    "vllm": lambda words: words[:1] == ["serve"],
}
_MODULES: Final = frozenset(
    """
    http.server uvicorn gunicorn flask streamlit tensorboard mlflow vllm.entrypoints.openai.api_server kernel_gateway
    jupyterhub.singleuser jupyterhub bokeh panel dask.distributed
    """.split()  # noqa: SIM905 - a list of words reads best as one
)


def is_other_server(words: Sequence[str]) -> bool:
    """Tell whether a command starts a server that none of Studio's apps is."""
    name, rest = basename(words[0]), list(words[1:])
    if {"--version", "--help", "-h", "-V", "--install-extension", "--list-extensions"}.intersection(rest):
        return False
    if name in _ALWAYS:
        return True
    check = _WITH.get(name)
    if check is not None:
        return check(rest)
    return name.startswith("python") and rest[:1] == ["-m"] and rest[1:2] != [] and rest[1] in _MODULES
