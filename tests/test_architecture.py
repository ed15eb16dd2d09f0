"""The import contracts of pyproject.toml hold: data flows one way, and each dangerous dependency has one door."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]


def test_import_contracts_hold() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_module_leads_back_to_itself() -> None:
    graph = grimp.build_graph("ocianalyze", cache_dir=None)
    # What the package offers at its top is imported on demand.
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules - {"ocianalyze"}}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_facts_are_entered_by_their_faces() -> None:
    package = ROOT / "ocianalyze"
    inside = [
        f"{path.relative_to(ROOT)}: {node.module}"
        for path in sorted(package.rglob("*.py"))
        if path.relative_to(package).parts[0] != "facts"
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ImportFrom)
        if (node.module or "").startswith("ocianalyze.facts.") and (node.module or "").count(".") > 2
    ]
    assert inside == []


def test_no_regular_expression_is_compiled_before_it_is_used() -> None:
    for path in sorted((ROOT / "ocianalyze").rglob("*.py")):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                assert "re.compile(" not in ast.unparse(statement), f"{path}: use ocianalyze.regex"
