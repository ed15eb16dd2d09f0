"""Build steps of the image's history, as the instructions of a Dockerfile that they were."""

from __future__ import annotations

from typing import Final, NamedTuple

from ocianalyze.regex import regex

READ: Final = 4096
"""The part of a step that is read, in characters."""

_COPIED: Final = regex(r"\s*(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}\b")
_WITH_ARGUMENTS: Final = regex(r"\|\d{1,4} ")
_DIGEST: Final = regex(r"(file|dir|multi):[0-9a-f]{12} in ")


class Step(NamedTuple):
    """A build step: its instruction, such as ``RUN`` or ``COPY``, and the rest; both empty if it is not known."""

    instruction: str
    arguments: str

    @property
    def copies(self) -> bool:
        """True if it copies files into the image."""
        return self.instruction in ("COPY", "ADD")

    def with_option(self, option: str) -> str:
        """Return the step with one more option; for a step that copies."""
        arguments = _DIGEST.sub("SOURCE ", self.arguments)
        return f"{self.instruction} {option} {arguments}"


def unwrapped(created_by: str) -> str:
    """Return a history entry's ``created_by`` as the Dockerfile instruction that it was, on one line."""
    step = " ".join(created_by[:READ].split())
    for prefix in ("/bin/sh -c #(nop) ", "/bin/sh -c #(nop)"):
        if step.startswith(prefix):
            step = step.removeprefix(prefix).strip()
            break
    else:
        if step.startswith("/bin/sh -c "):
            step = "RUN " + step.removeprefix("/bin/sh -c ")
    step = _COPIED.sub(r" \1:\2", step)
    return step.removesuffix(" # buildkit").replace("RUN /bin/sh -c ", "RUN ")


def step_of(created_by: str | None) -> Step:
    """Return a history entry's ``created_by`` as a step."""
    step = unwrapped(created_by or "")
    if _WITH_ARGUMENTS.match(step):
        return Step("RUN", step.partition("/bin/sh -c ")[2])
    instruction, _, arguments = step.partition(" ")
    return Step(instruction, arguments) if instruction in ("RUN", "COPY", "ADD") else Step("", "")
