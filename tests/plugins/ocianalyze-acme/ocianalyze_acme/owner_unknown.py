"""Nobody knows whom to ask about the image.

## What it checks

`/etc/acme-release` has a line `owner=` with the name of a team.

## Why it matters

An image without an owner is deleted from our registry after 30 days.

## How to fix

```dockerfile
RUN echo owner=data-science > /etc/acme-release
```

## Data

- `found`: what the file contains instead, if it exists.

## References

- Acme's handbook, chapter 7.
"""

from collections.abc import Iterator

from ocianalyze import Finding, Severity, Subject, rule
from ocianalyze.rules.profiles import everywhere

_RELEASE = "/etc/acme-release"
_LARGEST = 4096
_HINT = "Add the line with 'RUN echo owner=my-team > /etc/acme-release'"


@rule(
    id="ACM001",
    severity=everywhere(Severity.WARNING),
    reads=(_RELEASE,),
    url="https://handbook.acme.example/images#owner",
)
def owner_unknown(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if no owner is named."""
    node = subject.filesystem.lookup(_RELEASE)
    if node is None or not node.is_file:
        yield Finding(message=f"there is no {_RELEASE}", hint=_HINT)
        return
    text = node.read(_LARGEST).decode("utf-8", "replace")
    if not any(line.startswith("owner=") and line != "owner=" for line in text.splitlines()):
        yield Finding.at(node, f"{_RELEASE} does not name an owner", hint=_HINT, data={"found": text[:100]})
