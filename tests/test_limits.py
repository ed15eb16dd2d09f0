"""No limit turns into a pass: where one is reached, it cannot be told, and that is said.

Each row of `EDGES` makes an image that needs just as much as a limit allows, and one that needs a little more.
"""

import ast
import shlex
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import LimitExceededError, UndecidedError
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC, JUPYTERLAB
from tests.conftest import SaveImage
from tests.rules.subjects import IPYKERNEL, base, good_kernel, kernel, kernel_json, make_subject, program, python
from tests.rules.test_apps import OPTIONS, SITE, jupyter_image
from tests.support.fit import fit_image
from tests.support.tarballs import Item, directory, file, symlink

KIB: Final = 1 << 10
MIB: Final = 1 << 20
START: Final = f"exec jupyter lab {OPTIONS}\n"

Given = tuple[str, Sequence[Item], dict[str, Any]]
"""A profile, the files of an image, and its configuration."""


def script(text: str, *more: Item) -> Given:
    """Return an image whose entry point is a script that does something before it starts JupyterLab."""
    entry = program("entrypoint.sh", f"#!/bin/bash\n{text}\n{START}".encode())
    return JUPYTERLAB, [*jupyter_image(), entry, *more], {"Cmd": ["/entrypoint.sh"]}


def classic(*items: Item, **config: Any) -> Given:  # noqa: ANN401
    """Return an image with a kernel and something more."""
    return CLASSIC, [*base(), *python("usr/local", names=("python3", "python")), *items], config


def settings(text: str, options: str = OPTIONS, ending: str = "py") -> Given:
    """Return an image of JupyterLab with a configuration file."""
    config = file(f"etc/jupyter/jupyter_server_config.{ending}", text.encode())
    return JUPYTERLAB, [*jupyter_image(), config], {"Cmd": ["jupyter", "lab", *shlex.split(options)]}


def said(given: Given) -> str:
    """Return the verdict on an image."""
    profile, items, config = given
    try:
        outcome = run(make_subject(items, config=config), [profile])
    except UndecidedError:
        return "undecided"
    return outcome.verdict(profile)


def padded(size: int, text: str = "") -> str:
    """Return a text of so many characters, all of them comments but the last line."""
    rest = size - len(text) - 1
    return "#" * rest + "\n" + text


def lines_to_nowhere(count: int) -> Iterator[str]:
    """Yield lines of a `.pth` file that name directories which are not there."""
    return (f"/nowhere/{number}" for number in range(count))


def pth(count: int) -> Given:
    text = "\n".join((*lines_to_nowhere(count - 1), "/opt/kernel"))
    items = python("usr/local", names=("python3", "python"), ipykernel=False)
    link = file(f"{SITE}/a.pth", text.encode())
    return CLASSIC, [*base(), *items, link, file("opt/kernel/ipykernel_launcher.py"), good_kernel()], {}


def kernel_words(count: int) -> Given:
    argv = ["/usr/local/bin/python3", *IPYKERNEL]
    return classic(kernel("usr/local/share/jupyter/kernels/python3", argv + ["x"] * (count - len(argv))))


def kernel_code(size: int) -> Given:
    """Return an image whose kernel runs code of so many characters in its command line."""
    code = "import json"
    argv = ["/usr/local/bin/python3", "-c", code + " " * (size - len(code)), "{connection_file}"]
    return classic(kernel("usr/local/share/jupyter/kernels/python3", argv))


def kernel_size(size: int) -> Given:
    text = kernel_json(["/usr/local/bin/python3", *IPYKERNEL])
    return classic(file("usr/local/share/jupyter/kernels/python3/kernel.json", text + b" " * (size - len(text))))


def supervised(count: int) -> Given:
    programs = "".join(f"[program:p{number}]\ncommand=sleep infinity\n" for number in range(count - 1))
    text = f"[supervisord]\nnodaemon=true\n{programs}[program:lab]\ncommand=jupyter lab {OPTIONS}\n"
    items = [*jupyter_image(), program("usr/bin/supervisord"), program("bin/sleep"), program("usr/bin/sleep")]
    return JUPYTERLAB, [*items, file("etc/supervisord.conf", text.encode())], {"Cmd": ["supervisord", "-n"]}


def passwd(size: int) -> Given:
    text = b"x" * size + b"\nbob:x:1000:100::/home/sagemaker-user:/bin/sh\n"
    return classic(good_kernel(), file("etc/passwd", text), User="bob")


def group(size: int) -> Given:
    text = b"x" * size + b"\nusers:x:100:\n"
    return classic(good_kernel(), file("etc/group", text), User="1000:users")


def search_path(size: int) -> Given:
    text = "/usr/local/bin:/usr/bin:/bin:/"
    return classic(good_kernel(), Env=[f"PATH={text}{'x' * (size - len(text))}"])


def virtual_environment(size: int) -> Given:
    items = python("usr/local", names=("python3", "python"))
    venv = [
        symlink("opt/venv/bin/python", "/usr/local/bin/python3"),
        directory("opt/venv/lib/python3.11/site-packages"),
    ]
    config = file(
        "opt/venv/pyvenv.cfg", padded(size, "\ninclude-system-site-packages = true\nhome = /usr/local/bin").encode()
    )
    own = kernel("usr/local/share/jupyter/kernels/python3", ("/opt/venv/bin/python", *IPYKERNEL))
    return CLASSIC, [*base(), *items, *venv, config, own], {}


def kernel_variable(size: int) -> Given:
    command = ["/bin/sh", "-c", "exec /usr/local/bin/python3 -m ipykernel_launcher -f {connection_file}"]
    text = kernel_json(command, env={"PATH": "/bin:${A}"})
    given = [f"A={'x' * (size - len('/bin:${A}'))}", "PATH=/bin"]
    return classic(file("usr/local/share/jupyter/kernels/python3/kernel.json", text), Env=given)


def names(count: int) -> Given:
    text = "".join(f"a{number} = '0.0.0.0'\n" for number in range(1, count + 1))
    return settings(f"{text}c.ServerApp.ip = a{count}\n", OPTIONS.replace("--ip 0.0.0.0", ""))


def expression(count: int) -> Given:
    text = "c.ServerApp.ip = " + "'' + " * ((count - 1) // 2) + "'0.0.0.0'\n"
    return settings(text, OPTIONS.replace("--ip 0.0.0.0", ""))


EDGES: dict[str, tuple[Callable[[int], Given], int]] = {
    "the length of a script": (lambda size: script(padded(size - len(START) - 13)), 64 * KIB),
    "commands of scripts": (lambda count: script(":\n" * count), 19_996),
    "scripts": (lambda count: script(". /x.sh\n" * count, file("x.sh", b":\n")), 99),
    "scripts within each other": (lambda depth: script("( " * depth + ":" + " )" * depth), 21),
    "rounds of a loop": (lambda count: script(f"for i in {{1..{count}}}; do :; done"), 1000),
    "words of braces": (lambda count: script(f"echo {{1..{count}}}"), 1000),
    "braces": (lambda count: script("echo " + "{a}" * count), 100),
    "files that scripts change": (lambda count: script(f"for i in {{1..{count}}}; do touch /a/$i; done"), 1000),
    "the length of a kernel.json": (kernel_size, MIB),
    "words of a kernel's command": (kernel_words, 4096),
    "the length of code in a kernel's command": (kernel_code, 4096),
    "the length of a kernel's variable": (kernel_variable, 64 * KIB),
    "the length of a line of passwd": (passwd, 64 * KIB - 1),
    "the length of a line of group": (group, MIB - 1),
    "the length of PATH": (search_path, 128 * KIB - len("PATH=\0")),
    "lines of .pth files": (pth, 1000),
    "the length of a pyvenv.cfg": (virtual_environment, 64 * KIB),
    "programs of supervisord": (supervised, 50),
    "the length of a setting file": (lambda size: settings(padded(size, "c.ServerApp.ip = '0.0.0.0'\n")), MIB),
    "the length of a setting file in JSON": (lambda size: settings("{}" + " " * (size - 2), ending="json"), MIB),
    "names in a setting file": (names, 50),
    "words of an expression in a setting file": (expression, 300),
}


REFUSED: Final = ("the length of a line of passwd", "the length of a line of group", "the length of PATH")
"""Docker or Linux refuses what is more, so that no container starts."""


@pytest.mark.parametrize("edge", EDGES)
def test_one_more_than_a_limit_is_no_pass(edge: str) -> None:
    make, most = EDGES[edge]
    assert said(make(most)) == "pass"
    assert said(make(most + 1)) == ("fail" if edge in REFUSED else "undecided")


@pytest.mark.parametrize("name", Limits._fields)
def test_one_less_of_what_an_image_needs_is_undecided(name: str, save_image: SaveImage) -> None:
    spec = fit_image([file("zeros", bytes(20 * MIB))])
    image = str(save_image(spec, compression="gzip"))

    def scan(value: int) -> str | None:
        """Return what would have to be done; None if the image passes."""
        try:
            report = analyze(Source(reference=image, limits=Limits(**{name: value})))
        except LimitExceededError as error:
            return error.hint
        if report.verdict == "pass":
            return None
        assert report.verdict == "undecided"
        return "; ".join(finding.hint or "" for finding in report.findings if finding.kind == "undecided")

    enough = bisect_left(range(getattr(Limits(), name)), True, key=lambda value: scan(value) is None)  # noqa: FBT003
    assert scan(enough) is None
    assert f"--{name.replace('_', '-')}" in (scan(enough - 1) or "")


def test_documents_count_for_what_they_are_decoded_to() -> None:
    variables = {f"A{number}": "" for number in range(50_000)}
    argv = ["/usr/local/bin/python3", *IPYKERNEL]
    kernels = [kernel(f"usr/local/share/jupyter/kernels/k{number}", argv, env=variables) for number in range(150)]
    outcome = run(make_subject(classic(*kernels)[1]), [CLASSIC])
    reasons = {item.finding.hint for item in outcome.judgements if item.finding.is_undecided}
    assert outcome.verdict(CLASSIC) == "undecided"
    assert any("--max-memory" in (hint or "") for hint in reasons)


# --- every place that stops short ------------------------------------------------------------------------------------

ROOMS: Final = ("facts", "rules", "filesystem")
"""Where an image is judged."""

BOUNDS: Final = {
    "only what is printed is shorter": """
        facts/user/accounts.py:text[:40] facts/registration/shapes.py:step[:100] facts/size/breakdown.py:MOST
        facts/size/waste.py:MOST facts/size/tree.py:_MOST
        facts/size/tree.py:_SHARE rules/size/layer_bytes_wasted.py:_SHOWN rules/size/saving.py:_LONGEST
        rules/steps.py:READ
        facts/commands/ends.py:_MOST_CLAUSES facts/commands/command.py:text[:57] facts/kernels/specs.py:_LONGEST_NAME
        facts/programs/program.py:_SHOWN facts/gpu/requirements.py:factor[:60]
        facts/gpu/requirements.py:condition.property[:60] facts/gpu/requirements.py:condition.value[:60]
        facts/directories/reserved.py:SHOWN facts/shell/reasons.py:_LONGEST facts/shell/reasons.py:_MOST
        facts/shell/reasons.py:node.parts[:20] facts/shell/reasons.py:node.words[:20]
        facts/shell/reasons.py:node.commands[:5] facts/shell/ways.py:_MOST_EXITS
        facts/commands/supervisors.py:text[:40] filesystem/merge.py:_MOST_REPORTED
        rules/apps/command_overridden.py:text[:57] rules/apps/jupyterlab_missing.py:installed[:10]
        rules/apps/jupyterlab_incomplete.py:_MOST rules/apps/port_claimed.py:text[:57] rules/apps/restarting.py:_LONGEST
        rules/apps/signal_expected.py:signal[:60] rules/config/finding.py:_SHOWN
        rules/filesystem/mount_path_hides_system.py:_SHOWN rules/gpu/cuda_versions.py:_SHOWN
        rules/gpu/driver_capabilities_unsupported.py:_SHOWN rules/gpu/driver_capabilities_unsupported.py:word[:40]
        rules/gpu/driver_required.py:_LONGEST rules/gpu/finding.py:_NAMED rules/gpu/finding.py:_SHOWN
        rules/gpu/visible_devices_fixed.py:value[:60] rules/kernels/conda_activation_missing.py:_SHOWN
        rules/kernels/conda_environment_without_kernel.py:_SHOWN rules/kernels/ipykernel_missing.py:_LISTED
        rules/kernels/hints.py:islice(self._able(),2)
        rules/kernels/jupyter_variable_set.py:_LONGEST rules/kernels/jupyter_variable_set.py:_SHOWN
        rules/kernels/kernel_provisioner_missing.py:_SHOWN rules/kernels/no_usable_kernel.py:_SHOWN
        rules/kernels/python_not_on_path.py:_SHOWN rules/layers/finding.py:_LISTED
        rules/runtime/terminal_shell_missing.py:value[:60] rules/selection.py:key[:100]
        rules/size/soci_index_unusable.py:_SHOWN rules/size/soci_index_unusable.py:digest[:80]
        rules/size/soci_index_unusable.py:others[:80] facts/size/soci_contents.py:SHOWN
        rules/user/owner_id_too_large.py:_SHOWN rules/user/sudo_without_password.py:_LONGEST
    """,
    "a number of the format, of the kernel, of a runtime or of the API": """
        facts/user/accounts.py:MAX_ID facts/user/accounts.py:_LONGEST_GROUP_LINE facts/packages/conda.py:_PARTS
        facts/user/accounts.py:_LONGEST_PASSWD_LINE facts/user/accounts.py:_MAX_INT
        rules/runtime/working_directory_unusable.py:_LONGEST_NAME rules/runtime/arguments_too_long.py:_ALL
        rules/runtime/arguments_too_long.py:_POINTER
        facts/registration/app_image_config.py:DEFAULT_GID facts/registration/app_image_config.py:DEFAULT_UID
        facts/jupyter/python_files.py:_TRAIT_LENGTH facts/programs/lookup.py:_MAX_INTERPRETERS
        facts/programs/program.py:LONGEST_PATH facts/jupyter/python_source/text.py:_TAB
        facts/gpu/requirements.py:_MAX_UINT32 facts/programs/shebangs.py:_BUFFER facts/shell/arithmetic.py:_HALF
        facts/shell/names.py:_LONGEST_NUMBER facts/shell/words.py:_HIGHEST facts/size/measuring.py:_BLOCK
        facts/user/sudo.py:_SETUID facts/commands/walk.py:_PRIVILEGED
        filesystem/resolver.py:LONGEST_PATH filesystem/resolver.py:MAX_HOPS facts/size/soci_contents.py:_VERSION
        rules/apps/demands.py:PORT rules/apps/jupyterlab_missing.py:_MAJOR rules/user/user_unresolvable.py:_UID
        rules/image/layer_too_large.py:LIMIT rules/image/machine_mismatch.py:_ARM64
        rules/image/machine_mismatch.py:_I386
        rules/image/machine_mismatch.py:_X86_64 rules/image/too_many_layers.py:LIMIT rules/rule.py:SIZE_LIMIT
        rules/runtime/temporary_directory_unusable.py:_MODE rules/user/owner_id_too_large.py:MAX_ID
    """,
    "how bad something is, or whether it is worth a word": """
        facts/size/soci.py:LARGE_LAYER facts/size/breakdown.py:_LARGE facts/size/breakdown.py:_SHARE
        rules/filesystem/home_directory_hidden.py:_SMALL
        rules/size/download_large.py:_WORTH_MENTIONING rules/size/layer_bytes_wasted.py:_MUCH
        facts/size/waste.py:LARGE
    """,
    "what the user gives is refused, with a usage error": """
        rules/policy.py:text[:100]
        facts/registration/app_image_config.py:LARGEST facts/gpu/drivers.py:_LONGEST_PART
        facts/gpu/drivers.py:_MOST_PARTS
    """,
    "what something costs of the budget": """
        facts/kernels/discovery.py:_STEPS_OF_A_KERNEL facts/packages/dpkg.py:_SIZE facts/packages/dpkg.py:_STEPS
        facts/packages/package.py:_BYTES_PER_STEP
        facts/shell/budget.py:_WORK facts/shell/state.py:_STEPS_OF_A_CHANGE filesystem/node.py:_BYTES_PER_STEP
        filesystem/node.py:_DECODED filesystem/tree.py:_TEXT_PER_STEP filesystem/tree.py:_NAMES_PER_STEP
        rules/engine.py:_STEPS_OF_A_FINDING
    """,
    "only what is looked at first, before all of it is": """
        facts/size/duplicates.py:_HEAD
    """,
    "the size of a package is unknown, which the report says": """
        facts/packages/package.py:_LARGEST
    """,
    "what is remembered is found again instead": """
        facts/shell/values.py:_MOST_LAYERS filesystem/finder.py:_MOST_FOUND filesystem/resolver.py:_MOST_KNOWN
        filesystem/tree.py:_MOST_NAMES filesystem/tree.py:_FEW_IDS
    """,
    "only the first counts": """
        facts/jupyter/servers.py:islice(_server_words(command),1)
    """,
    "it cannot be told": """
        facts/python/conda.py:_LARGEST facts/gpu/cuda.py:_LARGEST facts/python/entry_points.py:_LARGEST
        facts/python/requirements.py:_LARGEST facts/programs/linking.py:_PLACES
        facts/programs/linking.py:islice(dict.fromkeys(own),_PLACES)
        facts/jupyter/files.py:_LARGEST facts/jupyter/files.py:_MOST_TEXT facts/jupyter/options.py:_LONGEST_NUMBER
        facts/jupyter/python_files.py:_LONGEST_EXPRESSION facts/jupyter/python_files.py:_MOST_NAMES
        facts/jupyter/python_files.py:_MOST_WORK facts/jupyter/servers.py:_LONGEST_LINE
        facts/kernels/commands.py:_LONGEST_VALUE facts/kernels/specs.py:LARGEST facts/kernels/specs.py:_MOST_WORDS
        facts/python/command_line.py:_LONGEST_CODE facts/python/modules.py:_LONGEST
        facts/python/modules.py:_MAX_LINES facts/programs/program.py:LONGEST_STRING
        facts/python/installations.py:_LARGEST facts/jupyter/python_source/text.py:_DEEPEST
        facts/jupyter/python_source/values.py:_DEEPEST facts/jupyter/python_source/values.py:_LONGEST_NUMBER
        facts/jupyter/python_source/values.py:_LONGEST_TEXT facts/shell/alternatives.py:_DEEPEST
        facts/shell/alternatives.py:_MOST_ALTERNATIVES facts/shell/alternatives.py:_MOST_BRACES
        facts/shell/arithmetic.py:_DEEPEST facts/shell/arithmetic.py:_LONGEST facts/shell/arithmetic.py:_MOST_LOOKUPS
        facts/shell/budget.py:DEEPEST facts/shell/budget.py:MOST_CHARACTERS facts/shell/budget.py:MOST_SCRIPTS
        facts/shell/budget.py:MOST_STEPS facts/shell/changes.py:_MOST facts/shell/conditions.py:_DEEPEST
        facts/shell/conditions.py:_MOST_DIGITS facts/shell/flow.py:_MOST_ROUNDS facts/shell/flow.py:_MOST_WIDENINGS
        facts/shell/output.py:_MOST_ROUNDS facts/shell/parameters.py:_LONGEST_SEARCHED
        facts/shell/parser.py:_MOST_COMMANDS facts/shell/patterns.py:MOST_STEPS facts/shell/patterns.py:_DEEPEST
        facts/shell/programs.py:_LONGEST_ACCOUNTS facts/shell/tokens.py:_MOST_DOCUMENTS
        facts/shell/values.py:LONGEST_VALUE facts/shell/values.py:MOST_WORDS facts/shell/reader.py:DEEPEST
        facts/shell/words.py:_LONGEST_ARITHMETIC facts/commands/supervisors.py:_MOST_FILES
        facts/commands/supervisors.py:_MOST_PROGRAMS facts/commands/wrapper_launch.py:_MOST_PARENTS
    """,
}
"""What comes of it where a bound is reached, and the bounds: constants, and slices with a number."""


def bounds_in(path: Path) -> Iterator[str]:
    """Yield the numbers that a module names, and where it stops at one that has no name."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.Assign) and node in tree.body and _is_number(node.value):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            yield ast.unparse(target)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            upper = node.slice.upper
            if isinstance(upper, ast.Constant) and isinstance(upper.value, int) and upper.value > LITERAL:
                yield ast.unparse(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("islice"):
            yield ast.unparse(node).replace(" ", "")


LITERAL: Final = 4
"""The first few characters or words tell what something is."""


def _is_number(value: ast.expr | None) -> bool:
    """Tell whether a constant is a number, be it the result of a calculation."""
    if value is None or not all(
        isinstance(node, ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop)
        for node in ast.walk(value)
    ):
        return False
    return type(eval(compile(ast.Expression(value), "", "eval"), {})) is int  # noqa: S307 - numbers and operators


def test_every_bound_has_a_reason() -> None:
    package = Path(__file__).parents[1] / "ocianalyze"
    found = {
        f"{path.relative_to(package).as_posix()}:{bound}"
        for room in ROOMS
        for path in sorted((package / room).rglob("*.py"))
        for bound in bounds_in(path)
    }
    given = [bound for bounds in BOUNDS.values() for bound in bounds.split()]
    assert len(given) == len(set(given))
    assert found - set(given) == set(), "say what comes of it where these are reached, and test it"
    assert set(given) - found == set(), "these are gone"
