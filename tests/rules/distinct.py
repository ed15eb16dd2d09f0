"""Which findings of one image only the number at the end of their fingerprints tells apart, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

_LAYER: Final = "each is about a layer, which has no name that a rebuild keeps"
COUNTED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("IMG005", "IMG007", "SIZ003"), _LAYER),
    **dict.fromkeys(("FSR001", "FSR002", "FSR003", "GPU001", "GPU002", "USR005"), _LAYER),
    "KRN001": "one is about the kernels that Studio Classic lists, one about those that the image's own server lists",
    "KRN008": "the kernel is hidden from both servers, but each needs another fix",
    "LAY005": "runtimes differ in what stops them at one entry",
    "LAY010": "runtimes differ in what stops them at one entry",
}


def check_distinct(found: Iterable[tuple[str, str]]) -> None:
    """Fail if findings, each a rule and a fingerprint, are equal but for the number, unless that has a reason."""
    digests = Counter((rule, fingerprint.partition(":")[0]) for rule, fingerprint in found)
    equal = {rule for (rule, _), count in digests.items() if count > 1}
    assert equal <= COUNTED.keys(), f"the identity of {equal - COUNTED.keys()} does not tell findings apart"
