"""Compiles the loops over headers and rows, where there is a C compiler; without one, they are only slower."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

MODULES = {
    "ocianalyze.layers.tar._ordinary": "ocianalyze/layers/tar/_ordinary.c",
    "ocianalyze.layers.changeset._columns": "ocianalyze/layers/changeset/_columns.c",
    "ocianalyze.layers.indexes._table": "ocianalyze/layers/indexes/_table.c",
    "ocianalyze.layers.indexes._ztoc": "ocianalyze/layers/indexes/_ztoc.c",
}


class CompilingHook(BuildHookInterface):
    """Puts the compiled modules beside their sources, and into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - as hatchling has it
        """Compile, unless OCIANALYZE_PURE_PYTHON is set; a compiler that is missing or fails is no error."""
        if self.target_name != "wheel" or os.environ.get("OCIANALYZE_PURE_PYTHON"):
            return
        if compile_in_place(Path(self.root)):
            build_data["artifacts"].append("ocianalyze/layers/*/_*.abi3.so")
            build_data["pure_python"] = False
            build_data["tag"] = f"cp311-abi3-{_platform()}"


def compile_in_place(root: Path) -> bool:
    """Compile the modules into the source tree, once for all Pythons (PEP 384); return whether that went well."""
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    for stale in root.glob("ocianalyze/layers/*/_*.so"):  # one for a certain Python would be preferred
        stale.unlink()
    before = Path.cwd()
    os.chdir(root)
    try:
        extensions = [
            Extension(name, [source], extra_compile_args=["-O3"], py_limited_api=True)
            for name, source in MODULES.items()
        ]
        command = build_ext(Distribution({"name": "ocianalyze", "ext_modules": extensions}))
        command.inplace = True
        command.build_temp = str(root / "build" / "compiled")
        command.ensure_finalized()
        command.run()
    except Exception as error:  # noqa: BLE001 - whatever a compiler may lack
        print(f"ocianalyze: layers are read by Python alone, since nothing could be compiled: {error}")  # noqa: T201
        return False
    finally:
        os.chdir(before)
    return True


def _platform() -> str:
    """Return the tag of this machine's platform, without a promise about its C library."""
    platforms = (tag.platform for tag in sys_tags())
    return next(name for name in platforms if not name.startswith(("manylinux", "musllinux")))
