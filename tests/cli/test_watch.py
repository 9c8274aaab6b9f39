"""A process that serves alone starts itself anew where it hangs, and not while it shows life."""

from __future__ import annotations

import time
from threading import Event

from entact.cli.watch import Watch


def test_what_shows_no_life_is_started_anew() -> None:
    again = Event()
    watch = Watch(0.05, again.set, looks=0.01)
    assert again.wait(5)
    watch.end()


def test_what_lives_is_left_alone_and_what_ended_too() -> None:
    again = Event()
    watch = Watch(0.3, again.set, looks=0.01)
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        watch.lives()
        time.sleep(0.005)
    assert not again.is_set()
    watch.end()
    assert not again.wait(0.5)
