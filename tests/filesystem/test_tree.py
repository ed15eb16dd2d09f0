"""Looking around in the merged file system: paths, links, patterns, contents, history."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.filesystem.resolver import MAX_HOPS
from ocianalyze.filesystem.tree import Filesystem
from ocianalyze.layers.tar.entry import Kind
from tests.support.filesystems import merged
from tests.support.headers import END, member, pax
from tests.support.strategies import layer_stacks
from tests.support.tarballs import Item, directory, file, hardlink, symlink, whiteout

LAYERS = [
    [
        directory("usr/bin", mode=0o755),
        file("usr/bin/python3.11", b"\x7fELF", mode=0o755),
        symlink("usr/bin/python3", "python3.11"),
        symlink("usr/bin/python", "/usr/bin/python3"),
        symlink("bin", "usr/bin"),
        symlink("up", "../../../usr/./bin/../bin/"),
        symlink("dangling", "nowhere/else"),
        symlink("self", "self"),
        symlink("a", "b"),
        symlink("b", "a/x"),
        file("etc/passwd", b"root:x:0:0\n" * 3, uid=1, gid=2),
        hardlink("etc/shadow", "etc/passwd", uid=1, gid=2),
        symlink("through-file", "etc/passwd/"),
        Item(path="sparse", size=10),
        Item(path="fifo", kind="fifo"),
    ],
    [
        file("opt/a.conf"),
        file("opt/b.conf"),
        file("opt/sub/c.conf"),
        file("opt/[x]"),
        file("opt/.hidden"),
        file("opt/\udcff"),
    ],
]


@pytest.fixture(scope="module")
def filesystem() -> Filesystem:
    return merged(*LAYERS)


@pytest.mark.parametrize(
    ("path", "arrives", "hops"),
    [
        ("/", "/", 0),
        ("", "/", 0),
        ("/usr/bin/python", "/usr/bin/python3.11", 2),
        ("bin/python", "/usr/bin/python3.11", 3),
        ("//usr/./bin//python3.11", "/usr/bin/python3.11", 0),
        ("/usr/bin/../../etc/passwd", "/etc/passwd", 0),
        ("/bin/../etc", "missing:/usr/etc", 1),
        ("/../../../etc/passwd", "/etc/passwd", 0),
        ("/up/python3.11", "/usr/bin/python3.11", 1),
        ("/up", "/usr/bin", 1),
        ("/etc/shadow", "/etc/shadow", 0),
        ("/nothing/at/all", "missing:/nothing/at/all", 0),
        ("/dangling", "missing:/nowhere/else", 1),
        ("/dangling/more", "missing:/nowhere/else/more", 1),
        ("/etc/passwd/x", "not-a-directory:/etc/passwd/x", 0),
        ("/etc/passwd/", "not-a-directory:/etc/passwd/.", 0),
        ("/etc/passwd/..", "not-a-directory:/etc/passwd/..", 0),
        ("/etc/", "/etc", 0),
        ("/through-file", "not-a-directory:/etc/passwd/.", 1),
        ("/self", "loop:/self", MAX_HOPS + 1),
        ("/a", "loop:/a", MAX_HOPS + 1),
    ],
)
def test_where_paths_lead(filesystem: Filesystem, path: str, arrives: str, hops: int) -> None:
    resolution = filesystem.resolve(path)
    found = resolution.path if resolution.problem is None else f"{resolution.problem}:{resolution.path}"
    assert found == arrives
    assert len(resolution.hops) == hops
    assert (resolution.node is None) == (resolution.problem is not None)


def test_the_last_link_is_not_followed_if_not_asked_to(filesystem: Filesystem) -> None:
    link = filesystem.lookup("/bin", follow=False)
    assert link is not None
    assert (link.kind, link.target, link.mode) == (Kind.SYMLINK, "usr/bin", 0o777)
    assert filesystem.resolve("/bin/python", follow=False).path == "/usr/bin/python"
    assert filesystem.resolve("/bin/", follow=False).path == "/usr/bin", "a slash at the end asks for the directory"
    assert filesystem.lookup("/self", follow=False) is not None


@pytest.mark.parametrize(("links", "found"), [(MAX_HOPS, True), (MAX_HOPS + 1, False)])
def test_forty_links_are_followed_and_no_more(links: int, found: bool) -> None:  # noqa: FBT001
    chain = [symlink(str(number), str(number + 1)) for number in range(links)]
    assert (merged([*chain, file(str(links))]).lookup("/0") is not None) is found


def test_links_that_grow_take_bounded_time() -> None:
    """Each link leads through the one before it twice: a path that doubles with each hop."""
    items = [directory("0"), *(symlink(str(n), f"{n - 1}/../{n - 1}") for n in range(1, 39))]
    started = time.process_time()
    assert merged(items).resolve("/38").problem == "loop"
    assert time.process_time() - started < 1


@settings(max_examples=150)
@given(layer_stacks(), st.lists(st.sampled_from(["a", "b", "c", "..", ".", "nowhere"]), max_size=6))
def test_paths_lead_where_the_kernel_leads_them(layers: list[list[Item]], parts: list[str]) -> None:
    """Every prefix of what a path arrives at is a directory without links, whatever was asked for."""
    filesystem = merged(*layers)
    resolution = filesystem.resolve("/" + "/".join(parts))
    if resolution.node is not None:
        assert not resolution.node.is_symlink
        assert resolution.path == resolution.node.path
        again = filesystem.resolve(resolution.path)
        assert (again.node, again.hops) == (resolution.node, ())
    for node in filesystem.walk():
        assert filesystem.lookup(node.path, follow=False) == node
        assert node.shadowed_by is None


def test_walking(filesystem: Filesystem) -> None:
    assert [node.path for node in filesystem.walk("/opt")] == [
        "/opt/.hidden",
        "/opt/[x]",
        "/opt/a.conf",
        "/opt/b.conf",
        "/opt/sub",
        "/opt/sub/c.conf",
        "/opt/\udcff",
    ]
    assert [node.name for node in filesystem.walk("/bin")] == ["python", "python3", "python3.11"]
    assert list(filesystem.walk("/etc/passwd")) == list(filesystem.walk("/missing")) == []
    everything = list(filesystem.walk())
    assert len(everything) == filesystem.entries
    assert [node.path for node in filesystem.children_of(filesystem.root)][:3] == ["/a", "/b", "/bin"]
    assert filesystem.child(filesystem.root, "etc") == filesystem.lookup("/etc")
    assert filesystem.child(filesystem.root, "missing") is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/opt/*.conf", ["/opt/a.conf", "/opt/b.conf"]),
        ("**/*.conf", ["/opt/a.conf", "/opt/b.conf", "/opt/sub/c.conf"]),
        ("**/c.conf", ["/opt/sub/c.conf"]),
        ("**/passwd", ["/etc/passwd"]),
        ("**/etc/passwd", ["/etc/passwd"]),
        ("/etc/passwd", ["/etc/passwd"]),
        ("/*/passwd", ["/etc/passwd"]),
        ("/opt/[ab].conf", ["/opt/a.conf", "/opt/b.conf"]),
        ("/opt/[!a].conf", ["/opt/b.conf"]),
        ("/op[st]/s?b/*", ["/opt/sub/c.conf"]),
        ("/opt/[[]x]", ["/opt/[x]"]),
        ("/opt/.*", ["/opt/.hidden"]),
        ("/opt/?", ["/opt/\udcff"]),
        ("/opt*", ["/opt"]),
        ("/opt/**/c.conf", ["/opt/sub/c.conf"]),
        ("/**/passwd", ["/etc/passwd"]),
        ("/op*/s*/**", ["/opt/sub/c.conf"]),
        ("/opt/sub/c.conf/**", []),
        ("/opt/*/", []),
        ("/nothing/*", []),
        ("/bin/*", []),
        ("/opt?a.conf", []),
        ("/opt[!x]a.conf", []),
        ("/*.conf", []),
    ],
)
def test_patterns(filesystem: Filesystem, pattern: str, expected: list[str]) -> None:
    assert [node.path for node in filesystem.glob(pattern)] == expected


def test_names(filesystem: Filesystem) -> None:
    assert {node.path for node in filesystem.search(r"python3")} == {
        "/usr/bin/python3",
        "/usr/bin/python3.11",
    }
    assert [node.path for node in filesystem.named("c.conf")] == ["/opt/sub/c.conf"]
    hidden = merged(*LAYERS, [whiteout("opt"), file("opt2/c.conf")])
    assert [node.path for node in hidden.named("c.conf")] == ["/opt2/c.conf"]


def test_contents_and_attributes(filesystem: Filesystem) -> None:
    passwd, shadow = filesystem.lookup("/etc/passwd"), filesystem.lookup("/etc/shadow")
    assert passwd is not None
    assert shadow is not None
    assert passwd.read() == shadow.read() == b"root:x:0:0\n" * 3
    assert passwd.read(33) == passwd.read()
    with pytest.raises(ContentUnavailableError, match="/etc/passwd has 33 bytes, but at most 32 are"):
        passwd.read(32)
    assert (shadow.uid, shadow.gid, shadow.size, shadow.inode, shadow.is_hardlink) == (1, 2, 33, passwd, True)
    assert not passwd.is_executable
    python = filesystem.lookup("/bin/python")
    assert python is not None
    assert python.is_executable
    implied = filesystem.lookup("/opt")
    assert implied is not None
    assert (implied.is_implicit, implied.is_directory, implied.mode, implied.layer) == (True, True, 0o755, 1)
    assert [node.read() for node in (filesystem.root, implied)] == [b"", b""]


def test_sparse_files_have_a_size_but_no_content() -> None:
    records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"4096"}
    node = merged(pax(records) + member(b"s", b"1\n0\n512\n".ljust(512, b"\0") + b"d" * 512) + END).lookup("/s")
    assert node is not None
    assert node.size == 4096
    with pytest.raises(ContentUnavailableError, match="sparse"):
        node.read()


def test_nodes_are_equal_by_what_they_are(filesystem: Filesystem) -> None:
    assert filesystem.lookup("/etc") == filesystem.lookup("/etc/")
    assert filesystem.lookup("/etc") != filesystem.lookup("/opt")
    assert filesystem.lookup("/etc") != merged(*LAYERS).lookup("/etc")
    assert len({filesystem.lookup("/etc"), filesystem.lookup("/etc/../etc")}) == 1
