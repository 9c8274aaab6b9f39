"""A site's stock for tests: a lot, a shipment and what happens to it, entry by entry."""

from __future__ import annotations

import copy
from typing import Any

from tests.course.cases import MINI, Case, before

from entact.course.supply.temperature import read_log
from entact.protocol import load_study
from entact.protocol.release import Release, Study, canonical

SUPPLY: dict[str, Any] = {
    "storage": {"lowest": "15 Cel", "highest": "25 Cel"},
    "two_persons": ["receipt", "dispensing", "return", "inventory", "destruction"],
    "count_every": "26 wk",
    "losses": [
        {"title": "Notice of a loss", "to": "the authority", "within": "24 h", "jurisdiction": "US"},
        {"title": "Full report", "to": "the authority", "within": "45 d", "jurisdiction": "US"},
        {"title": "Bericht", "to": "die Behörde", "within": "3 d", "jurisdiction": "IL"},
    ],
}
LOT = {
    "lot": "L-1",
    "product": "capsule",
    "strength": "60 mg",
    "stated_as": "salt",
    "expires": "2026-12-31",
    "certificate": "CoA 77",
    "status": "released",
}
PHARMACIST: dict[str, Any] = {"by": "p-1", "role": "pharmacist", "ledger": "site:denver"}
SECOND: dict[str, Any] = {"by": "p-2", "role": "pharmacist", "ledger": "site:denver"}
SPONSOR: dict[str, Any] = {"by": "m-1", "role": "medical_monitor", "ledger": "site:denver"}


def study_with(supply: dict[str, Any] | None = SUPPLY) -> Study:
    """The small study, with a pharmacist and this block."""
    data = copy.deepcopy(dict(load_study(MINI).newest.data))
    data["roles"] |= {"pharmacist": "Pharmacist"}
    if supply is not None:
        data["supply"] = supply
    return Study("mini", (Release.from_text(canonical(data)),))


def log(*values: str) -> dict[str, Any]:
    """What a logger said, a reading each ten minutes."""
    from zoneinfo import ZoneInfo

    import msgspec

    rows = "\n".join(f"2026-03-01 08:{10 * place:02d},{value}" for place, value in enumerate(values))
    found: dict[str, Any] = msgspec.to_builtins(read_log(rows.encode(), ZoneInfo("America/Denver"), None))
    return found


def at(day: int, hour: int = 9, minute: int = 0) -> str:
    """A time of March 2026 at the site, before the clocks change."""
    return f"2026-03-{day:02d}T{hour:02d}:{minute:02d}:00-07:00"


class Stock(Case):
    """A site with a lot, and more as it is put."""

    @classmethod
    def begun(cls, supply: dict[str, Any] | None = SUPPLY, act: str = "initial_dose") -> Stock:
        """A participant up to an act, with kits of the site in the old words, and a lot."""
        case = cls(study_with(supply))
        case.entries = dict(before(act, case.study).entries)
        for person in ("p-1", "p-2"):
            data = {
                "person": person,
                "roles": ["pharmacist"],
                "certificates": [{"name": "GCP", "expires": "2027-06-30"}],
            }
            case.put(person, "staff", "2026-01-10T09:00:00-07:00", data, ledger="site:denver")
        case.put("lot", "lot", at(1, 8), LOT, **PHARMACIST)
        return case

    def sent(self, *kits: str, name: str = "sent", units: int = 3, when: str = at(1, 9)) -> Stock:
        data = {"number": name, "lot": "L-1", "kits": list(kits), "units": units, "sender": "Depot"}
        self.put(name, "shipment", when, data, **PHARMACIST)
        return self

    def received(self, *kits: str, of: str = "sent", when: str = at(1, 10), **more: Any) -> Stock:
        data = {"shipment": of, "kits": list(kits), "log": log("20", "21")} | more
        self.put(f"received {of}", "receipt", when, data, **PHARMACIST)
        return self

    def checked(self, about: str, when: str = at(1, 11), agrees: bool = True, **who: Any) -> Stock:
        said = {"agrees": agrees, "text": "" if agrees else "one is open"}
        self.put(f"check of {about}", "supply_check", when, said, about=about, **(SECOND | who))
        return self

    def say(self, name: str, kind: str, when: str, data: dict[str, Any], **more: Any) -> Stock:
        self.put(name, kind, when, data, **(PHARMACIST | more))
        return self

    def problems(self) -> list[str]:
        return [one.rule for one in self.setting().problems]

    def status(self) -> dict[str, str]:
        return {
            name: kit.status for name, kit in self.setting().site.kits.items() if not name.startswith("K-")
        }
