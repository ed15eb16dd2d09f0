"""Results of layers in an object store that several hosts share, through fsspec; for directories, see `cache`.

An entry holds the digest of what follows, so that one that was cut, damaged or mixed up is read as if it were not
there. It does not keep out somebody who may write to the store: whoever may, decides what is known of layers.
"""

from __future__ import annotations

import hashlib
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.errors import UsageError
from ocianalyze.layers.blob.compression import DamagedFrameError, compress_frame, expand_frame
from ocianalyze.oci.urls import without_login

if TYPE_CHECKING:
    from typing import Self

_log = logging.getLogger(__name__)

_MAGIC: Final = b"ocianalyze layer in a store 1\n"
_DIGEST_SIZE: Final = 32
_MOST: Final = 4 << 30
_MOST_EXPANSION: Final = 1 << 10
_LARGE: Final = 64 << 20
_PROBE: Final = "ocianalyze-store.txt"
_ABOUT: Final = b"This is a store of layer results of 'ocianalyze fleet'; it may be deleted at any time.\n"


class ObjectStore:
    """A `LayerStore` at a URL that fsspec knows, such as ``s3://bucket/layers``.

    Other processes open it by themselves, with the credentials that they have: pickled, it is its URL.
    """

    is_shared = True

    def __init__(self, url: str) -> None:
        self.url = url

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        """Pickle the URL alone."""
        return type(self), (self.url,)

    def check(self) -> None:
        """Write a file that says what the store is, and read it again.

        Raises:
            UsageError: the store cannot be used from here.
        """
        try:
            self._files.pipe_file(self._path(_PROBE), _ABOUT)  # a bucket is not made: its name may be misspelt
            found = self._files.cat_file(self._path(_PROBE))
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(
                f"the store {without_login(self.url)} cannot be used: {_said(error)}",
                hint="Check the URL, and that its credentials are known here and on all workers",
            ) from error
        if found != _ABOUT:
            raise UsageError(
                f"the store {without_login(self.url)} does not return what was written", hint="Choose another store"
            )

    def load(self, key: str) -> bytes | memoryview | None:
        """Return the content stored under `key`, or None."""
        try:
            raw = memoryview(self._files.cat_file(self._path(_name(key))))
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - each kind of store has its own; the layer is read instead
            _log.debug("cannot read from the store %s: %s", without_login(self.url), _said(error))
            return None
        return _content(raw, key.encode() + b"\0")

    def holds(self, key: str) -> bool:
        """Tell whether there seems to be an entry for `key`, without reading it."""
        try:
            return bool(self._files.exists(self._path(_name(key))))
        except Exception as error:  # noqa: BLE001 - as above
            _log.debug("cannot ask the store %s: %s", without_login(self.url), _said(error))
            return False

    def store(self, key: str, content: bytes) -> None:
        """Store `content` under `key`; replaces an existing entry."""
        frame = compress_frame(key.encode() + b"\0" + content)
        try:
            self._files.pipe_file(self._path(_name(key)), _MAGIC + hashlib.sha256(frame).digest() + frame)
        except Exception as error:  # noqa: BLE001 - as above; whoever needs it reads the layer
            _log.debug("cannot write to the store %s: %s", without_login(self.url), _said(error))

    def digest_of(self, identity: str) -> None:
        """Return None: what is known of files holds on their host only."""

    def remember_digest(self, identity: str, digest: str) -> None:
        """Do nothing."""

    def trim(self) -> None:
        """Do nothing: a store has rules of its own for what is old."""

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The file system of the URL, and the path in it."""
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise UsageError("a store needs fsspec", hint="Install 'ocianalyze[dask]'") from error
        try:
            files, root = url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise UsageError(f"the store {without_login(self.url)} cannot be opened: {_said(error)}") from error
        return files, str(root).rstrip("/")

    @property
    def _files(self) -> Any:  # noqa: ANN401 - fsspec has a class for each kind of store
        return self._opened[0]

    @property
    def _root(self) -> str:
        return self._opened[1]

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def _name(key: str) -> str:
    return f"{hashlib.sha256(key.encode()).hexdigest()}.layer"


def _content(raw: memoryview, prefix: bytes) -> memoryview | None:
    """Return what an entry holds after its key; None if it is damaged, or of another key."""
    digest, frame = raw[len(_MAGIC) :][:_DIGEST_SIZE], raw[len(_MAGIC) + _DIGEST_SIZE :]
    if bytes(raw[: len(_MAGIC)]) != _MAGIC or hashlib.sha256(frame).digest() != digest:
        return None
    try:
        content = memoryview(expand_frame(frame, most=min(_MOST, max(_LARGE, _MOST_EXPANSION * len(frame)))))
    except (DamagedFrameError, MemoryError):
        return None
    return content[len(prefix) :] if content[: len(prefix)] == prefix else None


def _said(error: BaseException) -> str:
    return str(error).partition("\n")[0][:300] or type(error).__name__
