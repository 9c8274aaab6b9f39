"""The worker beside the pages: kept alive, ended with them; and the copy of a site by hand."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.cli import worker
from entact.cli.worker import KeptProcess


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_is_kept_is_started_again_where_it_was_killed_and_ends_when_it_is_told() -> None:
    kept = KeptProcess([sys.executable, "-c", "import time; time.sleep(600)"], again=0.01)
    first, patience = kept.pid, time.monotonic() + 60
    os.kill(first, signal.SIGKILL)
    while kept.pid == first and time.monotonic() < patience:
        time.sleep(0.01)
    second = kept.pid
    assert second != first
    kept.end()
    assert not is_there(second)


def test_a_site_is_copied_by_hand(run: Run, own: str, tmp_path: Path) -> None:
    refused = run("site-copy", "nowhere", "--to", tmp_path, "--database", own)
    assert refused.code == 2
    assert "the study has no site 'nowhere'" in refused.err
    done = run("site-copy", "01", "--to", tmp_path, "--database", own, "--json")
    assert done.code == 0, done.err
    folder = Path(done.json["folder"])
    assert len(list((folder / "casebooks").iterdir())) == done.json["participants"]
    assert (folder / "SHA256SUMS").exists()


LIVES = """
import os, sys, time
life = int(sys.argv[sys.argv.index("--life") + 1])
while True:
    os.write(life, b".")
    time.sleep(0.02)
"""


def test_one_that_hangs_is_started_again_and_one_that_lives_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_LOOKS", 0.05)
    kept = KeptProcess([sys.executable, "-c", LIVES], again=0.01, hangs=3.0)
    first = kept.pid
    time.sleep(3.5)
    assert kept.pid == first
    os.kill(first, signal.SIGSTOP)  # there, and does nothing any more
    patience = time.monotonic() + 60
    while kept.pid == first and time.monotonic() < patience:
        time.sleep(0.01)
    assert kept.pid != first
    assert not is_there(first)
    second = kept.pid
    kept.end()
    assert not is_there(second)
