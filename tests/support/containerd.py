"""containerd itself: which image of an index it takes, by ``images.Manifest`` and ``platforms.Only``."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tests.support.go_programs import go_program
from tests.support.images import Blob
from tests.support.tools import run


class Question(NamedTuple):
    """The platform that is wanted, the descriptor of what is looked in, and all blobs that there are."""

    wanted: str
    target: Mapping[str, Any]
    blobs: Iterable[Blob]


class Answer(NamedTuple):
    """The digest of the config of the image that is taken; None where there is none, and why."""

    config: str | None
    error: str


def manifests(questions: Iterable[Question]) -> list[Answer]:
    """Return what containerd takes; needs Go, and modules from its proxy the first time."""
    lines = (
        json.dumps(
            {
                "wanted": asked.wanted,
                "target": asked.target,
                "blobs": {
                    blob.digest: blob.content.decode() for blob in asked.blobs if isinstance(blob.content, bytes)
                },
            }
        )
        for asked in questions
    )
    answers = run(go_program("containerd_images"), stdin="\n".join(lines).encode()).splitlines()
    return [Answer((found := json.loads(line))["config"] or None, found["error"]) for line in answers]
