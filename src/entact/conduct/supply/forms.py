"""What is asked about the stock, and how it is read: an error names the line, and what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

import msgspec
from django.utils.translation import gettext

from entact.conduct.error import ConductError
from entact.conduct.supply.resupply import OrderLine, line_called
from entact.course.entry.dates import read_date
from entact.course.kinds.supply import (
    Destruction,
    Inventory,
    Lot,
    Quarantine,
    Receipt,
    Shipment,
    SiteRegistration,
    StockDifference,
    StorageLog,
    SupplyCheck,
    SupplyDecision,
)
from entact.course.state.numbers import is_number, normal
from entact.course.state.supply import Temperatures
from entact.course.supply.check_character import read_printed
from entact.course.supply.temperature import read_log
from entact.protocol.study import Supply

LONGEST: Final = 500
MOST_KITS: Final = 2000
MOST_UNITS: Final = 1000


@dataclass(frozen=True)
class Sent:
    """What was sent with a form: texts by name, and the content of the file if there is one."""

    texts: Mapping[str, str]
    file: bytes | None = None

    def text(self, name: str, label: str, *, optional: bool = False) -> str:
        """A text.

        Raises:
            ConductError: when it is empty and must not be, too long, or cannot be printed.
        """
        said = self.texts.get(name, "").strip()
        if not said and not optional:
            raise ConductError(gettext("{label}: say it").format(label=label))
        if len(said) > LONGEST or not said.isprintable():
            raise ConductError(
                gettext("{label}: at most {longest} characters in one line").format(
                    label=label, longest=LONGEST
                )
            )
        return said

    def day(self, name: str, label: str) -> str:
        """A civil day."""
        said = self.texts.get(name, "").strip()
        found = read_date(said)
        if found is None or not found.exact or "T" in said:
            raise ConductError(gettext("{label}: write the day as 2026-04-30").format(label=label))
        return said

    def count(self, name: str, label: str, most: int) -> int:
        """A whole number from 1."""
        said = self.texts.get(name, "").strip()
        if not (said.isascii() and said.isdecimal() and len(said) < 6 and 1 <= int(said) <= most):
            raise ConductError(
                gettext("{label}: write a whole number from 1 to {most}").format(label=label, most=most)
            )
        return int(said)

    def lines(self, name: str) -> list[tuple[int, str]]:
        """The lines of a field that say something, by their number."""
        found = [
            (number, line.strip())
            for number, line in enumerate(self.texts.get(name, "").splitlines(), start=1)
            if line.strip()
        ]
        if len(found) > MOST_KITS:
            raise ConductError(gettext("at most {most_kits} kits at once").format(most_kits=MOST_KITS))
        return found

    def kits(self, name: str, label: str, *, optional: bool = False) -> list[str]:
        """Labels of kits, each with its check character, none twice."""
        found: list[str] = []
        for number, line in self.lines(name):
            found.append(_label(label, number, line))
            if found[-1] in found[:-1]:
                raise ConductError(
                    gettext("{label}, line {number}: kit {kit} stands there twice").format(
                        label=label, number=number, kit=found[-1]
                    )
                )
        if not found and not optional:
            raise ConductError(gettext("{label}: scan or type at least one").format(label=label))
        return found

    def units(self, name: str, label: str) -> dict[str, int]:
        """Labels of kits with units, none twice."""
        found: dict[str, int] = {}
        for number, line in self.lines(name):
            kit, _, count = line.rpartition(" ")
            if not (count.isascii() and count.isdecimal() and len(count) < 5 and kit):
                raise ConductError(
                    gettext(
                        "{label}, line {number}: behind the label a space and the units, as in 4812.7 3"
                    ).format(label=label, number=number)
                )
            one = _label(label, number, kit)
            if one in found:
                raise ConductError(
                    gettext("{label}, line {number}: kit {kit} stands there twice").format(
                        label=label, number=number, kit=one
                    )
                )
            found[one] = int(count)
        if not found:
            raise ConductError(gettext("{label}: scan or type at least one").format(label=label))
        return found

    def log(self, zone: tzinfo, plan: Supply) -> Temperatures | None:
        """The logger's file."""
        if self.file is None:
            return None
        try:
            return read_log(self.file, zone, plan.storage)
        except ValueError as error:
            raise ConductError(
                gettext("File of the temperature logger: {error}").format(error=error)
            ) from error


def _label(label: str, number: int, text: str) -> str:
    try:
        return read_printed(text)
    except ValueError as error:
        raise ConductError(
            gettext("{label}, line {number}: {error}").format(label=label, number=number, error=error)
        ) from error


def payload_of(
    kind: str,
    sent: Sent,
    plan: Supply,
    zone: tzinfo,
    there: Sequence[str],
    made: Sequence[str],
    ordered: Sequence[OrderLine] = (),
) -> tuple[msgspec.Struct, str | None]:
    """What is to be entered, and the id of the entry that it is about.

    Args:
        there: kits that lie in storage. made: numbers for kits that nobody has numbered.
        ordered: what was ordered and is not sent yet.
    Raises:
        ConductError: with what has to be put right; then nothing is entered.
    """
    about: str | None = None
    found: msgspec.Struct
    if kind == "lot":
        found = _lot(sent)
    elif kind == "shipment":
        found = _shipment(sent, made, ordered)
    elif kind == "receipt":
        kits = sent.kits("kits", gettext("Kits"))
        damaged = sent.kits("damaged", gettext("Damaged"), optional=True)
        if not set(damaged) <= set(kits):
            raise ConductError(gettext("Damaged: these are not among the kits that you counted"))
        found = Receipt(sent.text("shipment", gettext("Shipment")), kits, damaged, sent.log(zone, plan))
    elif kind == "storage_log":
        log = sent.log(zone, plan)
        if log is None:
            raise ConductError(gettext("File of the temperature logger: choose one"))
        found = StorageLog(sent.text("place", gettext("Where")), list(there), log)
    elif kind == "quarantine":
        found = Quarantine(sent.kits("kits", gettext("Kits")), sent.text("text", gettext("In words")))
    elif kind == "supply_decision":
        decision = _choice(sent, "decision", ("release", "reject"))
        found = SupplyDecision(
            sent.kits("kits", gettext("Kits")), decision, sent.text("text", gettext("Why"))
        )
    elif kind == "inventory":
        found = Inventory(sent.units("units", gettext("Kits")))
    elif kind == "destruction":
        found = Destruction(sent.units("units", gettext("Kits")), sent.text("how", gettext("How")))
    elif kind == "registration":
        name, number = sent.text("name", gettext("Whose")), sent.text("number", gettext("Number"))
        found = SiteRegistration(name, number, sent.day("expires", gettext("Last day")))
    elif kind == "supply_check":
        agrees = _choice(sent, "agrees", ("yes", "no")) == "yes"
        found = SupplyCheck(agrees, sent.text("text", gettext("What is not"), optional=agrees))
        about = sent.text("about", gettext("What"))
    else:
        about, _, kit = sent.text("about", gettext("Which")).partition(" ")
        found = _difference(sent, plan, kit)
    return found, about


def _lot(sent: Sent) -> Lot:
    return Lot(
        sent.text("lot", gettext("Number of the lot")),
        sent.text("product", gettext("Product")),
        sent.text("strength", gettext("Strength")),
        _choice(sent, "stated_as", ("salt", "base")),
        sent.day("expires", gettext("Last day of use")),
        sent.text("certificate", gettext("Certificate")),
        _choice(sent, "status", ("not_released", "released", "recalled")),
        _choice(sent, "packs", ("every_arm", "one_arm")),
    )


def _shipment(sent: Sent, made: Sequence[str], ordered: Sequence[OrderLine]) -> Shipment:
    kits = list(dict.fromkeys(_listed(line) for _, line in sent.lines("kits")))
    key = sent.texts.get("order", "")
    if sum((bool(key), bool(kits), bool(sent.texts.get("make", "").strip()))) > 1:
        raise ConductError(
            gettext(
                "Kits: either those of the order, or those of the packing list, or so many that are numbered "
                "here"
            )
        )
    if key:
        line = line_called(ordered, key)
        if line is None:
            raise ConductError(gettext("Kits of the order: these were sent already; look again"))
        kits = list(line.kits)
    if not kits:
        kits = list(made)[: sent.count("make", gettext("How many kits"), len(made))]
    for kit in kits:
        if len(kit) > 40 or not is_number(kit):  # the check character knows no other letters
            raise ConductError(gettext("Kits: {kit} is no number of a kit").format(kit=repr(kit[:40])))
    return Shipment(
        sent.text("number", gettext("Number of the shipment")),
        sent.text("lot", gettext("Lot")),
        sorted(kits),
        sent.count("units", gettext("Units in each kit"), MOST_UNITS),
        sent.text("sender", gettext("Who sends it")),
        sent.text("transfer", gettext("Transfer form"), optional=True),
    )


def _listed(text: str) -> str:
    """A number of a packing list, which may be without the character that labels of this record have."""
    try:
        return read_printed(text)
    except ValueError:
        return normal(text)


def _difference(sent: Sent, plan: Supply, kit: str) -> StockDifference:
    said = _choice(sent, "said", ("found", "explained", "reported"))
    text = sent.text("text", gettext("In words"))
    if said != "reported":
        return StockDifference(kit, said, text)
    report = sent.count("report", gettext("Which report"), max(len(plan.losses), 1))
    return StockDifference(kit, said, text, report, sent.day("sent", gettext("Sent on")))


def _choice(sent: Sent, name: str, of: Sequence[str]) -> Any:
    said = sent.texts.get(name, "")
    if said not in of:
        raise ConductError(gettext("{label}: choose one").format(label=name.replace("_", " ").capitalize()))
    return said
