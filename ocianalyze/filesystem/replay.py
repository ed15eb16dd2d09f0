"""One layer unpacked by itself, entry by entry, as runtimes do: for layers that say more than once what lies at a path.

Each entry takes the place of what its layer has there by then, but a directory joins a directory, and a whiteout wants
its place to be free: overlayfs has a device there. What lies below something that is no directory is refused.

Where a layer only states directories again, or files and links, nothing but these and its hardlinks depend on the order
of its entries: of everything else it does not matter when it comes (`rows_in_order`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.filesystem.finder import Finder
from ocianalyze.filesystem.hardlinks import Hardlinks
from ocianalyze.layers.changeset.columns import rows_of
from ocianalyze.layers.changeset.places import NOT_LOCAL, NOT_MERGED
from ocianalyze.layers.tar.entry import DIRECTORIES, HIDING, MARKERS, WHITEOUT_PREFIX, Kind
from ocianalyze.layers.tar.obstacles import CONTAINERD, DOCKER, EVERYONE, PODMAN, Cause, Obstacles, Refusal, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.changeset.changeset import Changeset
    from ocianalyze.layers.metering.limits import Limits

_FILE, _DIRECTORY, _SYMLINK, _HARDLINK = (
    int(kind) for kind in (Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK)
)
_WHITEOUT, _OPAQUE, _IMPLICIT = int(Kind.WHITEOUT), int(Kind.OPAQUE), int(Kind.IMPLICIT_DIRECTORY)
_GLOBAL: Final = int(Kind.GLOBAL_HEADER)
_OBEYING_GLOBAL_HEADERS: Final = "CPM"
_NO_DUPLICATES: Final = HIDING | {_GLOBAL}


class Replay:
    """What is left of a layer.

    Only the rows `in_order` are gone through, by default all of them; `others` gives all rows of a directory. Whoever
    leaves some out has to ask whether the result `is_odd`: to go through all of them may come to another one.

    Attributes:
        tables: the ids of what lies in each directory, by the row of the directory, as far as one had to look into it;
            no markers at the end.
        gone: the rows that are not there at the end.
        again: the row that stands for a directory that the layer has more than once, by the rows before.
        hiding: the rows that hide what lies beneath.
        duplicates: the rows that took the place of others.
        links: the hardlinks.
        obstacles: why runtimes do not unpack it.
    """

    def __init__(
        self,
        ids: Ids,
        layer: int,
        inodes: dict[int, int],
        limits: Limits,
        *,
        in_order: Collection[int] | None = None,
        others: Callable[[int], Iterable[int]] = lambda _: (),
    ) -> None:
        self._changeset, self._base = ids.changesets[layer], ids.bases[layer]
        self._in_order = range(1, len(self._changeset)) if in_order is None else in_order
        self._others = others
        self._since: dict[int, int] = {}  # the first of the rows of one directory, by the others
        self.tables: dict[int, dict[str, int]] = {}
        self.gone: set[int] = set()
        self.again: dict[int, int] = {}
        self.hiding: list[int] = []
        self.duplicates: list[int] = []
        self.obstacles = Obstacles()
        self._only_by_some: set[int] = set()  # what global headers removed
        self._refused_below: dict[int, int] = {}  # directories that cannot be: the kind of what is there instead
        self._finder = Finder(ids, self._table, limits, inodes, root=self._base)
        self.links = Hardlinks(ids, layer, self._finder, inodes)
        self._unpack()
        self._check_directories()
        self._leave_out_markers()
        if in_order is not None:
            self._sort_tables()

    @property
    def is_odd(self) -> bool:
        """True if there is anything about which it may matter when the entries come that were not gone through."""
        return bool(self.obstacles or self.links.absent or self.links.missing)

    @property
    def removed(self) -> list[int]:
        """The rows that are no paths of their own at the end, and no markers either."""
        kinds, absent = self._changeset.kinds, {id_ - self._base for id_ in self.links.absent}
        return [row for row in self.gone | self.again.keys() | absent if kinds[row] not in MARKERS]

    def rows(self, directory: int) -> Iterable[int]:
        """Return the rows of what is left in a directory."""
        table = self.tables.get(directory)
        return self._others(directory) if table is None else [id_ - self._base for id_ in table.values()]

    def _table(self, id_: int) -> dict[str, int] | None:
        row = id_ - self._base
        return self._inside(row) if self._changeset.kinds[row] in DIRECTORIES else None

    def _inside(self, row: int) -> dict[str, int]:
        """Return what there is by now in the directory `row`, with all that is not gone through in order."""
        table = self.tables.get(row)
        if table is None:
            table = self.tables[row] = {}
            self._fill(table, row)
        return table

    def _fill(self, table: dict[str, int], row: int) -> None:
        names, base = self._changeset.names, self._base
        table.update((names[other], base + other) for other in self._others(row) if other not in self._in_order)

    def _unpack(self) -> None:
        changeset, base = self._changeset, self._base
        kinds, parents = changeset.kinds, changeset.parents
        for row in self._in_order:
            kind, parent, name = kinds[row], parents[row], changeset.names[row]
            if parent in self._refused_below:
                self._refuse_below(row, kind, self._refused_below[parent])
                continue
            if kind == _OPAQUE:
                continue
            siblings = self._inside(parent)
            existing = siblings.get(name)
            if existing is None:
                if kind == _GLOBAL:
                    self.gone.add(row)
                    continue
            elif not self._replace(row, kind, existing - base, siblings):
                continue
            siblings[name] = base + row
            if kind in DIRECTORIES:
                self._inside(row)
            elif kind == _HARDLINK:
                del siblings[name]  # what it replaces is gone before the link is made
                self._refuse(row, self.links.add(row))
                siblings[name] = base + row
            elif kind == _SYMLINK and row in changeset.xattrs:
                self._refuse(row, self.links.refuse_attributes(row))

    def _replace(self, row: int, kind: int, existing: int, siblings: dict[str, int]) -> bool:
        """Make room for a row where another one is; return False if the former is not to be there."""
        there = self._changeset.kinds[existing]
        if kind == _WHITEOUT:
            self._refuse(row, (Refusal(Cause.WHITEOUT_TAKEN, EVERYONE if there == _DIRECTORY else NOT_MERGED),))
            self.gone.add(row)
            return False
        if kind in DIRECTORIES and there in DIRECTORIES:
            self.tables[row] = self._inside(existing)
            self._fill(self.tables[row], row)
            self.again[existing] = row
            self._since[row] = self._since.get(existing, existing)
            return True
        if kind == _IMPLICIT:
            self.gone.add(row)
            self._refused_below[row] = there
            return False
        if there not in _NO_DUPLICATES and kind not in _NO_DUPLICATES:
            self.duplicates.append(row)
        del siblings[self._changeset.names[row]]
        taken = self._take_out(existing)
        self._finder.forget()
        if kind == _GLOBAL:
            self.gone.add(row)
            self._only_by_some.update(taken)
            return False
        return True

    def _take_out(self, top: int) -> list[int]:
        """Take a row out with all that lies in it, and return these rows."""
        rows = [top]
        for row in rows:
            rows.extend(id_ - self._base for id_ in self.tables.get(row, {}).values())
        self.gone.update(rows)
        return rows

    # ---- what is refused ------------------------------------------------------------------------------------------

    def _refuse_below(self, row: int, kind: int, there: int) -> None:
        """Take note of a row below something that is no directory."""
        self.gone.add(row)
        if kind in DIRECTORIES:
            self._refused_below[row] = there
        if kind != _IMPLICIT:
            is_direct = self._changeset.parents[self._changeset.parents[row]] not in self._refused_below
            self._refuse(row, (Refusal(Cause.BELOW, _refusing_below(kind, there, is_direct=is_direct)),))

    def _refuse(self, row: int, refusals: tuple[Refusal, ...]) -> None:
        for refusal in refusals:
            self.obstacles.add(refusal, written_path(self._changeset, row))

    def _check_directories(self) -> None:
        """Take note of directories that are not there any more when runtimes set their times at the end."""
        for row in sorted(self.gone):
            if self._changeset.kinds[row] != _DIRECTORY or row in self._refused_below:
                continue
            path = self._changeset.path(row)
            there, way = self._finder.find(path)
            found, _ = self._finder.follow(path)
            by = joined(
                EVERYONE if there is None else "",
                EVERYONE.replace(PODMAN, "") if found is None else "",
                NOT_LOCAL if self._is_out_of_reach(there) or way.is_outside else "",
            )
            if row in self._only_by_some:
                by = "".join(letter for letter in by if letter in _OBEYING_GLOBAL_HEADERS)
            self.obstacles.add(Refusal(Cause.DIRECTORY_GONE, by), path)

    def _is_out_of_reach(self, id_: int | None) -> bool:
        """Tell whether a path is a symlink that Docker does not follow: an absolute one, or one that leads out."""
        if id_ is None or self._changeset.kinds[id_ - self._base] != _SYMLINK:
            return False
        row = id_ - self._base
        target = self._changeset.links[row]
        if target.startswith("/"):
            return True
        depth = self._changeset.path(row).count("/") - 1
        for part in target.split("/"):
            depth += -1 if part == ".." else part not in ("", ".")
            if depth < 0:
                return True
        return False

    def _leave_out_markers(self) -> None:
        """Sort what hides others out of the tables."""
        kinds, base, absent = self._changeset.kinds, self._base, self.links.absent
        for row, table in self.tables.items():
            if row in self._since:  # its table is that of the first
                continue
            hiding = [name for name, id_ in table.items() if kinds[id_ - base] in MARKERS or id_ in absent]
            for name in hiding:
                id_ = table.pop(name)
                if row not in self.gone:
                    self.hiding.append(id_ - base)
        self.hiding += (row for kind in HIDING for row in rows_of(self._changeset, kind) if row not in self._in_order)

    def _sort_tables(self) -> None:
        """Bring the tables in which rows were gone through into the order in which all of them came."""
        base, since, parents = self._base, self._since, self._changeset.parents
        directories = {since.get(parents[row], parents[row]) for row in self._in_order}
        for table in filter(None, map(self.tables.get, directories)):
            entries = sorted(table.items(), key=lambda entry: since.get(entry[1] - base, entry[1] - base))
            table.clear()
            table.update(entries)


def rows_in_order(changeset: Changeset, repeats: Iterable[tuple[int, int]]) -> Collection[int] | None:
    """Return the rows of a layer for which it matters when they come, in their order; None if it matters for all.

    `repeats` are the rows whose path an earlier row has, each with the first such row.
    """
    kinds = changeset.kinds
    rows: set[int] = set()
    for pair in repeats:
        is_directory, is_first_directory = (kinds[row] in DIRECTORIES for row in pair)
        if is_directory != is_first_directory or any(kinds[row] in MARKERS for row in pair):
            return None
        rows.update(pair)
    rows.update(rows_of(changeset, _HARDLINK))
    rows.update(row for row in changeset.xattrs if kinds[row] == _SYMLINK)
    return dict.fromkeys(sorted(rows))


def written_path(changeset: Changeset, row: int) -> str:
    """Return the path of a row as its entry has it: a whiteout with its prefix."""
    path = changeset.path(row)
    if changeset.kinds[row] != _WHITEOUT:
        return path
    directory, _, name = path.rpartition("/")
    return f"{directory}/{WHITEOUT_PREFIX}{name}"


def _refusing_below(kind: int, there: int, *, is_direct: bool) -> str:
    """Return who refuses a row of a kind below something that is `there`, directly or with directories between."""
    by = NOT_MERGED if there == _WHITEOUT else EVERYONE
    if kind == _GLOBAL:
        return CONTAINERD
    if kind == _WHITEOUT:
        return by.replace(PODMAN, "")
    if kind == _OPAQUE and is_direct:
        return CONTAINERD if there in (_FILE, _HARDLINK) else CONTAINERD + DOCKER
    return by
