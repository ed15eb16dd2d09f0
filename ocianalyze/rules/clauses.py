"""The requirements of AWS's specifications, clause by clause: the rules that check each, and what they cannot know.

Sources: AWS, "Custom SageMaker image specifications" (Classic); "Custom image specifications" and "Custom images"
of JupyterLab and of Code Editor (Studio); "Dockerfile specifications" (SageMaker Unified Studio); "Customize add-on"
(SageMaker HyperPod Spaces), with the sources of its operator and its chart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, HYPERPOD, JUPYTERLAB, UNIFIED

if TYPE_CHECKING:
    from collections.abc import Mapping


class Clause(NamedTuple):
    """One requirement: its number, its text, the ids of the rules that check it, and what they cannot know."""

    number: str
    says: str
    rules: tuple[str, ...] = ()
    unknown: str | None = None


_KERNEL_SPECS: Final = tuple(f"KRN{number:03}" for number in (1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16))
_CONDA: Final = ("KRN013", "KRN014")
_KERNELS: Final = (*_KERNEL_SPECS, *_CONDA, "APP018")
_SIZES: Final = ("SIZ001", "SIZ002", "SIZ003", "SIZ004")
_NVIDIA: Final = tuple(f"GPU{number:03}" for number in range(1, 8))
_FORM: Final = tuple(f"IMG{number:03}" for number in range(1, 8))
_LAYERS: Final = tuple(f"LAY{number:03}" for number in range(1, 12))

_WANTED: Final = "Whether you use it."
_DRIVER: Final = (
    "Which driver the instances have. Run `nvidia-smi` in a terminal of the app, and pass the version with "
    "`--driver-version`."
)
_ATTACHED: Final = (
    "Which AppImageConfig the image is attached with. `aws sagemaker describe-app-image-config` prints it; pass it "
    "with `--app-image-config`."
)
_START: Final = (
    "Whether the server starts in time: the user's extensions and settings can prevent it. Test it with `docker run "
    "--rm -p 8888:8888 IMAGE`. If an app fails with InternalFailure, check the CloudWatch log group "
    "`/aws/sagemaker/studio`. If it stays empty, the execution role may lack permission to write logs."
)

_CLASSIC: Final = (
    Clause(
        "S0",
        "Studio Classic has had this name since November 2023. The newer Studio has its own specification.",
        (),
        "Whether the domain still has Studio Classic: AWS has closed it for onboarding, and no new app can be "
        "created. Every report also has the verdicts of the newer profiles.",
    ),
    Clause(
        "S1",
        "`ENTRYPOINT` and `CMD` are overridden, and the image runs as a KernelGateway app.",
        ("APP005", "RTM001", "RTM002", "RTM003", "RTM004", "RTM005", "RTM006"),
        "What the entry point would do at startup. A rule can only report that it does not run.",
    ),
    Clause(
        "S2",
        "Port 8888 is reserved for the KernelGateway's web server.",
        ("APP010",),
        "Which ports programs listen on at run time.",
    ),
    Clause(
        "S3",
        "`DeleteApp` is a `docker stop`; processes other than the KernelGateway get no SIGTERM or SIGKILL.",
        ("APP011",),
        "What a process loses if it gets no signal.",
    ),
    Clause(
        "S4",
        "Kernels are detected through Jupyter kernel specs.",
        (*_KERNEL_SPECS, "USR006", "APP018"),
        "Whether a kernel that is found and executable also starts: nothing is run. `docker run --rm IMAGE "
        "python3 -m ipykernel_launcher --version` imports what it needs.",
    ),
    Clause(
        "S5",
        "The AppImageConfig can list the kernels to show. Without a list, `python3` is shown.",
        ("KRN002", "CFG001", "CFG002", "CFG006"),
        _ATTACHED,
    ),
    Clause(
        "S6",
        "Conda environments are detected as kernel specs.",
        _CONDA,
        "Environments that are created after startup, or that only files in the user's directory list.",
    ),
    Clause(
        "S7",
        "`/opt/.sagemakerinternal` and `/opt/ml` are reserved; data in them may not be visible at run time.",
        ("FSR001", "FSR005", "FSR007"),
        "Whether they are hidden in your app: AWS only says that they may be.",
    ),
    Clause(
        "S8",
        "Each user has a directory on a shared volume. It is mounted on `/home/sagemaker-user`, or on the path in the "
        "AppImageConfig.",
        ("FSR003", "FSR004", "FSR005", "KRN008", "USR007"),
        "What the user's directory already contains. Kernels and packages there take precedence over the image's.",
    ),
    Clause(
        "S9",
        "The image's user and group are mapped to those of the host, as the AppImageConfig states.",
        ("USR002", "CFG003"),
        "The mapping itself, which happens outside the image.",
    ),
    Clause(
        "S10",
        "Only 1000:100 (unprivileged) and 0:0 (root) are supported.",
        ("USR001", "USR003", "USR004", "USR005", "USR008"),
        "Nothing.",
    ),
    Clause(
        "S11",
        "A metadata file is at `/opt/ml/metadata/resource-metadata.json`. No variables are added to the image's.",
        ("FSR007", "APP008"),
        "The content of the file, which is written when the app starts.",
    ),
    Clause(
        "S12",
        "On a GPU instance, the image runs with `--gpus`. It contains only the CUDA toolkit, not the NVIDIA drivers.",
        _NVIDIA,
        _DRIVER,
    ),
    Clause(
        "S13",
        "Logs are written to CloudWatch: log group `/aws/sagemaker/studio`, log stream "
        "`$domainID/$userProfileName/KernelGateway/$appName`.",
        (),
        "The content of the logs. Check them first if an app does not start. If the log group stays empty, the "
        "execution role may lack permission to write logs.",
    ),
    Clause(
        "S14",
        "The image size, as `docker image ls` shows it, is at most 35 GB.",
        _SIZES,
        "How AWS measures the size: the number that Docker shows depends on its image store.",
    ),
    Clause(
        "S15",
        "Example: Amazon Linux 2, a user 1000:100 created with `useradd --create-home`, `ipykernel` installed and "
        "registered, `USER 1000`.",
        (),
        "Nothing: the tests of ocianalyze reproduce this example, and it has no errors.",
    ),
)

_COMMON: Final = (
    Clause(
        "N1",
        "The entry point is set by `ContainerConfig` of the AppImageConfig, which AWS recommends, or by `ENTRYPOINT` "
        "and `CMD` of the image.",
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
        "SageMaker's variables, whose names begin with `AWS_` and `SAGEMAKER_`, override the image's.",
        ("APP008",),
        "The values of these variables.",
    ),
    Clause(
        "N3",
        "The volume is mounted on `/home/sagemaker-user`, which cannot be changed. `WORKDIR` must be within it.",
        ("FSR003", "FSR005", "FSR006", "KRN008", "USR007", "CFG004"),
        "What the user's volume already contains.",
    ),
    Clause(
        "N4",
        'User 1000 and group 100 are "supported values". They are mapped to other ids on the host.',
        ("USR001", "USR003", "USR004", "USR005", "USR008"),
        "Whether other ids work: AWS does not rule them out, so they are a warning.",
    ),
    Clause(
        "N5",
        "`/opt/.sagemakerinternal` and `/opt/ml` are used for metadata, and `/var/log/studio` for logs.",
        ("FSR001", "FSR002", "FSR005", "FSR007"),
        "Whether the image's files there are hidden.",
    ),
    Clause(
        "N6",
        "Not in the specification, but required to run the image: Linux on x86-64, and layers that the registry and "
        "the container runtime accept.",
        (*_FORM, *_LAYERS),
        "Whether zstd layers are accepted: this is not documented.",
    ),
    Clause(
        "N7",
        "Not in the specification, but known from Studio Classic and its images: no NVIDIA driver in the image, a "
        "reasonable size, a base image that AWS supports.",
        (*_NVIDIA, *_SIZES, "APP014", "SIZ005"),
        _DRIVER,
    ),
)

_JUPYTERLAB: Final = (
    *_COMMON,
    Clause(
        "J1",
        "The server's base URL is `/jupyterlab/default`. It listens on port 8888, and "
        "`jupyterlab/default/api/status` answers the health check.",
        ("APP001", "APP002", "APP010", "APP012", "APP017"),
        _START,
    ),
    Clause(
        "J2",
        "The server's own authentication by token or password is disabled, and all origins are allowed.",
        ("APP002",),
        "Values in `jupyter_server_config.py` that only a running server computes. The check is then undecided.",
    ),
    Clause(
        "J3",
        "The kernels are those that the image's own Jupyter server finds.",
        _KERNELS,
        "Whether a kernel that is found also starts.",
    ),
    Clause(
        "J4",
        "Idle shutdown requires `jupyter-activity-monitor-extension` 0.3.1 or newer, or SageMaker Distribution 2.0 "
        "or newer.",
        ("APP007",),
        _WANTED,
    ),
    Clause(
        "J5", "Remote access from an IDE requires `curl` or `wget`, `unzip`, `tar` and `gzip`.", ("APP009",), _WANTED
    ),
)

_CODE_EDITOR: Final = (
    *_COMMON,
    Clause(
        "E1", "The server listens on 0.0.0.0, port 8888, under `/CodeEditor/default`.", ("APP003", "APP010"), _START
    ),
    Clause(
        "E2",
        "It is started with `--without-connection-token`.",
        ("APP003",),
        "The options in a script of the image that cannot be followed.",
    ),
    Clause(
        "E3",
        "Not in the specification: the editor's extensions find interpreters and kernels themselves.",
        tuple(rule for rule in _KERNELS if rule != "KRN006"),
        "What the extensions find: they have their own search, and users can add any interpreter.",
    ),
    Clause(
        "E4", "Remote access from an IDE requires `curl` or `wget`, `unzip`, `tar` and `gzip`.", ("APP009",), _WANTED
    ),
)

_UNIFIED: Final = (
    Clause(
        "U1",
        "The image extends SageMaker Distribution 2.6 or newer, whose entry points start the applications.",
        ("APP001", "APP002", "APP003", "APP004", "APP006", "APP013"),
        _START,
    ),
    Clause(
        "U2",
        '"Adding `ENTRYPOINT` in the Dockerfile will not work as expected"; `ContainerConfig` sets the entry point.',
        ("APP005", "CFG005", "CFG006"),
        "Which AppImageConfig the project uses; `ocianalyze app-image-config --profile unified-studio` writes one.",
    ),
    *_COMMON,
    Clause(
        "U3",
        "Kernels, idle shutdown and remote access work as in Studio.",
        (*_KERNELS, "APP007", "APP009", "APP010"),
        "What the project's own startup scripts change.",
    ),
)

_HYPERPOD: Final = (
    Clause(
        "H1",
        "The platform starts `/opt/amazon/sagemaker/workspace/bin/entrypoint-workspace-jupyterlab` or "
        "`entrypoint-workspace-code-editor`, or the command of the space or its template. `ENTRYPOINT` and `CMD` of "
        "the image are not used.",
        ("APP005", "APP015", "RTM001", "RTM003", "RTM004", "RTM005", "RTM006", "USR003"),
        "What these scripts need: AWS publishes neither them nor a list, and says that the templates work for "
        '"SMD-like images". The platform mounts the directory only if remote access or direct SSH is enabled in the '
        "cluster; otherwise, the image has to contain the script. A command that a template names instead is not "
        "checked.",
    ),
    Clause(
        "H2",
        "The app is JupyterLab or Code Editor of the image, on port 8888.",
        ("APP001",),
        "How the script starts it. It passes the path, `/workspaces/NAMESPACE/NAME/`, in `JUPYTER_BASE_URL`. A program "
        "of your own on port 8888 would be in its way.",
    ),
    Clause(
        "H3",
        "The platform sets `WORKSPACE_NAME`, `WORKSPACE_NAMESPACE`, `WORKSPACE_ACCESS_TYPE`, `WORKSPACE_APP_TYPE`, "
        "`WORKSPACE_CREATOR_USERNAME` and `JUPYTER_BASE_URL`.",
        ("APP008",),
        "The variables that the space and its template set.",
    ),
    Clause(
        "H4",
        "The volume is mounted on `/home/sagemaker-user`, unless the template has another `defaultMountPath`.",
        ("FSR003", "FSR005", "KRN008", "USR007"),
        "Another mount path, additional volumes, and what the volume already contains.",
    ),
    Clause(
        "H5",
        "The container runs as the image's `USER`. `fsGroup: 1000` makes the volume writable for group 1000, which "
        "every process belongs to.",
        ("USR004", "USR006", "USR008"),
        "Whether the start script works as root or as another user than 1000: this is not documented. The space or the "
        "cluster can name another user.",
    ),
    Clause(
        "H6",
        "Idle shutdown requires `curl` in the image, and a server that answers `/api/idle` on port 8888.",
        ("APP007", "APP016"),
        "Whether you use it, and with which path. The operator can also ask over the network, which needs no `curl`.",
    ),
    Clause(
        "H7",
        "Remote access requires `curl` or `wget`, `unzip`, `tar` and `gzip`; or SageMaker Distribution 2.7 or newer.",
        ("APP009",),
        _WANTED,
    ),
    Clause(
        "H8",
        "Not in the documentation: the kernels are those that JupyterLab of the image finds.",
        tuple(rule for rule in _KERNELS if rule not in ("KRN009", "KRN010", *_CONDA)),
        "Whether a kernel that is found also starts.",
    ),
    Clause(
        "H9",
        "Not in the documentation, but required to run the image: Linux on the processors of the nodes, and layers "
        "that the registry and containerd accept.",
        (*_FORM, *_LAYERS),
        "The nodes of the cluster. Some have ARM processors, such as P6e-GB200 UltraServers; an image for them is a "
        "warning.",
    ),
    Clause(
        "H10",
        "Not in the documentation, but known from other images: no NVIDIA driver in the image, a base image that AWS "
        "supports. Large images start slowly; AWS recommends to load them on each node beforehand.",
        (*_NVIDIA, "APP014", "SIZ003", "SIZ004"),
        _DRIVER,
    ),
    Clause(
        "H11",
        "Lifecycle hooks are Bash scripts of at most 1 kB.",
        (),
        "What they do: they are not in the image. Kubernetes does not say whether they run before the entry point.",
    ),
)

CLAUSES: Final[Mapping[str, tuple[Clause, ...]]] = {
    CLASSIC: _CLASSIC,
    JUPYTERLAB: _JUPYTERLAB,
    CODE_EDITOR: _CODE_EDITOR,
    UNIFIED: _UNIFIED,
    HYPERPOD: _HYPERPOD,
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
    HYPERPOD: (
        ("HyperPod Spaces, customize add-on", f"{_GUIDE}customization.html"),
        (
            "jupyter-k8s-aws, charts/aws-hyperpod",
            "https://github.com/jupyter-infra/jupyter-k8s-aws/tree/main/charts/aws-hyperpod",
        ),
        ("jupyter-k8s, the operator", "https://github.com/jupyter-infra/jupyter-k8s"),
    ),
}
"""The specifications: titles and URLs."""
