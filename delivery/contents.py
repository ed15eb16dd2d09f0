"""What the image has of the root file system, in which layer, with nothing that depends on the machine or the day."""

import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from delivery.debian import SITE, System
from delivery.oci_layout import Entry

UID = 65532
"""That of the user in images that are made to run without root."""

USER = "ocianalyze"
HOME = f"home/{USER}"
WORK = "data"
PROGRAM = "usr/local/bin/ocianalyze"
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"

_LEFT_OUT = re.compile(
    r"(dev|proc|run|sys|tmp|var/(backups|cache|log|spool|tmp)|usr/share/(doc|info|lintian|locale|man|menu))/.+"
    r"|etc/(apt|cron\..*|dpkg|fstab|hostname|issue.*|logrotate\.d|resolv\.conf|rmt|skel|update-motd\.d)(/.*)?"
    r"|var/(lib/(apt|dpkg|misc)|lock|run)(/.*)?"
    r"|usr/share/(bash-completion|debhelper|debianutils|perl5|polkit-1)(/.*)?"
)
_KEPT = re.compile(r"usr/share/doc/[^/]+(/copyright)?")
"""Licences stay."""

_USERS = {
    "etc/passwd": f"root:x:0:0:root:/root:/bin/sh\n{USER}:x:{UID}:{UID}::/{HOME}:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": f"root:x:0:\n{USER}:x:{UID}:\nnogroup:x:65534:\n",
}
_LAUNCHER = "#!/usr/bin/python3\nimport sys\n\nfrom ocianalyze.cli.main import command\n\nsys.exit(command())\n"


def layers(system: System, time: int) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Return the layer with Debian, and the one with us, whose files have this time.

    The first has only times of packages, so that it is the same in all images that are made of these packages.
    """
    taken = dict(_taken(system))
    ours = {path: entry for path, entry in taken.items() if path.startswith(SITE)}
    ours |= _written({PROGRAM: _LAUNCHER}, mode=0o755) | _trust()
    base = {path: entry for path, entry in taken.items() if path not in ours}
    base |= _written({**_USERS, **system.records}) | {path: _directory(path) for path in (HOME, WORK)}
    above = _parents(ours) - ours.keys()
    base = {path: _directory(path) for path in _parents(base) | above} | base
    base[HOME][0].uid = base[HOME][0].gid = UID
    for info, _ in base.values():
        info.mtime = min(info.mtime or system.time, system.time)
    for info, _ in ours.values():
        info.mtime = time
    return _ordered(base), _ordered(ours | {path: base[path] for path in above})


def _parents(paths: Iterable[str]) -> set[str]:
    return {str(parent) for path in paths for parent in PurePosixPath(path).parents} - {"."}


def _taken(system: System) -> Iterator[tuple[str, Entry]]:
    """Yield what stays of the root file system, by name."""
    with tarfile.open(system.tar) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            left_out = _LEFT_OUT.fullmatch(name) and not _KEPT.fullmatch(name)
            if name == "." or left_out or f"/{name}" in system.removed:
                continue
            content = archive.extractfile(member) if member.isreg() else None
            info = tarfile.TarInfo(name)
            info.type, info.size, info.mtime = member.type, member.size, member.mtime
            info.linkname = member.linkname.removeprefix("./") if member.islnk() else member.linkname
            info.mode = _mode(member)
            yield name, (info, content.read() if content else b"")


def _mode(member: tarfile.TarInfo) -> int:
    """Return the mode of an entry without what the umask of this machine did to it, and without set-id bits."""
    if member.issym():
        return 0o777
    return (member.mode & 0o1000 and 0o1777) or (0o755 if member.isdir() or member.mode & 0o100 else 0o644)


def _trust() -> dict[str, Entry]:
    """Return links that make OpenSSL trust the authorities that certifi lists, unless something is mounted there."""
    links = {_CERTIFICATES: f"/{SITE}/certifi/cacert.pem", "usr/lib/ssl/cert.pem": f"/{_CERTIFICATES}"}
    entries: dict[str, Entry] = {}
    for name, target in links.items():
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        entries[name] = (info, b"")
    return entries


def _written(texts: Mapping[str, str], mode: int = 0o644) -> dict[str, Entry]:
    entries = {}
    for name, text in texts.items():
        info = tarfile.TarInfo(name)
        content = text.encode()
        info.size, info.mode = len(content), mode
        entries[name] = (info, content)
    return entries


def _directory(name: str) -> Entry:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info, b""


def _ordered(entries: Mapping[str, Entry]) -> Sequence[Entry]:
    """Return entries by name, hard links after what they are links to."""
    return sorted(entries.values(), key=lambda entry: (entry[0].islnk(), entry[0].name))
