"""Cases in which ocianalyze and the truth are known to differ, each with its reason."""

from collections.abc import Mapping, Sequence

_KNOWN: Mapping[str, Sequence[str]] = {
    "only JupyterLab itself and ipykernel are looked for among the packages of the server": (
        "no-jinja",
        "no-jupyter-server",
        "package-unlisted",
    ),
    "the pages of JupyterLab are not looked for": (
        "app-dir-missing",
        "dev-mode",
        "env-lab-dir-missing",
        "lab-files-missing",
    ),
    "options of the interpreter are not checked": ("kernel-option-unknown",),
    "a program that takes the connection file and ends is taken for a kernel": ("kernel-true",),
    "what supervisord starts is not followed": (
        "distribution-server-script-removed",
        "distribution-supervisord-removed",
    ),
    "settings of the kernel manager are not followed": (
        "r-only",
        "settings-allowed-kernels",
        "settings-class-missing",
        "settings-no-native",
    ),
    "settings files that end the server are not followed": ("settings-exit",),
    "a settings file that the user may not read counts as read": ("settings-unreadable",),
    "a volume cannot be mounted over a file": ("home-file", "opt-ml-file"),
    "flags that the server does not know are ignored": ("flag-unknown",),
    "the server listens on IPv6 only": ("ip-v6",),
    "programs that fail in a script are taken to succeed": ("script-fails", "script-fails-writing"),
    "a module that shadows another is not looked for": ("env-pythonpath-shadow",),
    "the value of PYTHONIOENCODING is not checked": ("env-pythonioencoding",),
    "PYTHONHOME of the same Python is undecided": ("env-pythonhome-own",),
    "programs that are no servers are undecided": ("only-python", "shell-fails-first", "sleep"),
    "options that make the server end are undecided": ("generate-config", "version"),
    "a settings file that is not there is undecided": ("config-missing",),
    "a home below a directory that only root may enter counts as writable": ("home-locked",),
}
KNOWN: Mapping[str, str] = {case: reason for reason, cases in _KNOWN.items() for case in cases}
"""Cases that are to agree one day; a test fails when one does."""

OPEN: Mapping[str, str] = {
    "env-home-opt-ml": "who owns /opt/ml in Studio is not documented",
    "no-remote-access": "which host name Studio asks for is not documented",
    "script-python": "what a program in Python starts, only a run can tell",
    "user-number-volume": "who owns the volume for another user is not documented",
}
"""Cases that a static tool cannot decide, or that hinge on what nobody documents: any verdict is right for them."""
