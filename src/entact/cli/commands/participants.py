"""Commands about one participant: erasure, identity, ids that were used twice. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entact.cli.commands.options import (
    PLAIN,
    REHEARSAL,
    AsJson,
    By,
    Database,
    KeyFile,
    Participant,
    Words,
    print_json,
    print_result,
)

Hours = Annotated[float, typer.Option("--within", help="Hours in which a second person can confirm.")]

erase = typer.Typer(help="Erase what is personal: an act of two persons.", **PLAIN)
identity = typer.Typer(help="Who a participant is, at a site.", **PLAIN)
conflict = typer.Typer(help="Ids that were used twice: a person decides.", **PLAIN)


@erase.command("request")
def request_erasure(
    participant: Participant,
    by: By,
    cause: Annotated[str, typer.Option(help="A code, never prose.")] = "participant_request",
    within: Hours = 72,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Ask that a participant be erased; another person confirms it."""
    from entact.cli.custody import ask_to_erase, open_signer

    ask_to_erase(participant, cause, within, open_signer(database, by, key, passphrase_file))


@erase.command("confirm")
def confirm_erasure(
    participant: Participant,
    by: By,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Confirm what another person asked for: the participant's key and identities are gone after this."""
    from entact.cli.custody import confirm_to_erase, open_signer

    confirm_to_erase(participant, open_signer(database, by, key, passphrase_file, alone=True))


@erase.command("finish")
def finish_erasure(
    participant: Participant,
    by: By,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Destroy a key that came back after an erasure and was set aside, when the time to return it is over."""
    from entact.cli.custody import destroy_returned_key, open_signer

    destroy_returned_key(participant, open_signer(database, by, key, passphrase_file))


@erase.command("return")
def return_key(
    participant: Participant,
    by: By,
    reason: Annotated[str, typer.Option(help="A code, such as entered_in_error.")],
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Return a key that was set aside, because the erasure was none; neither of the two who signed it can."""
    from entact.cli.custody import give_key_back, open_signer

    give_key_back(participant, reason, open_signer(database, by, key, passphrase_file))


@erase.command("list")
def list_erasures(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List who was erased, by whom, and what waits for a second person."""
    from entact.cli.custody import list_erased, print_erased

    found = list_erased(database)
    print_result(found, print_erased, as_json=as_json)


@identity.command("keep")
def keep_identity(
    participant: Participant,
    site: Annotated[str, typer.Option(help="The site that keeps it.")],
    by: Annotated[str, typer.Option(help="Who keeps it.")],
    role: Annotated[str, typer.Option(help="In which role.")],
    file: Annotated[Path, typer.Option(help="JSON with the identifiers, such as name and contact.")],
    reason: Annotated[str | None, typer.Option(help="A code; needed to change what is there.")] = None,
    database: Database = REHEARSAL,
) -> None:
    """Keep who a participant is, encrypted; never on the command line, which other people can read."""
    from entact.cli.custody import keep_details

    keep_details(database, participant, site, by, role, file, reason)


@identity.command("show")
def show_identity(
    participant: Participant,
    site: Annotated[str, typer.Option(help="The site that keeps it.")],
    database: Database = REHEARSAL,
) -> None:
    """Show who a participant is, as a site keeps it."""
    from entact.cli.custody import show_details

    print_json(show_details(database, participant, site))


@conflict.command("list")
def list_conflicts(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List ids of which there are several versions, and which of them stands."""
    from entact.cli.sent import print_conflicts, told_conflicts

    found = told_conflicts(database)
    print_result(found, print_conflicts, as_json=as_json)


@conflict.command("decide")
def decide_conflict(
    participant: Participant,
    entry: Annotated[str, typer.Argument(help="The id.")],
    follow: Annotated[str, typer.Option(help="Digest of the version that is true, or its beginning.")],
    by: By,
    reason: Annotated[str, typer.Option(help="A code, such as source_document.")],
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Say which version of an id is followed, and why; the others stay where they are."""
    from entact.cli.custody import open_signer
    from entact.cli.sent import decide

    decide(participant, entry, follow, reason, open_signer(database, by, key, passphrase_file))
