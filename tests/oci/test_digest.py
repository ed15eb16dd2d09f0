"""Digests, as descriptor.md has them."""

import hashlib

import pytest

from ocianalyze.errors import InvalidImageError
from ocianalyze.oci.digest import Digest, hexadecimal_digest

DATA = b"some bytes"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_digest_knows_its_parts_and_its_bytes(algorithm: str) -> None:
    encoded = hashlib.new(algorithm, DATA).hexdigest()
    digest = Digest.parse(f"{algorithm}:{encoded}")
    assert (digest.algorithm, digest.encoded, str(digest)) == (algorithm, encoded, f"{algorithm}:{encoded}")
    assert digest.matches(DATA)
    assert not digest.matches(DATA + b"\0")
    assert Digest.parse(digest) is digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "sha256:" + "\u0661" * 64,
        "SHA256:" + "a" * 64,
        "sha512:" + "a" * 64,
        "sha384:" + "a" * 96,
        "sha256:../../etc/passwd",
        " sha256:" + "a" * 64,
        "sha256:" + "a" * 64 + "\n",
        "x" * 100_000,
        None,
        1,
        b"sha256:" + b"a" * 64,
    ],
)
def test_anything_else_is_refused_and_shown_in_short(text: object) -> None:
    with pytest.raises(InvalidImageError, match="invalid digest") as error:
        Digest.parse(text)
    assert len(error.value.message) < 200


def test_names_that_are_digests() -> None:
    assert hexadecimal_digest("a" * 64) == "sha256:" + "a" * 64
    for name in ("a" * 63, "A" * 64, "a" * 64 + ".json", "layer"):
        assert hexadecimal_digest(name) is None
