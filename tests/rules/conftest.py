"""Whatever image a test of rules makes, the fingerprints of its findings are distinct."""

from collections.abc import Iterable, Iterator

import pytest

from ocianalyze.rules import engine
from ocianalyze.rules.fingerprints import with_fingerprints
from ocianalyze.rules.judgement import Judgement
from tests.rules.distinct import check_distinct


@pytest.fixture(scope="module", autouse=True)
def _distinct_fingerprints() -> Iterator[None]:
    def checked(judgements: Iterable[Judgement]) -> list[Judgement]:
        found = with_fingerprints(judgements)
        check_distinct((item.rule.id, item.fingerprint) for item in found if item.rule.package == "ocianalyze")
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "with_fingerprints", checked)
        yield
