"""Other tools that read images, at fixed versions: how they are built, and what is asked of each.

`python -m benchmarks.peers` builds those that are written in Go.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from benchmarks.answers import count_lines, skopeo_layers, syft_files
from benchmarks.images import DIRECTORY, Shape
from benchmarks.measure import Answer, Bounds, Command

_BOUNDS: Final = Bounds(seconds=45, memory=12_000_000_000, room=15_000_000_000)
"""Of a peer. One that is stopped there is shown with what it had used, as "more than"."""
_TOO_LARGE_TO_WRITE: Final = 10_000_000_000


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A program of a Go module at a version: the package that it is made from, and experiments of Go that it needs."""

    module: str
    version: str
    package: str = ""
    experiment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A tool and how it is asked.

    Attributes:
        name: what it is called in tables.
        made_from: what the program is made from, if it is written in Go; others come from the system.
        script: for sh; `$1` is the image and `$TMPDIR` an empty directory.
        remote: the same for an image in a registry, if the tool can read one.
        shown: the command line for readers, where it is not the script.
        needs: the programs, its own first.
        reads: the form of image that it is given.
        writes: whether it writes all files of the image to temporary ones.
        rival: whether it is one of those that ocianalyze has to be much faster than.
        shapes: the shapes it is run on; None is all.
        environment: variables that are set for it.
        answer: what its output is compared with.
        does: what it does more or less than ocianalyze.
    """

    name: str
    made_from: GoProgram | None = None
    script: str
    remote: str | None = None
    shown: str = ""
    needs: tuple[str, ...]
    reads: Literal["archive", "layout"] = "archive"
    writes: bool = False
    rival: bool = False
    shapes: frozenset[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    answer: Answer | None = None
    does: str


_SYFT: Final = (
    "syft scan {} --quiet --output syft-json --override-default-catalogers file "
    "--select-catalogers=-binary-metadata,-content,-digest"
)
_TRIVY: Final = (
    'trivy image {} --quiet --format spdx-json --offline-scan --cache-backend memory --cache-dir "$TMPDIR" '
    '--skip-files "**/*.jar" --skip-files "**/*.war" --skip-files "**/*.ear" --skip-files "**/*.par"'
)
"""Archives of Java are left out: for them it would download a database."""
_ONE: Final = frozenset(("gzip-4gb",))
"""Where those run that write the image to the disk as their answer: 80,000 files take their time to remove, too."""

PEERS: Final = (
    Peer(
        name="syft, files only",
        made_from=GoProgram("github.com/anchore/syft", "v1.57.1", "/cmd/syft"),
        script=_SYFT.format('"docker-archive:$1"'),
        remote=_SYFT.format('"registry:$1"'),
        needs=("syft",),
        writes=True,
        rival=True,
        environment={
            "SYFT_CHECK_FOR_APP_UPDATE": "false",
            "SYFT_FILE_METADATA_SELECTION": "all",
            "SYFT_FILE_METADATA_DIGESTS": "",
            "SYFT_REGISTRY_INSECURE_USE_HTTP": "true",
        },
        answer=Answer("paths", syft_files),
        does="lists all paths with their metadata; its catalogers of packages, executables and digests are off",
    ),
    Peer(
        name="trivy, no database",
        made_from=GoProgram("github.com/aquasecurity/trivy", "v0.74.0", "/cmd/trivy", experiment="jsonv2"),
        script=_TRIVY.format('--input "$1"'),
        remote=_TRIVY.format('"$1"'),
        needs=("trivy",),
        rival=True,
        environment={"TRIVY_NON_SSL": "true", "TRIVY_SKIP_VERSION_CHECK": "true"},
        does="lists packages other than Java's, not files; no vulnerability is looked up, nothing is downloaded",
    ),
    Peer(
        name="dive, CI mode",
        made_from=GoProgram("github.com/wagoodman/dive", "v0.13.1"),
        script='dive "docker-archive://$1" --lowestEfficiency=0 --highestUserWastedPercent=1',
        needs=("dive",),
        rival=True,
        environment={"CI": "true"},
        does="hashes every file and reports what layers waste; it does not say whether the image would work",
    ),
    Peer(
        name="crane export",
        made_from=GoProgram("github.com/google/go-containerregistry", "v0.22.1", "/cmd/crane"),
        script='crane export - - < "$1" | tar -t',
        remote='crane export "$1" - | tar -t',
        needs=("crane", "tar"),
        rival=True,
        answer=Answer("paths", count_lines),
        does="merges the layers into one tar, of which tar prints the names; it judges nothing",
    ),
    Peer(
        name="container-structure-test",
        made_from=GoProgram(
            "github.com/GoogleContainerTools/container-structure-test", "v1.22.1", "/cmd/container-structure-test"
        ),
        script=(
            "printf 'schemaVersion: 2.0.0\\nfileExistenceTests: [{name: one, path: /opt/venv, shouldExist: true}]' "
            '> "$TMPDIR/test.yaml"; '
            'container-structure-test test --driver tar --image "$1" --config "$TMPDIR/test.yaml"'
        ),
        shown="container-structure-test test --driver tar --image IMAGE --config ONE-FILE-EXISTS",
        needs=("container-structure-test",),
        writes=True,
        shapes=_ONE,
        does="unpacks the image to the disk to see whether one file exists",
    ),
    Peer(
        name="skopeo inspect",
        script='skopeo inspect "docker-archive:$1"',
        needs=("skopeo",),
        answer=Answer("diff_ids", skopeo_layers),
        does="shows the configuration and the layers; it inflates compressed ones for their size, and lists no files",
    ),
    Peer(
        name="skopeo copy",
        script='skopeo copy --quiet "docker-archive:$1" "dir:$TMPDIR/image"',
        needs=("skopeo",),
        shapes=_ONE,
        does="copies the blobs to the disk and checks their digests; it looks into none",
    ),
    Peer(
        name="umoci unpack",
        script='umoci unpack --rootless --image "$1:1.0" "$TMPDIR/bundle" && find "$TMPDIR/bundle/rootfs" -mindepth 1',
        needs=("umoci",),
        reads="layout",
        writes=True,
        shapes=_ONE,
        answer=Answer("paths", count_lines),
        does="unpacks the merged file system to the disk, where find lists it",
    ),
)
RIVALS: Final = tuple(peer.name for peer in PEERS if peer.rival)


def peer_commands(shape: Shape, scratch: Path) -> Iterator[Command]:
    """Yield what asks each peer about a shape, as far as it can read it and the disk holds what it writes."""
    for peer in PEERS:
        remote = shape.reference is not None
        if (remote and peer.remote is None) or (peer.shapes is not None and shape.name not in peer.shapes):
            continue
        if peer.writes and shape.uncompressed > _TOO_LARGE_TO_WRITE:
            continue
        image = shape.reference or str(shape.layout if peer.reads == "layout" else shape.for_peers)
        script = peer.remote if remote and peer.remote is not None else peer.script
        yield Command(
            name=peer.name,
            argv=("sh", "-c", script, "sh", image),
            shown=peer.shown or _readable(script, peer.environment),
            needs=peer.needs,
            once=True,
            environment=peer.environment,
            warm=(shape.for_peers,) if shape.stored < _TOO_LARGE_TO_WRITE and not remote else (),
            scratch=scratch,
            bounds=_BOUNDS,
            tolerated=True,
            answer=peer.answer,
        )


def _readable(script: str, environment: Mapping[str, str]) -> str:
    """Return a script as one would type it."""
    words = script.replace('"', "").replace("$1", "IMAGE").replace("$TMPDIR", "EMPTY")
    return " ".join((*(f"{name}={value}" for name, value in environment.items()), words))


def build(directory: Path, note: Callable[[str], None]) -> None:
    """Build the peers that are written in Go, where Go is, into `directory`/bin.

    One that cannot be built is named with the reason, and passed over.
    """
    home = (directory / "bin").resolve()
    for peer in PEERS:
        program, source = peer.needs[0], peer.made_from
        if source is not None and _version_of(home / program) != source.version:
            note(f"building {program} {source.version}")
            reason = _make(source, home / program)
            if reason:
                note(f"{program} cannot be built: {reason}")


def find(directory: Path, note: Callable[[str], None]) -> None:
    """Put the peers in `directory`/bin on the PATH, and name those that are missing."""
    home = (directory / "bin").resolve()
    os.environ["PATH"] = f"{home}{os.pathsep}{os.environ['PATH']}"
    for peer in PEERS:
        if shutil.which(peer.needs[0]) is None:
            what = "`python -m benchmarks.peers` builds it" if peer.made_from else "it is not installed"
            note(f"{peer.name} is left out: {what}")


def _version_of(program: Path) -> str | None:
    """Return the version of the module that a Go program was made from."""
    if not program.exists() or shutil.which("go") is None:
        return None
    told = subprocess.run(["go", "version", "-m", program], capture_output=True, text=True, check=False).stdout
    modules = (line.split() for line in told.splitlines())
    return next((words[2] for words in modules if words[:1] == ["mod"] and len(words) > 2), None)


def _make(source: GoProgram, target: Path) -> str | None:
    """Build a program, and return why it could not be built, if so.

    It is a dependency of a module of its own: unlike `go install`, that asks nobody which other versions there are.
    """
    if shutil.which("go") is None:
        return "there is no go"
    target.parent.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    with tempfile.TemporaryDirectory() as name:
        require = f"require {source.module} {source.version}"
        Path(name, "go.mod").write_text(f"module peer\n\ngo {version.removeprefix('go')}\n\n{require}\n")
        command = ["go", "build", "-mod=mod", "-o", str(target), f"{source.module}{source.package}"]
        environment = {**os.environ, "GOFLAGS": "", "GOEXPERIMENT": source.experiment}
        done = subprocess.run(command, env=environment, cwd=name, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["go build failed"])[-1]


def main() -> None:
    """Build the peers."""
    build(DIRECTORY, lambda text: print(text, file=sys.stderr))


if __name__ == "__main__":
    main()
