"""Extended attributes."""

import struct

from tests.support.shapes.pieces import BELOW, Shapes, alone, device, entry, fifo, file, hardlink, symlink, tar, upon

CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, permissions, who)
    for tag, permissions, who in (
        (0x01, 6, 0xFFFFFFFF),
        (0x02, 6, 1000),
        (0x04, 4, 0xFFFFFFFF),
        (0x10, 6, 0xFFFFFFFF),
        (0x20, 4, 0xFFFFFFFF),
    )
)
_NAMES = {
    "user": b"user.x",
    "user-long-name": b"user." + b"n" * 250,
    "user-longer-name": b"user." + b"n" * 251,
    "user-alone": b"user.",
    "user-without-dot": b"user",
    "user-not-utf-8": b"user.\xff",
    "user-newline": b"user.a\nb",
    "user-equals": b"user.a",
    "trusted": b"trusted.x",
    "trusted-alone": b"trusted.",
    "security-selinux": b"security.selinux",
    "security-ima": b"security.ima",
    "security-evm": b"security.evm",
    "security-other": b"security.x",
    "security-sehash": b"security.sehash",
    "security-apparmor": b"security.apparmor",
    "security-smack": b"security.SMACK64",
    "security-alone": b"security.",
    "system-other": b"system.x",
    "system-nfs4-acl": b"system.nfs4_acl",
    "system-data": b"system.data",
    "btrfs": b"btrfs.compression",
    "com-apple": b"com.apple.provenance",
    "no-namespace": b"hello",
    "no-name": b"",
    "dot": b".",
    "upper-case": b"USER.x",
    "containers-override": b"user.containers.override_stat",
    "overlay-user": b"user.overlay.x",
    "os2": b"os2.x",
    "posix-acl-plain": b"posix_acl_access",
}


def shapes() -> Shapes:
    """Return them by name."""
    return {**_names(), **_values(), **_kinds(), **_other_records()}


def _with(name: bytes, value: bytes = b"value") -> dict[bytes, bytes]:
    return {b"SCHILY.xattr." + name: value}


def _names() -> Shapes:
    return {
        **{f"xattr-{name}": alone(file(b"a", records=_with(key))) for name, key in _NAMES.items()},
        "xattr-two-one-bad": alone(file(b"a", records={**_with(b"user.x"), **_with(b"hello")})),
        "xattr-bad-in-upper": upon(file(b"f", records=_with(b"hello"))),
        "xattr-of-implied-parent": [tar(entry(b"d", b"5", mode=0o755, records=_with(b"user.x"))), tar(file(b"d/b"))],
        "xattr-bad-then-replaced": alone(file(b"a", records=_with(b"hello")), file(b"a")),
    }


def _values() -> Shapes:
    return {
        "xattr-empty-value": alone(file(b"a", records=_with(b"user.x", b""))),
        "xattr-empty-value-no-namespace": alone(file(b"a", records=_with(b"hello", b""))),
        "xattr-empty-value-acl": alone(file(b"a", records=_with(b"system.posix_acl_access", b""))),
        "xattr-empty-value-capability": alone(file(b"a", records=_with(b"security.capability", b""))),
        "xattr-nul-value": alone(file(b"a", records=_with(b"user.x", b"\0\1"))),
        "xattr-value-of-4000": alone(file(b"a", records=_with(b"user.x", b"v" * 4000))),
        "xattr-value-of-64k": alone(file(b"a", records=_with(b"user.x", b"v" * 65536))),
        "xattr-value-of-64k-and-1": alone(file(b"a", records=_with(b"user.x", b"v" * 65537))),
        "xattr-value-of-100k": alone(file(b"a", records=_with(b"user.x", b"v" * 100_000))),
        "xattr-value-of-100k-no-namespace": alone(file(b"a", records=_with(b"hello", b"v" * 100_000))),
        "xattr-value-of-100k-trusted": alone(file(b"a", records=_with(b"trusted.x", b"v" * 100_000))),
        "xattr-capability": alone(file(b"a", records=_with(b"security.capability", CAPABILITY))),
        "xattr-capability-v1": alone(
            file(b"a", records=_with(b"security.capability", bytes.fromhex("010000010004000000000000")))
        ),
        "xattr-capability-v3": alone(
            file(b"a", records=_with(b"security.capability", bytes([1, 0, 0, 3]) + CAPABILITY[4:] + bytes(4)))
        ),
        "xattr-capability-v3-owned": alone(
            file(b"a", records=_with(b"security.capability", bytes([1, 0, 0, 3]) + CAPABILITY[4:] + b"\xe8\3\0\0"))
        ),
        "xattr-capability-v4": alone(
            file(b"a", records=_with(b"security.capability", bytes([1, 0, 0, 4]) + CAPABILITY[4:]))
        ),
        "xattr-capability-short": alone(file(b"a", records=_with(b"security.capability", CAPABILITY[:12]))),
        "xattr-capability-long": alone(file(b"a", records=_with(b"security.capability", CAPABILITY + b"\0"))),
        "xattr-capability-text": alone(file(b"a", records=_with(b"security.capability", b"cap_net_raw+ep"))),
        "xattr-capability-v2-flags": alone(
            file(b"a", records=_with(b"security.capability", bytes([0xFE, 0xFF, 0xFF, 2]) + CAPABILITY[4:]))
        ),
        "xattr-acl": alone(file(b"a", records=_with(b"system.posix_acl_access", ACL))),
        "xattr-acl-default": alone(entry(b"p", b"5", mode=0o755, records=_with(b"system.posix_acl_default", ACL))),
        "xattr-acl-default-on-file": alone(file(b"a", records=_with(b"system.posix_acl_default", ACL))),
        "xattr-acl-garbage": alone(file(b"a", records=_with(b"system.posix_acl_access", b"garbage"))),
        "xattr-acl-version": alone(file(b"a", records=_with(b"system.posix_acl_access", b"\1" + ACL[1:]))),
        "xattr-acl-header-only": alone(file(b"a", records=_with(b"system.posix_acl_access", ACL[:4]))),
        "xattr-acl-cut": alone(file(b"a", records=_with(b"system.posix_acl_access", ACL[:-1]))),
        "xattr-acl-without-mask": alone(file(b"a", records=_with(b"system.posix_acl_access", ACL[:28] + ACL[36:]))),
        "xattr-acl-out-of-order": alone(
            file(b"a", records=_with(b"system.posix_acl_access", ACL[:4] + ACL[12:20] + ACL[4:12] + ACL[20:]))
        ),
        "xattr-acl-minimal": alone(
            file(b"a", records=_with(b"system.posix_acl_access", ACL[:12] + ACL[20:28] + ACL[36:]))
        ),
    }


def _kinds() -> Shapes:
    return {
        "xattr-user-on-symlink": alone(entry(b"l", b"2", link=b"x", records=_with(b"user.x"))),
        "xattr-user-on-device": alone(entry(b"c", b"3", device=(1, 3), records=_with(b"user.x"))),
        "xattr-user-on-zero-device": alone(entry(b"c", b"3", device=(0, 0), records=_with(b"user.x"))),
        "xattr-user-on-fifo": alone(entry(b"c", b"6", records=_with(b"user.x"))),
        "xattr-user-on-directory": alone(entry(b"p", b"5", mode=0o755, records=_with(b"user.x"))),
        "xattr-user-on-sticky-directory": alone(entry(b"p", b"5", mode=0o1777, records=_with(b"user.x"))),
        "xattr-user-on-hardlink": alone(file(b"a"), entry(b"h", b"1", link=b"a", records=_with(b"user.x"))),
        "xattr-user-on-hardlink-to-symlink": alone(
            symlink(b"l", b"x"), entry(b"h", b"1", link=b"l", records=_with(b"user.x"))
        ),
        "xattr-bad-on-symlink": alone(entry(b"l", b"2", link=b"x", records=_with(b"hello"))),
        "xattr-bad-on-directory": alone(entry(b"p", b"5", mode=0o755, records=_with(b"hello"))),
        "xattr-bad-on-fifo": alone(entry(b"c", b"6", records=_with(b"hello"))),
        "xattr-bad-on-hardlink": alone(file(b"a"), entry(b"h", b"1", link=b"a", records=_with(b"hello"))),
        "xattr-bad-on-device": alone(entry(b"c", b"3", device=(1, 3), records=_with(b"com.apple.x"))),
        "xattr-bad-on-refused": alone(entry(b"c", b"E", records=_with(b"hello"))),
        "xattr-trusted-on-symlink": alone(entry(b"l", b"2", link=b"x", records=_with(b"trusted.x"))),
        "xattr-trusted-on-fifo": alone(entry(b"c", b"6", records=_with(b"trusted.x"))),
        "xattr-selinux-on-symlink": alone(entry(b"l", b"2", link=b"x", records=_with(b"security.selinux"))),
        "xattr-security-on-symlink": alone(entry(b"l", b"2", link=b"x", records=_with(b"security.x"))),
        "xattr-capability-on-symlink": alone(
            entry(b"l", b"2", link=b"x", records=_with(b"security.capability", CAPABILITY))
        ),
        "xattr-capability-on-directory": alone(
            entry(b"p", b"5", mode=0o755, records=_with(b"security.capability", CAPABILITY))
        ),
        "xattr-capability-on-fifo": alone(entry(b"c", b"6", records=_with(b"security.capability", CAPABILITY))),
        "xattr-capability-on-hardlink": alone(
            file(b"a"), entry(b"h", b"1", link=b"a", records=_with(b"security.capability", CAPABILITY))
        ),
        "xattr-acl-on-symlink": alone(entry(b"l", b"2", link=b"x", records=_with(b"system.posix_acl_access", ACL))),
        "xattr-acl-garbage-on-symlink": alone(
            entry(b"l", b"2", link=b"x", records=_with(b"system.posix_acl_access", b"x"))
        ),
        "xattr-acl-on-fifo": alone(entry(b"c", b"6", records=_with(b"system.posix_acl_access", ACL))),
        "xattr-acl-on-directory": alone(entry(b"p", b"5", mode=0o755, records=_with(b"system.posix_acl_access", ACL))),
        "xattr-on-whiteout": upon(entry(b".wh.f", records=_with(b"hello"))),
        "xattr-on-opaque-marker": upon(entry(b"d/.wh..wh..opq", records=_with(b"hello"))),
        "xattr-on-root": alone(entry(b"./", b"5", records=_with(b"hello")), file(b"b")),
        "xattr-on-read-only-file": alone(entry(b"a", mode=0o400, records=_with(b"user.x"))),
        "xattr-on-immutable": alone(file(b"a", records={b"SCHILY.fflags": b"immutable"})),
        "xattr-on-device-in-upper": [BELOW, tar(entry(b"f", b"3", device=(1, 3), records=_with(b"user.x")))],
        "xattr-on-hardlink-to-lower": upon(entry(b"h", b"1", link=b"f", records=_with(b"user.x"))),
        "xattr-none": alone(device(b"c"), fifo(b"p"), hardlink(b"q", b"p")),
    }


def _other_records() -> Shapes:
    return {
        "record-libarchive-xattr": alone(file(b"a", records={b"LIBARCHIVE.xattr.user.x": b"dmFsdWU="})),
        "record-libarchive-xattr-bad": alone(file(b"a", records={b"LIBARCHIVE.xattr.com.apple.x": b"AQI="})),
        "record-schily-acl": alone(file(b"a", records={b"SCHILY.acl.access": b"user::rw-,group::r--"})),
        "record-schily-acl-bad": alone(file(b"a", records={b"SCHILY.acl.access": b"garbage"})),
        "record-schily-dev": alone(
            file(b"a", records={b"SCHILY.dev": b"x", b"SCHILY.ino": b"-1", b"SCHILY.nlink": b"y"})
        ),
        "record-schily-realsize": alone(file(b"a", records={b"SCHILY.realsize": b"9999"})),
        "record-schily-devmajor": alone(
            entry(b"a", b"3", device=(1, 3), records={b"SCHILY.devmajor": b"0", b"SCHILY.devminor": b"0"})
        ),
        "record-schily-xattr-without-name": alone(file(b"a", records={b"SCHILY.xattr": b"x"})),
        "record-rht-selinux": alone(file(b"a", records={b"RHT.security.selinux": b"x"})),
        "record-msft": alone(file(b"a", records={b"MSWINDOWS.rawsd": b"x", b"MSWINDOWS.fileattr": b"32"})),
        "record-vendor": alone(file(b"a", records={b"EXAMPLE.hello": b"world"})),
        "record-comment": alone(file(b"a", records={b"comment": b"x\0y"})),
        "record-charset": alone(file(b"a", records={b"charset": b"ISO-IR 8859 1 1998", b"hdrcharset": b"BINARY"})),
        "record-without-meaning": alone(file(b"a", records={b"x": b""})),
    }
