"""NVIDIA software of an image as a part of its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.gpu import judged_drivers, least_driver, released_driver
from ocianalyze.reports import report as form
from ocianalyze.reports.shortening import short

if TYPE_CHECKING:
    from ocianalyze.facts.gpu import Nvidia


def nvidia_facts(nvidia: Nvidia, driver: str | None) -> form.NvidiaFacts:
    """Return what is of NVIDIA's, which drivers it needs, and what `driver` is for that."""
    outcome = nvidia.need.outcome(driver) if driver is not None else None
    return form.NvidiaFacts(
        driver_files=[
            form.DriverFile.model_validate({"path": file.path, "class": file.cls, "version": file.version})
            for file in nvidia.driver_files
        ],
        driver_versions=short(nvidia.driver_versions),
        cuda_versions=short(nvidia.cuda_versions),
        minimum_driver=short(nvidia.minimum_driver),
        compat_driver=short(nvidia.need.compat),
        host_driver=driver,
        host_driver_sufficient={"sufficient": True, "too-old": False, "refused": False}.get(outcome or ""),
        driver_statement=short(nvidia.need.statement(driver)),
        cuda=[
            form.CudaNeed(version=cuda, minimum_driver=least_driver(cuda), released_with=released_driver(cuda))
            for cuda in short(nvidia.cuda_versions)
        ],
        drivers=[
            form.DriverVerdict(driver=driver, cuda=cuda, outcome=outcome)
            for driver, cuda, outcome in judged_drivers(nvidia.need)
        ],
    )
