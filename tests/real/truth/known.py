"""Cases in which ocianalyze and the truth are known to differ, each with its reason."""

from collections.abc import Mapping

KNOWN: Mapping[str, str] = {}
"""Cases that are to agree one day; a test fails when one does."""

OPEN: Mapping[str, str] = {}
"""Cases that a static tool cannot decide, or that hinge on what nobody documents: any verdict is right for them."""
