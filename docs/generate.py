"""Write docs/rules/, docs/profiles/, docs/report.md and the demo in README.md; with --check only compare them.

Each rule's page is the docstring of its file (ocianalyze/rules/page.py); a profile's is made of its clauses
(ocianalyze/rules/clauses.py). The demo is what a scan of testdata/demo.tar.gz prints, without the time that it took.
"""

import io
import json
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from ocianalyze.analysis import Source, analyze
from ocianalyze.reports.report import SCHEMA
from ocianalyze.reports.schema import json_schema
from ocianalyze.reports.screen import Screen
from ocianalyze.reports.table import print_report
from ocianalyze.rules.clauses import CLAUSES, REFERENCES
from ocianalyze.rules.profiles import PROFILES, Profile
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Rule

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "docs" / "rules"
PAGES_OF_PROFILES = ROOT / "docs" / "profiles"
README = ROOT / "README.md"
REPORT = ROOT / "docs" / "report.md"
DEMO = ROOT / "testdata" / "demo.tar.gz"
NOTICE = "<!-- Written by docs/generate.py from {}. Change that, not this. -->\n"
FAMILIES = {
    "APP": "Applications: what the image starts, and what the platform does to it",
    "CFG": "The AppImageConfig that the image is registered with",
    "FSR": "The file system: reserved directories, and what is hidden at run time",
    "GPU": "NVIDIA drivers and CUDA",
    "IMG": "The image: its platform, manifest and layers",
    "KRN": "Kernels: found, named, able to start",
    "LAY": "Layers: what runtimes cannot unpack",
    "RTM": "What the runtime needs: shell, loader, /tmp",
    "SIZ": "Sizes",
    "USR": "Users, groups and permissions",
}


ABOUT_THE_REPORT = rf"""# The JSON report

```console
$ ocianalyze scan image.tar --output report.json
$ ocianalyze schema > report.schema.json
```

The first command writes the report, the second its JSON Schema (draft 2020-12). The field `schema` names the version,
`{SCHEMA}`: within one version, fields are added but never changed or removed. Sizes are in bytes, paths are absolute,
and bytes that are not UTF-8 are written as `\xNN`.

```console
$ jq -r '.findings[] | select(.severity == "error") | [.rule, .path, .message] | @tsv' report.json
```
"""


def own_rules() -> list[Rule]:
    """Return the rules of this package; others may be installed beside it."""
    return [rule for rule in all_rules() if rule.package == "ocianalyze"]


def render_rule(rule: Rule) -> str:
    """Return the Markdown of a rule's page."""
    page = rule.page
    rows = "".join(
        f"| [{PROFILES[name].title}](../profiles/{name}.md) | {rule.severity[name].value} |\n"
        for name in PROFILES
        if name in rule.severity
    )
    sections = "".join(f"\n## {title}\n\n{text}\n" for title, text in page.sections.items())
    table = f"| profile | severity |\n|---|---|\n{rows}"
    return (
        f"{NOTICE.format('the docstring of the rule')}\n# {rule.id} {rule.name}\n\n{page.summary}\n\n{table}{sections}"
    )


def render_index() -> str:
    """Return the Markdown of the list of all rules, by family, with their severity for each profile."""
    columns = " | ".join(profile.letter for profile in PROFILES.values())
    legend = ", ".join(f"**{item.letter}** [{item.title}](../profiles/{item.id}.md)" for item in PROFILES.values())
    parts = [NOTICE.format("the rules"), f"\n# Rules\n\nHow bad a finding is for {legend}.\n"]
    for family, rules in groupby(own_rules(), key=lambda rule: rule.family):
        rows = "".join(
            f"| [{rule.id}]({rule.id}.md) | {rule.name} | {_severities(rule)} | {rule.summary} |\n" for rule in rules
        )
        head = f"| id | name | {columns} | finds |\n|{'---|' * (len(PROFILES) + 3)}\n"
        parts.append(f"\n## {FAMILIES[family]}\n\n{head}{rows}")
    return "".join(parts)


def render_profile(profile: Profile) -> str:
    """Return the Markdown of a profile's page: clause by clause, which rules decide and what nobody can know."""
    clauses = CLAUSES[profile.id]
    rows = "".join(
        f"| {item.number} | {item.says} | {_links(item.rules, profile)} | {item.unknown or ''} |\n" for item in clauses
    )
    mentioned = {id_ for clause in clauses for id_ in clause.rules}
    rest = [rule for rule in own_rules() if profile.id in rule.severity and rule.id not in mentioned]
    listed = "".join(f"- [{rule.id}](../rules/{rule.id}.md) {rule.name}: {rule.summary}\n" for rule in rest)
    further = f"\n## Rules that stand for no clause\n\n{listed}" if rest else ""
    references = "".join(f"- [AWS, {title}]({url})\n" for title, url in REFERENCES[profile.id])
    notice = f"\n> {profile.notice}\n" if profile.notice else ""
    return (
        f"{NOTICE.format('ocianalyze/rules/clauses.py')}\n# {profile.title}\n\n`--profile {profile.id}`. "
        f"{profile.description}\n{notice}\n## Clause by clause\n\n"
        f"| clause | what it says | decided by | what only a running app can tell |\n|---|---|---|---|\n{rows}"
        f"{further}\n## References\n\n{references}"
    )


def render_report() -> str:
    """Return the page of the JSON report, from its schema."""
    schema = json_schema()
    parts = {"Report": schema, **schema["$defs"]}
    order = list(dict.fromkeys(["Report", *_mentioned(schema, parts)]))
    sections = "".join(_part(name, parts[name]) for name in order)
    return f"{NOTICE.format('ocianalyze/reports/report.py')}\n{ABOUT_THE_REPORT}{sections}"


def _mentioned(part: dict[str, Any], parts: dict[str, Any]) -> Iterator[str]:
    """Yield the parts that a part refers to, depth first."""
    for field in part["properties"].values():
        for name in re.findall(r"'#/\$defs/(\w+)'", str(field)):
            yield name
            yield from _mentioned(parts[name], parts)


def _part(name: str, part: dict[str, Any]) -> str:
    rows = "".join(
        f"| `{field}` | {_type(info)} | {info['description']}{_example(info)} |\n"
        for field, info in part["properties"].items()
    )
    anchor = "" if name == "Report" else f"\n## {name}\n\n{' '.join(part['description'].split()).replace('``', '`')}\n"
    return f"{anchor}\n| field | type | meaning |\n|---|---|---|\n{rows}"


def _example(info: dict[str, Any]) -> str:
    shown = [json.dumps(example) for example in info.get("examples", ())]
    return f" Example: `{shown[0]}`." if shown else ""


def _type(info: dict[str, Any]) -> str:
    """Return the type of a field, in words."""
    if "anyOf" in info:
        return " or ".join(map(_type, info["anyOf"]))
    if "$ref" in info:
        name = info["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if values := info.get("enum", [info["const"]] if "const" in info else []):
        return ", ".join(f"`{value}`" for value in values)
    if info["type"] == "array":
        return f"list of {_type(info['items'])}"
    of = info.get("additionalProperties")
    return f"object of {_type(of)}" if isinstance(of, dict) else str(info["type"])


def render_readme() -> str:
    """Return README.md with the demo as it is now."""
    with io.StringIO() as text:
        print_report(analyze(Source(reference=str(DEMO))), Screen(text))
        lines = [line for line in text.getvalue().splitlines() if not line.startswith("  time ")]
    errors, verdicts = lines[: lines.index("Warnings")], lines[-len(PROFILES) :]
    lines = [*errors, "[... warnings, notes]", "", *verdicts]
    block = "\n".join(("<!-- demo -->", "```text", *lines, "```", "<!-- /demo -->"))
    readme = README.read_text(encoding="utf-8")
    return re.sub(r"<!-- demo -->.*<!-- /demo -->", lambda _: block, readme, flags=re.DOTALL)


def _severities(rule: Rule) -> str:
    return " | ".join(rule.severity[name].value if name in rule.severity else "" for name in PROFILES)


def _links(ids: Iterable[str], profile: Profile) -> str:
    """Return links to those of the rules that there are and that belong to the profile."""
    known = {rule.id for rule in own_rules() if profile.id in rule.severity}
    return ", ".join(f"[{id_}](../rules/{id_}.md)" for id_ in sorted(set(ids) & known))


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each file and what it should hold."""
    yield README, render_readme()
    yield REPORT, render_report()
    yield RULES / "README.md", render_index()
    for rule in own_rules():
        yield RULES / f"{rule.id}.md", render_rule(rule)
    for profile in PROFILES.values():
        yield PAGES_OF_PROFILES / f"{profile.id}.md", render_profile(profile)


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them; return the exit code."""
    wanted = dict(pages())
    files = (README, *REPORT.parent.glob("report.md"), *RULES.glob("*.md"), *PAGES_OF_PROFILES.glob("*.md"))
    present = {path: path.read_text(encoding="utf-8") for path in files}
    stale = sorted(path for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run 'make docs'", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    print(f"{len(wanted)} pages, {len(stale)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
