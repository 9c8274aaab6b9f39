"""Commands of persons who answer for the record: keys, identities, erasure, cuts. Thin, and imported late."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Database = Annotated[str, typer.Option(help="Name of the database.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Person = Annotated[str, typer.Argument(help="Name of a person, as in the study's ledger.")]
By = Annotated[str, typer.Option("--by", help="The person who signs.")]
KeyFile = Annotated[
    Path | None, typer.Option("--key", help="Its file; else that of the person in `signing`.")
]
Words = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File with the passphrase; else it is asked for.")
]
OfFile = Annotated[
    Path | None,
    typer.Option("--file-passphrase-file", help="File with the passphrase of the file of keys; else asked."),
]
Participant = Annotated[str, typer.Argument(help="A participant's ledger, participant:<id>, or its id.")]
Hours = Annotated[float, typer.Option("--within", help="Hours in which a second person can confirm.")]
CutName = Annotated[str, typer.Argument(help="Name of a cut.")]
ManifestFile = Annotated[
    Path | None, typer.Option("--manifest", help="The manifest as a file, to be checked.")
]

REHEARSAL = "entact_rehearsal"
HELP: dict[str, Any] = {"no_args_is_help": True, "rich_markup_mode": None, "add_completion": False}

sign_key = typer.Typer(help="Keys with which persons sign.", **HELP)
erase = typer.Typer(help="Erase what is personal: an act of two persons.", **HELP)
cut = typer.Typer(help="Cut the data: a signed manifest, and datasets.", **HELP)
unlock = typer.Typer(help="Unlock a locked study: an act of two persons.", **HELP)
keys = typer.Typer(help="The participants' keys, backed up apart.", **HELP)
identity = typer.Typer(help="Who a participant is, at a site.", **HELP)
conflict = typer.Typer(help="Ids that were used twice: a person decides.", **HELP)
device = typer.Typer(help="Keys of devices that write offline.", **HELP)
GROUPS = {
    "sign-key": sign_key,
    "erase": erase,
    "keys": keys,
    "identity": identity,
    "cut": cut,
    "unlock": unlock,
    "conflict": conflict,
    "device": device,
}


@sign_key.command("new")
def new_key(
    person: Person,
    role: Annotated[str, typer.Option(help="A role of the study, under which the person acts.")],
    power: Annotated[
        list[str], typer.Option(help="What the key may sign: erase, cut, unlock, custody; repeat it.")
    ],
    key: KeyFile = None,
    passphrase_file: Words = None,
    vouched_by: Annotated[
        str | None, typer.Option(help="A person with a key, needed but for the first.")
    ] = None,
    voucher_key: Annotated[Path | None, typer.Option(help="The file of that person's key.")] = None,
    voucher_passphrase_file: Annotated[Path | None, typer.Option(help="File with their passphrase.")] = None,
    also_vouched_by: Annotated[
        str | None,
        typer.Option(help="A second person: for erase, unlock and custody, after the first three keys."),
    ] = None,
    also_voucher_key: Annotated[Path | None, typer.Option(help="The file of the second's key.")] = None,
    also_voucher_passphrase_file: Annotated[Path | None, typer.Option(help="Their passphrase.")] = None,
    database: Database = REHEARSAL,
) -> None:
    """Make a person's private key in a file of their own, and enter the public one in the study's ledger."""
    from entact.cli.people import make_key, open_signer

    asked = [
        (vouched_by, voucher_key, voucher_passphrase_file),
        (also_vouched_by, also_voucher_key, also_voucher_passphrase_file),
    ]
    vouchers = [open_signer(database, name, *files) for name, *files in asked if name is not None]
    make_key(database, person, role, power, key, passphrase_file, vouchers)


@sign_key.command("revoke")
def revoke(
    person: Person, by: By, key: KeyFile = None, passphrase_file: Words = None, database: Database = REHEARSAL
) -> None:
    """Say that a person's key does not count any more; what it signed stays signed."""
    from entact.cli.people import open_signer, revoke_person

    revoke_person(person, open_signer(database, by, key, passphrase_file))


@sign_key.command("list")
def list_keys(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List whose signatures count, and for what."""
    from entact.cli.people import list_holders, print_holders

    found = list_holders(database)
    if as_json:
        _print_json(found)
    else:
        print_holders(found)


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
    from entact.cli.people import ask_to_erase, open_signer

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
    from entact.cli.people import confirm_to_erase, open_signer

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
    from entact.cli.people import destroy_returned_key, open_signer

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
    from entact.cli.people import give_key_back, open_signer

    give_key_back(participant, reason, open_signer(database, by, key, passphrase_file))


@erase.command("list")
def list_erasures(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List who was erased, by whom, and what waits for a second person."""
    from entact.cli.people import list_erased, print_erased

    found = list_erased(database)
    if as_json:
        _print_json(found)
    else:
        print_erased(found)


@keys.command("backup")
def backup_keys(
    file: Annotated[Path, typer.Argument(help="A new file, kept apart from backups of the record.")],
    by: By,
    key: KeyFile = None,
    passphrase_file: Words = None,
    file_passphrase_file: OfFile = None,
    database: Database = REHEARSAL,
) -> None:
    """Write all participants' keys to a file that only a passphrase opens; a person answers for it."""
    from entact.cli.people import open_signer, write_key_backup

    write_key_backup(file, file_passphrase_file, open_signer(database, by, key, passphrase_file))


@keys.command("restore")
def restore_keys(
    file: Annotated[Path, typer.Argument(help="What `entact keys backup` wrote.")],
    by: By,
    register: Annotated[Path | None, typer.Option(help="The register of erasures as it is now.")] = None,
    nobody_erased_since: Annotated[
        bool, typer.Option("--nobody-erased-since", help="There is no later register: you answer for it.")
    ] = False,
    key: KeyFile = None,
    passphrase_file: Words = None,
    file_passphrase_file: OfFile = None,
    database: Database = REHEARSAL,
) -> None:
    """Bring keys back, but those of participants who were erased since; a person answers for it."""
    from entact.cli.people import open_signer, restore_key_backup

    def open_by() -> Any:
        return open_signer(database, by, key, passphrase_file)

    restore_key_backup(file, register, nobody_erased_since, file_passphrase_file, open_by)


@keys.command("give-up")
def give_up_keys(
    by: By,
    reason: Annotated[str, typer.Option(help="A code, such as entered_in_error.")],
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Say that the keys which are missing are lost for good: what they opened stays ciphertext."""
    from entact.cli.people import give_up, open_signer

    give_up(reason, open_signer(database, by, key, passphrase_file))


@keys.command("where")
def where_keys(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Say where keys and the register of erasures lie, and how many there are."""
    from entact.cli.people import describe_keys, print_keys

    found = describe_keys(database)
    if as_json:
        _print_json(found)
    else:
        print_keys(found)


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
    from entact.cli.people import keep_details

    keep_details(database, participant, site, by, role, file, reason)


@identity.command("show")
def show_identity(
    participant: Participant,
    site: Annotated[str, typer.Option(help="The site that keeps it.")],
    database: Database = REHEARSAL,
) -> None:
    """Show who a participant is, as a site keeps it."""
    from entact.cli.people import show_details

    _print_json(show_details(database, participant, site))


@cut.command("make")
def make_cut(
    name: CutName,
    by: By,
    lock: Annotated[bool, typer.Option("--lock", help="Lock: only an unlock takes its place.")] = False,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Cut the data here and now: sign the heads of all ledgers."""
    from entact.cli.cut import cut_data
    from entact.cli.people import open_signer

    cut_data(name, lock, open_signer(database, by, key, passphrase_file))


@cut.command("list")
def list_cuts(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List the cuts, and what is wrong with entries that claim to be one."""
    from entact.cli.cut import list_manifests, print_cuts

    found = list_manifests(database)
    if as_json:
        _print_json(found)
    else:
        print_cuts(found)


@cut.command("show")
def show_cut(name: CutName, database: Database = REHEARSAL) -> None:
    """Print the manifest of a cut, as it was signed."""
    from entact.cli.cut import manifest_text

    typer.echo(manifest_text(database, name), nl=False)


@cut.command("check")
def check_cut(
    manifest: Annotated[Path, typer.Argument(help="A manifest as a file.")], database: Database = REHEARSAL
) -> None:
    """Say whether a manifest is the one that was signed, and whether the record still holds it."""
    from entact.cli.cut import check_manifest

    check_manifest(database, manifest)


@cut.command("datasets")
def cut_datasets(
    name: CutName,
    out: Annotated[Path, typer.Option(help="A new folder for the datasets.", file_okay=False)],
    manifest: ManifestFile = None,
    allocation: Annotated[Path | None, typer.Option(help="The allocation, to unblind the datasets.")] = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Write the datasets of a cut as JSON Lines: the same bytes each time, whatever arrived since."""
    from entact.cli.cut import print_written, write_datasets

    written = write_datasets(database, name, manifest, allocation, out)
    if as_json:
        _print_json(written)
    else:
        print_written(written, out)


@unlock.command("request")
def request_unlock(
    name: Annotated[str, typer.Argument(help="Name of the manifest that is to take its place.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it names no participant.")],
    within: Hours = 72,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Ask for a new manifest in the place of the locked one; another person confirms it."""
    from entact.cli.cut import ask_to_unlock
    from entact.cli.people import open_signer

    ask_to_unlock(name, reason, within, open_signer(database, by, key, passphrase_file))


@unlock.command("confirm")
def confirm_unlock(
    name: CutName, by: By, key: KeyFile = None, passphrase_file: Words = None, database: Database = REHEARSAL
) -> None:
    """Confirm the manifest that another person asked for."""
    from entact.cli.cut import confirm_to_unlock
    from entact.cli.people import open_signer

    confirm_to_unlock(name, open_signer(database, by, key, passphrase_file, alone=True))


@conflict.command("list")
def list_conflicts(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List ids of which there are several versions, and which of them stands."""
    from entact.cli.sent import print_conflicts, told_conflicts

    found = told_conflicts(database)
    if as_json:
        _print_json(found)
    else:
        print_conflicts(found)


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
    from entact.cli.people import open_signer
    from entact.cli.sent import decide

    decide(participant, entry, follow, reason, open_signer(database, by, key, passphrase_file))


@device.command("enrol")
def enrol_device(
    shown: Annotated[Path, typer.Argument(help="JSON that the device wrote: its name, key and signature.")],
    by: By,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Let what a device signs count as its own from here on."""
    from entact.cli.people import open_signer
    from entact.cli.sent import enrol

    enrol(shown, open_signer(database, by, key, passphrase_file))


@device.command("revoke")
def revoke_device(
    name: Annotated[str, typer.Argument(help="Name of the device.")],
    by: By,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Say that a device's key counts no more, because it was lost or given back."""
    from entact.cli.people import open_signer
    from entact.cli.sent import revoke_key_of

    revoke_key_of(name, open_signer(database, by, key, passphrase_file))


@device.command("list")
def list_devices(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List devices and since when, and until when, their keys count."""
    from entact.cli.sent import print_devices, told_devices

    found = told_devices(database)
    if as_json:
        _print_json(found)
    else:
        print_devices(found)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
