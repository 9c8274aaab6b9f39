"""A site with a pharmacy and three participants who wait for their session: what tests of supply share."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
from tests.conduct.browser import Browser
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.cases import before
from tests.course.supply.stock import SUPPLY

from entact import store
from entact.conduct.reader import Standing
from entact.course import instant
from entact.protocol import Study
from entact.store import lists

PEOPLE = 3
CERTIFIED = [{"name": "GCP", "expires": "2027-06-30"}]
WARM = "Time,Temperature (°C)\n2026-03-01 08:00,20.5\n2026-03-01 08:10,27.1\n2026-03-01 08:20,20.0\n"


def study_with_supply(resupply: dict[str, Any] | None = None) -> Study:
    def change(data: dict[str, Any]) -> None:
        data["supply"] = copy.deepcopy(SUPPLY)
        if resupply is not None:
            data["supply"]["resupply"] = resupply

    return blinded_study(change)


def keep_site(study: Study, rows: dict[str, list[str]] | None = None) -> list[str]:
    """Keeps Denver with two pharmacists and three participants before their session; their keys.

    `rows`: of the list that is committed, whose first three are theirs: R-71, R-72 and R-73.
    """
    case = before("dispense", study)
    if rows is not None:
        case.change("commitment", numbers=rows)
    keep(study, received_at="2026-01-02T09:00:00-07:00")
    for person in ("p-1", "p-2"):
        data = {"person": person, "roles": ["pharmacist"], "certificates": CERTIFIED}
        case.put(person, "staff", "2026-01-10T09:00:00-07:00", data, ledger="site:denver")
    case.drop(*(name for name, one in case.entries.items() if one.kind in ("kit", "kit_assigned")))
    own = [one for one in case.entries.values() if one.ledger.startswith("participant:")]
    others = [one for one in case.entries.values() if one not in own]
    for number in range(1, PEOPLE + 1):
        others += [_of(one, number) for one in own]
    for one in sorted(others, key=lambda entry: (instant(entry.occurred_at), entry.id)):
        store.append(one, received_at=one.recorded_at)
    store.keep_keys({f"participant:{number:032x}": KEY for number in range(1, PEOPLE + 1)})
    return sorted(Standing.of(one).key for one in lists.participants(limit=9))


def _of(entry: Any, number: int) -> Any:
    data = dict(entry.data)
    for kind, item in (("screening", "number"), ("enrolment", "subject"), ("randomisation", "number")):
        if entry.kind == kind:
            data[item] = f"{data[item]}{number}"
    ledger = f"participant:{number:032x}"
    return msgspec.structs.replace(entry, id=f"{entry.id} {number}", ledger=ledger, data=data)


def labels(numbers: list[str]) -> str:
    """As a hand scanner types them."""
    from entact.course.supply.check_character import printed

    return "".join(f"{printed(one)}\r\n" for one in numbers)


def lot(pharmacist: Browser, **more: str) -> None:
    sent = {
        "lot": "L-1",
        "product": "capsule",
        "strength": "60 mg",
        "stated_as": "salt",
        "expires": "2026-12-31",
        "certificate": "CoA 77, QP 12",
        "status": "released",
        "packs": "every_arm",
    }
    pharmacist.post("/supply/denver/enter/lot/", sent | more)


def shipped(pharmacist: Browser, count: int) -> list[str]:
    """A lot and a shipment of so many kits that are numbered here."""
    lot(pharmacist)
    sent = {"number": "A-1", "lot": "L-1", "units": "3", "sender": "Depot", "kits": "", "make": str(count)}
    pharmacist.post("/supply/denver/enter/shipment/", sent)
    return stock_numbers()


def stock_numbers() -> list[str]:
    return [one.number for one in lists.stock(site="denver", limit=500)]


def statuses() -> dict[str, str]:
    return {one.number: one.status for one in lists.stock(site="denver", limit=500)}
