"""Which threads there are."""

import threading


def running(name: str) -> int:
    """Return how many threads there are whose names begin with `name`."""
    return sum(thread.name.startswith(name) for thread in threading.enumerate())
