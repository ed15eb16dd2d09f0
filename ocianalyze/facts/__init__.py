"""What the image says of itself: pure parsers and look-ups, entries and bytes in, frozen values out.

One room per question, in the order in which they build on each other:

- `registration`: what was it registered with, and does the API take that?
- `user`: who is the container's process, and what may it read and run?
- `directories`: what is mounted over the image or reserved, and what of the image lies there?
- `programs`: what does a command's first word lead to, and can that run?
- `python`: which Pythons are there, and what can they import?
- `packages`: which packages are installed, and what do they take?
- `shell`: what does a shell script do, without running it?
- `commands`: what does the image's command come to in the end?
- `jupyter`: where does a Jupyter server search, and how is it set up?
- `kernels`: which kernels are found, and can they start?
- `gpu`: what of NVIDIA's is there, and what driver does it need?
- `size`: how large is the image, and where are the bytes?

Each has a public face, its ``__init__``, with the names that everybody outside may use. `READS` names the contents that
they want to read, and `SEARCHES` the names that they look for; `gather` returns what answers when it is asked. What is
there but was not kept, or what a search had to give up, is an `UndecidedError`, never "not found".

Nothing is imported before it is asked for: who only wants one room does not wait for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocianalyze.facts.gathering import READS, SEARCHES, Facts, gather

__all__ = ["READS", "SEARCHES", "Facts", "gather"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ocianalyze.facts import gathering

    return getattr(gathering, name)
