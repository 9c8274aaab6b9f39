"""`entact backup prove`: back up, restore into a server of its own, verify, compare, and write it down."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from entact import __version__, store
from entact.cli.database import open_record
from entact.store import StoreError, backup, recovery

UNPROVEN = (
    "the keys were not tried: what is personal was not shown to come back (say --keys, --by and their files)"
)


@dataclass
class Step:
    """One thing that was done: whether it went as it has to, what was seen, and how long it took."""

    title: str
    passed: bool = False
    said: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class KeysAsked:
    """The file of the participants' keys (written now where it is not there), and who answers for it."""

    file: Path
    by: str
    key: Path | None
    passphrase_file: Path
    file_passphrase_file: Path
    register: Path | None = None


@dataclass
class Proof:
    """A restore and its steps; proven when every one of them passed."""

    about: dict[str, Any]
    steps: list[Step] = field(default_factory=list)

    @property
    def proven(self) -> bool:
        """Whether everything came back."""
        return bool(self.steps) and all(one.passed for one in self.steps)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """One step; what a person can put right is noted in it, and ends the proof."""
        step = Step(title)
        self.steps.append(step)
        begun = time.perf_counter()
        try:
            yield step
        except (StoreError, OSError) as error:
            step.passed = False
            step.said.append(str(error))
            raise _Ended from error
        finally:
            step.seconds = round(time.perf_counter() - begun, 1)

    def to_dict(self) -> dict[str, Any]:
        """For `--json` and the report."""
        return {**self.about, "proven": self.proven, "steps": [vars(one) for one in self.steps]}

    def lines(self) -> Iterator[str]:
        """The report for people."""
        about = self.about
        yield f"Restore of {about['study']} ({about['environment']}), database {about['database']}"
        yield f"begun {about['begun']}, ended {about['ended']}, entact {about['entact']}"
        yield f"PROVEN: {'yes' if self.proven else 'NO'}"
        yield ""
        for one in self.steps:
            yield f"{'ok    ' if one.passed else 'FAILED'}  {one.title}  ({one.seconds} s)"
            yield from (f"          {said}" for said in one.said)


class _Ended(Exception):
    """A step failed without which the others cannot be."""


def prove(
    database: str, folder: Path, report: Path, into: Path | None, keys: KeysAsked | None
) -> tuple[Proof, list[Path]]:
    """Backs a database up, restores it, verifies and compares it; writes the report as text and as JSON.

    Args:
        folder: of backups; the one that is made stays there. report: folder of reports. into: where it is
            restored; else a folder that is removed afterwards. keys: None leaves the proof without them.
    Raises:
        StoreError: when there is no such database, or the report cannot be written.
    """
    begun = datetime.now(UTC)
    open_record(database)
    here = store.describe()
    report.mkdir(parents=True, exist_ok=True)
    proof = Proof(
        {
            "study": here.study,
            "environment": here.environment,
            "database": database,
            "entact": __version__,
            "begun": begun.isoformat(timespec="seconds"),
        }
    )
    with suppress(_Ended):
        _steps(proof, database, folder, into, keys, begun)
    proof.about["ended"] = datetime.now(UTC).isoformat(timespec="seconds")
    written = [report / f"restore-{begun:%Y%m%dT%H%M%SZ}.{ending}" for ending in ("txt", "json")]
    written[0].write_text("\n".join(proof.lines()) + "\n")
    written[1].write_text(json.dumps(proof.to_dict(), indent=1, ensure_ascii=False) + "\n")
    return proof, written


def _steps(
    proof: Proof, database: str, folder: Path, into: Path | None, keys: KeysAsked | None, begun: datetime
) -> None:
    from entact.store import models
    from entact.store.console_keys import kept_console_keys
    from entact.store.participant_keys import keychain
    from entact.store.proof import Elsewhere, count_here, differences

    mark = models.Installation.objects.get().mark
    with proof.step("the participants' keys are in a file apart") as step:
        if keys is None:
            step.said.append(UNPROVEN)
        else:
            step.said.append(_keep_keys(database, keys))
            step.passed = True
    held, of_consoles = dict(keychain().all()), kept_console_keys()
    before = count_here(database)
    with proof.step("the database is copied while it works") as step:
        made = backup.copy_cluster(folder, at=begun)
        step.said.append(f"{before.entries} entries of {len(before.heads)} ledgers in {made.folder}")
        step.passed = True
    after = count_here(database)
    with proof.step("the copy is whole, read through file by file") as step:
        step.said += backup.check(made).wrong
        step.passed = not step.said
    there = Elsewhere(into)
    try:
        with proof.step("it is restored into a server of its own") as step:
            recovered = recovery.recover(made.folder.parent, there.folder)
            step.said += recovered.faults
            step.said.append(f"in {recovered.server.folder}")
            step.passed = recovered.missing is None and not recovered.faults
        with proof.step("every head, every count of rows, every account is as it was") as step:
            step.said += differences(before, after, recovered.server, database)
            step.passed = not step.said
            if step.passed:
                step.said.append(f"{len(before.heads)} heads, {len(before.rows)} tables")
        if keys is not None:
            with proof.step("the keys come back from their file, and are the same") as step:
                step.said.append(_bring_keys_back(there, database, keys))
                back = there.keys(mark)
                lost = sorted(name for name, key in held.items() if back.get(name) != key)
                back_too = there.console_keys(mark)
                lost += sorted(name for name, key in of_consoles.items() if back_too.get(name) != key)
                step.said += [f"the key of {name} did not come back" for name in lost]
                step.passed = not lost
        with proof.step("it is verified: chains, triggers, rights, lists, keys and identities") as step:
            told = there.verified(database)
            step.said += [f"{one['ledger']}, entry {one['seq']}: {one['problem']}" for one in told["breaks"]]
            step.said += told["faults"]
            step.passed = not step.said
            step.said.append(f"{told['ledgers']} chains with {told['entries']} entries")
            step.said += [f"look at: {one}" for one in told["notices"]]
    finally:
        there.close()


def _keep_keys(database: str, asked: KeysAsked) -> str:
    """Writes the file of keys where there is none yet; says which is used."""
    from entact.cli.custody import open_signer, passphrase_from
    from entact.store.escrow import write_keys

    if asked.file.exists():
        return f"{asked.file}, as it was kept"
    signer = open_signer(database, asked.by, asked.key, asked.passphrase_file)
    words = passphrase_from(asked.file_passphrase_file, "passphrase of the file of keys")
    return f"{write_keys(asked.file, words, signer).keys} keys in {asked.file}, written now"


def _bring_keys_back(there: Any, database: str, asked: KeysAsked) -> str:
    from entact.cli.custody import key_file_of
    from entact.store.erasure import register

    known = asked.register or register()
    since = ["--register", known.absolute()] if known.exists() else ["--nobody-erased-since"]
    files = ["--key", asked.key or key_file_of(asked.by), "--passphrase-file", asked.passphrase_file]
    files += ["--file-passphrase-file", asked.file_passphrase_file]
    done = there.run("keys", "restore", asked.file, "--by", asked.by, *since, *files, "--database", database)
    if done.returncode:
        raise StoreError((done.stderr or done.stdout).strip())
    return str(done.stdout.strip().splitlines()[0])


def print_proof(proof: Proof, written: list[Path]) -> None:
    """The report, and where it lies."""
    for line in proof.lines():
        typer.echo(line)
    for path in written:
        typer.echo(path)
