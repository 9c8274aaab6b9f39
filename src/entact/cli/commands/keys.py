"""Commands about keys: of persons who sign, of participants, of devices. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from entact.cli.commands.options import (
    PLAIN,
    REHEARSAL,
    AsJson,
    By,
    Database,
    KeyFile,
    Person,
    Words,
    print_result,
)

OfFile = Annotated[
    Path | None,
    typer.Option("--file-passphrase-file", help="File with the passphrase of the file of keys; else asked."),
]

sign_key = typer.Typer(help="Keys with which persons sign.", **PLAIN)
keys = typer.Typer(help="The participants' keys, backed up apart.", **PLAIN)
device = typer.Typer(help="Keys of devices that write offline.", **PLAIN)


@sign_key.command("new")
def new_key(
    person: Person,
    role: Annotated[str, typer.Option(help="A role of the study, under which the person acts.")],
    power: Annotated[
        list[str],
        typer.Option(help="What the key is for: erase, cut, unlock, custody, allocation; repeat it."),
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
    never: Annotated[
        list[str] | None,
        typer.Option(
            help="A power that nobody is ever to have, where this is a study's first key; repeat it."
        ),
    ] = None,
    database: Database = REHEARSAL,
) -> None:
    """Make a person's private key in a file of their own, and enter the public one in the study's ledger."""
    from entact.cli.custody import make_key, open_signer

    asked = [
        (vouched_by, voucher_key, voucher_passphrase_file),
        (also_vouched_by, also_voucher_key, also_voucher_passphrase_file),
    ]
    vouchers = [open_signer(database, name, *files) for name, *files in asked if name is not None]
    make_key(database, person, role, power, key, passphrase_file, vouchers, never or ())


@sign_key.command("revoke")
def revoke(
    person: Person, by: By, key: KeyFile = None, passphrase_file: Words = None, database: Database = REHEARSAL
) -> None:
    """Say that a person's key does not count any more; what it signed stays signed."""
    from entact.cli.custody import open_signer, revoke_person

    revoke_person(person, open_signer(database, by, key, passphrase_file))


@sign_key.command("list")
def list_keys(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List whose signatures count, and for what."""
    from entact.cli.custody import list_holders, print_holders

    found = list_holders(database)
    print_result(found, print_holders, as_json=as_json)


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
    from entact.cli.custody import open_signer, write_key_backup

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
    from entact.cli.custody import open_signer, restore_key_backup

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
    from entact.cli.custody import give_up, open_signer

    give_up(reason, open_signer(database, by, key, passphrase_file))


@keys.command("renew-console")
def renew_console_key(database: Database = REHEARSAL) -> None:
    """Make a new key to which consoles of the dosing day seal; what was sealed to older ones still opens."""
    from entact.cli.custody import renew_console

    renew_console(database)


@keys.command("where")
def where_keys(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Say where keys and the register of erasures lie, and how many there are."""
    from entact.cli.custody import describe_keys, print_keys

    found = describe_keys(database)
    print_result(found, print_keys, as_json=as_json)


@device.command("enrol")
def enrol_device(
    shown: Annotated[Path, typer.Argument(help="JSON that the device wrote: its name, key and signature.")],
    by: By,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Let what a device signs count as its own from here on."""
    from entact.cli.custody import open_signer
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
    from entact.cli.custody import open_signer
    from entact.cli.sent import revoke_key_of

    revoke_key_of(name, open_signer(database, by, key, passphrase_file))


@device.command("list")
def list_devices(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List devices and since when, and until when, their keys count."""
    from entact.cli.sent import print_devices, told_devices

    found = told_devices(database)
    print_result(found, print_devices, as_json=as_json)
