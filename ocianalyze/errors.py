"""Everything that can go wrong, as one tree.

::

    OcianalyzeError
    ├── UsageError              the request cannot be carried out as it was put            exit code 2
    │   ├── InvalidReferenceError   the image reference cannot be understood, or names nothing
    │   └── ImageChoiceError        several images or platforms, and the request fits none or many
    ├── UnfitImageError         the image cannot have what was asked for                   exit code 1
    ├── RegistryError           a registry could not be reached, or refused               exit code 4
    │   └── AuthenticationError     it refused the credentials, or wants some
    └── AnalysisError           the image could not be analysed, so nothing is said of it  exit code 3
        ├── InvalidImageError       the archive, an index, a manifest or a config is not what it must be
        │   └── DigestMismatchError     bytes differ from what their descriptor promises
        ├── CorruptLayerError       a layer's compression or tar stream is damaged
        │   └── CutShortError           it ends too early
        ├── UndecidedError          something about the image cannot be told; of a rule, that it is undecided
        │   ├── LimitExceededError      a limit was hit; the message names the option that raises it
        │   └── ContentUnavailableError the content of a file is needed that was not kept
        └── RuleError               a rule failed to run

Messages are lower case and name the thing and the place; advice goes into ``hint``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class OcianalyzeError(Exception):
    """The base of all errors that this package raises on purpose."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with all attributes, whatever the constructor wants: other processes may raise it."""
        return _restored, (type(self), self.message, vars(self))

    def one_line(self) -> str:
        """Return the message and the hint as one line."""
        return self.message if self.hint is None else f"{self.message}; {self.hint}"


class UsageError(OcianalyzeError):
    """The request cannot be carried out as it was put."""

    exit_code = 2


class InvalidReferenceError(UsageError):
    """The image reference cannot be understood, or names nothing that exists."""


class ImageChoiceError(UsageError):
    """The archive holds several images or platforms and the request fits none or many of them."""

    def __init__(self, message: str, *, choices: Iterable[str] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.choices = tuple(choices)

    def one_line(self) -> str:
        """Return the message, what there is to choose from, and the hint as one line."""
        line = f"{self.message}: {', '.join(self.choices)}" if self.choices else self.message
        return line if self.hint is None else f"{line}; {self.hint}"


class UnfitImageError(OcianalyzeError):
    """The image was analysed, and cannot have what was asked for."""

    exit_code = 1


class RegistryError(OcianalyzeError):
    """A registry could not be reached, refused, or answered what no registry answers."""

    exit_code = 4


class AuthenticationError(RegistryError):
    """A registry refused the credentials that there are, or wants some."""


class AnalysisError(OcianalyzeError):
    """The image could not be analysed."""


class InvalidImageError(AnalysisError):
    """An archive, index, manifest or config is not what it must be."""


class DigestMismatchError(InvalidImageError):
    """The bytes of a blob differ from what its descriptor promises."""


class CorruptLayerError(AnalysisError):
    """The compression or the tar stream of a layer is damaged.

    ``offset`` counts the bytes of the stream in which the damage was seen, from its start.
    """

    def __init__(self, message: str, *, offset: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.offset = offset


class CutShortError(CorruptLayerError):
    """The compression or the tar stream ends before its end: it was not copied or downloaded in full."""


class UndecidedError(AnalysisError):
    """Something about the image cannot be told; a rule that needs it is undecided.

    ``path`` and ``layer`` are where in the image it is, if it is in one place.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, path: str | None = None, layer: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.layer = layer


class LimitExceededError(UndecidedError):
    """A limit was hit. ``option`` is the command-line option that raises it."""

    def __init__(self, message: str, *, option: str, path: str | None = None, layer: int | None = None) -> None:
        hint = f"if you trust the image, raise the limit with {option}"
        super().__init__(message, hint=hint, path=path, layer=layer)
        self.option = option


class ContentUnavailableError(UndecidedError):
    """The content of a file is needed, but was not kept and cannot be read again."""


class RuleError(AnalysisError):
    """A rule failed to run; what it would have found is unknown."""


def _restored(kind: type[OcianalyzeError], message: str, attributes: dict[str, object]) -> OcianalyzeError:
    error = kind.__new__(kind, message)
    vars(error).update(attributes)
    return error


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not `known`: the one that is meant, it seems, or all that there are."""
    from difflib import get_close_matches

    names = {name.casefold(): name for name in known}
    close = get_close_matches(wrong.casefold()[:100], names, n=1, cutoff=0.6)
    return f"did you mean {names[close[0]]!r}?" if close else f"there are {', '.join(names.values())}"
