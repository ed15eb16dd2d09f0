"""The table says where the bytes are when an image is near the limit, or when it is asked to."""

import io

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.reports.report import Report
from ocianalyze.reports.screen import Screen
from ocianalyze.reports.table import print_report
from tests.conftest import SaveImage
from tests.support.fit import fit_image
from tests.support.tarballs import Item, whiteout

MB = 1_000_000
LAYERS = ([Item(path="opt/cache/a", size=3 * MB), Item(path="opt/model", size=2 * MB)], [whiteout("opt/cache")])


def shown(report: Report) -> str:
    """Return the table."""
    with io.StringIO() as text:
        print_report(report, Screen(text))
        return text.getvalue()


@pytest.fixture
def path(save_image: SaveImage) -> str:
    """Return an image of five megabytes, three of which are wasted."""
    return str(save_image(fit_image(*LAYERS)))


def test_the_json_says_where_the_bytes_are(path: str) -> None:
    facts = analyze(Source(reference=path), Policy(details=True)).facts
    assert facts is not None
    size = facts.size
    assert size.largest_files is not None
    assert size.largest_directories is not None
    assert [(piece.path, piece.layer, piece.hidden_by) for piece in size.largest_files] == [
        ("/opt/cache/a", 3, 4),
        ("/opt/model", 3, None),
    ]
    assert [(piece.path, piece.bytes) for piece in size.largest_directories][:2] == [
        ("/opt", 5 * MB),
        ("/opt/cache", 3 * MB),
    ]
    (waste,) = size.wasted
    assert (waste.layer, waste.bytes, waste.directories[0].path) == (3, 3 * MB, "/opt/cache/a")
    (wasting,) = size.wasting
    assert (wasting.layer, wasting.bytes) == (4, 3 * MB)
    assert (wasting.places[0].path, wasting.places[0].layer, wasting.places[0].change) == ("/opt/cache/a", 3, "deleted")


def test_the_table_says_it_near_the_limit_or_when_asked(path: str) -> None:
    far = analyze(Source(reference=path))
    assert far.facts is not None
    assert (far.facts.size.largest_files, len(far.facts.size.wasted)) == (None, 1)
    assert "largest directories" not in shown(far)
    near = analyze(Source(reference=path), Policy(size_limit=6 * MB))
    for text in (shown(analyze(Source(reference=path), Policy(details=True))), shown(near)):
        joined = " ".join(text.split())
        assert "5 MB /opt layer 3: RUN step 4" in joined
        assert "wasted 3 MB by layer 4: RUN step 5; most of it in /opt/cache/a of layer 3" in joined
        assert "/opt/cache/a layer 3: RUN step 4, hidden by layer 4" in joined
