"""What is asked about the stock, and how it is read: an error names the line, and what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

import msgspec

from entact.conduct.error import ConductError
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
from entact.course.state.numbers import normal
from entact.course.state.supply import Temperatures
from entact.course.supply.check_character import read_printed
from entact.course.supply.temperature import read_log
from entact.protocol.study import Supply

LONGEST: Final = 500
MOST_KITS: Final = 2000
MOST_UNITS: Final = 1000


@dataclass(frozen=True)
class Field:
    """One question: `sort` is text, number, date, lines, file or choice; `of`: choices in words."""

    name: str
    label: str
    sort: str = "text"
    of: Sequence[tuple[str, str]] = field(default=())
    hint: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Handling:
    """Something that is entered about the stock, and the duty that it takes."""

    kind: str
    title: str
    duty: str
    fields: tuple[Field, ...]
    button: str


_SCAN: Final = "Scan or type each label with the character behind the dot, one in a line."
_KITS: Final = Field("kits", "Kits", "lines", hint=_SCAN)
_COUNTED: Final = Field(
    "units", "Kits with their units", "lines", hint=f"{_SCAN} Then a space and how many units there are."
)
_LOG: Final = Field("log", "File of the temperature logger (CSV)", "file")
_TEXT: Final = Field("text", "In words")

HANDLINGS: Final[Mapping[str, Handling]] = {
    one.kind: one
    for one in (
        Handling(
            "lot",
            "A lot",
            "keep_supply",
            (
                Field("lot", "Number of the packed lot", hint="Kits of all arms share it."),
                Field("product", "Product", "choice"),
                Field("strength", "Strength of one unit, as the label has it", hint="such as 40 mg"),
                Field(
                    "stated_as",
                    "The strength counts",
                    "choice",
                    (("salt", "the salt"), ("base", "the free base")),
                ),
                Field("expires", "Last day of use", "date"),
                Field("certificate", "Numbers of the certificate of analysis and of the release"),
                Field(
                    "status",
                    "It is",
                    "choice",
                    (("not_released", "not released"), ("released", "released"), ("recalled", "recalled")),
                ),
            ),
            "Enter the lot",
        ),
        Handling(
            "shipment",
            "A shipment",
            "keep_supply",
            (
                Field("number", "Number of the shipment"),
                Field("lot", "Lot", "choice"),
                Field("units", "Units in each kit", "number"),
                Field("sender", "Who sends or packs it"),
                Field("transfer", "Number of the order or transfer form", optional=True),
                Field(
                    "kits",
                    "Kits on the packing list",
                    "lines",
                    hint="One in a line. Leave it empty and say below how many to number.",
                    optional=True,
                ),
                Field("make", "or number so many kits at random", "number", optional=True),
            ),
            "Enter the shipment",
        ),
        Handling(
            "receipt",
            "A receipt",
            "keep_supply",
            (
                Field("shipment", "Shipment", "choice"),
                _KITS,
                Field("damaged", "Of these damaged, or the seal is broken", "lines", optional=True),
                Field("log", "File of the temperature logger (CSV)", "file", optional=True),
            ),
            "Enter the receipt",
        ),
        Handling(
            "storage_log",
            "Temperatures in storage",
            "keep_supply",
            (Field("place", "Where", hint="such as safe 1"), _LOG),
            "Enter the log",
        ),
        Handling("quarantine", "A quarantine", "keep_supply", (_KITS, _TEXT), "Put into quarantine"),
        Handling(
            "supply_decision",
            "The sponsor's decision on a quarantine",
            "decide_supply",
            (
                _KITS,
                Field(
                    "decision",
                    "They are",
                    "choice",
                    (("reject", "rejected, and to be destroyed"), ("release", "released for use")),
                ),
                Field("text", "Why, on what grounds"),
            ),
            "Enter the decision",
        ),
        Handling("inventory", "A count of all", "keep_supply", (_COUNTED,), "Enter the count"),
        Handling(
            "destruction",
            "A destruction",
            "keep_supply",
            (_COUNTED, Field("how", "How, and where the certificate lies")),
            "Enter the destruction",
        ),
        Handling(
            "registration",
            "A registration of the site",
            "keep_supply",
            (
                Field("name", "Whose", hint="such as that of an authority for controlled substances"),
                Field("number", "Number"),
                Field("expires", "Last day", "date"),
            ),
            "Enter the registration",
        ),
        Handling(
            "supply_check",
            "The check of a second person",
            "check_supply",
            (
                Field("about", "What", "choice"),
                Field("agrees", "It is", "choice", (("yes", "as it says"), ("no", "not as it says"))),
                Field("text", "What is not", optional=True),
            ),
            "I have seen it myself",
        ),
        Handling(
            "stock_difference",
            "What became of a difference",
            "keep_supply",
            (
                Field("about", "Which", "choice"),
                Field(
                    "said",
                    "It was",
                    "choice",
                    (("reported", "reported"), ("explained", "explained"), ("found", "found")),
                ),
                Field("report", "Which report was sent", "choice", optional=True),
                Field("sent", "Sent on", "date", optional=True),
                Field("text", "In words, with the receiver's number"),
            ),
            "Enter it",
        ),
    )
}


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
            raise ConductError(f"{label}: say it")
        if len(said) > LONGEST or not said.isprintable():
            raise ConductError(f"{label}: at most {LONGEST} characters in one line")
        return said

    def day(self, name: str, label: str) -> str:
        """A civil day."""
        said = self.texts.get(name, "").strip()
        found = read_date(said)
        if found is None or not found.exact or "T" in said:
            raise ConductError(f"{label}: write the day as 2026-04-30")
        return said

    def count(self, name: str, label: str, most: int) -> int:
        """A whole number from 1."""
        said = self.texts.get(name, "").strip()
        if not (said.isascii() and said.isdecimal() and len(said) < 6 and 1 <= int(said) <= most):
            raise ConductError(f"{label}: write a whole number from 1 to {most}")
        return int(said)

    def lines(self, name: str) -> list[tuple[int, str]]:
        """The lines of a field that say something, by their number."""
        found = [
            (number, line.strip())
            for number, line in enumerate(self.texts.get(name, "").splitlines(), start=1)
            if line.strip()
        ]
        if len(found) > MOST_KITS:
            raise ConductError(f"at most {MOST_KITS} kits at once")
        return found

    def kits(self, name: str, label: str, *, optional: bool = False) -> list[str]:
        """Labels of kits, each with its check character, none twice."""
        found: list[str] = []
        for number, line in self.lines(name):
            found.append(_label(label, number, line))
            if found[-1] in found[:-1]:
                raise ConductError(f"{label}, line {number}: kit {found[-1]} stands there twice")
        if not found and not optional:
            raise ConductError(f"{label}: scan or type at least one")
        return found

    def units(self, name: str, label: str) -> dict[str, int]:
        """Labels of kits with units, none twice."""
        found: dict[str, int] = {}
        for number, line in self.lines(name):
            kit, _, count = line.rpartition(" ")
            if not (count.isascii() and count.isdecimal() and len(count) < 5 and kit):
                raise ConductError(
                    f"{label}, line {number}: behind the label a space and the units, as in 4812.7 3"
                )
            one = _label(label, number, kit)
            if one in found:
                raise ConductError(f"{label}, line {number}: kit {one} stands there twice")
            found[one] = int(count)
        if not found:
            raise ConductError(f"{label}: scan or type at least one")
        return found

    def log(self, zone: tzinfo, plan: Supply) -> Temperatures | None:
        """The logger's file."""
        if self.file is None:
            return None
        try:
            return read_log(self.file, zone, plan.storage)
        except ValueError as error:
            raise ConductError(f"File of the temperature logger: {error}") from error


def _label(label: str, number: int, text: str) -> str:
    try:
        return read_printed(text)
    except ValueError as error:
        raise ConductError(f"{label}, line {number}: {error}") from error


def payload_of(
    kind: str, sent: Sent, plan: Supply, zone: tzinfo, there: Sequence[str], made: Sequence[str]
) -> tuple[msgspec.Struct, str | None]:
    """What is to be entered, and the id of the entry that it is about.

    Args:
        there: kits that lie in storage. made: numbers for kits that nobody has numbered.
    Raises:
        ConductError: with what has to be put right; then nothing is entered.
    """
    about: str | None = None
    found: msgspec.Struct
    if kind == "lot":
        found = _lot(sent)
    elif kind == "shipment":
        found = _shipment(sent, made)
    elif kind == "receipt":
        kits = sent.kits("kits", "Kits")
        damaged = sent.kits("damaged", "Damaged", optional=True)
        if not set(damaged) <= set(kits):
            raise ConductError("Damaged: these are not among the kits that you counted")
        found = Receipt(sent.text("shipment", "Shipment"), kits, damaged, sent.log(zone, plan))
    elif kind == "storage_log":
        log = sent.log(zone, plan)
        if log is None:
            raise ConductError("File of the temperature logger: choose one")
        found = StorageLog(sent.text("place", "Where"), list(there), log)
    elif kind == "quarantine":
        found = Quarantine(sent.kits("kits", "Kits"), sent.text("text", "In words"))
    elif kind == "supply_decision":
        decision = _choice(sent, "decision", ("release", "reject"))
        found = SupplyDecision(sent.kits("kits", "Kits"), decision, sent.text("text", "Why"))
    elif kind == "inventory":
        found = Inventory(sent.units("units", "Kits"))
    elif kind == "destruction":
        found = Destruction(sent.units("units", "Kits"), sent.text("how", "How"))
    elif kind == "registration":
        name, number = sent.text("name", "Whose"), sent.text("number", "Number")
        found = SiteRegistration(name, number, sent.day("expires", "Last day"))
    elif kind == "supply_check":
        agrees = _choice(sent, "agrees", ("yes", "no")) == "yes"
        found = SupplyCheck(agrees, sent.text("text", "What is not", optional=agrees))
        about = sent.text("about", "What")
    else:
        about, _, kit = sent.text("about", "Which").partition(" ")
        found = _difference(sent, plan, kit)
    return found, about


def _lot(sent: Sent) -> Lot:
    return Lot(
        sent.text("lot", "Number of the lot"),
        sent.text("product", "Product"),
        sent.text("strength", "Strength"),
        _choice(sent, "stated_as", ("salt", "base")),
        sent.day("expires", "Last day of use"),
        sent.text("certificate", "Certificate"),
        _choice(sent, "status", ("not_released", "released", "recalled")),
    )


def _shipment(sent: Sent, made: Sequence[str]) -> Shipment:
    kits = list(dict.fromkeys(_listed(line) for _, line in sent.lines("kits")))
    if kits and sent.texts.get("make", "").strip():
        raise ConductError("Kits: either those of the packing list, or so many that are numbered here")
    if not kits:
        kits = list(made)[: sent.count("make", "How many kits", len(made))]
    for kit in kits:
        if len(kit) > 40 or not kit.isprintable():
            raise ConductError(f"Kits: {kit[:40]!r} is no number of a kit")
    return Shipment(
        sent.text("number", "Number of the shipment"),
        sent.text("lot", "Lot"),
        sorted(kits),
        sent.count("units", "Units in each kit", MOST_UNITS),
        sent.text("sender", "Who sends it"),
        sent.text("transfer", "Transfer form", optional=True),
    )


def _listed(text: str) -> str:
    """A number of a packing list, which may be without the character that labels of this record have."""
    try:
        return read_printed(text)
    except ValueError:
        return normal(text)


def _difference(sent: Sent, plan: Supply, kit: str) -> StockDifference:
    said = _choice(sent, "said", ("found", "explained", "reported"))
    text = sent.text("text", "In words")
    if said != "reported":
        return StockDifference(kit, said, text)
    report = sent.count("report", "Which report", max(len(plan.losses), 1))
    return StockDifference(kit, said, text, report, sent.day("sent", "Sent on"))


def _choice(sent: Sent, name: str, of: Sequence[str]) -> Any:
    said = sent.texts.get(name, "")
    if said not in of:
        raise ConductError(f"{name.replace('_', ' ').capitalize()}: choose one")
    return said
