"""Lines of a Dockerfile for findings: with the histories that BuildKit, the older builder, buildah and kaniko write."""

import re
from pathlib import Path
from unittest.mock import ANY

import pytest

from ocianalyze.analysis import analyze
from ocianalyze.reports.dockerfile import instructions, last_stage
from ocianalyze.reports.locating import locate
from ocianalyze.reports.report import HistoryStep, Report

DEMO = Path(__file__).parents[2] / "testdata" / "demo.tar.gz"
DOCKERFILE = """# syntax=docker/dockerfile:1
ARG VERSION=3.11
FROM python:${VERSION} AS builder
RUN pip wheel x

FROM python:${VERSION}
ARG NAME=x
ENV A=1 \\
    # a comment between two parts
    B=2

RUN apt-get update && \\
    apt-get install -y git
COPY --chown=1000:100 --from=builder /a /b
RUN <<EOF
echo FROM nothing
EOF
RUN ["pip", "install", "y"]
RUN pip install $NAME
USER 1000
CMD ["jupyter", "lab"]
"""
EMPTY = re.compile(r"\b(?:CMD|ARG|ENV|USER)\b")
HISTORIES = {
    "buildkit": [
        "RUN /bin/sh -c base # buildkit",
        'CMD ["python3"]',
        "ARG NAME=x",
        "ENV A=1 B=2",
        "RUN |1 NAME=x /bin/sh -c apt-get update &&     apt-get install -y git # buildkit",
        "COPY --chown=1000:100 /a /b # buildkit",
        "RUN |1 NAME=x /bin/sh -c echo FROM nothing\n # buildkit",
        "RUN |1 NAME=x pip install y # buildkit",
        "RUN |1 NAME=x /bin/sh -c pip install $NAME # buildkit",
        "USER 1000",
        'CMD ["jupyter" "lab"]',
    ],
    "older builder": [
        "/bin/sh -c base",
        '/bin/sh -c #(nop)  CMD ["python3"]',
        "/bin/sh -c #(nop)  ARG NAME=x",
        "/bin/sh -c #(nop)  ENV A=1 B=2",
        "|1 NAME=x /bin/sh -c apt-get update &&     apt-get install -y git",
        "/bin/sh -c #(nop) COPY --chown=1000:100file:abc in /b ",
        "|1 NAME=x /bin/sh -c echo FROM nothing",
        "|1 NAME=x pip install y",
        "|1 NAME=x /bin/sh -c pip install $NAME",
        "/bin/sh -c #(nop)  USER 1000",
        '/bin/sh -c #(nop)  CMD ["jupyter" "lab"]',
    ],
    "kaniko": [
        "base",
        'CMD ["python3"]',
        "ENV A=1 B=2",
        "RUN apt-get update &&     apt-get install -y git",
        "COPY --chown=1000:100 --from=builder /a /b",
        "RUN <<EOF",
        "RUN pip install y",
        "RUN pip install $NAME",
        "USER 1000",
        'CMD ["jupyter", "lab"]',
    ],
}


def test_the_instructions_and_their_lines() -> None:
    found = [(item.keyword, item.line, item.end_line) for item in last_stage(DOCKERFILE)]
    assert found == [
        ("FROM", 6, 6),
        ("ARG", 7, 7),
        ("ENV", 8, 10),
        ("RUN", 12, 13),
        ("COPY", 14, 14),
        ("RUN", 15, 17),
        ("RUN", 18, 18),
        ("RUN", 19, 19),
        ("USER", 20, 20),
        ("CMD", 21, 21),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# escape=`\nFROM a\nRUN x `\n y", [("FROM", ""), ("RUN", "x y")]),
        ("from a\nrun x", [("FROM", ""), ("RUN", "x")]),
        ("FROM a\nRUN x \\", [("FROM", ""), ("RUN", "x")]),
        ("FROM a\nRUN <<A cat <<B\n1\nA\n2\nB\nUSER b", [("FROM", ""), ("RUN", "<<A cat <<B"), ("USER", "b")]),
        ("FROM a\nRUN <<A\nnever ends", [("FROM", ""), ("RUN", "<<A")]),
        ("\ufeffFROM a\r\nRUN x \\\r\n\ty\r\n", [("FROM", ""), ("RUN", "x y")]),
        ("FROM a\nRUN x \\\\\nUSER b", [("FROM", ""), ("RUN", "x \\\\"), ("USER", "b")]),
        ("FROM a\nRUN cat <<<EOF\nUSER b", [("FROM", ""), ("RUN", "cat <<<EOF"), ("USER", "b")]),
        (
            "FROM a\nRUN echo $((1<<N)) 'a <<B'\nUSER b",
            [("FROM", ""), ("RUN", "echo $((1<<N)) 'a <<B'"), ("USER", "b")],
        ),
        ("FROM a\nRUN <<'A-1.x' 3<<-\"B\"\nA\nA-1.x\n\tB\nUSER b", [("FROM", ""), ("RUN", ANY), ("USER", "b")]),
        ("FROM a\nRUN <<A\n A\nUSER c\nA\nUSER b", [("FROM", ""), ("RUN", "<<A"), ("USER", "b")]),
        ("FROM a\nONBUILD RUN <<A\nUSER c\nA\nUSER b", [("FROM", ""), ("ONBUILD", ANY), ("USER", "b")]),
        ("FROM a\nNOTHING x\n\0\nUSER b", [("FROM", ""), ("USER", "b")]),
    ],
)
def test_other_dockerfiles(text: str, expected: list[tuple[str, str]]) -> None:
    found = [(item.keyword, item.arguments if item.keyword != "FROM" else "") for item in instructions(text)]
    assert found == expected


@pytest.fixture(scope="module")
def demo() -> Report:
    return analyze(str(DEMO))


def with_history(demo: Report, steps: list[str], layer: int) -> Report:
    """Return the report with another history, whose step `layer` made the layer of the first finding."""
    makes = [position == layer or not EMPTY.search(step) for position, step in enumerate(steps)]
    history = [
        HistoryStep(created_by=step, created=None, layer=sum(makes[:position]) if makes[position] else None)
        for position, step in enumerate(steps)
    ]
    return of_layer(demo.model_copy(update={"history": history}), sum(makes[:layer]))


def of_layer(report: Report, layer: int) -> Report:
    """Return the report with its first finding only, which is about a layer."""
    first = report.findings[0]
    assert first.layer is not None
    blamed = first.layer.model_copy(update={"position": layer})
    return report.model_copy(update={"findings": [first.model_copy(update={"layer": blamed})]})


def squashed(demo: Report, steps: list[str], layers: dict[int, int]) -> Report:
    """Return the report with a history, of which only the steps in `layers` made layers; it is about layer 0."""
    history = [
        HistoryStep(created_by=step, created=None, layer=layers.get(position)) for position, step in enumerate(steps)
    ]
    return of_layer(demo.model_copy(update={"history": history}), 0)


def about(demo: Report, rule: str, **data: object) -> Report:
    """Return the report on a finding without a layer."""
    first = demo.findings[0].model_copy(update={"rule": rule, "layer": None, "data": data})
    return demo.model_copy(update={"findings": [first]})


@pytest.mark.parametrize("builder", HISTORIES)
def test_the_steps_of_builders(demo: Report, builder: str) -> None:
    steps = HISTORIES[builder]
    lines = {"base": 6, "apt-get": 12, "COPY": 14, "install y": 18, "$NAME": 19}
    for text, line in lines.items():
        position = next(number for number, step in enumerate(steps) if text in step)
        report = locate(with_history(demo, steps, position), DOCKERFILE, "Dockerfile")
        source = report.findings[0].source
        assert source is not None, text
        assert source.line == line, text
        assert report.diagnostics == demo.diagnostics


def test_another_dockerfile_says_so(demo: Report) -> None:
    steps = [*HISTORIES["kaniko"][:-3], "RUN something else", *HISTORIES["kaniko"][-2:]]
    report = locate(with_history(demo, steps, 0), DOCKERFILE, "Dockerfile")
    assert report.findings[0].source is None
    assert report.diagnostics[-1].code == "dockerfile-mismatch"
    steps = [*HISTORIES["kaniko"][:2], "RUN something else", *HISTORIES["kaniko"][3:]]
    last = locate(with_history(demo, steps, 7), DOCKERFILE, "Dockerfile")
    assert last.findings[0].source is not None
    assert last.findings[0].source.line == 19
    assert locate(demo, "", "Dockerfile").diagnostics[-1].code == "dockerfile-mismatch"


@pytest.mark.parametrize("step", ["[" * 5000, "RUN --", "RUN --a --b=c", "|", "|1", "RUN |1 ", "\0", "##[error]x", ""])
def test_whatever_a_history_says(demo: Report, step: str) -> None:
    for text in (DOCKERFILE, f"FROM a\nRUN {step}\n", "FROM a\n" + "RUN " + "[" * 5000):
        locate(with_history(demo, [step, step], 0), text, "Dockerfile")


def test_the_demo(demo: Report) -> None:
    text = (DEMO.parent / "demo" / "Dockerfile").read_text()
    lines = text.splitlines()
    for finding in locate(demo, text, "Dockerfile").findings:
        assert finding.source is not None
        instruction = lines[finding.source.line - 1]
        assert instruction.startswith(finding.source.instruction)
        if finding.rule == "FSR001":
            assert "/opt/ml" in instruction
        if finding.rule == "USR001":
            assert instruction == "USER 1001"


def test_only_line_feeds_end_lines() -> None:
    found = list(instructions("FROM a\n# \x0b\x0c\x1c\x85\u2028\u2029\rx\nUSER b"))
    assert [item.line for item in found] == [1, 3]


def test_a_stage_that_others_are_based_on() -> None:
    text = "FROM a AS Base\nRUN 1\nFROM b AS other\nRUN 2\nFROM --platform=x base as last\nRUN 3\nFROM last\nRUN 4"
    assert [item.line for item in last_stage(text)] == [1, 2, 6, 8]
    assert [item.line for item in last_stage("FROM a AS x\nRUN 1\nFROM y\nRUN 2")] == [3, 4]
    assert [item.line for item in last_stage("FROM\nRUN 1")] == [1, 2]


@pytest.mark.parametrize(
    "step", ["COPY a /other", "ENV C=1 D=2", "USER 1001", "WORKDIR /a/other", "COPY file:abc in /other ", "ADD a /b"]
)
def test_a_step_of_another_instruction_ends_the_comparison(demo: Report, step: str) -> None:
    keyword = step.partition(" ")[0]
    same = {"COPY": "COPY a /b/", "ENV": "ENV A=1 B=2", "USER": "USER 1000", "WORKDIR": "WORKDIR b", "ADD": "COPY a /b"}
    text = f"FROM a\n{same[keyword]}\nRUN x"
    report = locate(with_history(demo, ["base", step, "RUN x"], 0), text, "Dockerfile")
    assert report.diagnostics[-1].code == "dockerfile-mismatch"
    assert report.findings[0].source is None


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("COPY a b ./c/", "/bin/sh -c #(nop) COPY multi:abc in /x/c/ "),
        ('COPY ["a b", "/c d"]', "COPY a b /c d # buildkit"),
        ("COPY a .", "COPY a /x/"),
        ("ENV A $B", "ENV A=x"),
        ('ENV A "b c"', "ENV A=b c"),
        ('ENV A="b c" D=1', "ENV A=b c D=1"),
        ("WORKDIR x/y", "WORKDIR /z/x/y"),
        ("USER ${U}", "USER 7"),
    ],
)
def test_what_builders_write_differently_is_the_same(demo: Report, text: str, step: str) -> None:
    report = locate(with_history(demo, ["base", step, "RUN x"], 0), f"FROM a\n{text}\nRUN x", "Dockerfile")
    assert report.diagnostics == demo.diagnostics


def test_one_layer_for_all_steps_has_no_line(demo: Report) -> None:
    text = "FROM a\nCOPY x /x\nRUN y\nCMD z"
    steps = ["base", "COPY x /x", "RUN y", "CMD z"]
    for layers in ({3: 0}, {2: 0}):
        assert locate(squashed(demo, steps, layers), text, "Dockerfile").findings[0].source is None
    base = locate(squashed(demo, steps, {0: 0, 2: 1}), text, "Dockerfile").findings[0].source
    assert base is not None
    assert base.line == 1
    one = locate(squashed(demo, ["everything"], {0: 0}), text, "Dockerfile")
    assert one.findings[0].source is None
    assert one.diagnostics[-1].code == "dockerfile-mismatch"


CONFIGURED = (
    "FROM a\nENV A=1 B=2\nENV NVIDIA_VISIBLE_DEVICES=all\nEXPOSE 1\nHEALTHCHECK CMD x\nENV C=3\nCMD y\nEXPOSE 2"
)


@pytest.mark.parametrize(
    ("stated_in", "line"),
    [
        (["ENV B"], 2),
        (["ENV C"], 6),
        (["ENV OF_THE_BASE"], 1),
        (["ENV NVIDIA_VISIBLE_DEVICES"], 3),
        (["EXPOSE 1/tcp"], 4),
        (["EXPOSE 3"], 1),
        (["HEALTHCHECK"], 5),
        (["CMD", "ENTRYPOINT"], 7),
        (["USER"], 1),
        (["FROM"], 1),
        (["", "NOTHING", "ENV "], 6),
        ([], None),
    ],
)
def test_findings_about_the_configuration(demo: Report, stated_in: list[str], line: int | None) -> None:
    steps = ["base", *CONFIGURED.split("\n")[1:]]
    finding = demo.findings[0].model_copy(update={"layer": None, "stated_in": stated_in})
    report = with_history(demo, steps, 0).model_copy(update={"findings": [finding]})
    source = locate(report, CONFIGURED, "Dockerfile").findings[0].source
    assert (source and source.line) == line


def test_thousands_of_stages_take_linear_time() -> None:
    text = "".join(f"FROM s{number} AS s{number + 1}\nRUN x\n" for number in range(20_000))
    assert len(last_stage(text)) == 20_001
