"""Worker processes of long work: Ctrl-C reaches all of them, and one answers."""

from __future__ import annotations

import os
import signal

from entact.cli.work import use_workers


def reached() -> int:
    """Which process this is, where Ctrl-C did not end it."""
    os.kill(os.getpid(), signal.SIGINT)
    return os.getpid()


def test_ctrl_c_reaches_no_worker_even_while_it_starts() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with use_workers(2) as executor:
        assert executor
        workers = [executor.submit(reached) for _ in range(4)]
        assert os.getpid() not in {worker.result() for worker in workers}
        # Blocked, not ignored: what comes before a worker's first instruction does not end it either.
        assert signal.SIGINT in executor.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_one_process_needs_no_executor() -> None:
    with use_workers(1) as executor:
        assert executor is None
