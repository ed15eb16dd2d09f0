"""Which contents are wanted, and which are not worth a closer look."""

from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.layers.contents.capture import Capture, Want

PATTERNS = ["**/kernel.json", "/etc/passwd", "/etc/ld.so.conf.d/*.conf", "**/conda-meta/**", "/opt/*/lib/x*", "/top"]
DIRECTORIES = ["", "etc", "etc/ld.so.conf.d", "opt/a/lib", "usr/bin", "x/conda-meta", "x/conda-meta/y", "usr/lib"]
NAMES = ["kernel.json", "passwd", "a.conf", "x1", "top", "python3", "libssl.so.3", "_ssl.so", "a.so", "a.sh", "README"]


@given(
    st.sets(st.sampled_from(PATTERNS)),
    st.sampled_from(DIRECTORIES),
    st.sampled_from(NAMES),
    st.sampled_from([0, 0o755]),
)
def test_what_is_dull_and_does_not_stand_out_is_a_script_at_most(
    patterns: set[str], directory: str, name: str, mode: int
) -> None:
    capture = Capture(frozenset(patterns))
    wanted = capture.wanted(f"{directory}/{name}".lstrip("/"), name, mode)
    if capture.is_dull(directory) and not capture.stands_out(name):
        assert wanted in (Want.SCRIPT, Want.HEAD, Want.SHELL)


def test_most_directories_are_dull() -> None:
    capture = Capture(frozenset(PATTERNS))
    assert [directory for directory in DIRECTORIES if capture.is_dull(directory)] == ["usr/lib"]
    assert [name for name in NAMES if capture.stands_out(name)] == ["kernel.json", "libssl.so.3", "_ssl.so", "a.so"]
