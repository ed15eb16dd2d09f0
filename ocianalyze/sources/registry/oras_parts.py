"""What is taken from oras, imported without what it needs only to check documents that we do not let it write.

`jsonschema` takes a tenth of the start of a command. It is loaded if oras ever uses it.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class _LoadedLate(ModuleType):
    """Stands for a module in those that import it, until something of it is used."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        if name.startswith("__"):  # which whoever looks at all modules asks for
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


@contextmanager
def _loaded_late(name: str) -> Iterator[None]:
    """Have what is imported in the block get a module that is loaded when something of it is used."""
    if name in sys.modules:
        yield
        return
    stub = sys.modules[name] = _LoadedLate(name)
    try:
        yield
    finally:
        if sys.modules.get(name) is stub:
            del sys.modules[name]


with _loaded_late("jsonschema"):
    from oras.defaults import annotation_title
    from oras.oci import NewManifest, Subject
    from oras.provider import Registry

__all__ = ["NewManifest", "Registry", "Subject", "annotation_title"]
