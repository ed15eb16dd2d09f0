"""Instructions of a Dockerfile, carried out on a mounted tree and a configuration, as a builder does.

What is here: ``RUN``, ``COPY <<EOF`` (with ``--chmod`` and ``--chown``), ``ENV``, ``LABEL``, ``USER``, ``WORKDIR``,
``ENTRYPOINT`` and ``CMD``. By default, ``RUN`` works as root, as if ``USER root`` stood before it.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Config: TypeAlias = Mapping[str, Any]
"""The inner `config` object of an image: `User`, `Env`, `Cmd`, ..."""

Run: TypeAlias = "Callable[[Path, Sequence[str], Config], None]"
"""Runs a command in a tree, with a configuration."""


class Instruction(NamedTuple):
    """One instruction: its keyword, its words, and its here-document."""

    keyword: str
    words: str
    document: str = ""


def parse(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile's lines; a backslash continues a line."""
    lines = iter(text.strip("\n").split("\n"))
    for line in lines:
        full = line.strip()
        while full.endswith("\\"):
            full = full[:-1] + next(lines).strip()
        if not full or full.startswith("#"):
            continue
        keyword, _, words = full.partition(" ")
        document = ""
        if keyword == "COPY":
            words = words.replace("<<EOF ", "")
            while (part := next(lines)) != "EOF":
                document += f"{part}\n"
        yield Instruction(keyword, words.strip(), document)


def run_as_root(root: Path, words: Sequence[str], config: Config) -> None:
    """Run a command in the tree at `root`.

    Raises:
        RuntimeError: It failed; the message has its output.

    """
    finish(
        words,
        subprocess.run(
            ["chroot", root, *words],
            env={"HOME": "/root"} | environment(config),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        ),
    )


def finish(words: Sequence[str], done: "subprocess.CompletedProcess[bytes]") -> None:
    """Raise RuntimeError with the output of a command that failed."""
    if done.returncode:
        raise RuntimeError(f"RUN {words[-1]}: exit code {done.returncode}\n{done.stdout.decode(errors='replace')}")


def carry_out(text: str, root: Path, config: Config, *, run: Run = run_as_root) -> dict[str, Any]:
    """Carry out instructions on the tree at `root`, and return what the configuration is after them.

    Raises:
        RuntimeError: A command failed; the message has its output.

    """
    after = dict(config)
    for instruction in parse(text):
        _carry_out(instruction, root, after, run)
    return after


def environment(config: Config) -> dict[str, str]:
    """Return the variables of a configuration; PATH has its default."""
    return {"PATH": DEFAULT_PATH} | dict(line.partition("=")[::2] for line in config.get("Env") or ())


def _carry_out(instruction: Instruction, root: Path, config: dict[str, Any], run: Run) -> None:
    words = instruction.words
    match instruction.keyword:
        case "RUN":
            run(root, command(words), config)
        case "COPY":
            _copy(root, shlex.split(words), instruction.document)
        case "ENV":
            config["Env"] = [f"{name}={value}" for name, value in _assigned(words, environment(config)).items()]
        case "LABEL":
            config["Labels"] = dict(word.partition("=")[::2] for word in shlex.split(words))
        case "USER":
            config["User"] = words
        case "WORKDIR":
            config["WorkingDir"] = words
            _make_directory(root, words)
        case "ENTRYPOINT":
            config |= {"Entrypoint": command(words), "Cmd": None}
        case "CMD":
            config["Cmd"] = command(words)
        case keyword:
            raise ValueError(f"unknown instruction: {keyword}")


def command(words: str) -> list[str]:
    """Return the words of a command in exec form or shell form."""
    if words.startswith("["):
        return [str(word) for word in json.loads(words)]
    return ["/bin/sh", "-c", words]


def _assigned(words: str, before: Mapping[str, str]) -> dict[str, str]:
    after = dict(before)
    for word in shlex.split(words):
        name, _, value = word.partition("=")
        after[name] = re.sub(r"\$\{?(\w+)\}?", lambda found: before.get(found[1], ""), value)
    return after


def _copy(root: Path, words: Sequence[str], document: str) -> None:
    options = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
    target = root / words[-1].lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_bytes(document.encode())
    target.chmod(int(options.get("chmod", "644"), 8))
    if "chown" in options:
        uid, gid = map(int, options["chown"].split(":"))
        os.chown(target, uid, gid)


def _make_directory(root: Path, path: str) -> None:
    run_as_root(root, ("mkdir", "-p", path), {})
