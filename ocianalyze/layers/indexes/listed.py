"""The short way for entries of an index about which nothing is odd: compiled code that does what Python would do.

`_listed.h` says what is ordinary. It is there where a C compiler was when this package was built; every index is read
with the same result without it.
"""

from __future__ import annotations

import contextlib
from typing import Any

compiled_table: Any = None
compiled_ztoc: Any = None
"""The compiled modules, or None."""
with contextlib.suppress(ImportError):
    from ocianalyze.layers.indexes import _table as compiled_table  # noqa: F401 - others read it here
    from ocianalyze.layers.indexes import _ztoc as compiled_ztoc  # noqa: F401 - others read it here
