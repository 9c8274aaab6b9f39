"""The study's and the sites' own ledgers in a rehearsal: release, commitment, staff, kits, births, heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np

from entact.cohort.draws import stream
from entact.cohort.parameters import Parameters
from entact.cohort.team import site_staff
from entact.course import Authenticated, Entry, Ledger, Line, instant, uuid7
from entact.course.allocation.allocation import Allocation, Content, commitment_of
from entact.course.entry import Environment
from entact.course.kinds.study import release_data
from entact.course.resupply import resupply_of
from entact.protocol import Release, Study

COUNTERSIGNS = "second-statistician", "unblinded_statistician"
LIST_HOLDER = "list-maker", "unblinded_statistician"  # who holds the sealed list, and as what
KIT_LIFE = timedelta(days=730)
CERTIFICATE_LIFE = timedelta(days=3650)
OPENING = timedelta(days=7, hours=16)  # from the start of the study to that of its sites
_JUST_BEFORE = timedelta(seconds=5)  # a rehearsal stops, its last heads arrive
TRANSPORT = timedelta(hours=18)  # from the depot to a site

Kits = dict[tuple[str, str], list[str]]
"""(Level, part) -> numbers of one participant's kits."""


class Approval(msgspec.Struct, frozen=True):
    """A site may work under a later release from a time on; `entry` is the id of the entry that says so."""

    at: datetime
    release: str
    entry: str


class SettingLedger:
    """A ledger of the study or of a site, to which people write in study time.

    Args:
        name: `study:<name>` or `site:<id>`. random: source of chance for ids. approvals: that it has
            still to write, in order of time.
    """

    def __init__(
        self,
        study: Study,
        name: str,
        random: np.random.Generator,
        approvals: Sequence[Approval] = (),
        environment: Environment = "rehearsal",
    ) -> None:
        self.environment = environment
        self.release = study.releases[0].id
        self.zone = "UTC"
        self.approvals = list(approvals)
        self.chain = Ledger(name)
        self.random = random
        self.arrivals: list[datetime] = []
        self._last = datetime.min.replace(tzinfo=UTC)

    def write(
        self,
        kind: str,
        data: dict[str, Any],
        at: datetime,
        by: str,
        role: str,
        id: str | None = None,
        about: str | None = None,
    ) -> Line:
        """Records one fact; moved on by a second where another has the same time.

        `id`: of the entry, where it has one already. `about`: the entry that it continues.
        """
        if self.approvals and self.approvals[0].at <= at:
            self.approve(at)
        at = max(at, self._last + timedelta(seconds=1))
        self._last = at
        if id is None:
            bits = self.random.integers(0, 1 << 37, size=2).tolist()
            id = uuid7(at, bits[0] << 37 | bits[1])
        entry = Entry(
            id=id,
            ledger=self.chain.name,
            kind=kind,
            release=self.release,
            environment=self.environment,
            occurred_at=at.isoformat(),
            recorded_at=at.isoformat(),
            by=by,
            role=role,
            about=about,
            data=data,
        )
        received = (at + timedelta(seconds=1)).astimezone(UTC)
        self.arrivals.append(received)
        who = Authenticated(how="simulated", who=by)
        return self.chain.append(entry, received_at=received.isoformat(), authenticated=who).line

    def approve(self, until: datetime | None = None) -> None:
        """Writes the approvals up to a time, or all."""
        while self.approvals and (until is None or self.approvals[0].at <= until):
            one = self.approvals.pop(0)
            self.release = one.release
            self.activate(one.at, one.entry)

    def activate(self, at: datetime, entry: str | None = None) -> None:
        """Writes that the site may work under the release in force."""
        data = {"release": self.release, "status": "active", "timezone": self.zone}
        self.write("activation", data, at, "sponsor", "sponsor", entry)


def open_study(
    study: Study, allocation: Allocation, start: datetime, seed: int, environment: Environment = "rehearsal"
) -> SettingLedger:
    """The study's ledger with its release and, where it randomises, the commitment to the sealed lists."""
    ledger = SettingLedger(
        study, f"study:{study.name}", stream(seed, 0, "study ledger"), environment=environment
    )
    release = study.releases[0]
    ledger.write("release", release_data(release), start, "sponsor", "sponsor")
    if release.file.randomisation is None:
        return ledger
    data = commitment_of(allocation, environment)
    at = start + timedelta(hours=2)
    if resupply_of(release) is None:
        ledger.write("commitment", data, at, *LIST_HOLDER)
        return ledger
    # Kits are ordered for rows, so that the record has to know them; then it asks for their code-breaks too.
    numbers: dict[str, list[str]] = {}
    for row in allocation.rows:
        numbers.setdefault(row.stratum, []).append(row.number)
    root, sheets = allocation.sealed_list.root, len(allocation.rows)
    ledger.write("commitment", data | {"numbers": numbers}, at, *LIST_HOLDER)
    printed = {"purpose": "code_breaks", "root": root, "rows": sheets}
    ledger.write("list_opened", printed, at + timedelta(minutes=20), *LIST_HOLDER)
    counted = {"root": root, "sheets": sheets, "place": "simulated: a safe of the sponsor"}
    ledger.write("code_breaks_checked", counted, at + timedelta(minutes=40), *COUNTERSIGNS)
    return ledger


def zone_of_site(release: Release, parameters: Parameters, site: str) -> str:
    """The zone that the study plans for a site; that of the parameters where it plans none."""
    planned = release.file.sites.get(site)
    return planned.timezone if planned is not None else parameters.sites.by_id[site].zone


def open_sites(
    study: Study,
    parameters: Parameters,
    start: datetime,
    seed: int,
    approvals: Mapping[str, Sequence[Approval]],
    environment: Environment = "rehearsal",
) -> dict[str, SettingLedger]:
    """Each site's ledger with its activation and staff; later approvals are still to be written."""
    ledgers = {}
    for number, site in enumerate(parameters.sites.by_id):
        random = stream(seed, number, "site ledger")
        ledger = ledgers[site] = SettingLedger(study, f"site:{site}", random, approvals[site], environment)
        ledger.zone = zone_of_site(study.newest, parameters, site)
        at = start + OPENING
        ledger.activate(at)
        expires = (start + CERTIFICATE_LIFE).date().isoformat()
        for person, roles in site_staff(study.newest, site).items():
            certificates = [{"name": "good_clinical_practice", "expires": expires}]
            staff = {"person": person, "roles": roles, "certificates": certificates}
            ledger.write("staff", staff, at + timedelta(hours=1), "sponsor", "sponsor")
    return ledgers


class Depot:
    """Kits not yet sent out. It holds the kit map, so it alone can name a kit that holds what an arm needs.

    Kits of one content leave in random order: in ascending order each arm's numbers would make a rising
    sequence of its own, and the sequences would tell the arms apart.
    """

    def __init__(self, allocation: Allocation, random: np.random.Generator) -> None:
        self._kits: dict[Content, list[str]] = {}
        for number in random.permutation(len(allocation.kits)).tolist():
            row = allocation.kits[number]
            self._kits.setdefault(row.content, []).append(row.kit)

    def pick(self, needs: Mapping[tuple[str, str], int], arm: str) -> Kits:
        """A participant's kits, which hold what the arm needs."""
        return {
            (level, part): [self._kits[arm, level, part].pop() for _ in range(count)]
            for (level, part), count in needs.items()
        }

    def send(self, ledger: SettingLedger, kits: Kits, at: datetime) -> list[Line]:
        """Sends kits to a site whose study says nothing of its stock: the lines of the site's ledger."""
        pharmacist = f"pharmacist-{ledger.chain.name.partition(':')[2]}"
        expires = (at + KIT_LIFE).date().isoformat()
        return [
            ledger.write(
                "kit",
                {"number": kit, "status": "received", "expires": expires},
                at + TRANSPORT,
                pharmacist,
                "pharmacist",
            )
            for kit in sorted(kit for numbers in kits.values() for kit in numbers)
        ]


class _Received(msgspec.Struct):
    """The one field of a stored entry that heads need."""

    received_at: str


_received = msgspec.json.Decoder(_Received)


def received_at(line: Line) -> datetime:
    """When a line arrived, in UTC."""
    return instant(_received.decode(line.text).received_at).astimezone(UTC)


class NotedHeads:
    """Births and heads of the other ledgers, as the study's ledger records them at the end of each month."""

    def __init__(self) -> None:
        self._births: list[tuple[datetime, str]] = []
        self._said: list[tuple[datetime, str, dict[str, Any], str, str, str | None]] = []
        self._months: dict[date, dict[str, dict[str, Any]]] = {}
        self.last = datetime.min.replace(tzinfo=UTC)  # when the last line of them arrived

    def note(self, name: str, lines: list[Line]) -> None:
        """Remembers when a ledger was born, and its head at the end of each month in which it grew."""
        for number, line in enumerate(lines):
            arrived = received_at(line)
            self.last = max(self.last, arrived)
            if number == 0:
                self._births.append((arrived, name))
            month = self._months.setdefault(date(arrived.year, arrived.month, 1), {})
            month[name] = {"seq": line.seq, "hash": line.hash}

    def say(self, entry: Entry) -> None:
        """Remembers what else the study's ledger says, so that all of it stands in order of time."""
        at = datetime.fromisoformat(entry.occurred_at)
        self._said.append((at, entry.kind, entry.data, entry.by, entry.role, entry.id))

    def add(self, at: datetime, kind: str, data: dict[str, Any], by: str, role: str) -> None:
        """Remembers what somebody enters in the study's ledger at a time."""
        self._said.append((at, kind, data, by, role, None))

    def write(self, ledger: SettingLedger, until: datetime | None = None) -> None:
        """Enters all of it with births and digests of heads in the study's ledger, in order of time.

        Args:
            until: what is said later is left out, and the last heads are those of this moment.
        """
        own = ((at, kind, data, "entact", "system", None) for at, kind, data in self._entries(until))
        for at, kind, data, by, role, id in sorted([*own, *self._said], key=lambda one: one[:2]):
            if until is None or at <= until:
                ledger.write(kind, data, at, by, role, id)

    def _entries(self, until: datetime | None) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
        for at, name in sorted(self._births):
            yield at, "ledger_opened", {"ledger": name}
        known: dict[str, dict[str, Any]] = {}
        for month in sorted(self._months):
            known |= self._months[month]
            following = (month + timedelta(days=32)).replace(day=1)
            end = datetime(following.year, following.month, following.day, tzinfo=UTC)
            at = end if until is None else min(end, until - _JUST_BEFORE)
            yield at, "heads", {"heads": dict(sorted(known.items()))}


def participant_ledger(seed: int, index: int) -> str:
    """The opaque name of a virtual participant's ledger."""
    return "participant:" + sha256(f"ledger {seed} {index}".encode()).hexdigest()[:32]


def participant_key(seed: int, index: int) -> bytes:
    """The key of a virtual participant's personal items; with nobody to protect, it follows from the seed."""
    return sha256(f"key {seed} {index}".encode()).digest()
