"""A registry in memory that takes what is pushed: behaviour for a `fault_proxy`, for what no real registry would do."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeAlias

from tests.support.fault_proxy import Answer, Seen
from tests.support.images import BuiltImage
from tests.support.layouts import OCI_INDEX, OCI_MANIFEST
from tests.support.served import manifest_of

Spoil: TypeAlias = Callable[[Seen], Answer | None]


def digest_of(content: bytes) -> str:
    """Return the sha256 digest of bytes."""
    return f"sha256:{sha256(content).hexdigest()}"


@dataclass(slots=True)
class PushRegistry:
    """What one repository holds, and how its registry behaves.

    Attributes:
        image: the image that is there from the start, under every tag that nobody pushed.
        lists: whether there is an API that lists referrers.
        page: how many referrers stand on a page.
        tells_subject: whether ``OCI-Subject`` is answered.
        has_etags: whether manifests have an ``ETag``, and ``If-Match`` counts.
        spoil: answers instead, if it does.
    """

    image: BuiltImage
    lists: bool = False
    page: int = 1000
    tells_subject: bool = False
    has_etags: bool = False
    spoil: Spoil = lambda _: None
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Store the image."""
        raw = json.dumps(manifest_of(self.image)).encode()
        for blob in (self.image.config, *(layer.stored for layer in self.image.layers)):
            assert isinstance(blob.content, bytes)
            self.blobs[blob.digest] = blob.content
        for selector in ("1.0", digest_of(raw)):
            self.manifests[selector] = OCI_MANIFEST, raw

    @property
    def digest(self) -> str:
        """The digest of the image's manifest."""
        return digest_of(self.manifests["1.0"][1])

    @property
    def tag(self) -> str:
        """The tag that lists the image's referrers."""
        return self.digest.replace(":", "-")

    def tagged(self) -> list[dict[str, Any]]:
        """Return what that tag lists."""
        listed: list[dict[str, Any]] = json.loads(self.manifests[self.tag][1])["manifests"]
        return listed

    def __call__(self, seen: Seen) -> Answer:
        """Answer a request."""
        path, _, query = seen.path.partition("?")
        kind, last = path.split("/")[-2:]
        body = seen.headers.get("(body)", "").encode()
        if answer := self.spoil(seen):
            return answer
        if seen.method == "POST":
            return Answer(status=202, headers={"Location": f"{path}session?_state=canary"})
        if seen.method == "PUT":
            return self._upload(query, body) if kind == "uploads" else self._put(seen, last, body)
        if kind == "referrers":
            return self._referrers(path, query, last) if self.lists else Answer(status=404)
        return self._get(kind, last)

    def _get(self, kind: str, name: str) -> Answer:
        if kind == "blobs":
            blob = self.blobs.get(name)
            return self._error(404, "BLOB_UNKNOWN") if blob is None else Answer(status=200, body=blob)
        if name not in self.manifests:
            return self._error(404, "MANIFEST_UNKNOWN")
        media_type, raw = self.manifests[name]
        return Answer(status=200, headers={"Content-Type": media_type, **self._etag(raw)}, body=raw)

    def _upload(self, query: str, body: bytes) -> Answer:
        digest = query.partition("digest=")[2].replace("%3A", ":")
        if digest != digest_of(body):
            return self._error(400, "DIGEST_INVALID")
        self.blobs[digest] = body
        return Answer(status=201, headers={"Docker-Content-Digest": digest})

    def _put(self, seen: Seen, selector: str, body: bytes) -> Answer:
        before = self.manifests.get(selector, ("", b""))[1]
        if self.has_etags and seen.headers.get("if-match", digest_of(before)).strip('"') != digest_of(before):
            return self._error(412, "PRECONDITION_FAILED")
        manifest = json.loads(body)
        for one in [manifest.get("config"), *manifest.get("layers", [])]:
            if one and one["digest"] not in self.blobs:
                return self._error(404, "MANIFEST_BLOB_UNKNOWN")
        for name in {selector, digest_of(body)}:
            self.manifests[name] = seen.headers["content-type"], body
        told = {"OCI-Subject": manifest["subject"]["digest"]} if self.tells_subject and "subject" in manifest else {}
        return Answer(status=201, headers={"Docker-Content-Digest": digest_of(body), **told})

    def _referrers(self, path: str, query: str, digest: str) -> Answer:
        found = [
            {
                "mediaType": OCI_MANIFEST,
                "digest": name,
                "size": len(raw),
                "artifactType": json.loads(raw).get("artifactType"),
                "annotations": json.loads(raw).get("annotations"),
            }
            for name, (_, raw) in sorted(self.manifests.items())
            if name.startswith("sha256:") and json.loads(raw).get("subject", {}).get("digest") == digest
        ]
        first = int(query.partition("from=")[2] or 0)
        rest = first + self.page
        link = {"Link": f'<{path}?from={rest}>; rel="next"'} if rest < len(found) else {}
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found[first:rest]}
        return Answer(status=200, headers={"Content-Type": OCI_INDEX, **link}, body=json.dumps(index).encode())

    def _etag(self, raw: bytes) -> dict[str, str]:
        return {"ETag": f'"{digest_of(raw)}"'} if self.has_etags else {}

    def _error(self, status: int, code: str) -> Answer:
        return Answer(status=status, body=json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode())
