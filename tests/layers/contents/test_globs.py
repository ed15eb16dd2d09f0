"""Patterns: what they match, and that nobody can make one that takes long."""

import fnmatch
import re
import time

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ocianalyze.layers.contents.globs import NamePattern, PathPattern

_COMPONENTS = st.sampled_from(("a", "ab", "b.c", "*", "a*", "*.c", "a*b*", "?", "[ab]", "[!a]*", "**"))
_PATTERNS = st.builds(
    lambda start, components: start + "/".join(components),
    st.sampled_from(("/", "**/")),
    st.lists(_COMPONENTS, min_size=1, max_size=5),
)
_PATHS = st.lists(st.sampled_from(("a", "ab", "b.c", "b", "aab", "\n")), min_size=1, max_size=6).map("/".join)


def matches(pattern: str, path: str) -> bool:
    """Tell whether a pattern matches a path."""
    return PathPattern(pattern).matches(path)


def test_patterns_take_their_characters_literally() -> None:
    for pattern, path in (
        *(("/a.b", "/a.b"), ("/a+(b)", "/a+(b)"), ("/[a]b", "/ab"), ("/a[", "/a["), ("/\n*", "/\nx"), ("/a[*", "/a[x")),
        *(("/[]]", "/]"), ("/[!]]", "/x"), (r"/[\d]", "/d"), ("/[a-c]", "/b"), ("/[-a]", "/-"), ("/[a-]", "/-")),
    ):
        assert matches(pattern, path), pattern
    for pattern, path in (
        *(("/a.b", "/axb"), ("/a", "/a\n"), ("/*", "/a/b"), ("/[!a]", "//"), ("/a[.*]b", "/axxb"), (r"/[\d]", "/5")),
        *(("a*", "/ab"), ("", "/"), ("/", "/a"), ("/**", "/"), ("/a/**", "/a"), ("/[a-c]", "/d"), ("/a/**", "/ab/c")),
    ):
        assert not matches(pattern, path), pattern


@settings(max_examples=300)
@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_names_are_matched_as_in_the_shell(pattern: str, name: str) -> None:
    assert NamePattern(pattern).matches(name) == fnmatch.fnmatchcase(name, pattern)


@settings(max_examples=300)
@given(st.text("ab[]!-", max_size=8), st.text("ab-!", max_size=3))
def test_sets_are_those_of_the_shell(pattern: str, name: str) -> None:
    assume(not re.search(r"[b!]-[a!-]|!-|--", pattern))  # what ends before it begins, each reads in a way of its own
    assert NamePattern(pattern).matches(name) == fnmatch.fnmatchcase(name, pattern)


@settings(max_examples=300)
@given(_PATTERNS, _PATHS)
def test_directories_are_matched_as_an_expression_would(pattern: str, path: str) -> None:
    expression = ""
    *above, name = pattern.removeprefix("/").split("/")
    for component in above:
        expression += (
            "(?:/[^/]+)*" if component == "**" else "/" + fnmatch.translate(component)[4:-3].replace(".", "[^/]")
        )
    expected = re.fullmatch(
        "".join("(?:/[^/]+)*" if part == "**" else "/" + _translated(part) for part in above)
        + ("(?:/[^/]+)+" if name == "**" else "/" + _translated(name)),
        f"/{path}",
    )
    assert matches(pattern, f"/{path}") == (expected is not None)


def _translated(component: str) -> str:
    return "".join({"*": "[^/]*", "?": "[^/]", ".": r"\."}.get(part, part.replace("!", "^")) for part in component)


def test_hostile_patterns_take_bounded_time() -> None:
    started = time.process_time()
    for pattern in ("/" + "*a" * 200, "**/" * 200 + "*a" * 20, "/*/" * 300 + "*a*b*c*.so*", "/**/*a*" * 100 + "b"):
        compiled = PathPattern(pattern)
        compiled.matches("/" + "a" * 4000 + "b")
        compiled.matches("/" + "abc/" * 1000 + "b")
    assert not matches("/" + "[" * 900_000, "/" + "[" * 255)
    assert not matches("/*" + "[" * 900_000, "/" + "a" * 255)
    assert time.process_time() - started < 5
