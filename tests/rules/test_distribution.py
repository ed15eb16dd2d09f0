"""Images that are made from SageMaker Distribution: the version, its support, and what its start scripts need."""

from datetime import date
from typing import Any

import pytest

from ocianalyze.facts.programs.distribution import LABEL, SageMakerDistribution
from ocianalyze.rules.apps import distribution_unsupported
from ocianalyze.rules.profiles import JUPYTERLAB, UNIFIED
from tests.rules.subjects import base, findings, program
from tests.rules.test_apps import causes, distribution
from tests.support.tarballs import Item, directory, file

UI = "sagemaker-ui-jupyter-server"
SUDO = (program("usr/bin/sudo", mode=0o4755), file("etc/sudoers", b"ALL ALL=(ALL) NOPASSWD: ALL\n", mode=0o440))


def made_from(version: str | None, *more: Item, ui: str | None = "") -> tuple[list[Item], dict[str, Any]]:
    """Return an image of the distribution; `ui` is what its start script of Unified Studio does, if it has one."""
    items, config = distribution()
    labels = {} if version is None else {LABEL: version}
    if ui is not None:
        items += [program(f"usr/local/bin/entrypoint-{UI}", b"#!/bin/bash\n")]
        items += [program(f"usr/local/bin/start-{UI}", f"#!/bin/bash\nset -e\n{ui}\njupyter lab\n".encode())]
    return [*items, *more], {**config, "Labels": labels, "User": "1000"}


def required(image: tuple[list[Item], dict[str, Any]]) -> list[tuple[str, str]]:
    found = findings("APP013", image[0], config=image[1], profile=UNIFIED)
    return [(severity, finding.data["problem"]) for severity, finding in found]


@pytest.mark.parametrize("version", ["2.6.0", "2.10", "3.0.1", "4.4.1-gpu", "v10.0"])
def test_versions_that_will_do(version: str) -> None:
    assert required(made_from(version)) == []


@pytest.mark.parametrize(
    ("version", "ui", "expected"),
    [
        ("2.5.9", "", ("error", "too-old")),
        ("1.12", None, ("error", "too-old")),
        (None, "", ("undecided", "unknown")),
        ("latest", "", ("undecided", "unknown")),
        ("3.1.0", None, ("error", "program-missing")),
        ("3.1.0", "sudo cp -r /etc/a /opt/b", ("error", "sudo-missing")),
        ("3.9.0", "micromamba remove -y x", ("error", "conda-not-writable")),
        ("3.9.0", "cp /etc/a /opt/conda/etc/a", ("error", "conda-not-writable")),
    ],
)
def test_versions_that_will_not(version: str | None, ui: str | None, expected: tuple[str, str]) -> None:
    assert required(made_from(version, ui=ui)) == [expected]


def test_what_start_scripts_need_may_be_there() -> None:
    conda = [directory("opt/conda", uid=1000), directory("opt/conda/conda-meta", uid=1000)]
    assert required(made_from("3.9.0", *conda, ui="micromamba remove -y x")) == []
    assert required(made_from("3.9.0", *SUDO, ui="sudo cp -r /etc/a /opt/b")) == []
    assert required(made_from("3.9.0", ui="# sudo cp x\nmicromamba activate base")) == []


def test_other_images_are_not_for_unified_studio() -> None:
    assert required((base(), {})) == [("error", "not-based")]
    assert findings("APP013", base(), profile=JUPYTERLAB) == []


def test_the_start_script_of_studio() -> None:
    items, config = made_from("4.4.1", program("usr/local/bin/x", b"#!/bin/sh\n"))
    config |= {"Entrypoint": ["entrypoint-jupyter-server"], "Cmd": []}
    start = program("usr/local/bin/start-jupyter-server", b"#!/bin/bash\nset -e\nmicromamba remove -y x\njupyter lab\n")
    items = [*(item for item in items if item.path != start.path), start]
    assert ("error", "conda-not-writable") in causes("APP002", items, config, JUPYTERLAB)
    theirs = [*items, directory("opt/conda", uid=1000)]
    assert ("error", "conda-not-writable") not in causes("APP002", theirs, config, JUPYTERLAB)


def test_passwordless_sudo_is_needed_in_unified_studio() -> None:
    items, config = made_from("4.4.1", *SUDO)
    assert findings("USR008", items, config=config, profile=UNIFIED) == []
    assert [severity for severity, _ in findings("USR008", items, config=config, profile=JUPYTERLAB)] == ["note"]


@pytest.mark.parametrize(
    ("version", "today", "said"),
    [
        ("2.14.0", date(2026, 7, 1), None),
        ("2.14.0", date(2026, 7, 12), "ends on 2026-09-09"),
        ("2.14.0", date(2026, 9, 9), "ends on"),
        ("2.14.0", date(2026, 9, 10), "ended on 2026-09-09"),
        ("4.2.1", date(2026, 12, 1), "ended on 2026-11-30"),
        ("4.4.1", date(2030, 1, 1), None),
    ],
)
def test_the_end_of_support(version: str, today: date, said: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution_unsupported, "_today", lambda: today)
    items, config = made_from(version)
    found = findings("APP014", items, config=config, profile=JUPYTERLAB)
    assert [severity for severity, _ in found] == (["note"] if said else [])
    assert all(said in finding.message for _, finding in found if said)


def test_versions_without_an_announced_end() -> None:
    assert SageMakerDistribution("5.0", (5, 0), None).end is None
    assert SageMakerDistribution(None, None, None).end is None
