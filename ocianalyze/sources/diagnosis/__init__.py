"""Why something is not an image that can be read, and what to do instead: causes, told from what is at hand.

`heads` tells from the first bytes, `names` from the names of members or files, `documents` from indexes, manifests and
their media types. They are asked where an image is refused, so that all its forms are refused in the same words.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ocianalyze.errors import InvalidImageError

SAVE: Final = "Create the archive with 'docker save', 'podman save' or 'skopeo copy'"


class Cause(NamedTuple):
    """What is wrong, as the predicate of a sentence, and what to do."""

    problem: str
    hint: str = SAVE

    def error(self, what: str) -> InvalidImageError:
        """Return the error that says this of `what`."""
        return InvalidImageError(f"{what} {self.problem}", hint=self.hint)
