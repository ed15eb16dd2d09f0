"""What Studio demands of the settings of a server: of Jupyter's, and of Code Editor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.facts.programs import UNKNOWN
from ocianalyze.rules.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.facts.jupyter import EditorOptions

PORT: Final = 8888
BASE_URL: Final = "jupyterlab/default"

_ALL_ADDRESSES: Final = frozenset({"0.0.0.0", "*", ""})  # noqa: S104 - what the image must say
"""A Jupyter server that listens on ``::`` does not answer IPv4."""


class Demand(NamedTuple):
    """A required setting: the cause of a violation, the setting, the test, what is wrong, and the correct option.

    `option` is what to add to the usual options, where that is not `right`.
    """

    cause: str
    setting: str
    holds: Callable[[Any], bool]
    wrong: str
    right: str
    severity: Severity = Severity.ERROR
    option: str | None = None

    @property
    def argument(self) -> str:
        """The option as one word."""
        return self.option or self.right


_PLAIN: Final = "neither certfile nor keyfile: Studio requests HTTP"

DEMANDS: Final = (
    Demand("address", "ip", _ALL_ADDRESSES.__contains__, "listens only on {value} ({given})", "--ip=0.0.0.0"),
    Demand("port", "port", PORT.__eq__, "listens on port {value} ({given}), not on 8888", "--port=8888"),
    Demand(
        "base-url",
        "base_url",
        lambda value: value.strip("/") == BASE_URL,
        "is served under {value} ({given}), not under /jupyterlab/default",
        "--ServerApp.base_url=/jupyterlab/default",
    ),
    Demand("token", "token", lambda value: value == "", "requires a token ({given})", "--ServerApp.token="),
    Demand(
        "password",
        "password",
        lambda value: not value,
        "requires a password ({given})",
        "--PasswordIdentityProvider.hashed_password=",
    ),
    Demand(
        "origin",
        "allow_origin",
        "*".__eq__,
        "does not allow all origins ({given})",
        "--ServerApp.allow_origin=*",
        Severity.NOTE,
    ),
    Demand(
        "remote-access",
        "allow_remote_access",
        lambda value: value is not False,
        "answers 403 to every host name but localhost: allow_remote_access is {value} ({given})",
        "--ServerApp.allow_remote_access=True",
        Severity.WARNING,
    ),
    Demand(
        "https",
        "certfile",
        lambda value: not value,
        "serves HTTPS only, with certfile {value} ({given})",
        _PLAIN,
        option="--ServerApp.certfile=",
    ),
    Demand(
        "https",
        "keyfile",
        lambda value: not value,
        "would serve HTTPS, with keyfile {value} ({given})",
        _PLAIN,
        option="--ServerApp.keyfile=",
    ),
)
_EDITOR_BASE_PATH: Final = "codeeditor/default"
_ALL_EDITOR_ADDRESSES: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what the image must say


def editor_violations(options: EditorOptions) -> Iterator[tuple[str, str, str, str | None, Severity]]:
    """Yield what is wrong: the cause, the message, the correct option, the value, the severity."""
    host, port, path = options.host, options.port, options.base_path
    if not _is(host, lambda value: value in _ALL_EDITOR_ADDRESSES):
        listens = f"listens only on {host!r}" if host else "listens only on localhost (default)"
        yield "address", listens, "--host 0.0.0.0", host, Severity.ERROR
    if not _is(port, lambda value: value == "8888"):
        listens = f"listens on port {port}, not on 8888" if port else "listens on its default port, not on 8888"
        yield "port", listens, "--port 8888", port, Severity.ERROR
    if not options.open_to_all:
        yield "token", "requires a connection token", "--without-connection-token", None, Severity.ERROR
    if options.contradicts:
        refused = "has both --without-connection-token and a connection token, and would not start"
        yield "token", refused, "--without-connection-token alone", None, Severity.ERROR
    if not _is(path, lambda value: value.strip("/").lower() == _EDITOR_BASE_PATH):
        served = f"is served under {path!r}, not under /CodeEditor/default" if path else "is served under / (default)"
        yield "base-path", served, "--base-path /CodeEditor/default", path, Severity.WARNING


def _is(value: str | None, holds: Callable[[str], bool]) -> bool:
    """Return whether an option is as it should be; one that is unknown counts, and has a finding of its own."""
    return value is not None and (UNKNOWN in value or holds(value))
