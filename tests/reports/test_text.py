"""Text from an image is shown, never obeyed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import encodable, escaped_json, printable, to_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain/päth", "plain/päth"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("two\r\nlines\tand", "two\\x0d\\x0alines\\x09and"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("latin-\udce9", "latin-\\xe9"),
        ("\ud800", "\\ud800"),
        ("\x9b31m", "\\x9b31m"),
        ("\u061c\u00ad\u180e\ufffb", "\\u061c\\xad\\u180e\\ufffb"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_dangerous_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(codec=None)))
def test_printable_text_is_one_line_that_can_be_encoded(text: str) -> None:
    shown = printable(text)
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in shown)


def test_json_keeps_control_characters_but_no_lone_surrogates() -> None:
    assert encodable("a\x1b\udcff\n") == "a\x1b\\xff\n"


@pytest.mark.parametrize(
    ("created_by", "step"),
    [
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c pip install x", "RUN pip install x"),
        ("RUN /bin/sh -c pip install x # buildkit", "RUN pip install x"),
        ("COPY . /app # buildkit", "COPY . /app"),
        (f"/bin/sh -c #(nop) COPY file:{'ab' * 32} in /x ", "COPY file:abababababab in /x"),
        (f"/bin/sh -c #(nop) ADD --chown=1:1dir:{'ab' * 32} in / ", "ADD --chown=1:1 dir:abababababab in /"),
        ("RUN a \\\n   && b", "RUN a \\ && b"),
        ("RUN \x1b[2J", "RUN \\x1b[2J"),
    ],
)
def test_build_steps_read_as_dockerfile_lines(created_by: str, step: str) -> None:
    assert build_step(created_by) == step


def test_a_long_build_step_is_cut() -> None:
    assert len(build_step("RUN " + "x" * 5000)) == 300


def test_a_build_step_of_megabytes_is_not_read_to_its_end() -> None:
    assert build_step("RUN a" + " " * 50_000_000) == "RUN a..."


def test_very_long_text_is_cut() -> None:
    assert printable("x" * 2000) == "x" * 2000
    assert printable("x" * 5_000_000) == "x" * 1997 + "..."


def test_json_has_integers_of_any_size_and_any_text() -> None:
    for value in ({"a": 3 * (2**63 - 1), "b": [-(2**70), 1, 0.5, None, True]}, {"a": "\ud800", "ä": 2**64}):
        for indent in (True, False):
            raw = to_json(value, indent=indent)
            assert json.loads(raw) == value
            assert (b"\n" in raw) == indent
    assert to_json({"a": 1, "ä": "\x9b"}) == '{"a":1,"ä":"\\u009b"}'.encode()
    assert to_json({"a": 2**64}, indent=True) == to_json({"a": 1}, indent=True).replace(b"1", b"18446744073709551616")


def test_json_is_escaped_where_a_terminal_would_obey_it_and_says_the_same() -> None:
    text = "ä\x9b31m\u202e\u2069\u061c\U000e0041\\"
    raw = json.dumps({text: text}, ensure_ascii=False).encode()
    shown = escaped_json(raw)
    assert json.loads(shown) == {text: text}
    assert b"\\u009b31m\\u202e\\u2069\\u061c\\udb40\\udc41" in shown
