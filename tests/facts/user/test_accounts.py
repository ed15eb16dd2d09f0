"""USER is resolved as moby's GetExecUser does; each case is a branch of user.go or a line of its tests.

Where Go is installed, the real one is asked too: about these cases, and about any.
"""

import pytest
from hypothesis import strategies as st

from ocianalyze.facts.user.accounts import find_homes, parse_group, parse_passwd, resolve_user
from tests.rules.subjects import make_image, make_subject
from tests.support.filesystems import drawn
from tests.support.moby import Question, resolve
from tests.support.tarballs import file, symlink
from tests.support.tools import requires

PASSWD = b"""root:x:0:0:root user:/root:/bin/bash
adm:x:42:43:adm:/var/adm:/bin/false
111:x:222:333::/var/garbage
odd:x:111:112::/home/odd:::::
-42:x:12:13:broken:/very/broken
2147483647:x:0:0:maxint32:/root:/bin/bash
2147483648:x:0:0:toolarge:/root:/bin/bash
9223372036854775807:x:0:0:maxint64:/root:/bin/bash
9223372036854775808:x:0:0:maxint64plusone:/root:/bin/bash
user7456:x:7456:100:Vasya:/home/user7456
this is just some garbage data
"""
GROUP = b"""root:x:0:root
adm:x:43:
grp:x:1234:root,adm,user7456
444:x:555:111
odd:x:444:
2147483647:x:1235:
2147483648:x:1236:
9223372036854775807:x:1237:
9223372036854775808:x:1238:
# comment:x:777:root
more:x:1235:user7456
this is just some garbage data
"""

# spec, uid, gid, supplementary groups, home
RESOLVED: list[tuple[str, int, int, tuple[int, ...], str]] = [
    ("", 0, 0, (0, 1234), "/root"),
    ("root", 0, 0, (0, 1234), "/root"),
    ("adm", 42, 43, (1234,), "/var/adm"),
    ("adm:grp", 42, 1234, (), "/var/adm"),
    ("111", 111, 112, (), "/home/odd"),
    ("111:444", 111, 444, (), "/home/odd"),
    ("222", 222, 333, (555,), "/var/garbage"),
    ("7456", 7456, 100, (1234, 1235), "/home/user7456"),
    ("1337", 1337, 0, (), "/"),
    ("1337:1338", 1337, 1338, (), "/"),
    ("adm:1338", 42, 1338, (), "/var/adm"),
    (":grp", 0, 1234, (), "/root"),
    ("root:adm", 0, 43, (), "/root"),
    ("adm:1234", 42, 1234, (), "/var/adm"),
    ("42:1234", 42, 1234, (), "/var/adm"),
    ("1337:1234", 1337, 1234, (), "/"),
    ("7456:2147483647", 7456, 2147483647, (), "/home/user7456"),
    ("2147483647:43", 2147483647, 43, (), "/"),
    ("0", 0, 0, (0, 1234), "/root"),
    ("0:0", 0, 0, (), "/root"),
    ("adm:grp:ignored", 42, 1234, (), "/var/adm"),  # an error from the release after 0.4.1 on
    ("+42", 42, 43, (1234,), "/var/adm"),
    ("0042", 42, 43, (1234,), "/var/adm"),
    ("2147483647", 2147483647, 0, (), "/"),
    ("this is just some garbage data", 0, 0, (), "/root"),
]

UNRESOLVED = [
    ("notthere", "'notthere' is not in /etc/passwd"),
    ("notuser:notgroup", "'notuser' is not in /etc/passwd"),
    ("root:notgroup", "group 'notgroup' is not in /etc/group"),
    ("notuser:adm", "'notuser' is not in /etc/passwd"),
    ("8888:notgroup", "group 'notgroup' is not in /etc/group"),
    ("notuser:8888", "'notuser' is not in /etc/passwd"),
    ("-1:0", "not in the range"),
    ("0:-3", "not in the range"),
    ("-5:-2", "not in the range"),
    ("-42", "not in the range"),
    ("-43", "not in the range"),
    ("42:2147483648", "not in the range"),
    ("2147483648:43", "not in the range"),
    ("7456:9223372036854775807", "not in the range"),
    ("9223372036854775807:43", "not in the range"),
    ("9223372036854775807", "not in the range"),
    ("9223372036854775808", "not in the range"),
    ("0:9223372036854775808", "not in the range"),
    ("adm:notthere", "group 'notthere' is not in /etc/group"),
    (" 42", "' 42' is not in /etc/passwd"),
    ("-1", "not in the range"),
    ("adm:-5", "not in the range"),
    ("2147483648", "not in the range"),
    ("18446744073709551616", "not in the range"),
    ("1" * 60, "not in the range"),
    ("1_000", "is not in /etc/passwd"),
    ("٤٢", "is not in /etc/passwd"),
]


@pytest.mark.parametrize(("spec", "uid", "gid", "groups", "home"), RESOLVED)
def test_user_is_resolved(spec: str, uid: int, gid: int, groups: tuple[int, ...], home: str) -> None:
    user = resolve_user(spec, passwd=PASSWD, group=GROUP)
    assert (user.uid, user.gid, user.groups, user.home, user.problem) == (uid, gid, groups, home, None)


@pytest.mark.parametrize(("spec", "problem"), UNRESOLVED)
def test_user_is_not_resolved(spec: str, problem: str) -> None:
    user = resolve_user(spec, passwd=PASSWD, group=GROUP)
    assert user.uid is None
    assert user.problem is not None
    assert problem in user.problem


@requires("go")
def test_the_table_is_true() -> None:
    specs = [*(case[0] for case in RESOLVED), *(case[0] for case in UNRESOLVED)]
    answers = dict(zip(specs, resolve(Question(spec, PASSWD, GROUP) for spec in specs), strict=True))
    for spec, uid, gid, groups, _ in RESOLVED:
        found = answers[spec]
        assert found is not None, spec
        assert (found["uid"], found["gid"], tuple(found["groups"])) == (uid, gid, groups), spec
    assert [spec for spec, _ in UNRESOLVED if answers[spec] is not None] == []


_words = st.sampled_from(
    ["", "a", "b", "0", "7", "1000", "-1", "+7", "07", "2147483648", " 7", "7x", "9" * 30, "\u0664"]
)
_lines = st.lists(
    st.lists(st.one_of(_words, st.sampled_from(["a,b", "b,", "#", " a", "/h"])), max_size=8).map(":".join), max_size=6
)
_files = st.none() | _lines.map(lambda lines: "\n".join(lines).encode())
_questions = st.builds(Question, st.lists(_words, max_size=3).map(":".join), _files, _files)


@requires("go")
def test_any_files() -> None:
    questions = drawn(_questions, 3000)
    long = [Question("a", b"x" * size + b"\na:x:1:2::/:\n", b"") for size in (65534, 65535, 65536, 65537)]
    long += [Question("a:g", b"a:x:1:2::/:\n", b"x" * size + b"\ng:x:3:\n") for size in (1048575, 1048576, 1048577)]
    long += [Question("0:1", b"\r\n\x0b0:x:0:5\xff\r", b"\n"), Question("", b"a\x00:x:0:1", b"g:x:2:a\x00")]
    for asked, theirs in zip((*questions, *long), resolve([*questions, *long]), strict=True):
        ours = resolve_user(asked.spec, passwd=asked.passwd, group=asked.group)
        if theirs is None:
            assert ours.problem is not None, asked
        else:
            expected = (theirs["uid"], theirs["gid"], tuple(theirs["groups"]))
            assert (ours.uid, ours.gid, ours.groups) == expected, asked


def test_homes() -> None:
    passwd = b"a:x:1:1::/h:\nb:x:2:2::/h:\nc:x:3:3::relative:\nd:x:4:4::/" + b"x" * 9000 + b":\n"
    assert [home[:2] for home in find_homes(make_image([file("etc/passwd", passwd)])[1])] == ["/h", "/x"]
    assert find_homes(make_image([])[1]) == ()
    assert find_homes(make_image([file("etc/passwd", b"x" * 70_000)])[1]) == ()


def test_without_passwd_numbers_are_taken_and_names_refused() -> None:
    assert resolve_user("1000", passwd=None, group=None).gid == 0
    assert resolve_user("", passwd=None, group=None).uid == 0
    assert resolve_user("1000:100", passwd=None, group=None).gid == 100
    assert resolve_user("sagemaker-user", passwd=None, group=None).problem is not None


def test_first_line_wins_for_users_that_share_a_number() -> None:
    passwd = b"sagemaker-user:x:1000:100::/home/sagemaker-user:\nrstudio:x:1000:1000::/home/rstudio:\n"
    user = resolve_user("1000", passwd=passwd, group=None)
    assert (user.name, user.gid, user.home) == ("sagemaker-user", 100, "/home/sagemaker-user")
    by_name = resolve_user("rstudio", passwd=passwd, group=None)
    assert (by_name.name, by_name.gid) == ("rstudio", 1000)
    assert by_name.home == "/home/sagemaker-user"  # runc looks it up by the number


def test_home_of_the_environment_wins() -> None:
    assert resolve_user("adm", passwd=PASSWD, group=GROUP, environment={"HOME": "/data"}).home == "/data"
    assert resolve_user("adm", passwd=PASSWD, group=GROUP, environment={"HOME": ""}).home == "/var/adm"


def test_numbers_that_are_none_are_zero_and_large_ones_are_cut() -> None:
    entry, large = parse_passwd(b"a:x:12x:7:\nb:x:99999999999999999999999:-99999999999999999999999999:\n")
    assert (entry.uid, entry.gid, entry.home) == (0, 7, "")
    assert (large.uid, large.gid) == (2**63 - 1, -(2**63))


def test_comments_are_skipped_in_group_only() -> None:
    assert [entry.name for entry in parse_group(b"#x:x:1:\n  a:x:2:b,c\r\n")] == ["a"]
    assert [entry.name for entry in parse_passwd(b"#x:x:1:1::\n")] == ["#x"]


def test_a_line_beyond_the_scanner_fails() -> None:
    long = b"x" * 70_000 + b"\n" + PASSWD
    assert "line is too long" in str(resolve_user("adm", passwd=long, group=GROUP).problem)
    assert resolve_user("adm", passwd=PASSWD, group=b"g:x:1:" + b"a," * 40_000 + b"adm\n").groups == (1,)


def test_passwd_may_be_a_symlink_and_missing() -> None:
    layers = [file("usr/etc/passwd", PASSWD), symlink("etc/passwd", "../usr/etc/passwd")]
    assert make_subject(layers, config={"User": "adm"}).facts.user.uid == 42
    dangling = [symlink("etc/passwd", "/nowhere")]
    assert make_subject(dangling, config={"User": "7"}).facts.user.gid == 0
