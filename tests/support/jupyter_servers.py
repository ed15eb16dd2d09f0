"""Run as a program: says what the real Jupyter servers make of command lines, configuration files and variables.

It reads a JSON list of cases from standard input and prints a line of JSON for each. A case has `argv` (in which
`ROOT` is the directory of its files), `files` (by path below the root: `prefix/etc/jupyter/...`, `home/...`), `env`,
and `app`: `lab` or `server`. Each is tried in a process of its own, because a server is one for each process.
"""

import json
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

_NEEDLESS = (
    *("init_ioloop", "init_httpserver", "load_server_extensions", "init_signal", "init_shutdown_no_activity"),
    *("init_mime_overrides", "init_metrics"),
)


def main() -> None:
    """Try the cases."""
    server: Any = import_module("jupyter_server.serverapp").ServerApp
    lab: Any = import_module("jupyterlab.labapp").LabApp
    for name in _NEEDLESS:
        setattr(server, name, lambda _self: None)
    for case in json.load(sys.stdin):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os.dup2(2, 1)
            os.write(writing, json.dumps(_outcome(server, lab, case)).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as stream:
            sys.stdout.write(stream.read() + "\n")
        os.waitpid(child, 0)


def _outcome(server: Any, lab: Any, case: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - other people's classes
    try:
        return _settings(server, lab, case)
    except SystemExit:
        return {"refused": True}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what the test has to see
        return {"error": repr(error)}


def _settings(server: Any, lab: Any, case: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - other people's classes
    paths: Any = import_module("jupyter_core.paths")
    root = Path(tempfile.mkdtemp())
    for name in [name for name in os.environ if name.startswith("JUPYTER")]:
        del os.environ[name]
    home = root / "home"
    home.mkdir()
    os.environ |= {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(root / "run"), "JUPYTER_DATA_DIR": str(root / "data")}
    os.environ |= {name: value.replace("ROOT", str(root)) for name, value in case["env"].items()}
    paths.ENV_CONFIG_PATH[:] = [str(root / "prefix/etc/jupyter")]
    paths.SYSTEM_CONFIG_PATH[:] = [str(root / "usr/local/etc/jupyter"), str(root / "etc/jupyter")]
    for path, text in case["files"].items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    os.chdir(home)
    argv = [word.replace("ROOT", str(root)) for word in case["argv"]]
    if case["app"] == "lab":
        app = lab.initialize_server(argv=argv)
    else:
        app = server()
        app.initialize(argv=argv, new_httpserver=False)
    identity = app.identity_provider
    return {
        "ip": app.ip,
        "port": app.port,
        "base_url": app.base_url,
        "allow_origin": app.allow_origin,
        "allow_root": app.allow_root,
        "token": None if identity.token_generated else identity.token,
        "password": identity.hashed_password,
        "certfile": app.certfile,
        "keyfile": app.keyfile,
    }


if __name__ == "__main__":
    main()
