"""The short way for entries of an index about which nothing is odd: compiled code that does what Python would do.

`_listed.c` says what is ordinary. It is there where a C compiler was when this package was built; every index is read
with the same result without it.
"""

from __future__ import annotations

import contextlib
from typing import Any

compiled: Any = None
"""The compiled module, or None."""
with contextlib.suppress(ImportError):
    from ocianalyze.layers.indexes import _listed as compiled  # noqa: F401 - others read it here
