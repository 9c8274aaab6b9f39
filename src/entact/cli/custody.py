"""`entact sign-key`, `erase`, `keys`, `identity`: persons who sign, and what is personal of participants."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import typer
from rich.console import Console
from rich.text import Text

from entact.cli.database import open_record
from entact.course.signed.signature import Power
from entact.store import StoreError

_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def open_signer(
    database: str, person: str, key: Path | None, passphrase_file: Path | None, *, alone: bool = False
) -> Any:
    """The person whose passphrase opens the key; the record is in use from here on.

    Args:
        alone: the passphrase must open no other key in the folder, because two persons are asked for.
    Raises:
        StoreError: when the file, the passphrase or the record is not right.
    """
    open_record(database)
    from entact.store.signature import open_key_file, require_own_passphrase

    file = key or key_file_of(person)
    if not file.exists():
        raise StoreError(f"there is no signing key in {file}: `entact sign-key new` makes one")
    words = passphrase_from(passphrase_file, f"passphrase of {person}")
    signer = open_key_file(file, words)
    if signer.person != person:
        raise StoreError(f"{file} is the key of {signer.person}, not of {person}")
    if alone:
        require_own_passphrase(file.parent, person, words)
    return signer


def make_key(
    database: str,
    person: str,
    role: str,
    powers: list[str],
    key: Path | None,
    passphrase_file: Path | None,
    vouchers: list[Any],
    never: Collection[str] = (),
) -> None:
    """Makes a key, and enters it; where that is refused no file is left.

    Args:
        never: powers that nobody is ever to have, said of the first key of a study in production.
    """
    open_record(database)
    from entact.store import acts
    from entact.store.signature import enter_key, require_own_passphrase, write_key_file

    strange = sorted({*powers, *never} - {*get_args(Power)})
    if strange:
        raise StoreError(f"{strange[0]!r} is nothing a key can be for: one of {', '.join(get_args(Power))}")
    if role not in (known := _roles(acts)):
        raise StoreError(f"the study has no role {role!r}; it has: {', '.join(known)}")
    _require_whole(acts, powers, never)
    file = key or key_file_of(person)
    again = passphrase_file is None
    words = passphrase_from(passphrase_file, f"passphrase of {person}", again)
    require_own_passphrase(file.parent, person, words)
    signer = write_key_file(file, person, words)
    try:
        enter_key(signer, role, powers, *vouchers)  # type: ignore[arg-type]  # looked through above
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    say(f"{person} signs with the key in {file}: {', '.join(sorted(set(powers)))}")


def _require_whole(acts: Any, powers: Collection[str], never: Collection[str]) -> None:
    """The first key of a study has all that anybody is ever to have: nobody grants a power that they lack.

    Raises:
        StoreError: in production, where the first key lacks something of which nobody said that it never is.
    """
    from entact.course.signed.signature import keyring

    if acts.here().environment != "production" or keyring(acts.entries()).holders:
        return
    lacking = [one for one in get_args(Power) if one not in {*powers, *never}]
    if lacking:
        raise StoreError(
            "this is the first key of the study, and nobody grants a power that they lack: nobody could ever "
            f"have {', '.join(lacking)}. Give it each with `--power`, or say `--never {lacking[0]}`"
        )


def revoke_person(person: str, signer: Any) -> None:
    """Revokes a person's key."""
    from entact.store.signature import revoke_key

    revoke_key(person, signer)
    say(f"the key of {person} does not count any more")


def list_holders(database: str) -> list[dict[str, Any]]:
    """Whose signatures count."""
    open_record(database)
    from entact.store.signature import holders

    return [
        {
            "person": one.person,
            "role": one.role,
            "powers": list(one.powers),
            "key": one.key,
            "founder": one.is_founder,
            "vouched_for_by": list(one.vouchers),
        }
        for one in holders().values()
    ]


def print_holders(found: list[dict[str, Any]]) -> None:
    """One line for each person."""
    for one in found:
        vouched = ", ".join(one["vouched_for_by"]) or "nobody"
        founder = "founder, " if one["founder"] else ""
        powers = ", ".join(one["powers"])
        say(f"{one['person']}  {one['role']}  {powers}  {founder}vouched for by {vouched}  {one['key']}")
    if not found:
        say("nobody holds a key: `entact sign-key new` makes the first one")


def ask_to_erase(participant: str, cause: str, hours: float, signer: Any) -> None:
    """Asks for an erasure, and says what comes next."""
    from entact.store.erasure import request_erasure

    name = ledger_of(participant)
    asked = request_erasure(name, cause, signer, within=span(hours))
    say(f"asked; until {asked.request.expires} another person can confirm: entact erase confirm {name}")
    say(f"of {_told(name)}: look whether that is whom you mean")


def confirm_to_erase(participant: str, signer: Any) -> None:
    """Erases, and says what has to be kept elsewhere."""
    from entact.store import erasure

    name = ledger_of(participant)
    told = _told(name)
    erasure.confirm_erasure(name, signer)
    say(f"erased: what was personal of {told} cannot be opened by anybody")
    say(f"copy {erasure.register()} to where your backups are: it keeps an old one from bringing it back")


def destroy_returned_key(participant: str, signer: Any) -> None:
    """Destroys a key that came back after an erasure."""
    from entact.store.erasure import destroy_key

    name = ledger_of(participant)
    destroy_key(name, signer)
    say(f"destroyed: the key of {name} that had come back")


def give_key_back(participant: str, reason: str, signer: Any) -> None:
    """Returns a key that was set aside."""
    from entact.store.erasure import return_key

    name = ledger_of(participant)
    return_key(name, reason, signer)
    say(f"returned: the key of {name} opens again what it opened")


def list_erased(database: str) -> dict[str, Any]:
    """Erasures that were done, and requests that wait."""
    open_record(database)
    from entact.course.signed.erasure import erasures
    from entact.store import acts

    found = erasures(acts.entries())
    return {
        "erased": [
            {
                "participant": name,
                "cause": one.asked.request.cause,
                "asked_by": one.asked.by,
                "confirmed_by": one.confirmed_by,
                "at": one.entry.received_at,
            }
            for name, one in found.done.items()
        ],
        "asked": [
            {
                "participant": one.request.participant,
                "asked_by": one.by,
                "expires": one.request.expires,
            }
            for one in found.asked.values()
            if one.request.participant not in found.done
        ],
        "problems": [f"entry {entry}: {problem}" for entry, problem in found.problems],
    }


def print_erased(found: dict[str, Any]) -> None:
    """Erasures in words."""
    for one in found["erased"]:
        say(f"{one['participant']} erased {one['at']}, {one['asked_by']} and {one['confirmed_by']}")
    for one in found["asked"]:
        say(f"{one['participant']} asked for by {one['asked_by']}, stands until {one['expires']}")
    for one in found["problems"]:
        say(f"does not count: {one}")
    if not any(found.values()):
        say("nobody was erased")


def write_key_backup(file: Path, passphrase_file: Path | None, signer: Any) -> None:
    """Backs up the keys."""
    from entact.store.escrow import write_keys

    kept = write_keys(
        file, passphrase_from(passphrase_file, "passphrase of this file", passphrase_file is None), signer
    )
    say(f"{kept.keys} keys in {file}, {kept.erased} erased left out: keep it apart from the record")


def restore_key_backup(
    file: Path, register: Path | None, nobody: bool, passphrase_file: Path | None, open_by: Callable[[], Any]
) -> None:
    """Restores the keys; somebody has to answer for what was erased since."""
    if (register is None) != nobody:
        raise StoreError(
            "say what was erased since: --register FILE, or --nobody-erased-since when there is no later one"
        )
    signer = open_by()
    from entact.store.escrow import restore_keys

    if not file.exists():
        raise StoreError(f"there is no file of keys {file}")
    restored = restore_keys(
        file, passphrase_from(passphrase_file, "passphrase of this file"), register, signer
    )
    say(f"{restored.keys} keys came back, {restored.erased} of erased participants did not")
    for one in restored.doubted:
        say(f"look at {register}, line {one.line}: not believed, its key stays in the file: {one.problem}")


def give_up(reason: str, signer: Any) -> None:
    """Gives up the keys that are missing, and says whose."""
    from entact.store.custody import give_up_keys

    lost = give_up_keys(reason, signer)
    for name in lost:
        say(f"given up: what was sealed of {name} cannot be opened any more; it has a new key")


def renew_console(database: str) -> None:
    """Makes a new key of consoles."""
    open_record(database)
    from entact.store.console_keys import kept_console_keys, renew_console_key

    name = renew_console_key()
    older = len(kept_console_keys()) - 1
    say(f"{name}: consoles seal to it once they ask the server; {older} older ones still open")
    say("back the keys up again: entact keys backup")


def describe_keys(database: str) -> dict[str, Any]:
    """Where what lies outside the database is."""
    open_record(database)
    from entact.store.console_keys import kept_console_keys
    from entact.store.custody import problem_of_keychain
    from entact.store.erasure import erased, notices, register
    from entact.store.participant_keys import keychain

    problem = problem_of_keychain()
    return {
        "consoles": len(kept_console_keys()),
        "keys": len(keychain().all()),
        "keys_file": str(keychain().path),
        "erased": len(erased()),
        "set_aside": sorted(keychain().aside()),
        "register": str(register()),
        "notices": [*([] if problem is None else [problem]), *notices()],
    }


def print_keys(found: dict[str, Any]) -> None:
    """The places in words."""
    say(f"{found['keys']} keys in {found['keys_file']}")
    if found["consoles"]:
        say(f"{found['consoles']} keys of consoles beside them")
    say(f"{found['erased']} erased, in the register {found['register']}")
    for notice in found["notices"]:
        say(f"look at {notice}")


def keep_details(
    database: str, participant: str, site: str, by: str, role: str, file: Path, reason: str | None
) -> None:
    """Keeps identifiers from a JSON file."""
    open_record(database)
    from entact.store.identity import keep_identity

    try:
        details = json.loads(file.read_text())
    except ValueError as error:
        raise StoreError(f"{file} is no JSON: {error}") from error
    if not isinstance(details, dict) or not all(isinstance(value, str) for value in details.values()):
        raise StoreError(f'{file} holds no identifiers: an object of texts, as in {{"name": "…"}}')
    keep_identity(ledger_of(participant), site, details, by=by, role=role, reason=reason)
    say(f"kept {', '.join(sorted(details))} of {ledger_of(participant)} at {site}")


def show_details(database: str, participant: str, site: str) -> dict[str, str]:
    """The identifiers of a participant at a site.

    Raises:
        StoreError: when there are none.
    """
    open_record(database)
    from entact.store.identity import identity

    found = identity(ledger_of(participant), site)
    if found is None:
        raise StoreError(f"{site} keeps no identity of {ledger_of(participant)}, or it was erased")
    return found


def span(hours: float) -> timedelta:
    """So many hours.

    Raises:
        StoreError: for what is no span of time.
    """
    try:
        return timedelta(hours=hours)
    except (ValueError, OverflowError) as error:
        raise StoreError(f"--within {hours} is no number of hours") from error


def key_file_of(person: str) -> Path:
    """Where the signing key of a person lies where nobody says."""
    from entact.store.signature import signing_folder

    if _PERSON.fullmatch(person) is None:
        raise StoreError(
            f"{person!r} cannot be the name of a person who signs: letters, digits, dots, dashes"
        )
    return signing_folder() / f"{person}.key"


def passphrase_from(file: Path | None, asked: str, again: bool = False) -> str:
    """The passphrase in a file, or as a person types it; never an argument, which other people can read."""
    if file is not None:
        try:
            return file.read_text().strip("\r\n")
        except UnicodeDecodeError as error:
            raise StoreError(f"{file} holds no text: a passphrase is one line of UTF-8") from error
    if not sys.stdin.isatty():
        raise StoreError(f"nobody is there to type the {asked}: --passphrase-file names a file with it")
    return str(typer.prompt(asked, hide_input=True, confirmation_prompt=again, err=True))


def _roles(acts: Any) -> list[str]:
    """Roles of the newest release in the study's ledger."""
    from entact.protocol import Study

    study = Study.from_texts(one.text.encode() for one in acts.releases_here())
    return list(study.newest.file.roles)


def ledger_of(participant: str) -> str:
    """A participant's ledger, from its name or id, or the number that people know; the record is open."""
    from entact.store import lists

    if participant.startswith("participant:"):
        return participant
    found = lists.participant(participant) or lists.participant_screened_as(participant)
    return f"participant:{participant}" if found is None else found.ledger


def _told(ledger: str) -> str:
    """A participant's ledger with the number that people know, so that they see whom they named."""
    from entact.store import lists

    found = lists.participants_of([ledger])
    return f"{ledger} ({found[0].number})" if found and found[0].number else ledger


def say(text: str) -> None:
    """Prints a line as it is."""
    Console(highlight=False).print(Text(text), soft_wrap=True)
