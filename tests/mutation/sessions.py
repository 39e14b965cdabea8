"""pytest inside this program: collect the tests, then do with them as the caller likes, also in children."""

from __future__ import annotations

import os
import resource
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest

import hypothesis
import pytest

EXAMPLES = 15
"""For each law: the fewer, the quicker a survivor is known; the gate gives a law twenty times as many."""

SECONDS_MIN = 2
SECONDS_FACTOR = 20
MEMORY_BYTES_MAX = 4 * 1024**3

OPTIONS = (
    "-q", "-x", "-s", "--tb=no", "--hypothesis-profile=mutation", "-p", "no:cacheprovider", "-p", "no:xdist",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # hypothesis is imported before pytest looks at it
)  # fmt: skip


def with_tests(targets: Sequence[str], act: Callable[[Sequence[pytest.Item]], None]) -> int:
    """Collect tests and hand them over instead of running them; pytest's exit code."""
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=tuple(hypothesis.HealthCheck),
    )
    with _silence():
        return int(pytest.main([*OPTIONS, *targets], plugins=[_HandOver(act)]))


def run_until_one_fails(items: Sequence[pytest.Item], seconds: Mapping[str, float]) -> str:
    """The id of the first test that fails, the fastest running first; "" when all pass.

    This process dies by SIGXCPU when one of them takes much longer than it does on sound code.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    ordered = sorted(
        (item for item in items if item.nodeid in seconds), key=lambda item: seconds[item.nodeid]
    )
    for item, following in zip_longest(ordered, ordered[1:]):
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = used.ru_utime + used.ru_stime + SECONDS_MIN + SECONDS_FACTOR * seconds[item.nodeid]
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, resource.RLIM_INFINITY))
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return item.nodeid
    return ""


def forked(act: Callable[[], int]) -> int:
    """Do something in a child; its process id. The act's answer becomes the exit status."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        status = act()
    except BaseException:
        print(traceback.format_exc(), file=STDERR, flush=True)
    finally:
        os._exit(status)


def say(words: str) -> None:
    """To the standard error this program was started with, also while pytest is silenced."""
    print(words, file=STDERR, flush=True)


STDERR = os.fdopen(os.dup(2), "w")


class _HandOver:
    def __init__(self, act: Callable[[Sequence[pytest.Item]], None]) -> None:
        self.act = act

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("a module of tests cannot be imported")
        self.act(session.items)
        return True


@contextmanager
def _silence() -> Iterator[None]:
    kept = os.dup(1), os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        for number, was in enumerate(kept, start=1):
            os.dup2(was, number)
