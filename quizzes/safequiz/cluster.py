"""Have the scoring done by other processes, or on other machines, by Dask: `grade --scheduler ADDRESS`.

All reading and writing stays here. What travels is the key one way, and of pupils the bytes of their answers
files, which are parsed over there as strictly as here. Whoever can reach a Dask scheduler can have it run
anything, so it belongs on a network of trusted machines, or behind TLS: an address tls://..., with the
certificates in Dask's own settings. LOCAL makes keys of its own. Nobody outside is asked for anything.
"""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .errors import UserError

if TYPE_CHECKING:
    from distributed import Client, Future

    from .grading import Mapper

T, R = TypeVar("T"), TypeVar("R")

#: The address that stands for a cluster of this machine's processors, made for one run.
LOCAL = "local"
#: How many seconds to wait for a scheduler that does not answer, and for a worker where there is none.
PATIENCE = 30.0
#: How many lists there are for each thread of the workers: one in work, and one that waits so that it never
#: does. No more are sent before the first is back, so memory stays flat however large the class.
_LISTS_EACH = 2

_AGAIN = "No mark is lost: the same command goes on from there, and without --scheduler it marks here."
_SAME = "Every machine needs the version of the quizzes that is here."


def _version() -> str:
    modules = sorted(Path(__file__).parent.glob("*.py"))
    texts = [(module.name, module.read_text(encoding="utf-8")) for module in modules]
    return hashlib.sha256(repr(texts).encode()).hexdigest()


#: Changes with any module of this package. Taken at once: while a worker runs, another may be installed.
_VERSION = _version()


class ClusterError(UserError):
    """A cluster that cannot score; the message says why and what to do."""


@contextmanager
def mapper(address: str, patience: float = PATIENCE) -> Iterator[Mapper]:
    """Yield a `map` whose function is called on the cluster at `address`: tcp://HOST:PORT, tls:// or LOCAL.

    Results come in the order of the lists. Where a worker dies, another does its work. An exception of the
    function is raised here.

    Raises ClusterError when Dask is not installed or there is no such scheduler; and while mapping when the
    scheduler is gone, when there has been no worker for `patience` seconds, or when a machine has another
    version of this package.
    """
    try:
        import dask.config
        from distributed import Client, LocalCluster
        from distributed.utils import silence_logging_cmgr
    except ImportError:
        raise ClusterError(
            "--scheduler needs Dask, which is not installed. First: python3 -m quizzes scale"
        ) from None
    quiet = logging.CRITICAL  # what Dask would say in many lines, a ClusterError says in one
    local = {
        "threads_per_worker": 1,  # of a process's threads Python runs but one at a time
        "security": True,  # TLS with keys made for this run: other accounts of this machine have none
        "dashboard_address": None,
        "scheduler_kwargs": {"dashboard_address": "127.0.0.1:0"},  # or it warns when 8787 is taken
        "silence_logs": quiet,
    }
    with (
        silence_logging_cmgr(quiet),
        dask.config.set({"distributed.admin.low-level-log-length": 0}),  # it would hold all that was sent
        LocalCluster(**local) if address == LOCAL else nullcontext(address) as cluster,
    ):
        try:
            client = Client(cluster, timeout=patience, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"There is no Dask scheduler at '{address}': {error}. "
                "Give the address that it says when it starts, such as tcp://10.0.0.5:8786."
            ) from None
        with client:
            yield _Cluster(client, address, patience).map


class _Cluster:
    def __init__(self, client: Client, address: str, patience: float):
        self._client, self._address, self._patience = client, address, patience

    def map(self, function: Callable[[T], R], lists: Iterable[T]) -> Iterator[R]:
        """Yield what `function` makes of each of `lists`, in turn."""
        waiting: deque[Future] = deque()
        most = _LISTS_EACH * self._threads()
        for one in lists:
            waiting.append(self._client.submit(_call, _VERSION, function, one, pure=False))
            if len(waiting) == most:
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())

    def _threads(self) -> int:
        try:
            self._client.wait_for_workers(1, timeout=self._patience)
        except TimeoutError:
            raise self._no_workers() from None
        return sum(self._client.nthreads().values())

    def _result(self, future: Future) -> R:
        from distributed import KilledWorker

        while True:
            try:
                return future.result(timeout=self._patience)
            except TimeoutError:  # no fault, if others keep the workers busy
                if not self._client.nthreads():
                    raise self._no_workers() from None
            except CancelledError:
                raise self._error("is gone.") from None
            except KilledWorker:
                raise self._error(f"lost worker after worker as it gave them work. {_SAME}") from None
            except RuntimeError as error:  # what a scheduler raises that cannot read what it should pass on
                raise self._error(f"could not pass the work on. {_SAME}") from error

    def _no_workers(self) -> ClusterError:
        return self._error(f"has no workers. Start some; if they stop at once, they say why. {_SAME}")

    def _error(self, what: str) -> ClusterError:
        return ClusterError(f"The Dask scheduler at {self._address} {what} {_AGAIN}")


def _call(version: str, function: Callable[[T], R], one: T) -> R:
    """Call `function`, if this package is, letter for letter, what it is where `version` was taken."""
    from distributed import get_worker

    if version != _VERSION:
        raise ClusterError(f"The Dask worker at {get_worker().address} has another version. {_SAME} {_AGAIN}")
    return function(one)
