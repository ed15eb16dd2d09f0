"""What a shell completes after ``ocianalyze``."""

import os
import subprocess
import sys

import pytest


def completed(words: str) -> list[str]:
    """Return what bash offers for the last of the words."""
    parts = words.split(" ")
    variables = {"_OCIANALYZE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(parts) - 1)}
    code = "from ocianalyze.cli.app import app; app(prog_name='ocianalyze')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, text=True, env={**os.environ, **variables}
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("ocianalyze sc", ["scan", "schema"]),
        ("ocianalyze scan --profile unified", ["unified-studio"]),
        ("ocianalyze scan --profile studio-classic,unified", ["studio-classic,unified-studio"]),
        ("ocianalyze scan --select KRN00", [f"KRN00{n}" for n in range(1, 10)]),
        ("ocianalyze scan --ignore kernel-hid", ["kernel-hidden"]),
        ("ocianalyze scan --severity KRN001=", ["KRN001=error", "KRN001=warning", "KRN001=note"]),
        ("ocianalyze scan --format t", ["table"]),
        ("ocianalyze scan --fail-on ", ["error", "warning", "note", "never"]),
        ("ocianalyze explain studio-c", ["studio-classic", "studio-code-editor"]),
        ("ocianalyze explain RTM006", ["RTM006"]),
        ("ocianalyze scan image.ta", []),  # then the shell completes the names of files
    ],
)
def test_bash_is_offered(words: str, offered: list[str]) -> None:
    assert completed(words) == offered
