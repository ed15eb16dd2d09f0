"""Cases in which ocianalyze and the truth are known to differ, each with its reason."""

from collections.abc import Mapping

_PACKAGES = "which packages a server imports when it starts is not looked into"
_LAB = "the files of JupyterLab's own page are not looked for"
_SETTINGS = "this setting of the server is not read"
_DISTRIBUTION = "a program of the distribution is taken to start its server"
_LIBRARIES = "the libraries of modules, and of large programs, are not looked for"
_R = "what R itself needs to start is not looked into"
_PROGRAMS = "programs that a script runs before the server are presumed to succeed (docs/rules/APP002.md)"

KNOWN: Mapping[str, str] = {
    "flag-unknown": "flags that no extension of the server has are not told from those that one has",
    "dev-mode": _LAB,
    "app-dir-missing": _LAB,
    "env-lab-dir-missing": _LAB,
    "lab-files-missing": _LAB,
    "script-fails": _PROGRAMS,
    "script-fails-writing": _PROGRAMS,
    "script-fails-writing + user-pair": _PROGRAMS,
    "settings-exit": _SETTINGS,
    "settings-allowed-kernels": _SETTINGS,
    "settings-no-native": _SETTINGS,
    "settings-class-missing": _SETTINGS,
    "env-pythonpath-shadow": _PACKAGES,
    "env-pythonioencoding": "an encoding that Python does not know is not looked for",
    "home-file": "a mount point that is a file is not looked for",
    "package-unlisted": _PACKAGES,
    "no-jupyter-server": _PACKAGES,
    "no-jinja": _PACKAGES,
    "kernel-option-unknown": "the options of Python itself are not checked",
    "r-only": "the server's own kernel is listed without its kernel.json",
    "kernel-true": "a program that is given the connection file is taken for a kernel",
    "distribution-supervisord-removed": _DISTRIBUTION,
    "distribution-server-script-removed": _DISTRIBUTION,
    "distribution-server-script-mode": _DISTRIBUTION,
    "distribution-log-dir-unset": _DISTRIBUTION,
    "distribution-log-dir-locked": _DISTRIBUTION,
    "stacks-restartable": "a variable that makes the script start a program that is missing is not followed",
    "stacks-script-crlf": "a script that tini cannot start is taken for an unknown server",
    "r-profile-fails": _R,
    "r-only-broken": _SETTINGS,
    "conda-home-of-system": "where a Python searches for its modules then is not followed",
    "editor-base-path-other": "the base path of Code Editor is only a warning, as AWS's material contradicts itself",
    "opt-ml-file": "a mount point that is a file is not looked for",
    **dict.fromkeys(("package-locked", "no-tornado", "no-jupyterlab-server", "no-traitlets", "no-ipython"), _PACKAGES),
    **dict.fromkeys(("no-metadata", "python-sqlite-removed", "kernel-without-site"), _PACKAGES),
    **dict.fromkeys(("libstdcxx-removed", "libzmq-removed"), _LIBRARIES),
    **dict.fromkeys(("libz-locked", "libsqlite-removed"), _LIBRARIES),
    **dict.fromkeys(("lab-files-locked", "data-removed", "share-locked"), _LAB),
    "python-library-removed": "a Python without its standard library is undecided",
    "venv-home-wrong": "an environment works with a wrong home if its program is a link to a Python that is there",
    "home-file + env-home-tmp": "a mount point that is a file is not looked for",
    "kernel-removed + settings-allowed-kernels": _SETTINGS,
    "kernel-isolated + env-pythonpath-shadow": _PACKAGES,
    "packages-moved + package-unlisted": _PACKAGES,
    "no-metadata + no-activity-monitor": _PACKAGES,
    "lab-files-missing + app-dir-missing": _LAB,
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
    "script-python": "scripts in Python are not followed",
    "env-pythonhome-own": "where a Python searches for its modules then is not followed",
}
"""Cases that a static tool cannot decide, or that hinge on what nobody documents: any verdict is right for them."""

_REGISTERED = "the AppImageConfig has to be changed, not the image"
_NOTHING = "no program runs in the image any more, so no step can be added"

UNCURED: Mapping[str, str] = {
    **dict.fromkeys(("registered-only-entrypoint", "registered-missing", "editor-registered-missing"), _REGISTERED),
    **dict.fromkeys(("loader-removed", "libc-removed", "classic-loader-removed"), _NOTHING),
    "conda-no-ipykernel": "the stand-in for conda has neither conda nor pip",
    "conda-python-link-broken": "conda's Python is removed, and comes from nowhere else",
    "editor-removed": "Code Editor is removed, and comes from nowhere else",
}
"""Cases for which a hint has no lines that make the image work here, each with its reason."""
