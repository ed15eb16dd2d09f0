"""Run as a program in a container's network: asks its server as Studio and a browser would.

Arguments: the first process of the container, and the profile of its app. Standard output is the JSON of what came of
it (`Answers`).
"""

import http.client
import json
import os
import socket
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import websocket

from tests.real.truth.apps import APPS, App
from tests.real.truth.container import same_namespace
from tests.real.truth.launch import ADDRESS

PORT = 8888
ENDED = "the container ended"
_PATIENCE = 300.0
"""Seconds after which the harness gives up."""
_ENOUGH_WORK = 25.0
"""Seconds of processor time in which a server is up or never will be: some ten times what it needs, however slow the
machine is. A server that is started again and again ends here."""
_IDLE = 6.0
"""Seconds without any work after which a container is not going to answer any more."""
_STEADY = 3.0
"""Seconds after which a wrong answer is not going to become a right one."""
_TICKS = os.sysconf("SC_CLK_TCK")
_KERNEL_PATIENCE = 120.0
_LISTENING = "0A"
_ENDED = ("restarting", "autorestarting", "dead", "gone")
_PLATFORM = "/opt/.sagemakerinternal"
_PRINT = {
    "python": "import sys; print(6*7, sys.executable)",
    "R": "cat(6*7)",
    "bash": "echo $((6*7))",
    "julia": "println(6*7)",
}


class Answers(NamedTuple):
    """What the server said."""

    problem: str
    """Why it is not up; empty if it is."""
    page: int = 0
    """The status of the app's page; 0 if what it shows is not the app."""
    contents: int = 0
    """The status of the list of files; 0 if it was not asked for."""
    kernels: Mapping[str, str] = {}
    """The kernels that are listed; with each what went wrong, or nothing if it printed what it was told to."""


class Server:
    """The server, as a browser sees it: with a cookie against forged requests."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.cookie = ""
        self.channels: socket.socket | None = None

    def hang_up(self) -> None:
        """End the conversation with a kernel that does not answer."""
        if self.channels is not None:
            self.channels.shutdown(socket.SHUT_RDWR)

    def ask(self, path: str, *, method: str = "GET", body: object = None, timeout: float = 10) -> tuple[int, bytes]:
        """Return the status and the body of the answer."""
        connection = http.client.HTTPConnection(ADDRESS, PORT, timeout=timeout)
        headers = {"Cookie": f"_xsrf={self.cookie}", "X-XSRFToken": self.cookie} if self.cookie else {}
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, f"{self.base}{path}", content, headers)
            response = connection.getresponse()
            for name, value in response.getheaders():
                if name.lower() == "set-cookie" and value.startswith("_xsrf="):
                    self.cookie = value.partition("=")[2].partition(";")[0]
            return response.status, response.read()
        finally:
            connection.close()


def wait(server: Server, pid: int, health: str) -> str:
    """Wait until the server answers its health check with 200; return why it does not, or nothing."""
    end = time.monotonic() + _PATIENCE
    worked, last_work = 0.0, time.monotonic()
    wrong_since, answer = 0.0, ""
    while time.monotonic() < end:
        processes = list(same_namespace(pid))
        if not processes:
            return ENDED
        try:
            status, _ = server.ask(health)
            if status == http.client.OK:
                return ""
            answer = f"the health check is answered with {status}"
        except (OSError, http.client.HTTPException) as error:
            answer = f"port {PORT}: {error}"
            if not _listens():
                wrong_since = 0.0
                now = sum(map(_work, processes))
                if now > _ENOUGH_WORK:
                    return f"{answer}; nothing listens after much work"
                if now != worked:
                    worked, last_work = now, time.monotonic()
                elif time.monotonic() - last_work > _IDLE:
                    return f"{answer}; nothing listens, and nothing is at work"
                time.sleep(0.1)
                continue
        wrong_since = wrong_since or time.monotonic()
        if time.monotonic() - wrong_since > _STEADY:
            return answer
        time.sleep(0.1)
    return answer


def _listens() -> bool:
    """Tell whether anything in this network listens, on whatever port."""
    for name in ("tcp", "tcp6"):
        lines = Path(f"/proc/self/net/{name}").read_text().splitlines()[1:]
        if any(line.split()[3] == _LISTENING for line in lines):
            return True
    return False


def _work(pid: int) -> float:
    """Return the processor seconds of a process and of its children that ended, or -1 if it has ended itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return -1
    return -1 if fields[0] == "Z" else sum(map(int, fields[11:15])) / _TICKS


def try_kernel(server: Server, pid: int, name: str, language: str) -> str:
    """Start a kernel and tell it to print; return what went wrong, or nothing."""
    before = set(same_namespace(pid))
    status, body = server.ask("/api/kernels", method="POST", body={"name": name}, timeout=_KERNEL_PATIENCE)
    if status != http.client.CREATED:
        return f"starting it is answered with {status}: {_message(body)}"
    kernel = json.loads(body)["id"]
    try:
        return _print(server, kernel, _PRINT.get(language, _PRINT["python"]), lambda: _alive(pid, before))
    finally:
        server.ask(f"/api/kernels/{kernel}", method="DELETE", timeout=_KERNEL_PATIENCE)


def _alive(pid: int, before: set[int]) -> bool:
    """Tell whether the container has a process that it did not have before."""
    return any(process not in before and _work(process) >= 0 for process in same_namespace(pid))


def _print(server: Server, kernel: str, code: str, alive: Callable[[], bool]) -> str:
    """Tell a kernel to print; connecting waits for the kernel, so that its state is watched meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        printing = pool.submit(_converse, server, kernel, code)
        while not printing.done():
            time.sleep(0.2)
            status, body = server.ask(f"/api/kernels/{kernel}")
            state = json.loads(body)["execution_state"] if status == http.client.OK else "gone"
            if (state in _ENDED or not alive()) and not printing.done():
                server.hang_up()
                return "it ended"
    return printing.result()


def _converse(server: Server, kernel: str, code: str) -> str:
    url = f"ws://{ADDRESS}:{PORT}{server.base}/api/kernels/{kernel}/channels"
    end = time.monotonic() + _KERNEL_PATIENCE
    try:
        server.channels = socket.create_connection((ADDRESS, PORT))
        channels = websocket.create_connection(
            url, timeout=_KERNEL_PATIENCE, suppress_origin=True, socket=server.channels
        )
        channels.send(json.dumps(_request(code)))
        while time.monotonic() < end:
            message = json.loads(channels.recv())
            text = str(message["content"].get("text", ""))
            if "42" in text:
                return "it runs the platform's own Python" if _PLATFORM in text else ""
            if message["msg_type"] == "error":
                return f"it answered with an error: {message['content'].get('evalue')}"
            if message["content"].get("execution_state") in _ENDED:
                return "it ended"
    except (OSError, websocket.WebSocketException) as error:
        return f"no answer: {error}"
    return "no answer in time"


def _request(code: str) -> dict[str, Any]:
    header = {
        "msg_id": uuid.uuid4().hex,
        "username": "truth",
        "session": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "version": "5.3",
        "date": "2026-01-02T03:04:05Z",
    }
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:200]


def answers(pid: int, app: App) -> Answers:
    """Ask everything."""
    server = Server(app.base_url)
    if problem := wait(server, pid, app.health):
        return Answers(problem)
    shown = contents = 0
    if app.page:
        shown, content = server.ask(app.page[0], timeout=30)
        if shown == http.client.OK and app.page[1].encode() not in content:
            shown = 0
        contents, _ = server.ask("/api/contents", timeout=30)
    if not app.has_kernels:
        return Answers("", shown, contents)
    status, body = server.ask("/api/kernelspecs", timeout=30)
    if status != http.client.OK:
        return Answers(f"the list of kernels is answered with {status}", shown, contents)
    listed = json.loads(body)["kernelspecs"]
    kernels = {
        name: try_kernel(server, pid, name, kernel["spec"].get("language", "")) for name, kernel in listed.items()
    }
    return Answers("", shown, contents, kernels)


if __name__ == "__main__":
    os.environ.pop("http_proxy", None)
    json.dump(answers(int(sys.argv[1]), APPS[sys.argv[2]])._asdict(), sys.stdout)
