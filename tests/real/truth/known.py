"""Cases in which ocianalyze and the truth are known to differ, each with its reason."""

from collections.abc import Mapping

_PACKAGES = "which packages a server imports when it starts is not looked into"
_LAB = "the files of JupyterLab's own page are not looked for"
_SETTINGS = "this setting of the server is not read"
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
    "distribution-supervisord-removed": "a program of the distribution is taken to start its server",
    "opt-ml-file": "a mount point that is a file is not looked for",
}
"""Cases that are to agree one day; a test fails when one does."""

OPEN: Mapping[str, str] = {
    "no-remote-access": "it is not documented which Host Studio sends",
    "env-home-opt-ml": "it is not documented who owns what SageMaker mounts on /opt/ml",
    "user-number-volume": "it is not documented who owns the volume if the user has another number",
    "workdir-root": "the health check passes, but nobody can work there",
    "program-nice": "on a busy machine it starts too late",
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
