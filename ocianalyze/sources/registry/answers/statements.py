"""What a registry, a storage or a web server says in the body of an answer that is no success.

Sources: distribution-spec, "Error Codes"; Amazon S3, "Error responses", whose form Google's and Microsoft's storage
share. XML is searched for two elements and never parsed: it is a stranger's.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import InvalidImageError, RegistryError
from ocianalyze.oci import json
from ocianalyze.regex import regex
from ocianalyze.sources.registry.answers.answer import looks_like_page
from ocianalyze.sources.registry.answers.wording import told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.sources.registry.answers.answer import Answer

_MAX_BODY: Final = 1 << 16
_MOST_ERRORS: Final = 3
_CODE: Final = regex(r"<Code>([^<]{1,200})")
_MESSAGE: Final = regex(r"<Message>([^<]{1,2000})")
_DETAILS: Final = regex(r"<(?:Details|AuthenticationErrorDetail)>([^<]{1,2000})")
_TITLE: Final = regex(r"<title[^<>]{0,200}>([^<]{1,500})</title", 2)
"""Without regard to upper and lower case."""


class Statement(NamedTuple):
    """What was said: codes for programs, a text for people that is safe to print, and the whole, which is not."""

    codes: tuple[str, ...] = ()
    text: str = ""
    raw: str = ""
    is_page: bool = False

    def quoted(self) -> str:
        """Return what is put behind a message of ours."""
        text = self.text if self.text.endswith("...") else self.text.removesuffix(".")
        return f": {text}" if text else ""


def stated(answer: Answer) -> Statement:
    """Return what the body of an answer says; nothing where it is in no form that is known."""
    try:
        said = stated_in(answer.document(_MAX_BODY), answer.secrets)
    except RegistryError:
        return Statement()
    if said.text or not answer.headers.get("Content-Type", "").lower().startswith("text/plain"):
        return said
    return said._replace(text=told(said.raw, secrets=answer.secrets))


def stated_in(raw: bytes, secrets: Iterable[str]) -> Statement:
    """Return what a body says, without the secrets."""
    text = raw.decode("utf-8", "replace")
    if looks_like_page(raw):
        title = _TITLE.search(text)
        shown = f"a web page, '{told(html.unescape(title[1]), 100, secrets=secrets)}'" if title else "a web page"
        return Statement((), shown, text, is_page=True)
    if text[:200].lstrip("\ufeff \t\r\n").startswith("<"):
        found = [match[1] for match in (_CODE.search(text), _MESSAGE.search(text), _DETAILS.search(text)) if match]
        return Statement(tuple(found[:1]), told(": ".join(map(html.unescape, found)), secrets=secrets), text)
    errors = list(_errors(raw))
    texts = list(dict.fromkeys(": ".join(filter(None, pair)) for pair in errors))[:_MOST_ERRORS]
    codes = tuple(code for code, _ in errors if code)
    return Statement(codes, told("; ".join(texts), secrets=secrets), text)


def _errors(raw: bytes) -> Iterable[tuple[str, str]]:
    """Yield the codes and messages of a registry's or token server's answer."""
    try:
        value: Any = json.decode(raw, what="the answer") if 0 < len(raw) <= _MAX_BODY else None
    except InvalidImageError:
        return
    if not isinstance(value, dict):
        return
    errors = value.get("errors")
    for item in errors if isinstance(errors, list) else [value]:
        if isinstance(item, dict):
            texts = (item.get(key) for key in ("message", "error_description", "details"))
            code = item.get("code", item.get("error"))
            text = next((text for text in texts if isinstance(text, str) and text), "")
            yield code if isinstance(code, str) else "", text
