"""Fleets to look at: one that is like a real one, and one that is hostile."""

import json
from pathlib import Path
from typing import Final

from tests.reports.test_output_is_data import COMMANDS, CONTROLS
from tests.support.fleets import (
    CLASSIC,
    JUPYTERLAB,
    MadeImage,
    MadeRun,
    failed,
    finding,
    image,
    run,
    write_fleet,
)

HOST: Final = "registry.example.com"
HOSTILE: Final = (
    "=cmd|'/c calc'!A0 </script></style></title></svg></code><script>window.pwned=1</script>"
    '<img src=x onerror=window.pwned=1>" onmouseover="window.pwned=1" x=\'<!-- ]]> &lt; &#60;'
    f"{' '.join(COMMANDS)}\n{'  '.join(COMMANDS)}{CONTROLS}"
)
"""What is obeyed by one or another reader: spreadsheets, browsers, CI services and terminals."""
DRIVERS: Final = (
    *("610.43.02", "580.65.06", "575.51.03", "550.54.14", "525.60.13", "520.61.05", "450.36.06", "440.33"),
)
_NEEDS: Final = ("525.60.13", "580.65.06", "450.36.06")
_TEAMS: Final = ("vision", "speech", "risk", "search", "forecast", "pricing")


def _drivers(needed: str) -> dict[str, str]:
    return {
        driver: "sufficient" if n <= DRIVERS.index(needed) else "forward-compatible" if n < 4 else "too-old"
        for n, driver in enumerate(DRIVERS)
    }


def _bases() -> list[MadeImage]:
    """Return the images that others are built on."""
    debian = ("debian", "packages")
    python = (*debian, "python", "user")
    cuda = (*debian, "cuda", "cudnn")
    kernel = finding(
        "KRN005",
        "/opt/conda/bin/python",
        "python",
        name="kernel-interpreter-missing",
        message="kernel 'python3' starts /opt/conda/bin/python, which does not exist",
        hint="Install Python there, or change argv in /usr/local/share/jupyter/kernels/python3/kernel.json",
        created_by="/bin/sh -c apt-get update && apt-get install -y --no-install-recommends python3-ipykernel",
    )
    user = finding(
        "USR001",
        None,
        None,
        name="user-is-root",
        severity="warning",
        message="the container runs as root",
        hint="Add 'USER 1000'",
    )
    return [
        image(f"{HOST}/base/python:3.12", *python, verdict="fail", findings=[kernel, user], base="docker.io/debian:12"),
        image(
            f"{HOST}/base/cuda:12.4", *cuda, verdict="pass", drivers=_drivers("525.60.13"), minimum_driver="525.60.13"
        ),
    ]


def _team_image(number: int, *, is_old: bool) -> MadeImage:
    """Return the image of a team."""
    python, cuda = _bases()
    team = _TEAMS[number % len(_TEAMS)]
    base = cuda if number % 3 == 0 else python
    layers = (*base.layers, f"{team} libraries", f"{team} code {number}{' old' if is_old and number % 4 == 0 else ''}")
    found = [] if number % 9 == 0 else list(base.findings)
    if number % 5 == 0:
        found.append(
            finding(
                "LAY008",
                f"/opt/{team}/cache",
                f"{team} libraries",
                name="file-not-readable",
                message=f"/opt/{team}/cache cannot be read by user 1000",
                hint=f"RUN chmod -R a+rX /opt/{team}/cache",
                created_by=f"COPY --chown=root {team}/cache /opt/{team}/cache # buildkit",
            )
        )
    if number % 7 == 0:
        found.append(
            finding(
                "APP002",
                "/usr/local/bin/start.sh",
                f"{team} code {number}",
                name="entry-point-not-understood",
                kind="undecided",
                message="/usr/local/bin/start.sh could not be followed to a server",
                hint="Start the server with 'exec'",
            )
        )
    if number % 11 == 0 and not is_old:
        found.append(finding("SIZ002", None, None, name="image-near-limit", severity="note", message="33 GB of 35 GB"))
    errors = any(one["severity"] == "error" and one["kind"] == "finding" for one in found)
    undecided = sum(one["kind"] == "undecided" for one in found)
    needed = _NEEDS[number // 3 % len(_NEEDS)]
    profile = JUPYTERLAB if number % 2 else CLASSIC
    verdict = "fail" if errors else "undecided" if undecided else "pass"
    return image(
        f"{HOST}/{team}/notebook-{number}:1.0",
        *layers,
        verdict=verdict,
        findings=found,
        profiles={profile: verdict, "unified-studio": "fail"},
        drivers=_drivers(needed) if base is cuda else {},
        minimum_driver=needed if base is cuda else None,
        title=f"{team}-notebook/{number}" if number % 2 else None,
        app_image_config=json.dumps({"AppImageConfigName": f"{team}-config"}),
        users=[f"domain d-{team}, space {name}" for name in ("alice", "bob", "carol", "dan")[: number % 5]],
        size=2_000_000_000 + number * 350_000_000,
        compressed_size=900_000_000 + number * 100_000_000,
        undecided=undecided,
        platform="linux/amd64",
        source="registry",
        seconds=0.1,
    )


def sample_runs(images: int = 40) -> tuple[MadeRun, MadeRun]:
    """Return two runs over the images of some teams and their bases."""
    others = [
        image(f"{HOST}/other/alone:2", "alone", "alone too", verdict="pass", size=700_000_000),
        failed(f"{HOST}/lost/one:1", "registry", f"{HOST}/lost/one:1: 404 Not Found", "Check the name"),
        failed(f"{HOST}/lost/two:1", "registry", f"{HOST}/lost/two:1: 404 Not Found", "Check the name"),
        failed("saved/broken.tar", "corrupt-layer", "layer 3 is truncated at byte 1234", None),
    ]
    old = [*_bases(), *(_team_image(number, is_old=True) for number in range(images - 2)), *others[:2]]
    new = [*_bases(), *(_team_image(number, is_old=False) for number in range(images)), *others]
    sources = {"sources": json.dumps([f"docker://{HOST}/*"]), "bytes_read": 123_456_789_000, "seconds": 312.5}
    return run(*old, **sources, started="2026-11-21T12:00:00Z"), run(*new, **sources)


def sample(path: Path) -> Path:
    """Write a fleet that is like a real one."""
    old, new = sample_runs()
    names = {name for made in (*old.images, *new.images) for name in made.layers}
    sizes = {name: (len(name) ** 3 % 37 + 1) * 9_000_000 for name in names}
    return write_fleet(
        path, old, new, sizes={**sizes, "cuda": 2_800_000_000, "cudnn": 900_000_000, "python": 400_000_000}
    )


def hostile(path: Path) -> Path:
    """Write a fleet that has HOSTILE wherever a text may be anything."""
    bad = HOSTILE
    found = [
        finding(bad, bad, "layer", name=bad, message=bad, hint=bad, created_by=bad, fingerprint="1", profiles=bad),
        finding(bad, bad, None, name=bad, message=bad, hint=bad, fingerprint="2", kind="undecided", severity="warning"),
        finding("USR001", bad, "layer", severity="note", message=bad, hint=bad, created_by=bad, fingerprint="3"),
    ]
    texts = {
        **dict.fromkeys(("name", "title", "profile", "pinned", "digest", "config_digest", "platform", "source"), bad),
        **dict.fromkeys(("base", "minimum_driver"), bad),
        "app_image_config": json.dumps({"AppImageConfigName": bad}),
    }
    drivers = {bad: "sufficient", f"{bad}2": "too-old", "550.54.14": "depends"}

    def made(name: str, *, is_new: bool) -> MadeImage:
        return image(
            f"{name}{bad}",
            "layer",
            f"layer {name}",
            bad,
            verdict="fail",
            findings=found[is_new:],
            profiles={bad: "fail", CLASSIC: "undecided"},
            drivers=drivers,
            users=[bad, bad],
            **{**texts, "title": f"{name}{bad}"},
        )

    broken = failed(f"{bad}x", bad, bad, bad)
    stated = {"version": bad, "sources": json.dumps([bad, bad]), "request": json.dumps({bad: [bad]}), "started": bad}
    old = run(made("a", is_new=False), made("b", is_new=False), image(bad, "layer"), **stated)
    new = run(made("a", is_new=True), made("c", is_new=True), broken, broken, **{**stated, "version": f"2{bad}"})
    return write_fleet(path, old, new)
