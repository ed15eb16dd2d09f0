"""The variables of the environment: an unknown one is an error, since it may be meant to change what is checked."""

import pytest

from ocianalyze.cli.input import read_settings
from ocianalyze.cli.variables import variables
from ocianalyze.errors import UsageError

UNKNOWN = [
    ("INSECURE", "Unset it; --help names those that are known"),
    ("FAIL_NO", "Did you mean OCIANALYZE_FAIL_ON?"),
    ("MIRRORS", "Did you mean OCIANALYZE_MIRROR?"),
    ("TLS_VERIFY", "Use the option --tls-verify, which has no variable"),
    ("USERNAME", "Did you mean OCIANALYZE_REGISTRY_USERNAME?"),
    ("BEARER_TOKEN_FILE", "Use the option --bearer-token-file, which has no variable"),
    ("", "Unset it; --help names those that are known"),
    ("service_host", "Unset it; --help names those that are known"),
]


@pytest.mark.parametrize(("name", "hint"), UNKNOWN)
def test_an_unknown_variable_is_an_error(monkeypatch: pytest.MonkeyPatch, name: str, hint: str) -> None:
    monkeypatch.setenv(f"OCIANALYZE_{name}", "canary")
    with pytest.raises(UsageError, match=f"^unknown environment variable OCIANALYZE_{name}$") as error:
        read_settings(None, isolated=True)
    assert error.value.hint == hint


def test_known_variables_and_those_of_others_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*variables(), "NOT_OCIANALYZE_X", "OCIANALYZE_SERVICE_HOST", "OCIANALYZE_PORT_8080_TCP_ADDR"):
        monkeypatch.setenv(name, "")
    assert read_settings(None, isolated=True).file is None
