"""JSON that two readers cannot understand differently."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.errors import InvalidImageError, OcianalyzeError
from ocianalyze.oci.json import decode
from ocianalyze.oci.models import ImageConfig, Manifest


def test_plain_documents() -> None:
    assert decode(b' {"a": [1, -2.5, true, null, "\\u00e4"]} ', what="x") == {"a": [1, -2.5, True, None, "ä"]}
    assert decode(b"9223372036854775807", what="x") == (1 << 63) - 1
    assert decode(b"-9223372036854775808", what="x") == -(1 << 63)


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (b'{"a": 1, "a": 1}', "duplicate key 'a'"),
        (b'[{"b": {"a": 1, "\\u0061": 2}}]', "duplicate key 'a'"),
        (b"9223372036854775808", "64 bits"),
        (b"-9223372036854775809", "64 bits"),
        (b"1" * 5000, "64 bits|not valid JSON"),
        (b"NaN", "not valid JSON"),
        (b"[Infinity]", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "not valid JSON"),
        ('{"a": 1}'.encode("utf-16"), "not valid JSON"),
        (b'"\xff"', "not valid JSON"),
        (b'"\\ud800"', "not valid JSON"),
        (b'"a\nb"', "not valid JSON"),
        (b"", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "not valid JSON"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_refused(raw: bytes, match: str) -> None:
    with pytest.raises(InvalidImageError, match=match) as error:
        decode(raw, what="index.json")
    assert error.value.message.startswith("index.json")
    assert len(error.value.message) < 300


@given(st.one_of(st.binary(max_size=200), st.text(alphabet='{}[]",:0129.eE-+ntf\\u', max_size=60).map(str.encode)))
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    for model in (Manifest, ImageConfig):
        with contextlib.suppress(OcianalyzeError):
            model.from_json(raw, what="x")


def test_many_keys_take_linear_time() -> None:
    started = time.process_time()
    decode(b"{" + b",".join(b'"%d":[{}]' % number for number in range(100_000)) + b"}", what="x")
    assert time.process_time() - started < 3
