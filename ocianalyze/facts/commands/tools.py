"""Programs that entry points use by the way: what is known of how they end, and of what they do to files.

Sources: the manuals of GNU coreutils, util-linux, grep, sed, findutils, procps, and of the package managers.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from posixpath import basename
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.shell import Change

if TYPE_CHECKING:
    from ocianalyze.facts.shell import Changes, Files, Words

BASIC: Final = frozenset(
    """
    [ awk basename cat chgrp chmod chown clear cmp cp cut date dd df diff dirname du echo egrep expr false fgrep find
    getent grep groups head hostname id install kill link ln ls mkdir mkfifo mktemp mv nproc od paste printenv printf
    ps pwd readlink realpath rm rmdir sed seq sleep sort split stat stty sync tail tee test touch tr true tty uname
    uniq unlink wc which whoami xargs yes
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
"""What every system has that has a shell; where one is not there, it is the image that is a cut-out of a system."""

BASIC_WRAPPERS: Final = frozenset({"env", "nice", "nohup", "setsid", "stdbuf", "timeout"})
"""What every such system has, too, and runs another program."""

_OTHERS: Final = frozenset(
    """
    a2enmod a2ensite add-apt-repository addgroup adduser apk apt apt-get apt-key aptitude aria2c arch aws base32
    base64 bc bunzip2 bzip2 chattr chcon chfn chpasswd chsh cksum column comm conda consul-template corepack cpio
    crontab csplit curl dbus-uuidgen dbus-launch deluser dmesg dnf dnsdomainname dos2unix dotnet dpkg dpkg-query
    dpkg-reconfigure e2fsck envsubst ethtool file fix-permissions fixuid fold free fuser gcloud gdown getcap getconf
    getfacl gio git git-lfs git-lfs-install gosu-check gpasswd gpg groupadd groupdel groupmod gsutil gunzip gzip
    hexdump host hostid iconv ifconfig infocmp insmod ip ipcs ipython-genutils iptables jq kinit killall ldconfig ldd
    less lesspipe lesspipe.sh locale locale-gen localedef logger logname lsattr lsb_release lsblk lscpu lsmod lsof
    lspci lsusb make mamba md5sum micromamba microdnf mkfs mknod modinfo modprobe more mount mountpoint nc ncat
    netstat newgrp nohup-check npm npx nslookup numfmt nvidia-smi nvcc nvm openssl pacman passwd patch patchelf pgrep
    pidof ping pip pip2 pip3 pipx pixi pkill poetry pr prlimit pwgen pyenv rclone renice resize restorecon rev rngtest
    route rpm rsync run-parts runc s3cmd scp script sed-check service setcap setfacl setfont setterm sftp sha1sum
    sha256sum sha512sum shred shuf skopeo ss ssh ssh-add ssh-agent ssh-keygen ssh-keyscan strings su-check sum swapoff
    swapon sysctl systemctl systemd-detect-virt tac tar tempfile tic timedatectl tlmgr top tput traceroute truncate
    tset tsort tzselect umount uncompress unexpand unix2dos unxz unzip update-alternatives update-ca-certificates
    update-ca-trust update-locale uptime useradd userdel usermod users uuidgen vdir vmstat w wget whereis who wl-copy
    x11vnc-check xauth xdg-mime xdg-user-dirs-update xset xxd xz xzcat yarn pnpm yum yq zcat zip zstd zypper
    julia-setup jupyter-kernelspec jupyter-labextension jupyter-nbextension jupyter-serverextension jupyter-contrib
    jupyter-trust jupyter-troubleshoot nbstripout code-oss-extension
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
TOOLS: Final = BASIC | _OTHERS
"""Programs that do their work and come back, and are none that an app is served by."""

_ASKING: Final = frozenset(
    """
    cmp curl diff dpkg dpkg-query egrep expr fgrep file fuser getcap getconf getent getfacl git grep host ifconfig ip
    iptables jq kinit ldd locale ls lscpu lsmod lsof lspci mountpoint nc ncat nslookup nvidia-smi pgrep pidof ping ps
    rpm service ss ssh stat systemctl systemd-detect-virt tty wget zgrep nvcc timeout
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
_READERS: Final = frozenset(
    """
    [ awk basename base64 cat cksum clear cmp column comm cut date df diff dirname du echo egrep expr fgrep file fold
    free getcap getconf getent getfacl grep groups gunzip head hexdump hostname id jq kill killall ldconfig ldd less
    locale ls lsattr lscpu lsof md5sum mktemp more nc nproc nvidia-smi od openssl paste pgrep ping pkill printenv
    printf ps pwd readlink realpath run-parts seq service sha1sum sha256sum sha512sum shuf sleep sort ss stat strings
    stty sysctl systemctl tac tail test tput tr tty uname uniq uptime wc which whoami xxd yes zcat
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
_TELLING: Final = (
    BASIC
    | _READERS
    | frozenset(
        """
        arch bc chpasswd curl envsubst groupadd groupdel groupmod host hostid ifconfig install ip logger logname
        lsb_release lsmod modinfo netstat numfmt passwd pr sum systemd-detect-virt tempfile users w who yq rsync scp
        truncate shred mknod chattr fix-permissions restorecon setfacl git pip pip3 conda mamba
        """.split()  # noqa: SIM905
    )
) - frozenset({"gunzip", "openssl", "run-parts", "service", "split", "systemctl", "xargs"})
"""Programs that change no other files than those that they are given, unless by what stands in `_MAKING`."""
_MAKING: Final = {
    "awk": ("*>*", "*system*", "*|*", "-f*", "*-i*"),
    "curl": ("-*o*", "-*O*", "-*J*", "-*c*", "-*D*", "-*K*", "--*"),
    "find": ("-exec*", "-ok*", "-fprint*", "-fls", "-delete"),
    "sed": ("-*i?*", "--in-place=*", "*w *", "-f*", "--file*"),
    "sort": ("-*o*", "--output*"),
}
"""Patterns of options and operands with which programs write to files of other names."""
_ASKS: Final = frozenset(
    {*("--version", "-V", "--help", "list", "show", "info", "status", "log", "diff", "rev-parse", "check", "freeze")}
)
"""Subcommands that only ask."""
_SEVERAL: Final = frozenset({"uniq", "xxd"})
"""Programs that write to their second file."""
_SUBCOMMANDS: Final = frozenset({"conda", "git", "mamba", "pip", "pip3"})
"""Programs whose first word says what they do."""
_MODES: Final = frozenset({"chmod", "chown", "chgrp", "setfacl", "fix-permissions", "chattr", "restorecon"})
_LAST_ONLY: Final = frozenset({"cp", "ln", "install", "rsync", "scp"})
_NAMED: Final = frozenset(
    {
        "touch",
        "mkdir",
        "rm",
        "rmdir",
        "mv",
        "tee",
        "truncate",
        "unlink",
        "shred",
        "mkfifo",
        "mknod",
        "patch",
        "dd",
        "sed",
        *_LAST_ONLY,
        *_MODES,
    }
)
_INSTALLERS: Final = frozenset(
    """
    apk apt apt-get aptitude conda dnf julia mamba microdnf micromamba npm npx pacman pip pip2 pip3 pipx pixi pnpm
    poetry rpm uv yarn yum zypper dpkg make cargo go gem R Rscript git tar unzip curl wget
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
_NO_INSTALL: Final = frozenset(
    {
        *("activate", "deactivate", "shell", "info", "list", "config", "--version", "-V", "--help", "shell.bash"),
        *("env-list", "show", "status", "rev-parse", "-s", "clean", "remove", "uninstall", "cache", "check", "freeze"),
        *("shell-hook", "-c", "log", "diff", "config", "-sf", "-fsS", "-f"),
    }
)


def may_install(words: Words) -> bool:
    """Tell whether a command may bring programs that were not there."""
    name = basename(words[0])
    if name.startswith("python") and words[1:3] in (("-m", "pip"), ("-m", "venv"), ("-m", "virtualenv")):
        return True
    return name in _INSTALLERS and not _NO_INSTALL.intersection(words[1:2])


def may_fail(words: Words) -> bool:
    """Tell whether a command is one that is run to find something out, so that its failure is an answer."""
    name = basename(words[0])
    return name in _ASKING or (name.startswith("python") and words[1:2] == ("-c",))


def stays(words: Words) -> bool:
    """Tell whether a tool never ends."""
    name, rest = basename(words[0]), words[1:]
    if name == "sleep":
        return any(word in ("infinity", "inf", "infinite") or _is_long(word) for word in rest)
    if name == "tail":
        return any(word[:1] == "-" and word[:2] != "--" and ("f" in word or "F" in word) for word in rest) or any(
            word.startswith(("--follow", "--retry")) for word in rest
        )
    return name in ("yes", "pause") or (name == "inotifywait" and "-m" in rest)


def _is_long(word: str) -> bool:
    """Tell whether somebody sleeps for a day or more."""
    number, unit = word.rstrip("smhd"), word[-1:]
    seconds = {"m": 60, "h": 3600, "d": 86400}.get(unit, 1)
    return number.isdigit() and len(number) < 15 and int(number) * seconds >= 86400  # noqa: PLR2004 - a day


def _tells(name: str, words: Words) -> bool:
    """Tell whether a command is known to change no files but those that it is given, as `note_changes` takes them."""
    if name in _SUBCOMMANDS:
        return not _ASKS.isdisjoint(words[:1])
    if name in _SEVERAL and len(words) > 1:
        return False
    return name in _TELLING and not any(fnmatchcase(word, making) for making in _MAKING.get(name, ()) for word in words)


def _is_in_place(word: str) -> bool:
    """Tell whether an option of ``sed`` has it change files."""
    return word.startswith(("--in-place", "-i")) or fnmatchcase(word, "-[!-]*i*")


def note_changes(words: Words, files: Files, changes: Changes) -> None:
    """Note which files a command may change."""
    name, rest = basename(words[0]), words[1:]
    changes.doubtful = changes.doubtful or not _tells(name, rest)
    if name in _READERS or (name == "sed" and not any(_is_in_place(word) for word in rest)):
        return
    operands = [word for word in rest if not word.startswith("-")]
    if name == "ln" and len(operands) == 1:
        operands.append(basename(operands[0]))
    if name in _LAST_ONLY and not any(fnmatchcase(word, "-*[td]*") for word in rest):
        operands = operands[-1:]
    change = Change(modes=name in _MODES, makes=name in ("mkdir", "touch", "mkfifo"), links=name == "ln")
    for word in operands:
        path = word.partition("=")[2] if "=/" in word or name == "dd" else word
        if (name in _NAMED or "/" in path) and "://" not in path:
            for place in files.places(path):
                changes.add(place, change)
    for word in rest:
        if word.startswith("-") and "/" in word and "://" not in word:
            changes.add(files.full(word[word.index("/") :] if "=" not in word else word.partition("=")[2]), change)
