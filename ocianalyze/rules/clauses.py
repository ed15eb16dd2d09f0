"""What AWS's specifications demand, clause by clause: which rules decide it, and what only a running app can tell.

Sources: AWS, "Custom SageMaker image specifications" (Classic); "Custom image specifications" and "Custom images"
of JupyterLab and of Code Editor (Studio); "Dockerfile specifications" (SageMaker Unified Studio).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, UNIFIED

if TYPE_CHECKING:
    from collections.abc import Mapping


class Clause(NamedTuple):
    """One demand: its number, what it says, the ids of the rules that decide it, and what they cannot know."""

    number: str
    says: str
    rules: tuple[str, ...] = ()
    unknown: str | None = None


_KERNEL_SPECS: Final = tuple(f"KRN{number:03}" for number in (1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16))
_CONDA: Final = ("KRN013", "KRN014")
_KERNELS: Final = (*_KERNEL_SPECS, *_CONDA)
_SIZES: Final = ("SIZ001", "SIZ002", "SIZ003", "SIZ004")
_NVIDIA: Final = tuple(f"GPU{number:03}" for number in range(1, 8))
_FORM: Final = tuple(f"IMG{number:03}" for number in range(1, 8))
_LAYERS: Final = tuple(f"LAY{number:03}" for number in range(1, 12))

_WANTED: Final = "Whether anyone wants it."
_DRIVER: Final = (
    "Which driver the instances have. `nvidia-smi` in a terminal of the app tells; give it with `--driver-version`."
)
_ATTACHED: Final = (
    "Which AppImageConfig the image is attached with. `aws sagemaker describe-app-image-config` prints it; give it "
    "with `--app-image-config`."
)
_START: Final = (
    "Whether the server starts in time: extensions and settings of the user can fail it. `docker run --rm -p "
    "8888:8888 IMAGE` tries it. When an app fails with InternalFailure, look into the CloudWatch group "
    "`/aws/sagemaker/studio`; one that stays empty can mean that the execution role may not write logs."
)

_CLASSIC: Final = (
    Clause(
        "S0",
        "Studio Classic has had this name since November 2023; the newer Studio has a specification of its own.",
        (),
        "Whether the domain still has Classic: AWS has closed it for onboarding, and no new app can be created. "
        "Every report has the verdicts of the newer profiles too.",
    ),
    Clause(
        "S1",
        "`ENTRYPOINT` and `CMD` are overridden, so that the image runs as a KernelGateway app.",
        ("APP005", "RTM001", "RTM002", "RTM003", "RTM004", "RTM005", "RTM006"),
        "What the entry point would have done at start; a rule can only say that it is lost.",
    ),
    Clause(
        "S2",
        "Port 8888 is reserved for the KernelGateway's web server.",
        ("APP010",),
        "What programs listen on once they run.",
    ),
    Clause(
        "S3",
        "`DeleteApp` is a `docker stop`; processes beside the KernelGateway get no SIGTERM or SIGKILL.",
        ("APP011",),
        "What a process loses that is not told to end.",
    ),
    Clause(
        "S4",
        "Kernels are recognised as Jupyter kernel specs define them.",
        (*_KERNEL_SPECS, "USR006"),
        "Whether a kernel that is found and can be executed also starts: nothing is run. `docker run --rm IMAGE "
        "python3 -m ipykernel_launcher --version` imports what it needs.",
    ),
    Clause(
        "S5",
        "The kernels to show can be listed beforehand in the AppImageConfig; without a list `python3` is shown.",
        ("KRN002", "CFG001", "CFG002", "CFG006"),
        _ATTACHED,
    ),
    Clause(
        "S6",
        "Conda environments are recognised as kernel specs.",
        _CONDA,
        "Environments that are made after the start, or that only the user's directory knows of.",
    ),
    Clause(
        "S7",
        "`/opt/.sagemakerinternal` and `/opt/ml` are reserved; data in them may not be visible at run time.",
        ("FSR001", "FSR005", "FSR007"),
        "Whether they are hidden in your case: AWS says that they may be.",
    ),
    Clause(
        "S8",
        "Each user has a directory on a shared volume; it is mounted on `/home/sagemaker-user`, or where the "
        "AppImageConfig says.",
        ("FSR003", "FSR004", "FSR005", "KRN008", "USR007"),
        "What already lies in the user's directory; kernels and packages there come before those of the image.",
    ),
    Clause(
        "S9",
        "User and group of the image are mapped to those of the host, as the AppImageConfig says.",
        ("USR002", "CFG003"),
        "The mapping itself, which happens outside of the image.",
    ),
    Clause(
        "S10",
        "Only 1000:100, unprivileged, and 0:0, root, are supported.",
        ("USR001", "USR003", "USR004", "USR005", "USR008"),
        "Nothing.",
    ),
    Clause(
        "S11",
        "A metadata file lies at `/opt/ml/metadata/resource-metadata.json`; no variables are added to those of the "
        "image.",
        ("FSR007", "APP008"),
        "What stands in the file: it is written when the app starts.",
    ),
    Clause(
        "S12",
        "On a GPU instance the image runs with `--gpus`; it holds the CUDA toolkit only, not the NVIDIA drivers.",
        _NVIDIA,
        _DRIVER,
    ),
    Clause(
        "S13",
        "Logs go to CloudWatch: group `/aws/sagemaker/studio`, stream "
        "`$domainID/$userProfileName/KernelGateway/$appName`.",
        (),
        "Everything in them. Look there first when an app does not start; a group that stays empty can mean that "
        "the execution role may not write logs.",
    ),
    Clause(
        "S14",
        "The image has at most 35 GB, as `docker image ls` shows it.",
        _SIZES,
        "How AWS measures: the number that Docker shows depends on its image store.",
    ),
    Clause(
        "S15",
        "The example: Amazon Linux 2, a user 1000:100 made with `useradd --create-home`, `ipykernel` installed and "
        "registered, `USER 1000`.",
        (),
        "Nothing: the tests of ocianalyze re-enact it, and it has no error.",
    ),
)

_COMMON: Final = (
    Clause(
        "N1",
        "The entry point is given by `ContainerConfig` of the AppImageConfig, which AWS recommends, or by "
        "`ENTRYPOINT` and `CMD` of the image.",
        (
            "APP004",
            "APP006",
            "CFG001",
            "CFG002",
            "CFG003",
            "CFG005",
            "CFG006",
            "RTM001",
            "RTM002",
            "RTM003",
            "RTM004",
            "RTM005",
            "RTM006",
            "USR006",
        ),
        _ATTACHED,
    ),
    Clause(
        "N2",
        "SageMaker's variables override those of the image; their names begin with `AWS_` and `SAGEMAKER_`.",
        ("APP008",),
        "The values that they get.",
    ),
    Clause(
        "N3",
        "The volume is mounted on `/home/sagemaker-user`, which cannot be changed; `WORKDIR` is to be within it.",
        ("FSR003", "FSR005", "FSR006", "KRN008", "USR007", "CFG004"),
        "What already lies in the user's volume.",
    ),
    Clause(
        "N4",
        'User 1000 and group 100 are "supported values"; they are mapped to others on the host.',
        ("USR001", "USR003", "USR004", "USR005", "USR008"),
        "Whether others work: AWS does not say that they do not, so that they are a warning.",
    ),
    Clause(
        "N5",
        "`/opt/.sagemakerinternal` and `/opt/ml` are used for metadata, `/var/log/studio` for logs.",
        ("FSR001", "FSR002", "FSR005", "FSR007"),
        "Whether what lies there is hidden.",
    ),
    Clause(
        "N6",
        "Not in the specification, but demanded by what runs it: Linux on x86-64, and layers that the registry and "
        "the runtime take.",
        (*_FORM, *_LAYERS),
        "Whether zstd layers are taken: nothing public says so.",
    ),
    Clause(
        "N7",
        "Not in the specification, but known from Classic: no NVIDIA driver in the image, and a reasonable size.",
        (*_NVIDIA, *_SIZES),
        _DRIVER,
    ),
)

_JUPYTERLAB: Final = (
    *_COMMON,
    Clause(
        "J1",
        "The server's base URL is `/jupyterlab/default`, it listens on port 8888, and "
        "`jupyterlab/default/api/status` answers the health check.",
        ("APP001", "APP002", "APP010"),
        _START,
    ),
    Clause(
        "J2",
        "The server's own authentication by token or password is turned off, and all origins are allowed.",
        ("APP002",),
        "What `jupyter_server_config.py` sets to values that only a running server knows; the check is undecided then.",
    ),
    Clause(
        "J3",
        "Kernels are those that the image's own Jupyter server finds.",
        _KERNELS,
        "Whether a kernel that is found also starts.",
    ),
    Clause(
        "J4",
        "Idle shutdown needs `jupyter-activity-monitor-extension` 0.3.1 or newer, or SageMaker Distribution 2.0 or "
        "newer.",
        ("APP007",),
        _WANTED,
    ),
    Clause("J5", "Remote access from an IDE needs `curl` or `wget`, `unzip`, `tar` and `gzip`.", ("APP009",), _WANTED),
)

_CODE_EDITOR: Final = (
    *_COMMON,
    Clause("E1", "The server is at 0.0.0.0, port 8888, below `/CodeEditor/default`.", ("APP003", "APP010"), _START),
    Clause(
        "E2",
        "It is started with `--without-connection-token`.",
        ("APP003",),
        "What a script in the image starts it with, where it cannot be followed.",
    ),
    Clause(
        "E3",
        "Not in the specification: the editor's extensions find interpreters and kernels by themselves.",
        _KERNELS,
        "What the extensions find: they search in ways of their own, and users can add any interpreter.",
    ),
    Clause("E4", "Remote access from an IDE needs `curl` or `wget`, `unzip`, `tar` and `gzip`.", ("APP009",), _WANTED),
)

_UNIFIED: Final = (
    Clause(
        "U1",
        "The image extends SageMaker Distribution 2.6 or newer, whose entry points start the applications.",
        ("APP001", "APP002", "APP003", "APP004", "APP006"),
        _START,
    ),
    Clause(
        "U2",
        '"Adding `ENTRYPOINT` in the Dockerfile will not work as expected"; it is given by `ContainerConfig`.',
        ("APP005", "CFG005", "CFG006"),
        "Which AppImageConfig the project uses; `ocianalyze app-image-config --profile unified-studio` writes one.",
    ),
    *_COMMON,
    Clause(
        "U3",
        "Kernels, idle shutdown and remote access are as in Studio.",
        (*_KERNELS, "APP007", "APP009", "APP010"),
        "What the project's own start-up scripts change.",
    ),
)

CLAUSES: Final[Mapping[str, tuple[Clause, ...]]] = {
    CLASSIC: _CLASSIC,
    JUPYTERLAB: _JUPYTERLAB,
    CODE_EDITOR: _CODE_EDITOR,
    UNIFIED: _UNIFIED,
}
"""The clauses by profile."""

_GUIDE: Final = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_NEWER: Final = ("Custom image specifications", f"{_GUIDE}studio-updated-byoi-specs.html")

REFERENCES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    CLASSIC: (("Custom SageMaker image specifications", f"{_GUIDE}studio-byoi-specs.html"),),
    JUPYTERLAB: (_NEWER, ("JupyterLab, custom images", f"{_GUIDE}studio-updated-jl-admin-guide-custom-images.html")),
    CODE_EDITOR: (_NEWER, ("Code Editor, custom images", f"{_GUIDE}code-editor-custom-images.html")),
    UNIFIED: (
        (
            "Dockerfile specifications",
            "https://docs.aws.amazon.com/sagemaker-unified-studio/latest/userguide/byoi-specifications.html",
        ),
        _NEWER,
    ),
}
"""Where the specifications stand: titles and addresses."""
