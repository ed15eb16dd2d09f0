"""What to change in a Dockerfile so that a step no longer hides what an earlier one stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.size import Change
from ocianalyze.rules.dockerfile import quoted
from ocianalyze.rules.steps import step_of

if TYPE_CHECKING:
    from ocianalyze.facts.size import Hidden
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.steps import Step

_LONGEST: Final = 80
_OPTIONS: Final = {Change.OWNER: ("chown", "owner"), Change.MODE: ("chmod", "mode")}
_BASE: Final = {
    Change.DELETED: "Use a base image without {path}, because deleting it does not make the image smaller",
    Change.REPLACED: "Use a base image that has the final version of {path}, or install only what is not in it yet",
    Change.OWNER: "Change the owner only of what the user has to write, not of {path}, which comes with the base image",
    Change.MODE: "Change the mode only of what needs it, not of {path}, which comes with the base image",
}


def saving(image: Image, hidden: Hidden) -> str:
    """Return how to store files once that a later step changes or deletes."""
    written, path = step_of(image.layers[hidden.layer].created_by), quoted(hidden.path)
    if hidden.change is Change.AGAIN:
        return f"Store {path} once: run 'chown -R' and 'chmod -R' only on files that need it, and copy files only once"
    if hidden.layer == 0 and written.instruction in ("", "ADD"):
        return _BASE[hidden.change].format(path=path)
    if hidden.change in _OPTIONS:
        return _set_at_once(written, hidden)
    return _replaced(written, hidden) if hidden.change is Change.REPLACED else _deleted(written, hidden)


def _set_at_once(written: Step, hidden: Hidden) -> str:
    """Return how to set an owner or mode at once: while copying, or at the end of the ``RUN`` step."""
    command, what = _OPTIONS[hidden.change]
    value = hidden.value or what.upper()
    if written.copies:
        step = _cut(written.with_option(f"--{command}={value}"))
        return f"Set the {what} while copying in layer {hidden.layer}: '{step}', instead of in a later step"
    step = f"{command} -R {value} {quoted(hidden.path)}"
    return f"Set the {what} in the step that writes the files: add '&& {step}' to {named_step(written, hidden.layer)}"


def _replaced(written: Step, hidden: Hidden) -> str:
    path, step = quoted(hidden.path), named_step(written, hidden.layer)
    if written.copies:
        return f"Copy only the final version of {path}: leave it out of {step}"
    return f"Install only the final version of {path}: join the step of layer {hidden.hidden_by} with '&&' to {step}"


def _deleted(written: Step, hidden: Hidden) -> str:
    path = quoted(hidden.path)
    if written.copies:
        mount = f"RUN --mount=type=bind,source=SOURCE,target={path} ..."
        return f"Mount {path} in the step that needs it instead of copying it in layer {hidden.layer}: '{mount}'"
    return f"Delete {path} in the step that creates it: add '&& rm -rf {path}' to {named_step(written, hidden.layer)}"


def named_step(written: Step, layer: int) -> str:
    """Return the step that stored a layer, with its text if that is known."""
    text = f" ('{_cut(' '.join(written))}')" if written.instruction else ""
    return f"the step of layer {layer}{text}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
