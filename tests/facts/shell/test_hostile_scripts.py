"""No script, however hostile, takes long or much memory, or ends in an error: it is decided, or undecided."""

import tracemalloc
from contextlib import suppress
from time import process_time
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import LimitExceededError
from ocianalyze.facts.commands.search import Found, search
from ocianalyze.facts.programs.lookup import Shell
from ocianalyze.facts.programs.scripts import LONGEST
from ocianalyze.facts.shell import Changes
from ocianalyze.facts.user.accounts import resolve_user
from tests.rules.subjects import program
from tests.support.filesystems import merged
from tests.support.tarballs import directory, file

SECONDS: Final = 5.0
"""How long one script may take; about one second on an ordinary machine, and some more on one that is busy."""

MEMORY: Final = 150 * 1024 * 1024
PROGRAMS: Final = ("a", "cat", "echo", "env", "nohup", "sleep", "sudo", "x")


def found(text: str, shell: str = "bash") -> Found:
    """Return what comes of an image whose entry point is a script."""
    script = f"#!/bin/{shell}\n{text}".encode("utf-8", "surrogateescape")
    items = (
        program("start.sh", script),
        program("bin/sh"),
        program("bin/bash"),
        program("usr/bin/jupyter-lab", b"#!/usr/bin/python3\n"),
        program("usr/bin/python3"),
        *(program(f"usr/bin/{name}") for name in PROGRAMS),
        file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"),
        directory("tmp", mode=0o1777),
    )
    user = resolve_user("1000:100", passwd=None, group=None)
    circumstances = Shell(merged(items), user, ("/usr/bin", "/bin"))
    return search(("/start.sh", "one", "two"), circumstances, {"PATH": "/usr/bin:/bin"})


def closed(begin: str, inner: str, end: str) -> str:
    """Return as many constructs within each other as fit into a script."""
    count = (LONGEST - 1000) // (len(begin) + len(end))
    return begin * count + inner + end * count


def filled(piece: str) -> str:
    """Return a script that is as long as one may be, of one piece."""
    return piece * ((LONGEST - 1000) // len(piece))


LONG: Final = "a=x; " + "a=$a$a; " * 16
"""Makes a variable of 64 KiB."""

OPEN: Final = (
    *("$(", "`", "{ ", "(", "((", "$((", "${a:-", '"$(', "case x in x) ", "if ", "while ", "for x in a b; do "),
    *("[[ ( ", "cat <<A\n", "f() ", "! ", "time ", "a | ", "a && ", "'", '"', "\\", "\n", "#", "<(", "a=(", "eval "),
)
NESTED: Final = {
    "substitutions": closed("a $(", "a", ")"),
    "groups": closed("{ ", "a;", " }"),
    "subshells": closed("( ", "a", ")"),
    "conditions": closed("if a; then ", "b", "; fi"),
    "cases": closed("case x in x) ", "a", ";; esac"),
    "loops": closed("for x in a b c; do ", "a", "; done"),
    "parameters": "echo " + closed("${a:-", "b", "}"),
    "arithmetic": "echo $((" + closed("(", "1", ")") + "))",
    "choices": ": $((" + closed("1?", "1", ":1") + "))",
    "signs": ": $((" + filled("-") + "1))",
    "tests": "[[ " + closed("( ", "a", " )") + " ]]",
    "brackets": "test " + closed("\\( ", "a", " \\)"),
    "braces": "echo " + closed("{a,", "b", "}"),
    "patterns": "shopt -s extglob; case a in " + closed("+(", "a", ")") + ") a;; esac",
    "backquotes": "echo " + filled("`"),
    "documents": "cat " + "<<A " * 8_000 + "\n" + "A\n" * 8_000,
    "wrappers": filled("env ") + "a",
}
ENDLESS: Final = {
    "true": "while true; do :; done",
    "until": "until false; do sleep 1; done",
    "branches": "while :; do if x; then a=1$a; else a=2$a; fi; done",
    "counting": "for ((;;)); do a+=x; done",
    "numbers": "i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done",
    "loops": "for a in {1..9999}; do for b in {1..9999}; do :; done; done",
    "eval": "e='eval $e; eval $e'; eval $e",
    "eval-doubling": 'x=\'echo a; eval "$x$x"\'; eval "$x"',
    "function": "f() { f; }; f",
    "functions": "f() { g; g; }; g() { f; f; }; f",
    "pipes": "f() { f | f; }; f",
    "bomb": ":() { :|:& }; :",
    "substituted": "f() { $(f) $(f); }; f",
    "chosen": "f() { if x; then f; else f; fi; }; f",
    "chain": "".join(f"f{n}() {{ f{n + 1}; f{n + 1}; }}; " for n in range(100)) + "f0",
    "source": '. "$0"; . "$0"',
    "itself": '"$0"; sh "$0" & bash -c "$0"',
    "trap": "trap 'trap \"exit\" EXIT; exit' EXIT; exit",
    "references": "a=b; b=a; : $((a)); echo ${!a}; declare -n c=c; echo $c",
}
GROWING: Final = {
    "doubling": "a=aaaaaaaaaaaaaaaa; " + "a=$a$a; " * 60 + "exec $a",
    "doubling-in-a-loop": "a=x; while true; do a=$a$a; b=$a; done",
    "arguments": "set -- a; " + 'set -- "$@" "$@"; ' * 60,
    "array": "a=(a b c); " + 'a=("${a[@]}" "${a[@]}"); ' * 60,
    "outputs": "a=x; " + 'a="$(echo $a$a)"; ' * 60,
    "replaced": "a=x; " + "a=${a//x/xxxxxxxx}; " * 60,
    "many": LONG + "".join(f"v{n}=$a$n; " for n in range(4000)),
    "exported": LONG + "for i in " + "1 " * 2000 + "; do export v$i=$a; b=$b$a; done",
    "elements": LONG + "b=(); for i in " + "1 " * 9000 + "; do b+=($a$i); done",
    "words": LONG + "set --; for i in " + "1 " * 9000 + '; do set -- "$@" $a$i; done',
    "padded": "printf -v a '%99999999s' x; x=$(printf '%0999999999d' 1); echo $a $x > /tmp/a",
    "braces": "echo " + "{1..99}" * 10 + " {1..999999999}",
    "written": LONG + "while :; do echo $a >> /tmp/x; cat /tmp/x /tmp/x >> /tmp/x; done",
    "captured": "x=$(while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done)",
    "numbers": "a=9; " + "a=$((a*a*a)); " * 3000 + ": $((2**2**2**2**62)) $((1<<99999999999999999999))",
    "pattern": "a=" + "a" * 30_000 + "; echo ${a%%" + "*a" * 10_000 + "b} ${a//*a*a*a*a*ab/x}",
    "extended": "shopt -s extglob; [[ " + "a" * 30_000 + " == +(+(+(a|aa)|a)|aaa)b ]] && x",
    "expression": "[[ " + "a" * 3_000 + " =~ (a*)*b ]] && x",
    "paths": "echo " + "/*" * 15_000 + " /*/../*/../*",
    "branches": "if x; then a=1$a; else a=2; fi; " * 1_900,
    "ends": "if x; then exec jupyter-lab --port=$RANDOM; fi\n" * 1_300,
}
SCRIPTS: Final = {
    **{f"open {piece!r}": filled(piece) for piece in OPEN},
    **{f"nested {name}": text for name, text in NESTED.items()},
    **{f"endless {name}": text for name, text in ENDLESS.items()},
    **{f"growing {name}": text for name, text in GROWING.items()},
}


@pytest.mark.parametrize("shell", ["bash", "sh"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_hostile_scripts_take_little_time(name: str, shell: str) -> None:
    started = process_time()
    found(SCRIPTS[name], shell)
    assert process_time() - started < SECONDS


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name.startswith("growing ")])
def test_values_take_little_memory(name: str) -> None:
    tracemalloc.start()
    try:
        found(SCRIPTS[name])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY


@pytest.mark.parametrize("name", ["true", "eval", "functions", "bomb", "chain"])
def test_what_goes_on_for_ever_is_not_decided(name: str) -> None:
    # What follows may only be reached if it ends.
    assert found(ENDLESS[name] + "\nexec jupyter-lab").application is None


@pytest.mark.parametrize("name", ["doubling-in-a-loop", "array", "outputs"])
def test_values_that_are_too_long_are_unknown(name: str) -> None:
    result = found(GROWING[name] + "\nexec jupyter-lab --port=1 $a")
    assert result.opaque is not None or "\0" in "".join(result.words)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab'\"\\$`(){}[]<>|&;!*? \n#=@1\x01é", max_size=60), st.sampled_from(["bash", "sh"]))
def test_no_text_is_too_odd(text: str, shell: str) -> None:
    assert isinstance(found(text, shell), Found)


NAMES: Final = [f"{a}{b}{c}" for a in "abcdefgh" for b in "abcdefghijklmnopqrstuvwxyz" for c in "abcdefghijklmnopqr"]


@pytest.mark.parametrize("change", ["{}=;;", "export {}=;;", "unset {};;", ">/t/{};;", "{}=;&", "{}=;;&"])
def test_branches_that_each_change_something_else(change: str) -> None:
    branches = "".join(f"{number}){change.format(name)}" for number, name in zip(range(3_500), NAMES, strict=False))
    started = process_time()
    with suppress(LimitExceededError):  # falling through is as much work as there are branches, squared
        assert found(f"case $RANDOM in {branches} x) :;; esac\nexec jupyter-lab").application is not None
    assert process_time() - started < 2 * SECONDS


def test_a_program_in_a_relative_directory_that_a_script_may_have_changed() -> None:
    assert isinstance(found("PATH=x:y; cd /tmp; touch /a\nx/jupyter-lab; jupyter-lab"), Found)
    changes = Changes()
    changes.add("/a/b")
    assert changes.at("relative/path") is None
    assert changes.at("//two/slashes") is None
    changes.add("//two/slashes")
