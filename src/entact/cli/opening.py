"""`entact open`, `entact amend`, `entact invite`: a study that people run, and how one gets in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from entact import store
from entact.cli.database import open_record
from entact.cli.validation import accepted_for, enter_pack
from entact.course.entry import SYSTEM, Entry, Environment, uuid7
from entact.course.kinds.study import release_data
from entact.protocol import Release, bars_from_production, load_study
from entact.protocol.problem import StudyError

OWNER_NAME = "owner"
TRAINING_SEED = 1  # of the virtual people in a training copy


def open_study(
    name: str,
    environment: Environment,
    database: str,
    owner: str,
    title: str,
    validation: Path | None = None,
    *,
    rehearsed: bool = False,
) -> dict[str, Any]:
    """Makes the database of a study that people run, with its release and an owner who signs in by a link.

    Raises:
        StudyError: when a release is not fit for production, with everything that bars it.
        StoreError: when the database holds something else, or is open already; when the validation pack is
            not of this release and this program, or not accepted.
    """
    study = load_study(name)
    if rehearsed and environment != "training":
        raise store.StoreError("virtual people belong into a training copy: --environment training")
    if environment == "production":
        barred = [problem for release in study.releases for problem in bars_from_production(release)]
        if barred:
            raise StudyError(barred)
    pack = None if validation is None else accepted_for(validation, study.newest)
    store.setup(environment, study.name, database=database)
    from entact.conduct.access import people
    from entact.conduct.configuration import make_secret
    from entact.conduct.permissions import OWNER
    from entact.store.studies import study_of_record

    make_secret()
    if study_of_record()[1] is None:
        if rehearsed:
            from entact.cli.progress import fill
            from entact.cli.rehearsal import ALLOCATION, write_allocation
            from entact.store.server import data_folder

            trial = fill(name, None, TRAINING_SEED, datetime.now(UTC), environment, exactly=True)
            write_allocation(trial, data_folder() / database.removeprefix("entact_") / ALLOCATION)
        else:
            _enter_releases(study.releases, environment)
    by = people.By()
    account = people.account_named(owner)
    if people.has_owner():
        raise store.StoreError(
            f"the database {database} is open already: `entact invite NAME --database {database}` makes "
            "another link"
        )
    account = account or people.make_account(owner, title, by=by)
    people.give_role(account, OWNER, by=by)
    entered = None if pack is None else enter_pack(pack)
    return _linked(account, database) | {
        "validation": entered,
        "study": study.name,
        "release": study.newest.id,
        "environment": environment,
    }


def invite(name: str, database: str) -> dict[str, Any]:
    """A new link for somebody who has an account; once it is used, the password before it works no more.

    Raises:
        StoreError: when nobody has this name.
    """
    open_record(database)
    from entact.conduct.access import people

    account = people.account_named(name)
    if account is None or account.is_demonstration:
        raise store.StoreError(f"nobody signs in to {database} as {name!r} with a password")
    return _linked(account, database)


def print_link(result: dict[str, Any]) -> None:
    """The link, and what to do with it."""
    if "study" in result:
        typer.echo(
            f"{result['study']} is open for {result['environment']} in the database {result['database']}"
        )
        typer.echo(f"validation {_validation_in_words(result)}")
    typer.echo(f"serve it   entact serve --database {result['database']}")
    typer.echo(f"then open  {result['link']}")
    typer.echo(f"           as {result['person']}; the link works once, until {result['until']}")


def _validation_in_words(result: dict[str, Any]) -> str:
    if result["validation"] is not None:
        return f"pack signed by {', '.join(result['validation']['signed_by'])}"
    if result["environment"] == "production":
        return (
            "MISSING: nobody has shown that this release does here what it should (`entact validation-pack`)"
        )
    return "is what this copy is for: `entact validation-pack` makes the checklist"


def enter_validation(folder: Path, database: str) -> dict[str, Any]:
    """Enters a signed pack of the newest release in a record that is open already.

    Raises:
        StoreError: when the pack does not count for it.
    """
    open_record(database)
    from entact.store.studies import study_of_record

    study = study_of_record()[1]
    if study is None:
        raise store.StoreError(f"the database {database} holds no release that can be read")
    return enter_pack(accepted_for(folder, study.newest))


def enter_amendments(name: str, database: str) -> dict[str, Any]:
    """Enters the releases of a study file that the record of a running study lacks, oldest first.

    Raises:
        StudyError: when one is not fit for production, with everything that bars it.
        StoreError: when the record holds another study, or releases that the file does not begin with.
    """
    study = load_study(name)
    open_record(database)
    from entact.conduct.reader import environment_of_database
    from entact.store.studies import study_of_record

    environment = environment_of_database()
    kept = study_of_record()[1]
    if kept is None or kept.name != study.name:
        raise store.StoreError(f"the database {database} holds no release of {study.name} that can be read")
    known = [one.id for one in kept.releases]
    if known != [one.id for one in study.releases[: len(known)]]:
        labels = ", ".join(one.file.release for one in kept.releases)
        raise store.StoreError(
            f"the record holds the releases {labels}: {name} has to begin with them, unchanged"
        )
    new = study.releases[len(known) :]
    barred = [problem for release in new for problem in bars_from_production(release)]
    if barred and environment == "production":
        raise StudyError(barred)
    _enter_releases(new, environment)  # type: ignore[arg-type]  # as the installation says it
    return {
        "study": study.name,
        "entered": [one.id for one in new],
        "labels": [one.file.release for one in new],
    }


def print_amendments(result: dict[str, Any]) -> None:
    """What was entered, and what is still to be said."""
    if not result["labels"]:
        typer.echo(f"nothing to enter: the record holds every release of {result['study']} in the file")
        return
    for label, release in zip(result["labels"], result["entered"], strict=True):
        typer.echo(f"entered release {label}  {release}")
    typer.echo("it counts at a site once that is said on the page Releases")


def _enter_releases(releases: Sequence[Release], environment: Environment) -> None:
    """Enters releases in the study's ledger, oldest first."""
    for release in releases:
        now = datetime.now(UTC)
        at = now.isoformat(timespec="milliseconds")
        entry = Entry(
            id=uuid7(now, secrets.randbits(80)),
            ledger=f"study:{release.file.study}",
            kind="release",
            release=release.id,
            environment=environment,
            occurred_at=at,
            recorded_at=at,
            by="entact",
            role="system",
            data=release_data(release),
        )
        store.append(entry, received_at=at, authenticated=SYSTEM)


def _linked(account: Any, database: str) -> dict[str, Any]:
    from django.conf import settings
    from django.utils import timezone

    from entact.conduct.access import people

    secret = people.invite(account, by=people.By())
    origin = settings.ADDRESS.origin if settings.ADDRESS else "http://127.0.0.1:8000"
    until = (timezone.now() + people.HOUR).isoformat(timespec="minutes")
    return {
        "database": database,
        "person": account.name,
        "link": f"{origin}/welcome/{secret}/",
        "until": until,
    }
