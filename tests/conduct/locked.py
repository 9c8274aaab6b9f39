"""The study of the record in use, locked with a key as somebody who keeps its data locks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def signer(folder: Path, monkeypatch: pytest.MonkeyPatch, role: str, *powers: str) -> Any:
    """Somebody of a role with a signing key that is entered, made at the lowest cost."""
    from nacl import pwhash

    from entact.store import passphrase
    from entact.store.signature import enter_key, write_key_file

    monkeypatch.setattr(passphrase, "OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(passphrase, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    found = write_key_file(folder / "dan.key", "dan", "seven green bottles")
    enter_key(found, role, list(powers))
    return found


def lock_study(who: Any) -> None:
    """Locks the study."""
    from entact.store.cut import make_cut

    make_cut("lock-1", who, lock=True)


def open_list(who: Any, root: str | None = None) -> None:
    """Enters that the whole sealed list is opened after the lock, as `entact allocation reveal` does.

    Args:
        root: of another list than the committed one.
    """
    from entact.course.kinds.allocation import ListOpened
    from entact.store import acts

    (commitment,) = acts.entries(("commitment",))
    opened = ListOpened("after_lock", root or commitment.data["list_root"], commitment.data["list_rows"])
    acts.enter(acts.here(), "list_opened", opened, by=who.person, role="committee", prove=who.prove)
