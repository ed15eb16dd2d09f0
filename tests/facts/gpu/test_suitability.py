"""What the image needs of the host's driver, and what a given driver is for it."""

import pytest

from ocianalyze.facts.gpu import Need, find_requirements

DEMANDING = tuple(find_requirements({"NVIDIA_REQUIRE_CUDA": "cuda>=12.4"}))
BY_BRAND = tuple(find_requirements({"NVIDIA_REQUIRE_CUDA": "cuda>=13.0 brand=tesla,driver>=535,driver<536"}))
BROKEN = tuple(find_requirements({"NVIDIA_REQUIRE_CUDA": "newest"}))

CUDA_124 = Need("12.4", "525.60.13")
CUDA_13 = Need("13.0", "580")


@pytest.mark.parametrize(
    ("need", "driver", "outcome"),
    [
        (CUDA_124, "535.104.05", "sufficient"),
        (CUDA_124, "525", "sufficient"),
        (CUDA_124, "525.60.11", "too-old"),
        (CUDA_13, "580", "sufficient"),
        (CUDA_13, "579.99", "too-old"),
        (CUDA_13._replace(compat="580.65.06"), "535.183.01", "forward-compatible"),
        (CUDA_13._replace(compat="550.54.15"), "535.183.01", "too-old"),
        (CUDA_124._replace(requirements=DEMANDING), "535.104.05", "refused"),
        (CUDA_124._replace(requirements=DEMANDING), "550.54.15", "sufficient"),
        (CUDA_13._replace(requirements=BY_BRAND, compat="580.65.06"), "535.183.01", "forward-compatible"),
        (CUDA_124._replace(requirements=BY_BRAND), "535.183.01", "depends"),
        (CUDA_124._replace(requirements=BROKEN), "535.183.01", "sufficient"),
        (Need(None, None, requirements=DEMANDING), "550.54.15", "sufficient"),
        (Need(None, None, requirements=DEMANDING), "535.104.05", "refused"),
        (Need("9.2", None), "535.104.05", None),
        (Need(None, None), "535.104.05", None),
        (Need(None, None), "new", None),
    ],
)
def test_outcomes(need: Need, driver: str, outcome: str | None) -> None:
    assert need.outcome(driver) == outcome


@pytest.mark.parametrize(
    ("need", "driver", "statement"),
    [
        (
            CUDA_124,
            "535.104.05",
            (
                "CUDA 12.4 needs driver 525.60.13 or newer on the host (minor version compatibility; released with "
                "550.54.14); 535.104.05: sufficient"
            ),
        ),
        (CUDA_13, None, "CUDA 13.0 needs driver 580 or newer on the host"),
        (CUDA_13, "535.183.01", "CUDA 13.0 needs driver 580 or newer on the host; 535.183.01: too old"),
        (Need("13", "580"), "580", "CUDA 13 needs driver 580 or newer on the host; 580: sufficient"),
        (
            CUDA_13._replace(compat="580.65.06"),
            "550.54.15",
            (
                "CUDA 13.0 needs driver 580 or newer on the host; 550.54.15: too old without the image's "
                "compatibility package (580.65.06)"
            ),
        ),
        (
            Need(None, None, requirements=DEMANDING),
            "535.104.05",
            "NVIDIA_REQUIRE_CUDA requires cuda>=12.4; 535.104.05: refused by NVIDIA_REQUIRE_CUDA",
        ),
        (
            Need(None, None, requirements=BY_BRAND),
            "535.104.05",
            (
                "NVIDIA_REQUIRE_CUDA requires cuda>=13.0 or an alternative; 535.104.05: sufficient if the GPU is "
                "one that NVIDIA_REQUIRE_CUDA allows"
            ),
        ),
        (Need(None, None, requirements=BROKEN), "535.104.05", "NVIDIA_REQUIRE_CUDA is invalid"),
        (Need(None, None), "535.104.05", None),
    ],
)
def test_statements(need: Need, driver: str | None, statement: str | None) -> None:
    assert need.statement(driver) == statement
