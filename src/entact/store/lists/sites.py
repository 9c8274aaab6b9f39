"""What sites have: staff with certificates, and stock."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.db import connection

from entact.store.site_rows import SITE


class Certified(NamedTuple):
    """A person of a site with one certificate (empty: none), and the last days of both."""

    site: str
    person: str
    roles: tuple[str, ...]
    until: date | None
    certificate: str
    expires: date | None


def staff(*, site: str | None = None, expiring_by: date | None = None) -> list[Certified]:
    """Who works at the sites, by site and person; or only the certificates that end by a day."""
    conditions = ["TRUE"]
    conditions += ["ledger.name = %(ledger)s"] if site is not None else []
    conditions += ["staff.expires <= %(day)s"] if expiring_by is not None else []
    statement = f"""
        SELECT substr(ledger.name, 6), person, roles, until, certificate, expires
        FROM store_staff AS staff JOIN store_ledger AS ledger ON ledger.id = staff.ledger_id
        WHERE {" AND ".join(conditions)} ORDER BY ledger.name, person, certificate
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ledger": f"{SITE}{site}", "day": expiring_by})
        return [
            Certified(place, person, tuple(roles.split()), *rest)
            for place, person, roles, *rest in cursor.fetchall()
        ]


class Kit(NamedTuple):
    """A kit of a site's stock."""

    site: str
    number: str
    status: str
    lot: str
    expires: date | None


def stock(
    *, site: str | None = None, status: str | None = None, after: str | None = None, limit: int = 50
) -> list[Kit]:
    """One page of the kits, by site and number; of a site, or in a status.

    Args:
        after: the page goes on behind the kit of this number, which takes a site.
    """
    conditions = ["TRUE"]
    conditions += ["ledger.name = %(ledger)s"] if site is not None else []
    conditions += ["stock.status = %(status)s"] if status is not None else []
    conditions += ["stock.number > %(after)s"] if after is not None else []
    statement = f"""
        SELECT substr(ledger.name, 6), number, status, lot, expires
        FROM store_stock AS stock JOIN store_ledger AS ledger ON ledger.id = stock.ledger_id
        WHERE {" AND ".join(conditions)} ORDER BY ledger.name, number LIMIT %(limit)s
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {"ledger": f"{SITE}{site}", "status": status, "after": after, "limit": limit}
        )
        return [Kit(*row) for row in cursor.fetchall()]
