"""The page about CI services names all that its parts take and give; its lines are run where the parts are tested."""

import re

from tests.support.pipelines import PAGE, ROOT, blocks, read_yaml

TEXT = PAGE.read_text(encoding="utf-8")
ACTION = read_yaml((ROOT / "action.yml").read_text(encoding="utf-8"))


def section(title: str) -> str:
    """Return the text of one section."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_inputs_and_outputs_of_the_action() -> None:
    text = section("GitHub Actions")
    rows = re.findall(r"(?m)^\| `([\w-]+)` \|", text)
    assert rows == list(ACTION["inputs"])
    outputs = text.partition("Outputs:")[2]
    assert [name for name in ACTION["outputs"] if f"`{name}`" not in outputs] == []


def test_the_inputs_of_the_component() -> None:
    header = (ROOT / "templates" / "scan.yml").read_text(encoding="utf-8").partition("\n---\n")[0]
    text = section("GitLab CI/CD")
    assert [name for name in read_yaml(header)["spec"]["inputs"] if not re.search(rf"`{name}`|{name}:", text)] == []


def test_every_hook_has_a_row() -> None:
    hooks = read_yaml((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert re.findall(r"(?m)^\| `([\w-]+)` \|", section("pre-commit")) == [hook["id"] for hook in hooks]


def test_nothing_is_pinned_to_a_name_that_moves() -> None:
    for block in blocks("yaml"):
        for reference in re.findall(r"(?:uses|component|repo|rev|job-image): (\S+)", block):
            assert reference.endswith(("@COMMIT", "@DIGEST", "COMMIT", "/ocianalyze")), reference
