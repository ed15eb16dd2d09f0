"""The pages in docs/ are what the rules and the clauses say, and leave out no rule and no clause."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ocianalyze.rules.clauses import CLAUSES, REFERENCES
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, HYPERPOD, JUPYTERLAB, PROFILES, UNIFIED
from ocianalyze.rules.registry import all_rules

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

CATALOGUE = {
    f"{family}{number:03}"
    for family, last in {
        "IMG": 7,
        "SIZ": 6,
        "USR": 8,
        "FSR": 7,
        "KRN": 16,
        "LAY": 11,
        "APP": 18,
        "GPU": 7,
        "RTM": 6,
        "CFG": 6,
    }.items()
    for number in range(1, last + 1)
}
"""The rules that AWS's specifications, Jupyter, NVIDIA and users' reports ask for."""

NUMBERS = {
    CLASSIC: [f"S{number}" for number in range(16)],
    JUPYTERLAB: [*(f"N{number}" for number in range(1, 8)), *(f"J{number}" for number in range(1, 6))],
    CODE_EDITOR: [*(f"N{number}" for number in range(1, 8)), *(f"E{number}" for number in range(1, 5))],
    UNIFIED: ["U1", "U2", *(f"N{number}" for number in range(1, 8)), "U3"],
    HYPERPOD: [f"H{number}" for number in range(1, 12)],
}
OWN = {rule.id for rule in all_rules() if rule.package == "ocianalyze"}


def test_pages_are_up_to_date() -> None:
    run = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_every_rule_of_the_catalogue_is_there_and_no_other() -> None:
    assert OWN == CATALOGUE


@pytest.mark.parametrize("profile", PROFILES)
def test_every_clause_stands_on_its_profiles_page(profile: str) -> None:
    assert [clause.number for clause in CLAUSES[profile]] == NUMBERS[profile]
    page = (DOCS / "profiles" / f"{profile}.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([SNJEUH]\d+) \| (.*) \|$", page, flags=re.MULTILINE))
    assert list(rows) == NUMBERS[profile]
    for clause in CLAUSES[profile]:
        assert clause.says in rows[clause.number]
        assert clause.rules or clause.unknown
        assert set(clause.rules) <= CATALOGUE
        expected = {rule.id for rule in all_rules() if rule.id in clause.rules and profile in rule.severity}
        assert set(re.findall(r"\[(\w+)\]\(\.\./rules/\1\.md\)", rows[clause.number])) == expected
    assert REFERENCES[profile]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_rule_of_a_profile_stands_on_its_page(profile: str) -> None:
    page = (DOCS / "profiles" / f"{profile}.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\.\./rules/(\w+)\.md", page))
    assert linked == {rule.id for rule in all_rules() if rule.id in OWN and profile in rule.severity}


def test_where_the_logs_are_is_told() -> None:
    page = (DOCS / "profiles" / "studio-classic.md").read_text(encoding="utf-8")
    assert "`/aws/sagemaker/studio`" in page
    assert "`$domainID/$userProfileName/KernelGateway/$appName`" in page


def test_links_between_pages_lead_somewhere() -> None:
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
