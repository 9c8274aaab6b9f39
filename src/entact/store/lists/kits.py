"""What kits of a site went through, and which sessions of its participants may still need some."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from entact.course.resupply import ToCome
from entact.course.state.numbers import RANDOMISATION
from entact.store.index import storable
from entact.store.lists.visits import HOLDS


class KitStep(NamedTuple):
    """One step of a kit (see `models.KitStep`), whose, and where they are now."""

    ledger: str
    site: str
    kit: str
    entry: str
    what: str
    at: datetime
    units: int
    visit: str
    replaced: bool
    person: str
    waits: bool


def kit_steps(site: str, kits: Collection[str]) -> list[KitStep]:
    """Steps of all kits of whoever is at a site, and of some kits wherever they are; by ledger and time.

    Args:
        kits: numbers in their normal form.
    """
    named = {storable(one): one for one in kits}
    statement = """
        SELECT ledger.name, standing.site, step.kit, step.entry, step.what, step.at, step.units, step.visit,
            step.replaced, step.person, step.waits
        FROM (
            SELECT * FROM store_kit_step WHERE kit = ANY(%(kits)s)
            UNION SELECT * FROM store_kit_step
            WHERE ledger_id = ANY(ARRAY(SELECT ledger_id FROM store_standing WHERE site = %(site)s))
        ) AS step JOIN store_standing AS standing ON standing.ledger_id = step.ledger_id
            JOIN store_ledger AS ledger ON ledger.id = step.ledger_id
        ORDER BY ledger.name COLLATE "C", step.at, step.entry, step.what, step.kit
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"site": site, "kits": list(named)})
        rows = [KitStep(*row) for row in cursor.fetchall()]
    return [one._replace(kit=named.get(one.kit, one.kit)) for one in rows]


def randomised_at(site: str) -> dict[str, str]:
    """Whoever is randomised and at a site, by ledger with the number in its normal form."""
    statement = """
        SELECT ledger.name, held.number
        FROM store_number AS held JOIN store_standing AS standing ON standing.ledger_id = held.ledger_id
            JOIN store_ledger AS ledger ON ledger.id = held.ledger_id
        WHERE held.of = %(of)s AND standing.site = %(site)s
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"of": RANDOMISATION, "site": site})
        return dict(cursor.fetchall())


def sessions_to_come(site: str, at: datetime) -> Mapping[str, list[ToCome]]:
    """The sessions whose kits may still be given, at an instant, of whoever is at a site, by ledger."""
    statement = f"""
        SELECT ledger.name, session.visit, session.latest, session.needs
        FROM store_session_to_come AS session
            JOIN store_standing AS standing ON standing.ledger_id = session.ledger_id
            JOIN store_ledger AS ledger ON ledger.id = session.ledger_id
        WHERE standing.site = %(site)s AND {HOLDS.format("session")}
        ORDER BY ledger.name, session.visit
    """
    found: dict[str, list[ToCome]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, {"site": site, "at": at})
        for ledger, visit, latest, needs in cursor.fetchall():
            whats = ((level, part) for level, _, part in (one.rpartition("/") for one in needs))
            found.setdefault(ledger, []).append(ToCome(visit, latest, tuple(whats)))
    return found
