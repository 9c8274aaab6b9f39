"""What waits for whoever holds the sealed list: rows that are asked for, by whom it may be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from entact.conduct.permissions import Person
from entact.conduct.reader import Reader
from entact.conduct.today import Task
from entact.conduct.words import moment
from entact.store.meeting import custody_now
from entact.store.signature import holders
from entact.store.telling import UNBLINDING, awaited, ledgers_asking


def rows_asked_for(reader: Reader, person: Person) -> Iterator[Task]:
    """That an arm, or whose visits are whose, is to be told as planned: for who holds the list or a share.

    How many, and since when; of whom is said by the command that answers.
    """
    if not ledgers_asking(reader.study) or not _answers(person.identity):
        return  # nothing of anybody is folded for who would be told nothing
    waiting = awaited(reader.study)
    for is_arm in (True, False):
        found = [one for one in waiting if (one.what == UNBLINDING) is is_arm]
        if not found:
            continue
        what = (
            ngettext(
                "{count} planned unblinding was asked for and waits for who holds the list",
                "{count} planned unblindings were asked for and wait for who holds the list",
                len(found),
            )
            if is_arm
            else ngettext(
                "Of {count} participant it is to be told whose visits are theirs, by who holds the list",
                "Of {count} participants it is to be told whose visits are theirs, by who holds the list",
                len(found),
            )
        ).format(count=len(found))
        since = min(one.since for one in found)
        when = gettext("since {when}: entact allocation tell").format(
            when=moment(since, reader.at.tzinfo or UTC)
        )
        yield Task(False, "", "", "", what, when, rank=1, due=since, address=reverse("proof"))


def _answers(person: str) -> bool:
    """Whether somebody has a key for the list, or a share of each of its rows."""
    holder, custody = holders().get(person), custody_now()
    keeps = holder is not None and "allocation" in holder.powers
    return keeps or (custody is not None and person in custody.custodians)
