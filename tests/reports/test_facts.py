"""What reports say of kernels and of NVIDIA's software is what the facts say."""

import json

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.reports.report import FactsReport
from tests.conftest import SaveImage
from tests.support.fit import ELF, KERNEL, fit_image
from tests.support.tarballs import Item, file, symlink

SHARE = "usr/local/share/jupyter/kernels"


def facts(save_image: SaveImage, *items: Item, **config: object) -> FactsReport:
    """Return what is found out about the image that fits, with more in it."""
    path = save_image(fit_image(items, config=config), "docker-25")
    found = analyze(Source(reference=str(path)), Policy(profiles=("studio-classic",))).facts
    assert found is not None
    return found


def chain(save_image: SaveImage, argv: list[str], *items: Item) -> list[tuple[str, str]]:
    """Return what a kernel's command leads to."""
    spec = json.loads(KERNEL) | {"argv": argv}
    kernel = file(f"{SHARE}/own/kernel.json", json.dumps(spec).encode())
    found = facts(save_image, kernel, *items).kernels
    assert found is not None
    (own,) = [item for item in found if item.name == "own"]
    return [(step.kind, step.text) for step in own.chain]


def test_a_python_and_its_module(save_image: SaveImage) -> None:
    command = ["/usr/local/bin/python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    assert chain(save_image, command) == [
        ("command", " ".join(command)),
        ("program", "/usr/local/bin/python3"),
        ("link", "/usr/local/bin/python3.11"),
        ("python", "/usr/local"),
        ("module", "ipykernel_launcher"),
    ]


def test_a_script_that_starts_it(save_image: SaveImage) -> None:
    script = b'#!/bin/sh\nexec /usr/local/bin/python3.11 -m ipykernel_launcher -f "$1"\n'
    found = chain(save_image, ["/opt/start", "{connection_file}"], file("opt/start", script, mode=0o755))
    assert found == [
        ("command", "/opt/start {connection_file}"),
        ("program", "/opt/start"),
        ("program", "/usr/local/bin/python3.11"),
        ("python", "/usr/local"),
        ("module", "ipykernel_launcher"),
    ]


def test_an_interpreter(save_image: SaveImage) -> None:
    items = (
        file("opt/R", b"#!/usr/local/bin/launcher -x\n", mode=0o755),
        symlink("usr/local/bin/launcher", "elf"),
        file("usr/local/bin/elf", ELF, mode=0o755),
    )
    found = chain(save_image, ["/opt/R", "{connection_file}"], *items)
    assert found[:4] == [
        ("command", "/opt/R {connection_file}"),
        ("program", "/opt/R"),
        ("interpreter", "/usr/local/bin/launcher"),
        ("link", "/usr/local/bin/elf"),
    ]


def test_a_program_that_is_missing(save_image: SaveImage) -> None:
    assert chain(save_image, ["/opt/none", "{connection_file}"]) == [
        ("command", "/opt/none {connection_file}"),
        ("program", "/opt/none"),
        ("problem", "/opt/none does not exist"),
    ]
    assert chain(save_image, ["none", "{connection_file}"])[1:] == [
        ("program", "none"),
        ("problem", "'none' is not on PATH (/usr/local/bin:/usr/bin:/bin)"),
    ]


def test_what_only_a_run_can_tell(save_image: SaveImage) -> None:
    found = chain(save_image, ["bin/python", "{connection_file}"], file("bin/python", ELF, mode=0o755))
    assert found[-1] == (
        "unknown",
        "its command 'bin/python' depends on the working directory of the server",
    )


def test_drivers_that_suffice(save_image: SaveImage) -> None:
    version = file("usr/local/cuda/version.json", b'{"cuda": {"version": "12.4.1"}}')
    older = file("opt/lib/libcudart.so.11.8.89", ELF)
    nvidia = facts(save_image, version, older).nvidia
    assert nvidia is not None
    assert [(need.version, need.minimum_driver, need.released_with) for need in nvidia.cuda] == [
        ("11.8", "450.80.02", "520.61.05"),
        ("12.4", "525.60.13", "550.54.14"),
    ]
    outcomes = {item.driver: item.outcome for item in nvidia.drivers}
    assert outcomes["525.60.13"] == outcomes["580.65.06"] == "sufficient"
    assert outcomes["520.61.05"] == "too-old"
    assert [item.cuda for item in nvidia.drivers if item.outcome == "sufficient"][-1] == "12.0"


def test_drivers_that_a_variable_refuses(save_image: SaveImage) -> None:
    version = file("usr/local/cuda/version.json", b'{"cuda": {"version": "12.4.1"}}')
    nvidia = facts(save_image, version, Env=["NVIDIA_REQUIRE_CUDA=cuda>=12.4"]).nvidia
    assert nvidia is not None
    outcomes = {item.driver: item.outcome for item in nvidia.drivers}
    assert outcomes["550.54.14"] == "sufficient"
    assert outcomes["545.23.06"] == "refused"


def test_images_without_cuda_need_no_driver(save_image: SaveImage) -> None:
    nvidia = facts(save_image).nvidia
    assert nvidia is not None
    assert (nvidia.cuda, nvidia.drivers) == ([], [])
