"""Write docs/rules/ and the demo in README.md; with --check only tell whether they are up to date.

Each rule's page is the docstring of its file, see ocianalyze/rules/page.py. The demo is what a scan of
testdata/demo.tar.gz prints, without the time that it took.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from ocianalyze.analysis import Source, analyze
from ocianalyze.reports.table import print_report
from ocianalyze.rules.profiles import PROFILES
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Rule

ROOT = Path(__file__).resolve().parent.parent
DIRECTORY = ROOT / "docs" / "rules"
README = ROOT / "README.md"
DEMO = ROOT / "testdata" / "demo.tar.gz"
NOTICE = "<!-- Written by docs/generate.py from the docstring of the rule. Change that, not this. -->\n"


def render_rule(rule: Rule) -> str:
    """Return the Markdown of a rule's page."""
    page = rule.page
    rows = "".join(
        f"| {PROFILES[name].title} | {rule.severity[name].value} |\n" for name in PROFILES if name in rule.severity
    )
    sections = "".join(f"\n## {title}\n\n{text}\n" for title, text in page.sections.items())
    table = f"| profile | severity |\n|---|---|\n{rows}"
    return f"{NOTICE}\n# {rule.id} {rule.name}\n\n{page.summary}\n\n{table}{sections}"


def render_index() -> str:
    """Return the Markdown of the list of all rules."""
    rows = "".join(f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.summary} |\n" for rule in all_rules())
    return f"{NOTICE}\n# Rules\n\n| id | name | finds |\n|---|---|---|\n{rows}"


def render_readme() -> str:
    """Return README.md with the demo as it is now."""
    with io.StringIO() as text:
        console = Console(file=text, width=80, no_color=True, highlight=False, markup=False, emoji=False)
        print_report(analyze(Source(reference=str(DEMO))), console)
        lines = [line for line in text.getvalue().splitlines() if not line.startswith("  time ")]
    block = "\n".join(("<!-- demo -->", "```text", *lines, "```", "<!-- /demo -->"))
    readme = README.read_text(encoding="utf-8")
    return re.sub(r"<!-- demo -->.*<!-- /demo -->", lambda _: block, readme, flags=re.DOTALL)


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each file and what it should hold."""
    yield README, render_readme()
    yield DIRECTORY / "README.md", render_index()
    for rule in all_rules():
        yield DIRECTORY / f"{rule.id}.md", render_rule(rule)


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them; return the exit code."""
    wanted = dict(pages())
    present = {path: path.read_text(encoding="utf-8") for path in (README, *DIRECTORY.glob("*.md"))}
    stale = sorted(path for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run 'make docs'", file=sys.stderr)
        return 1 if stale else 0
    DIRECTORY.mkdir(exist_ok=True)
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    print(f"{len(wanted)} pages, {len(stale)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
