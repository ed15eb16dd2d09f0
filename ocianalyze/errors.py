"""Everything that can go wrong, as one tree.

::

    OcianalyzeError
    ├── UsageError              the request is wrong or cannot be carried out             exit code 2
    │   ├── InvalidReferenceError   the image reference is invalid, or nothing exists there
    │   │   └── NoMatchError            a pattern of images matches nothing
    │   └── ImageChoiceError        there are several images or platforms, and none or many match
    ├── UnfitImageError         the image does not support the request                    exit code 1
    ├── RegistryError           the registry cannot be reached, or refused the request    exit code 4
    │   ├── AuthenticationError     the registry refused the credentials, or requires some
    │   └── NoRangesError           the registry sends blobs as a whole, and no pieces of them
    └── AnalysisError           the image could not be analysed; there is no result       exit code 3
        ├── InvalidImageError       an archive, index, manifest or config is invalid
        │   ├── DigestMismatchError     the content does not match its descriptor
        │   └── IndexMismatchError      the index of a layer does not describe it
        ├── CorruptLayerError       the compressed data or tar stream of a layer is damaged
        │   └── CutShortError           the stream is truncated
        ├── UndecidedError          a fact about the image cannot be determined, so a rule is undecided
        │   ├── LimitExceededError      a limit was reached; the hint names the option that raises it
        │   └── ContentUnavailableError a rule needs the content of a file that was not kept
        └── RuleError               a rule failed to run

A message starts in lower case and states what is wrong and where. The ``hint`` says what to do, as an imperative that
starts with a capital letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class OcianalyzeError(Exception):
    """The base class of all errors that this package raises deliberately."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with all attributes, whatever the constructor requires: other processes may raise it."""
        return _restored, (type(self), self.message, vars(self))

    def one_line(self) -> str:
        """Return the message and the hint as one line."""
        return self.message if self.hint is None else f"{self.message}. {self.hint}"


class UsageError(OcianalyzeError):
    """The request is wrong or cannot be carried out."""

    exit_code = 2


class InvalidReferenceError(UsageError):
    """The image reference is invalid, or nothing exists there."""


class NoMatchError(InvalidReferenceError):
    """A pattern of images matches nothing that the registry has."""


class ImageChoiceError(UsageError):
    """The source contains several images or platforms, and the request matches none or many of them."""

    def __init__(self, message: str, *, choices: Iterable[str] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.choices = tuple(choices)

    def one_line(self) -> str:
        """Return the message, the choices and the hint as one line."""
        line = f"{self.message}: {', '.join(self.choices)}" if self.choices else self.message
        return line if self.hint is None else f"{line}. {self.hint}"


class UnfitImageError(OcianalyzeError):
    """The image was analysed, and does not support the request."""

    exit_code = 1


class RegistryError(OcianalyzeError):
    """A registry could not be reached, refused the request, or sent an invalid response."""

    exit_code = 4


class AuthenticationError(RegistryError):
    """A registry refused the credentials, or requires some."""


class NoRangesError(RegistryError):
    """The registry sends blobs as a whole, and no pieces of them."""


class AnalysisError(OcianalyzeError):
    """The image could not be analysed."""


class InvalidImageError(AnalysisError):
    """An archive, index, manifest or config is invalid."""


class DuplicateKeyError(InvalidImageError):
    """A JSON document has a key twice, so two readers may understand it differently."""


class DigestMismatchError(InvalidImageError):
    """The content of a blob does not match its descriptor."""


class IndexMismatchError(InvalidImageError):
    """The index of a layer does not describe it."""


class CorruptLayerError(AnalysisError):
    """The compressed data or the tar stream of a layer is damaged.

    ``offset`` is the position of the damage, in bytes from the start of the stream.
    """

    def __init__(self, message: str, *, offset: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.offset = offset


class CutShortError(CorruptLayerError):
    """The compressed data or the tar stream is truncated: it was not copied or downloaded in full."""


class UndecidedError(AnalysisError):
    """A fact about the image cannot be determined; a rule that needs it is undecided.

    ``path`` and ``layer`` are the place in the image, if there is a single one.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, path: str | None = None, layer: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.layer = layer


class LimitExceededError(UndecidedError):
    """A limit was reached. ``option`` is the command-line option that raises it."""

    def __init__(self, message: str, *, option: str, path: str | None = None, layer: int | None = None) -> None:
        hint = f"Raise the limit with {option} if you trust the image"
        super().__init__(message, hint=hint, path=path, layer=layer)
        self.option = option


class ContentUnavailableError(UndecidedError):
    """The content of a file is needed, but it was not kept and cannot be read again."""


class RuleError(AnalysisError):
    """A rule failed to run; its result is unknown."""


def unforeseen(error: Exception) -> AnalysisError:
    """Return what nobody foresaw while one of several images was analysed as the reason why it could not be."""
    if isinstance(error, MemoryError):
        return AnalysisError("out of memory", hint="Lower --max-memory or --jobs, or provide more memory")
    return AnalysisError(f"internal error: {error!r}")


def _restored(kind: type[OcianalyzeError], message: str, attributes: dict[str, object]) -> OcianalyzeError:
    error = kind.__new__(kind, message)
    vars(error).update(attributes)
    return error


def closest(wrong: str, known: Iterable[str]) -> list[str]:
    """Return the known names that may be meant: those that begin so if there are several, else the most similar one."""
    from difflib import get_close_matches

    names = {name.casefold(): name for name in known}
    folded = wrong.casefold()[:100]
    begun = [name for name in names if folded and name.startswith(folded)]
    found = begun if len(begun) > 1 else get_close_matches(folded, names, n=1, cutoff=0.6)
    return [names[name] for name in found]


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not `known`: what may be meant, or else all names."""
    known = list(known)
    found = closest(wrong, known)
    return f"Did you mean {found[0]!r}?" if len(found) == 1 else f"Use one of: {', '.join(found or known)}"
