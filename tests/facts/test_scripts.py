"""Scripts are taken apart as a shell takes them apart, which the shell of this machine is asked for."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from time import perf_counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ocianalyze.facts.scripts import LONGEST, UNKNOWN, parse_script

VARIABLES = {"A": "x y", "B": "", "C": "z", "D": " s  t\n"}
ARGUMENTS = ("p", "q r", "s")
PIECES = (
    *(
        "a",
        "b=c",
        "--x=",
        " ",
        "  ",
        "\t",
        "'x y'",
        "''",
        '""',
        '"p q"',
        '"it\'s"',
        "'say \"x\"'",
        "\\ ",
        "\\'",
        "\\$A",
    ),
    *(
        "$A",
        '"$A"',
        "${A}",
        '"${A}s"',
        "$B",
        '"$B"',
        "${B:-d}",
        "${A:-d}",
        "${B-d}",
        "${D}",
        '"${D}"',
        "$C",
        '"$@"',
        '"a$@b"',
        "$1",
        '"$2"',
    ),
    *("\r", "a\r", "\\\n", '"\\a"', '"\\$A"', "'\\'", "a#b", "%", "\\\\"),
)


def words_in(text: str, variables: Mapping[str, str] = VARIABLES, arguments: Sequence[str] = ARGUMENTS) -> list[str]:
    """Return the words of the one command that `text` is."""
    (command,) = parse_script(text, variables, arguments)
    return list(command.words)


def shell_words(text: str) -> list[str]:
    """Return the words that bash makes of them; dash loses some behind "$@"."""
    run = subprocess.run(
        ["bash", "--posix", "-f", "-c", f"printf '%s\\0' {text}", "sh", *ARGUMENTS],
        env={**VARIABLES, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    return run.stdout.decode().split("\0")[:-1]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join))
def test_words_are_those_of_the_shell(text: str) -> None:
    assume(not re.search(r"\$\w\w", text.replace("\\\n", "")))  # another variable, which is not set
    # 'end' because printf prints its format once even where no words follow it.
    assert words_in(f"printf '%s\\0' {text} end")[2:] == shell_words(f"{text} end")


COMMANDS = [
    ("a; b && c || d", [("a", False), ("b", False), ("c", False), ("d", True)]),
    ("a | b |& c\nd & e", [("a", False), ("b", False), ("c", False), ("d", False), ("e", False)]),
    ("if a; then b; elif c; then d; else e; fi; f", [(x, True) for x in "abcde"] + [("f", False)]),
    ("while a; do b; done; c", [("a", True), ("b", True), ("c", False)]),
    ("for x in 1 2; do a; done", [("x", True), ("a", True)]),
    (
        "case $C in\n z) a ;;\n *) b ;;\nesac\nc",
        [("z", True), ("z", True), ("a", True), ("*", True), ("b", True), ("c", False)],
    ),
    ("( a; b ); c", [("a", True), ("b", True), ("c", False)]),
    ("f() {\n a\n}\nb", [("f", False), ("a", True), ("b", False)]),
    ("a 2>&1 > /x < y; b &> z; c 2>/dev/null", [("a", False), ("b", False), ("c", False)]),
    ("cat <<EOF > /x\nrm -rf /\nEOF\na", [("cat", False), ("a", False)]),
    ("# a\nb # c\n#d", [("b", False)]),
    ("! a", [("a", False)]),
]


@pytest.mark.parametrize(("text", "expected"), COMMANDS)
def test_commands(text: str, expected: list[tuple[str, bool]]) -> None:
    commands = [command for command in parse_script(text, VARIABLES) if command.words]
    assert [(command.words[0], command.nested) for command in commands] == expected


def test_assignments_and_exports_count_for_what_follows() -> None:
    first, second = parse_script("X=1 Y='2 3' a\nb $X", {})
    assert (first.words, first.assignments) == (("a",), (("X", "1"), ("Y", "2 3")))
    assert second.words == ("b", UNKNOWN)
    assert parse_script("X=1; export Y=2; a $X$Y", {})[-1].words == ("a", "12")
    assert parse_script("if a; then X=1; fi; b $X", {"X": "0"})[-1].words == ("b", UNKNOWN)


@pytest.mark.parametrize("word", ["$(a b)", "`a`", '"$(a "b)" c)"', "${A#x}", "$((1+2))", "$UNSET", "${UNSET}", "$?"])
def test_what_only_a_running_shell_knows_is_unknown(word: str) -> None:
    assert words_in(f"x {word} y") == ["x", UNKNOWN, "y"]
    assert words_in(f"x a={word}/b") == ["x", f"a={UNKNOWN}/b"]


def test_passing_all_arguments_is_told() -> None:
    (command,) = parse_script('exec "$@"', {}, ("a", "b c"))
    assert command.words == ("exec", "a", "b c")
    assert command.passes_arguments
    assert not parse_script("exec a", {}, ("a",))[0].passes_arguments
    assert parse_script('x "$@" y', {}, ("", "a", ""))[0].words == ("x", "", "a", "", "y")
    assert parse_script('x "$@" y', {}, ())[0].words == ("x", "y")


@pytest.mark.parametrize(
    "piece",
    ['"', "'", "$(", "`", "\\", "${", "$A", "a;", "<", "<<x\n", "if ", "((", "a=b ", "\n", "\0", "\1", '"$@"', "é"],
)
def test_any_text_is_taken_apart_in_time(piece: str) -> None:
    start = perf_counter()
    parse_script(piece * (LONGEST // len(piece)), {"A": "x" * 4096}, ("y" * 1000,) * 5)
    assert perf_counter() - start < 2


def test_marks_in_values_are_no_marks() -> None:
    assert parse_script("x $A", {"A": "a\1b\2"}, ())[0].words == ("x", "a?b?")
    assert parse_script("x $1\1", {}, ("\1",))[0].words == ("x", "??")


@given(st.text(alphabet="ab'\"\\$`(){}<>|&; \n#=@1\0é", max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    for command in parse_script(text, VARIABLES, ARGUMENTS):
        assert all(isinstance(word, str) for word in command.words)
