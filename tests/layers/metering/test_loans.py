"""Memory that is lent for a while is never more than there is, and nobody waits for ever."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from ocianalyze.layers.metering.loans import UNLIMITED, Loans


def test_threads_wait_for_what_others_have() -> None:
    loans = Loans(100)
    taken: list[int] = []
    peak: list[int] = []
    lock = threading.Lock()

    def work(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - chance that can be repeated
        with loans.loan() as loan:
            for _ in range(3):
                size = chance.randrange(1, 60)
                loan.change(size)
                with lock:
                    taken.append(size)
                    peak.append(sum(taken))
                time.sleep(0.001)
                with lock:
                    taken.remove(size)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert 60 < max(peak) <= 100
    assert taken == []


def test_who_needs_more_than_there_is_gets_it_alone() -> None:
    loans = Loans(100)
    order: list[str] = []
    started = threading.Event()

    def need_much() -> None:
        with loans.loan() as loan:
            started.set()
            loan.change(500)
            order.append("much")

    with loans.loan() as loan:
        loan.change(1)
        thread = threading.Thread(target=need_much)
        thread.start()
        started.wait()
        time.sleep(0.02)
        order.append("little")
    thread.join(10)
    assert order == ["little", "much"]


def test_what_is_lent_comes_back_after_an_error() -> None:
    loans = Loans(10)
    for _ in range(3):
        with suppress(ZeroDivisionError), loans.loan() as loan:
            loan.change(10)
            loan.change(1 // 0)
    with loans.loan() as loan:
        loan.change(10)


def test_nobody_waits_where_nothing_is_counted() -> None:
    UNLIMITED.change(1 << 60)
    UNLIMITED.change(1 << 60)
