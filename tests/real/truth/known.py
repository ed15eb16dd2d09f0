"""Cases in which ocianalyze and the truth are known to differ, each with its reason."""

from collections.abc import Mapping

KNOWN: Mapping[str, str] = {
    "conda-home-of-system": "where a Python searches for its modules then is not followed",
    "editor-base-path-other": "the base path of Code Editor is only a warning, as AWS's material contradicts itself",
    "python-library-removed": "a Python without its standard library is undecided",
}
"""Cases that are to agree one day; a test fails when one does."""

OPEN: Mapping[str, str] = {
    "classic-kernel-other-name": "whether the platform has a kernel python3 of its own is not documented",
    "classic-jupyter-path": "what the platform does without 'python' on PATH is not documented",
    "distribution-no-entrypoint": "AWS's material contradicts itself on SageMaker Distribution without an entry point",
    "no-remote-access": "it is not documented which Host Studio sends",
    "env-home-opt-ml": "it is not documented who owns what SageMaker mounts on /opt/ml",
    "user-number-volume": "it is not documented who owns the volume if the user has another number",
    "sleep": "any program that is not known may serve",
    "only-python": "a program in Python may serve",
    "version": "any program that is not known may serve",
    "generate-config": "any program that is not known may serve",
    "shell-fails-first": "a shell may go on behind what fails",
    "config-missing": "a file of settings that is not there may come with the volume",
    **dict.fromkeys(
        ("env-pythonpath-shadow", "kernel-isolated + env-pythonpath-shadow"),
        "what a module does that shadows another is not looked into",
    ),
    "script-python": "scripts in Python are not followed",
    "env-pythonhome-own": "where a Python searches for its modules then is not followed",
}
"""Cases that a static tool cannot decide, or that hinge on what nobody documents: any verdict is right for them."""

_REGISTERED = "the AppImageConfig has to be changed, not the image"
_OWN = "what somebody writes into a file of settings is theirs to change"
_NOTHING = "no program runs in the image any more, so no step can be added"

UNCURED: Mapping[str, str] = {
    **dict.fromkeys(("registered-only-entrypoint", "registered-missing", "editor-registered-missing"), _REGISTERED),
    **dict.fromkeys(("loader-removed", "libc-removed", "classic-loader-removed"), _NOTHING),
    "libstdcxx-removed": "apt-get needs the library as well",
    "conda-no-ipykernel": "the stand-in for conda has neither conda nor pip",
    "conda-python-link-broken": "conda's Python is removed, and comes from nowhere else",
    "distribution-server-script-removed": "the script comes with SageMaker Distribution, and from nowhere else",
    **dict.fromkeys(("settings-exit", "settings-class-missing"), _OWN),
    **dict.fromkeys(("settings-allowed-kernels", "kernel-removed + settings-allowed-kernels"), _OWN),
    "editor-removed": "Code Editor is removed, and comes from nowhere else",
}
"""Cases for which a hint has no lines that make the image work here, each with its reason."""
