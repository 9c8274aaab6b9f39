"""R26 as one command: backed up, restored, verified, compared, written down."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.cli.conftest import Done, Run

from entact.store import backup, recovery


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder through which the account of PostgreSQL may pass, as a disk for backups is."""
    folder = Path(tempfile.mkdtemp(prefix="entact-proof-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def steps(told: dict[str, Any]) -> dict[str, bool]:
    return {one["title"]: one["passed"] for one in told["steps"]}


@pytest.mark.slow
def test_r26_a_restore_is_proven_with_its_keys_and_one_that_lost_something_is_not(
    sign: Callable[..., Done],
    run: Run,
    own: str,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = tmp_path / "words of keys"
    words.write_text("the keys lie elsewhere\n")
    asked = ["--keys", place / "keys.json", "--file-passphrase-file", words, "--report", place / "reports"]
    done = sign("backup", "prove", place / "backups", *asked, by="ada")
    assert (done.code, done.err) == (0, ""), done.out
    assert "PROVEN: yes" in done.out
    text, data = (next((place / "reports").glob(f"*.{ending}")) for ending in ("txt", "json"))
    assert text.read_text().strip() in done.out
    told = json.loads(data.read_text())
    assert told["proven"]
    assert len(told["steps"]) == 7
    assert all(steps(told).values())
    assert len(backup.backups(place / "backups")) == 1  # it stays, as a backup

    real = recovery.recover

    def lossy(*given: Any, **named: Any) -> Any:
        """A restore that lost one entry and an account's row without a word."""
        found = real(*given, **named)
        with psycopg.connect(found.server.url.replace("/postgres?", f"/{own}?")) as owner:
            owner.execute("ALTER TABLE store_line DISABLE TRIGGER append_only")
            owner.execute(
                "DELETE FROM store_line WHERE ledger_id = 1"
                " AND seq = (SELECT seq FROM store_ledger WHERE id = 1)"
            )
            owner.execute("ALTER TABLE store_line ENABLE ALWAYS TRIGGER append_only")
        return found

    monkeypatch.setattr(recovery, "recover", lossy)
    shutil.rmtree(place / "backups")
    without_keys = ["--report", place / "reports", "--database", own, "--json"]
    done = run("backup", "prove", place / "backups", *without_keys)
    assert done.code == 1
    assert not done.json["proven"]
    assert [title for title, passed in steps(done.json).items() if not passed] == [
        "the participants' keys are in a file apart",
        "every head, every count of rows, every account is as it was",
        "it is verified: chains, triggers, rights, lists, keys and identities",
    ]
    assert not list(Path(tempfile.gettempdir()).glob("entact-proof-[!t]*"))
