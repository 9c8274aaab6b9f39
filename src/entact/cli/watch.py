"""One process that serves alone watches over itself: where it hangs it starts itself anew."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

LOOKS: Final = 1.0  # seconds between two looks
_log = logging.getLogger(__name__)


class Watch:
    """A thread that has the process started anew once it showed no life for a time.

    It is counted by looks and by no clock: a machine that slept was silent for one of them. What holds every
    thread of Python up holds this one up too: of that only another process knows, as of several that serve.

    Args:
        hangs: seconds without a sign of life. again: what starts it anew. looks: seconds between two looks.
    """

    def __init__(self, hangs: float, again: Callable[[], None], looks: float = LOOKS) -> None:
        self._hangs, self._again, self._looks = hangs, again, looks
        self._lived, self._stop = Event(), Event()
        self._thread = Thread(target=self._keep, name="watch", daemon=True)
        self._thread.start()

    def lives(self) -> None:
        """Shows life."""
        self._lived.set()

    def end(self) -> None:
        """Watches no more."""
        self._stop.set()
        self._thread.join()

    def _keep(self) -> None:
        silent = 0.0
        while not self._stop.wait(self._looks):
            silent = 0.0 if self._lived.is_set() else silent + self._looks
            self._lived.clear()
            if silent >= self._hangs:
                _log.error("this process shows no life for %.0f s: it is started anew", silent)
                return self._again()


def start_anew() -> None:
    """Puts this command in its own place, after saying where each thread hung; its worker ends with it."""
    faulthandler.dump_traceback(all_threads=True)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
