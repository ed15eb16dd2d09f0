"""Lists of images: text with one reference on each line; lines that begin with ``#`` are comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_LINE: Final = 4096
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Listed(NamedTuple):
    """A reference, and where it stands, as messages say it."""

    reference: str
    where: str


def read_list(raw: bytes, *, what: str, most: int) -> Iterator[Listed]:
    """Yield the references in a list; `what` names it in messages, and it may have `most` of them.

    Raises:
        UsageError: a line cannot be a reference, or there are too many.
    """
    number = 0
    for position, line in enumerate(raw.removeprefix(_BYTE_ORDER_MARK).split(b"\n"), start=1):
        where = f"{what}:{position}"
        try:
            text = line.decode().strip()
        except UnicodeDecodeError as error:
            raise UsageError(f"{where}: not valid UTF-8") from error
        if not text or text.startswith("#"):
            continue
        number += 1
        if number > most:
            raise UsageError(f"{where}: more than {most:,} images", hint="Scan them in several calls")
        if len(text) > _LONGEST_LINE or not text.isprintable():
            raise UsageError(f"{where}: not an image: {text[:100]}", hint="Write one image per line")
        if text == "-":
            raise UsageError(f"{where}: standard input can only be named on the command line")
        yield Listed(text, where)
