"""What consoles sent that somebody has to look at: a source of the first page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from entact.conduct.permissions import Person
from entact.conduct.reader import Reader, Standing
from entact.conduct.today import MOST, Task
from entact.store import lists

REVIEWING: Final = ("close_query", "sign")
_URGENT: Final = "recorded_after_access"
_RULES: Final = (_URGENT, "sent_after_access", "recorded_after_grant")
_MANY: Final = 500  # of a rule that are looked at; a session has some hundred entries


def sent_without_access(reader: Reader, person: Person) -> Iterator[Task]:
    """Participants of whom a console sent what was recorded, or arrived, after its author might write; until
    a query about it was closed.
    """
    if not any(person.may(act) for act in REVIEWING) or not reader.sight.sees_schedule:
        return
    hidden, sites = reader.sight.hidden_names, reader.sites
    for rule in _RULES:
        found = lists.open_findings(reader.at, hidden=hidden, sites=sites, rule=rule, limit=_MANY)
        if not found:
            continue
        said = lists.queries_of_rules(list({one.ledger for one in found}))
        waiting: dict[str, int] = {}
        for one in found:
            _, status = said.get((one.ledger, one.rule, one.entry, one.item), ("", ""))
            if status != "closed" and any(person.may(act, one.site) for act in REVIEWING):
                waiting[one.ledger] = waiting.get(one.ledger, 0) + 1
        for row in lists.participants_of(list(waiting)[:MOST]):
            standing, count = Standing.of(row), waiting[row.ledger]
            when = ngettext("{count} entry", "{count} entries", count).format(count=count)
            address = f"{reverse('queries')}?status=rule"
            urgent = rule == _URGENT
            yield Task(
                urgent,
                "",
                standing.number,
                standing.site,
                _words(rule),
                when,
                rank=1 if urgent else 2,
                address=address,
            )


def _words(rule: str) -> str:
    if rule == _URGENT:
        return gettext("Recorded on a console after its author’s access had ended: ask about it")
    if rule == "sent_after_access":
        return gettext(
            "Arrived from a console after its author’s access had ended, and says that it was recorded before"
        )
    return gettext("Recorded on a console that had not reached the server for a week")
