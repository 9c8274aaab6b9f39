"""How kits come to the sites of a rehearsal whose study accounts for them: lots, shipments, receipts, checks.

Everything is entered as the pages of the stock enter it, and none of it follows from an arm: lots are of a
strength on the label, shipments of a level and part, and everybody gets as many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from numpy.random import Generator

from entact.cohort.draws import stream
from entact.cohort.needs import Needs
from entact.cohort.setting_ledgers import KIT_LIFE, OPENING, TRANSPORT, Kits, SettingLedger
from entact.course import Line, read
from entact.course.kinds.supply import is_blinded
from entact.course.state.supply import Temperatures
from entact.course.supply.temperature import read_log
from entact.protocol import Release
from entact.protocol.study import Storage, Supply
from entact.protocol.study.doses import Units

SENDER = "depot"
EVERY = timedelta(minutes=30)  # a logger's readings
OPENS, CLOSES = time(8, 30), time(17)  # of a pharmacy, on its own clock
UNPACKED = timedelta(minutes=20)  # from the end of the log to the receipt
CHECKED = timedelta(minutes=25)  # from the receipt to the second person
DECIDED = timedelta(hours=2)  # from an excursion to what the sponsor decides
WARM_EVERY = 12  # of so many consignments of a site the fourth was too warm for a while
ABOVE = 3.0  # degrees Celsius
REGISTERED = "simulated authority for controlled substances"

Packed = tuple[str, int]
"""Number of a lot, and units in each of its kits."""


class Consignment(NamedTuple):
    """Kits of one participant that leave for a site at a time in UTC; `lines` takes what its ledger says."""

    at: datetime
    ledger: SettingLedger
    packed: Mapping[Packed, Sequence[str]]
    lines: list[Line]

    @property
    def site(self) -> str:
        """Where they go."""
        return self.ledger.chain.name.partition(":")[2]

    @property
    def arrives(self) -> datetime:
        """When they are taken in, in UTC: while the pharmacy is open, by its own clock."""
        at = (self.at + TRANSPORT).astimezone(ZoneInfo(self.ledger.zone))
        if OPENS <= at.time() < CLOSES:
            return at.astimezone(UTC)
        day = at.date() + timedelta(days=at.time() >= CLOSES)
        return datetime.combine(day, OPENS, at.tzinfo).astimezone(UTC)

    def write(self, kind: str, data: dict[str, Any], at: datetime, role: str, about: str | None) -> str:
        """Enters something about them by whoever has a role at the site; the entry's id."""
        offset = at.astimezone(ZoneInfo(self.ledger.zone)).utcoffset()
        local = at.astimezone(timezone(offset or timedelta(0)))  # whose clock does not change meanwhile
        line = self.ledger.write(kind, data, local, f"{role}-{self.site}", role, about=about)
        self.lines.append(line)
        return read(line.text).id


class Deliveries:
    """Lots of a study that accounts for its stock, and consignments that are still to be entered.

    Args:
        release: whose `supply:` says how kits are kept. needs: kits of a participant, of each population and
            arm: of blinded parts, and of those that are told. ends: when the last participant may enter; a
            lot is in date for as long after it as a kit lasts.
    """

    def __init__(
        self, release: Release, needs: Iterable[tuple[Needs, Needs]], ends: datetime, seed: int
    ) -> None:
        self._file, self._plan = release.file, release.file.supply or Supply()
        self._expires = (ends + KIT_LIFE).date().isoformat()
        self._seed = seed
        self._lots: dict[tuple[str, str, bool], dict[str, Any]] = {}
        every = list(needs)
        self._pack({kit for blinded, _ in every for kit in blinded}, openly=False)
        self._pack({kit for _, told in every for kit in told}, openly=True)
        self._entered: dict[str, list[Line]] = {}
        self._waiting: list[Consignment] = []

    def enter_lots(self, ledgers: Mapping[str, SettingLedger], start: datetime) -> None:
        """Enters every lot in the ledger of each site, once the site is open."""
        at = start + OPENING + timedelta(hours=2)
        for site, ledger in ledgers.items():
            registered = {"name": REGISTERED, "number": f"SIM-{site}", "expires": self._expires}
            self._entered[site] = [
                ledger.write("registration", registered, at, f"pharmacist-{site}", "pharmacist"),
                *(
                    ledger.write("lot", lot, at, f"pharmacist-{site}", "pharmacist")
                    for lot in self._lots.values()
                ),
            ]

    def send(self, ledger: SettingLedger, kits: Kits, open_kits: Kits, at: datetime) -> list[Line]:
        """Notes what leaves the depot for one participant; all its lines are there once it is entered.

        Args:
            open_kits: for what is given openly. at: when they leave.
        """
        packed: dict[Packed, list[str]] = {}
        for openly, of in ((False, kits), (True, open_kits)):
            for (level, part), numbers in of.items():
                dose = self._dose(level, part)
                lot = self._lots[self._product(level, dose), dose.strength, openly]["lot"]
                packed.setdefault((lot, dose.count), []).extend(numbers)
        one = Consignment(at.astimezone(UTC), ledger, packed, [])
        one.lines.extend(self._entered[one.site])
        self._waiting.append(one)
        return one.lines

    def enter(self) -> None:
        """Enters shipments, receipts and checks of all consignments, in order of time at each site."""
        of: dict[str, list[Consignment]] = {}
        for one in self._waiting:
            of.setdefault(one.site, []).append(one)
        self._waiting = []
        for place, site in enumerate(self._entered):
            random = stream(self._seed, place, "temperature logger")
            self._enter_at_site(sorted(of.get(site, []), key=lambda one: one.at), random)

    def _enter_at_site(self, consignments: Iterable[Consignment], random: Generator) -> None:
        steps: list[tuple[datetime, int, str, dict[str, Any], Consignment]] = []
        for number, one in enumerate(consignments):
            is_warm = number % WARM_EVERY == 3 and self._plan.storage is not None
            log, received = self._log(one, random, is_warm=is_warm), one.arrives + UNPACKED
            for (lot, units), kits in sorted(one.packed.items()):
                place, numbers = len(steps), sorted(kits)
                shipment = f"{one.site}-{place // 3 + 1:04d}"
                sent = {"number": shipment, "lot": lot, "kits": numbers, "units": units, "sender": SENDER}
                counted = {"shipment": shipment, "kits": numbers, **log}
                steps.append((one.at, place, "shipment", sent, one))
                steps.append((received, place, "receipt", counted, one))
                steps.append((received + CHECKED, place, "supply_check", {"agrees": True}, one))
                if is_warm:
                    steps.append((received + DECIDED, place, "supply_decision", decided(numbers), one))
        receipts: dict[int, str] = {}
        for at, place, kind, data, one in sorted(steps, key=lambda step: step[:2]):
            if kind == "shipment":
                one.write(kind, data, at, "pharmacist", None)
            elif kind == "receipt":
                receipts[place] = one.write(kind, data, at, "pharmacist", None)
            elif kind == "supply_decision":
                one.write(kind, data, at, self._decider, None)
            elif "receipt" in self._plan.two_persons:
                one.write(kind, data, at, "coordinator", receipts[place])

    def _pack(self, needs: Iterable[tuple[str, str]], *, openly: bool) -> None:
        """A lot of each strength on a label: of kits for every arm, or of those for whoever knows it."""
        for level, part in sorted(needs):
            dose = self._dose(level, part)
            product = self._product(level, dose)
            key = product, dose.strength, openly
            if key in self._lots:
                continue
            number = f"{self._file.study}-{len(self._lots) + 1:02d}"
            packs = {"packs": "every_arm"} if is_blinded(self._file) and not openly else {}
            self._lots[key] = {
                "lot": number,
                "product": product,
                "strength": dose.strength,
                "stated_as": "base" if self._file.products[product].salt == "free_base" else "salt",
                "expires": self._expires,
                "certificate": f"simulated, {number}",
                "status": "released",
                **packs,
            }

    def _dose(self, level: str, part: str) -> Units:
        """What a kit is labelled with: so many units of a strength, the same in every arm."""
        regimen = self._file.regimens[level]
        if part == "initial" or regimen.supplement is None:
            return regimen.initial
        return regimen.supplement.give

    def _product(self, level: str, dose: Units) -> str:
        """Of which the units are; where strengths alone tell, the one that comes in this strength."""
        said = self._file.regimens[level].product
        of = (name for name, product in self._file.products.items() if dose.strength in product.strengths)
        return said or next(of)

    @property
    def _decider(self) -> str:
        """The role of the sponsor that decides about kits that were too warm."""
        return next(
            (one for one in ("medical_monitor", "data_manager") if one in self._file.roles), "sponsor"
        )

    def _log(self, one: Consignment, random: Generator, *, is_warm: bool) -> dict[str, Any]:
        """What the logger of a consignment has written; nothing where no temperatures are planned."""
        storage = self._plan.storage
        if storage is None:
            return {}
        return {"log": msgspec.to_builtins(logged(one.at, one.arrives, storage, random, is_warm=is_warm))}


def decided(kits: Sequence[str]) -> dict[str, Any]:
    """What the sponsor says of kits that were too warm for a while."""
    text = "simulated: within what the certificate of stability allows"
    return {"kits": list(kits), "decision": "release", "text": text}


def logged(
    began: datetime, ended: datetime, storage: Storage, random: Generator, *, is_warm: bool = False
) -> Temperatures:
    """What is read of the file of a simulated logger, which stays within what the study file says.

    Args:
        began, ended: in UTC. random: source of chance for the temperatures, in degrees Celsius.
        is_warm: whether it does not: in the middle it was warmer for one reading than kits are kept.
    """
    lowest, highest = (float(end) for end in storage.bounds)
    middle, room = (lowest + highest) / 2, (highest - lowest) / 2
    count = (ended - began) // EVERY + 1
    values = middle + 0.9 * room * random.uniform(-1.0, 1.0, size=count)
    if is_warm:
        values[count // 2] = highest + ABOVE
    rows = [f"{began + place * EVERY:%Y-%m-%dT%H:%M:%SZ},{value:.2f}" for place, value in enumerate(values)]
    return read_log("\n".join(["time,Cel", *rows]).encode(), UTC, storage)
