"""The SageMaker Distribution that the image is based on is no longer supported, or will soon not be.

## What it checks

AWS announces until when it supports each version of SageMaker Distribution. The label
`org.amazon.sagemaker-distribution.image.version` states the version. The finding appears from 60 days before the last
day of support. As of 28 November 2026, support ends on 9 September 2026 for 2.x, on 29 September 2026 for 3.x, in
October 2026 for 4.0 and 4.1, and on 30 November 2026 for 4.2.

## Why it matters

Versions without support get no security fixes, and SageMaker may remove them from Studio.

## How to fix

```dockerfile
FROM public.ecr.aws/sagemaker/sagemaker-distribution:latest-cpu
```

## Data

- `version`: the version that the label states.
- `end`: the last day of support.

## References

- [SageMaker Studio image support policy](https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-distribution.html).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import HYPERPOD, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOTICE: Final = timedelta(days=60)


@rule(id="APP014", severity={**newer(Severity.NOTE), HYPERPOD: Severity.NOTE})
def distribution_unsupported(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if support has ended, or ends within 60 days."""
    base, today = subject.facts.sagemaker_distribution, _today()
    if base is None or base.end is None or today < base.end - _NOTICE:
        return
    ended = "ended on" if today > base.end else "ends on"
    yield Finding(
        message=f"support of SageMaker Distribution {base.stated} {ended} {base.end}",
        hint="Use a newer version in FROM, such as public.ecr.aws/sagemaker/sagemaker-distribution:latest-cpu",
        data={"version": base.stated, "end": base.end.isoformat()},
    )


def _today() -> date:
    return datetime.now(UTC).date()
