"""Addresses of web pages that people paste where the name of an image belongs, and the names that they mean.

Sources: the sites themselves: Docker Hub, GitHub Packages, Quay, the Amazon ECR gallery, NVIDIA NGC; and
distribution-spec for the addresses that registries are asked with.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from ocianalyze.regex import regex

_URL: Final = regex(r"https?://", re.IGNORECASE)
_PART: Final = r"([\w.%~-]{1,200})"
_PAGES: Final = (
    (rf"hub\.docker\.com/(?:r|repository/docker|layers)/{_PART}/{_PART}(?:/.*)?", r"docker.io/\1/\2"),
    (rf"hub\.docker\.com/_/{_PART}(?:/.*)?", r"docker.io/library/\1"),
    (rf"gallery\.ecr\.aws/{_PART}/([\w./-]{{1,200}})", r"public.ecr.aws/\1/\2"),
    (rf"github\.com/(?:orgs|users)/{_PART}/packages/container/(?:package/)?{_PART}(?:/.*)?", r"ghcr.io/\1/\2"),
    (rf"github\.com/{_PART}/[^/]+/pkgs/container/{_PART}(?:/.*)?", r"ghcr.io/\1/\2"),
    (rf"quay\.io/repository/{_PART}/{_PART}(?:/.*)?", r"quay.io/\1/\2"),
    (rf"catalog\.ngc\.nvidia\.com/orgs/{_PART}/teams/{_PART}/containers/{_PART}(?:/.*)?", r"nvcr.io/\1/\2/\3"),
    (rf"catalog\.ngc\.nvidia\.com/orgs/{_PART}/containers/{_PART}(?:/.*)?", r"nvcr.io/\1/\2"),
    (r"([^/]+)/v2/(.+)/(?:manifests|blobs)/(sha256:[0-9a-f]{64})", r"\1/\2@\3"),
    (r"([^/]+)/v2/(.+)/manifests/([\w.-]{1,128})", r"\1/\2:\3"),
)


def is_url(text: str) -> bool:
    """Tell whether a text is the address of a page and not the name of an image."""
    return _URL.match(text) is not None


def without_login(text: str) -> str:
    """Return what somebody wrote as the address of a host, for messages: short, and without a user and a password."""
    return re.sub(r"^([a-z0-9+.-]{0,20}://)?[^/]*@", r"\1…@", text, flags=re.IGNORECASE)[:200]


def name_of(url: str) -> str:
    """Return what may be the name of the image that an address leads to; it is not checked."""
    parts = urlsplit(url)
    place = f"{parts.netloc.rpartition('@')[2]}{parts.path}".strip("/")
    for pattern, name in _PAGES:
        found = re.fullmatch(pattern, place, re.ASCII)
        if found:
            return unquote(found.expand(name)).lower() if "@" not in name and ":" not in name else found.expand(name)
    return place
