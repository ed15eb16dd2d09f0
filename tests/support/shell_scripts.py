"""Scripts of the shell, made at random: all that entry points do, with servers in it that must not be missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy

SERVERS = ("jupyter-lab", "jupyter-server")
TOOL = "tool0"
RUN_TIME = ("AWS_A", "SAGEMAKER_B")
"""What is only known at run time."""

VARIABLES = ("A", "B", "E")
FILES = ("f1", "d1", "nope", "d1/g1", "x1", "empty")
REDIRECTIONS = (
    "> made",
    ">> nope/made",
    "> d1",
    "> d1/made",
    "< f1",
    "< nope",
    "< d1/nope",
    "> f1/made",
    "> ''",
    "2> nope/m",
)
SCRIPTS = ("child.sh", "included.sh")
_TEXTS = ("x", "a:b", "--o=1", "p q", "", "x.sh", "0", "2", "*", "d1", "-n")

_name = st.sampled_from(VARIABLES)
_any_name = st.sampled_from((*VARIABLES, *RUN_TIME, "U"))


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@st.composite
def _expansion(draw: DrawFn, *, bash: bool) -> str:
    name = draw(_any_name)
    kinds = [
        f"${name}",
        f"${{{name}}}",
        f"${{{name}:-d}}",
        f"${{{name}-d e}}",
        f"${{{name}:+y}}",
        f"${{{name}+y}}",
        f"${{{name}%b*}}",
        f"${{{name}##*:}}",
        f"${{{name}#x}}",
        f"${{#{name}}}",
        f"${{{name}:=new}}",
        "$1",
        "$2",
        "$#",
        "$(echo $A x)",
        f'$(echo "${name}")',
        "$((1+2))",
        "$(basename /a/b.sh .sh)",
        "$(tool0)",
        "$?",
        "`echo $B`",
        f'$(if [ -n "${name}" ]; then echo s; else echo n; fi)',
    ]
    if bash:
        kinds += [
            "${L[0]}",
            "${#L[@]}",
            f"${{{name}/x/yy}}",
            f"${{{name}//:/ }}",
            f"${{{name}^^}}",
            f"${{{name},,}}",
            f"${{{name}:1}}",
            f"${{{name}:0:1}}",
            "${!N}",
            "${L[1]}",
        ]
    return draw(st.sampled_from(kinds))


@st.composite
def word(draw: DrawFn, *, bash: bool) -> str:
    """Make one word of a command."""
    pieces = []
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.integers(0, 5))
        if kind <= 1:
            pieces.append(draw(st.sampled_from(("a", "--ip=1", "k=", "/d1/", "x.sh", "{p,q}" if bash else "p"))))
        elif kind == 2:
            pieces.append(_quote(draw(st.sampled_from(_TEXTS))))
        elif kind == 3:
            pieces.append(draw(_expansion(bash=bash)))
        else:
            pieces.append(f'"{draw(_expansion(bash=bash))}"')
    if draw(st.integers(0, 9)) == 0:
        lists = ('"${L[@]}"', "${L[@]}") if bash else ()
        chosen: str = draw(st.sampled_from(('"$@"', "$@", '"$*"', "$*", *lists)))
        return chosen
    return "".join(pieces)


@st.composite
def condition(draw: DrawFn, *, bash: bool) -> str:
    """Make a command that is a condition."""
    left, right = draw(word(bash=bash)), draw(word(bash=bash))
    name, file = draw(_any_name), draw(st.sampled_from(FILES))
    kinds = [
        f'[ "${name}" = x ]',
        f'[ "${name}" != "$A" ]',
        f'[ -n "${name}" ]',
        f'[ -z "${{{name}:-}}" ]',
        f"[ -z ${name} ]",
        f"[ -{draw(st.sampled_from('fdexsr'))} {file} ]",
        f'test -n "{name}" -a -f {file}',
        "[ $# -gt 1 ]",
        f'[ "${{#{name}}}" -eq 1 ]',
        "true",
        "false",
        TOOL,
        f"! [ -f {file} ]",
        f'[ -n "${name}" ] && [ -d d1 ]',
        f'[ "$A" = x ] || [ "${name}" = y ]',
        "command -v jupyter-lab >/dev/null",
        "command -v nothing >/dev/null 2>&1",
        f'case "${name}" in x|a*) true ;; *) false ;; esac',
        f'echo "${name}" | grep -q x',
        '[ "$(id -u)" = 0 ]',
        f"[ {left} = {right} ]",
    ]
    if bash:
        kinds += [
            f"[[ ${name} == a* ]]",
            f"[[ -n ${name} && -f {file} ]]",
            f"[[ ! -d {file} || ${name} == x ]]",
            f"[[ ${name} =~ ^x$ ]]",
            f"[[ -v {name} ]]",
            "(( ${#L[@]} > 1 ))",
            "[[ $1 == -* ]]",
        ]
    return draw(st.sampled_from(kinds))


@st.composite
def _simple(draw: DrawFn, *, bash: bool) -> str:
    name, first, second = draw(_name), draw(word(bash=bash)), draw(word(bash=bash))
    redirection = draw(st.sampled_from(REDIRECTIONS))
    kinds = [
        f"{name}={first}",
        f'{name}="{{{draw(_any_name)}}}$1"',
        f"export {name}={first}",
        f'export {name}="${draw(_any_name)}"',
        f"unset {name}",
        f"set -- {first} {second}",
        f'set -- "$@" {first}',
        "shift",
        f"echo {first} >/dev/null",
        f"echo {first} {redirection}",
        f"{TOOL} {redirection}",
        f": {redirection}",
        f"{name}={first} {redirection}",
        f"{redirection}",
        f"{{ :; {name}={first}; }} {redirection}",
        f"exec {draw(st.sampled_from(('3', '')))}{redirection}",
        f"f1 {redirection}",
        f'{name}="$({draw(st.sampled_from(("< f1", "< nope", "<empty")))})"',
        f"{TOOL} {first}",
        f"cd {draw(st.sampled_from(('d1', '.', '..', 'nope')))}",
        f"eval '{name}='{_quote(draw(st.sampled_from(_TEXTS[:4])))}",
        ". ./included.sh",
        "child.sh a b",
        f"read {name} <<EOF\n{draw(st.sampled_from(('one two', '$A', 'x')))}\nEOF",
        "set -e",
        "set +e",
        "set -f",
        ":",
        f'x=$(echo "{first}"); {name}=$x' if '"' not in first else ":",
        "f1",
        "f2 a",
    ]
    if bash:
        kinds += [
            f"L=( {first} {second} )",
            f"L+=( {first} )",
            f"{name}+=z",
            f"N={name}",
            f"read -r {name} <<< {first}",
            f"printf -v {name} '%s-' {first}",
            f"declare {name}={first}",
            "mapfile -t L <<< $'m\\nn'",
        ]
    return draw(st.sampled_from(kinds))


@st.composite
def _start(draw: DrawFn, *, bash: bool) -> str:
    """Make a command that starts a server, or what a script is given."""
    server, first, second = draw(st.sampled_from(SERVERS)), draw(word(bash=bash)), draw(word(bash=bash))
    kinds = [
        f"exec {server} {first} {second}",
        f"{server} {first}",
        f'exec {server} {first} "$@"',
        'exec "$@"',
        '"$@"',
        f"E=1 {server} {first}",
        f"exec env E=2 {server} {second}",
        f"{server} {first} & wait",
        f"{server} | cat",
        f"( {server} {first} )",
        f"sh -c '{server} \"$@\"' sh {first}",
        f"exec child.sh {first}",
        f"{TOOL} && {server} {first}",
        f"exec {server} {first} {draw(st.sampled_from(REDIRECTIONS))}",
        f"{server} {first} {draw(st.sampled_from(REDIRECTIONS))}",
    ]
    if bash:
        kinds += [f'exec {server} "${{L[@]}}"', f'cmd=( {server} {first} ); exec "${{cmd[@]}}"']
    return draw(st.sampled_from(kinds))


_END = ("exit 0", "exit 3", "return 1", "return 0", "break", "continue")


@st.composite
def statement(draw: DrawFn, *, bash: bool, depth: int) -> str:
    """Make one statement, with others in it if `depth` allows."""
    kind = draw(st.integers(0, 19))
    if kind <= 7 or depth <= 0:
        if draw(st.integers(0, 4)) == 0:
            return draw(_start(bash=bash))
        return draw(_simple(bash=bash))
    test = draw(condition(bash=bash))
    inner = draw(block(bash=bash, depth=depth - 1))
    other = draw(block(bash=bash, depth=depth - 1))
    name = draw(_name)
    made: dict[int, Callable[[], str]] = {
        8: lambda: f"if {test}; then\n{inner}\nfi",
        9: lambda: f"if {test}; then\n{inner}\nelse\n{other}\nfi",
        10: lambda: f"if {test}; then\n{inner}\nelif [ $# -eq 0 ]; then\n{other}\nfi",
        11: lambda: f"{test} && {{\n{inner}\n}}",
        12: lambda: f"{test} || {{\n{inner}\n}}",
        13: lambda: f'case "${name}" in\n x|y) {inner}\n ;;\n a*) {other}\n ;;\n *) : ;;\nesac',
        14: lambda: f"for v in p q; do\n{name}=$v\n{inner}\ndone",
        15: lambda: f"for v in $AWS_A; do\n{inner}\ndone",
        16: lambda: f"n{depth}=0; while [ $n{depth} -lt 2 ]; do n{depth}=$((n{depth}+1))\n{inner}\ndone",
        17: lambda: f"(\n{inner}\n)",
        18: lambda: (
            f"f{depth}() {{\n{'local ' + name + '=loc' if draw(st.booleans()) else ':'}\n{inner}\n}}\nf{depth} z"
        ),
        19: lambda: f"echo $A | {{\n{inner}\n}}",
    }
    return made[kind]()


@st.composite
def block(draw: DrawFn, *, bash: bool, depth: int) -> str:
    """Make some statements, which may end before their end."""
    lines = draw(st.lists(statement(bash=bash, depth=depth), min_size=1, max_size=3))
    if draw(st.integers(0, 5)) == 0:
        lines.append(draw(st.sampled_from(_END)))
    return "\n".join(lines)


@st.composite
def script(draw: DrawFn, *, bash: bool) -> str:
    """Make a whole script, the last command of which starts a server."""
    lines = draw(st.lists(statement(bash=bash, depth=2), min_size=1, max_size=6))
    head = ["set -e"] if draw(st.integers(0, 3)) == 0 else []
    return "\n".join([*head, *lines, draw(_start(bash=bash))]) + "\n"


@st.composite
def small_script(draw: DrawFn, *, bash: bool) -> str:
    """Make a script that others run or read."""
    lines = draw(st.lists(statement(bash=bash, depth=1), min_size=0, max_size=3))
    allowed = [line for line in lines if "child.sh" not in line and "included.sh" not in line]
    return "\n".join(allowed or [":"]) + "\n"


values: SearchStrategy[dict[str, str]] = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(("", "x", "a:b", "p q", "*", "1")) for name in RUN_TIME}
)
"""What the variables are at run time."""
