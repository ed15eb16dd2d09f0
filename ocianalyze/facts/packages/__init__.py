"""The packages that are installed: those of dpkg, apk, conda and Python, by their own lists."""

from ocianalyze.facts.packages.installed import FILE_LISTS, Inventory, Sizes, find_packages, measure_packages
from ocianalyze.facts.packages.package import Manager, Package

__all__ = ["FILE_LISTS", "Inventory", "Manager", "Package", "Sizes", "find_packages", "measure_packages"]
