"""What the package offers to programs that import it."""

import ast
import importlib
import inspect
import json
import os
import pickle
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeGuard

import pytest

import ocianalyze
from ocianalyze import errors, facts
from tests.support.tools import requires

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "testdata" / "demo.tar.gz"


def test_every_public_name_is_there() -> None:
    for name in ocianalyze.__all__:
        assert getattr(ocianalyze, name) is not None


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ocianalyze.nothing


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, ocianalyze; print([name for name in sys.modules if name.startswith('ocianalyze.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"['ocianalyze.version']\n"


def test_an_editor_can_list_what_there_is() -> None:
    assert dir(ocianalyze) == sorted(ocianalyze.__all__)


@pytest.mark.parametrize("where", [DEMO, str(DEMO), ocianalyze.Source(reference=str(DEMO))])
def test_an_image_is_named_by_a_path_or_a_source(where: Path | str | ocianalyze.Source) -> None:
    report = ocianalyze.analyze(where, ocianalyze.Policy(profiles=["studio-classic"]))
    assert report.verdict == "fail"


def test_observers_are_told_in_order() -> None:
    told: list[str] = []

    class Told(ocianalyze.Observer):
        """Writes down what it is told."""

        def __getattribute__(self, name: str) -> object:
            if not name.startswith("_"):
                told.append(name)
            return super().__getattribute__(name)

    ocianalyze.analyze(DEMO, observers=[Told()])
    assert sorted(told) == ["foreseen", "judged", "merged", "opened", "read"]
    assert [name for name in told if name != "foreseen"] == ["opened", "read", "merged", "judged"]


def _kinds(kind: type[errors.OcianalyzeError]) -> Iterator[type[errors.OcianalyzeError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


@pytest.mark.parametrize("kind", list(_kinds(errors.OcianalyzeError)), ids=lambda kind: kind.__name__)
def test_errors_come_through_between_processes(kind: type[errors.OcianalyzeError]) -> None:
    given = {"option": "--max-memory"} if kind is errors.LimitExceededError else {"hint": "try again"}
    error = kind("what is wrong", **given)
    restored = pickle.loads(pickle.dumps(error))  # noqa: S301 - it was made here
    assert type(restored) is kind
    assert (str(restored), vars(restored)) == (str(error), vars(error))


def test_several_images_are_analysed_in_threads() -> None:
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(ocianalyze.analyze, [DEMO] * 6))
    assert len({report.model_copy(update={"timing": None}).model_dump_json() for report in reports}) == 1


def test_every_type_in_a_public_signature_can_be_imported() -> None:
    faces = [importlib.import_module(f"ocianalyze.facts.{room.name}") for room in pkgutil.iter_modules(facts.__path__)]
    known = {*ocianalyze.__all__, *(name for face in faces for name in getattr(face, "__all__", ()))}
    for name in ocianalyze.__all__:
        public = getattr(ocianalyze, name)
        if not hasattr(public, "__module__"):
            continue
        module = sys.modules[public.__module__]
        tree = ast.parse(inspect.getsource(module))
        ours = {alias.name for alias in _imported(tree)} | {node.name for node in tree.body if _is_class(node)}
        definition = next((node for node in tree.body if getattr(node, "name", None) == name), None)
        used = {node.id for text in _annotations(definition) for node in ast.walk(ast.parse(text)) if _is_name(node)}
        hidden = {one for one in used & ours if not one.startswith("_")} - known - INTERNAL
        assert not hidden, name


INTERNAL = {"Changeset", "Contents", "Directories", "Ids", "Obstacles", "Replacements", "Text", "Verdict", "Word"} | {
    "StoredDocuments",
    "StoredZtoc",
    "IndexUse",
    "Logins",
}
"""What only the merge passes to the constructor of `Filesystem`, names for texts and words, what a fleet passes, and
what is known of indexes."""


def _is_class(node: ast.stmt) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef)


def _is_name(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _imported(tree: ast.Module) -> Iterator[ast.alias]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ocianalyze"):
            yield from node.names


def _annotations(node: ast.AST | None) -> Iterator[str]:
    """Yield the annotations of a function, or of the public fields and methods of a class."""
    if isinstance(node, ast.FunctionDef):
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            if argument.annotation is not None:
                yield ast.unparse(argument.annotation).strip("'\"")
        if node.returns is not None:
            yield ast.unparse(node.returns).strip("'\"")
    elif isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_"):
        yield ast.unparse(node.annotation).strip("'\"")
    elif isinstance(node, ast.ClassDef):
        for part in node.body:
            if not getattr(part, "name", "").startswith("_"):
                yield from _annotations(part)


@requires("basedpyright")
def test_the_types_are_complete_for_pyright(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)):
        (tmp_path / f"example_{number}.py").write_text(block, encoding="utf-8")
    settings = {"typeCheckingMode": "strict", "reportMissingModuleSource": False, "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        ["basedpyright", "--project", tmp_path, "--pythonpath", sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_types_are_complete_for_mypy(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)):
        (tmp_path / f"example_{number}.py").write_text(block, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", *map(str, sorted(tmp_path.glob("*.py")))]
    environment = {**os.environ, "MYPYPATH": str(ROOT), "MYPY_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout


def test_the_document_shows_what_runs(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) > 4
    for number, block in enumerate(blocks):
        program = tmp_path / f"example_{number}.py"
        program.write_text(block, encoding="utf-8")
        done = subprocess.run([sys.executable, program], cwd=ROOT, capture_output=True, check=False, text=True)
        assert (done.returncode, done.stderr) == (0, ""), block
        assert done.stdout
