"""Lines of a Dockerfile for findings: with the histories that BuildKit, the older builder, buildah and kaniko write."""

from pathlib import Path

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
    history = [
        HistoryStep(created_by=step, created=None, layer=0 if position == layer else None)
        for position, step in enumerate(steps)
    ]
    first = demo.findings[0]
    assert first.layer is not None
    return demo.model_copy(update={"history": history, "findings": [first]})


@pytest.mark.parametrize("builder", HISTORIES)
def test_the_steps_of_builders(demo: Report, builder: str) -> None:
    steps = HISTORIES[builder]
    lines = {"base": 6, "apt-get": 12, "COPY": 14, "install y": 18, "$NAME": 19, "USER": 20, "jupyter": 21}
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
    last = locate(with_history(demo, steps, len(steps) - 1), DOCKERFILE, "Dockerfile")
    assert last.findings[0].source is not None
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
