"""What a layer takes back of what it says itself, by having both a directory and something else at one path."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.layers.changeset import ROOT
from ocianalyze.layers.entry import DIRECTORIES, MARKERS, Kind

if TYPE_CHECKING:
    from ocianalyze.layers.changeset import Changeset

_HARDLINK = int(Kind.HARDLINK)


class Superseded(NamedTuple):
    """What one layer says and takes back, by having both a directory and something else at one path.

    Attributes:
        rows: the rows that do not count, because a row of another kind replaces them or what they lie in. They must
            not hide anything of the layers beneath, as they are not in the layer when it is laid upon those.
        by: the rows that replaced them.
        links: the row that each hardlink is another name of, as it was when the link was made; its own row where it
            replaces what it links to, which is gone by then.
    """

    rows: set[int]
    by: list[int]
    links: dict[int, int]

    @classmethod
    def of(cls, changeset: Changeset) -> Superseded:
        """Replay one layer by itself."""
        superseded = cls(set(), [], {})
        children: dict[int, dict[str, int]] = {ROOT: {}}
        earlier: dict[int, int] = {}
        for row in range(1, len(changeset)):
            kind, name = changeset.kinds[row], changeset.names[row]
            if kind in MARKERS:
                continue
            siblings = children[changeset.parents[row]]
            existing = siblings.get(name)
            if kind == _HARDLINK:
                target = _descend(children, changeset.links[row])
                if target is not None:
                    is_lost = existing is not None and f"{changeset.path(target)}/".startswith(
                        f"{changeset.path(row)}/"
                    )
                    superseded.links[row] = row if is_lost else superseded.links.get(target, target)
            below = None if existing is None else children.get(existing)
            if kind in DIRECTORIES:
                children[row] = {} if below is None else below
            if existing is not None:
                if (below is not None) != (kind in DIRECTORIES):
                    superseded.by.append(row)
                    superseded._take_out(existing, children, earlier)
                else:
                    earlier[row] = existing
            siblings[name] = row
        return superseded

    def _take_out(self, top: int, children: dict[int, dict[str, int]], earlier: dict[int, int]) -> None:
        stack: list[int | None] = [top]
        while stack:
            row = stack.pop()
            if row is not None and row not in self.rows:
                self.rows.add(row)
                stack.append(earlier.get(row))
                stack.extend(children.get(row, {}).values())


def _descend(children: dict[int, dict[str, int]], path: str) -> int | None:
    row: int | None = ROOT
    for part in path.split("/"):
        if part not in ("", ".") and row is not None:
            row = children.get(row, {}).get(part)
    return row
