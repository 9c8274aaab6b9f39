"""What can be entered about the stock: the questions of each form, and the duty that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Field:
    """One question: `sort` is text, number, date, lines, file, choice or hidden; `of`: choices in words."""

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


_SCAN: Final = gettext_lazy("Scan or type each label with the character behind the dot, one in a line.")
_KITS: Final = Field("kits", gettext_lazy("Kits"), "lines", hint=_SCAN)
_COUNTED: Final = Field(
    "units",
    gettext_lazy("Kits with their units"),
    "lines",
    hint=gettext_lazy(
        "Scan or type each label with the character behind the dot, one in a line. Then a space and how "
        "many units there are."
    ),
)
_LOG: Final = Field("log", gettext_lazy("File of the temperature logger (CSV)"), "file")
_TEXT: Final = Field("text", gettext_lazy("In words"))

HANDLINGS: Final[Mapping[str, Handling]] = {
    one.kind: one
    for one in (
        Handling(
            "lot",
            gettext_lazy("A lot"),
            "keep_supply",
            (
                Field(
                    "lot",
                    gettext_lazy("Number of the packed lot"),
                    hint=gettext_lazy("Kits of all arms share it."),
                ),
                Field("product", gettext_lazy("Product"), "choice"),
                Field(
                    "strength",
                    gettext_lazy("Strength of one unit, as the label has it"),
                    hint=gettext_lazy("such as 40 mg"),
                ),
                Field(
                    "stated_as",
                    gettext_lazy("The strength counts"),
                    "choice",
                    (("salt", gettext_lazy("the salt")), ("base", gettext_lazy("the free base"))),
                ),
                Field("expires", gettext_lazy("Last day of use"), "date"),
                Field(
                    "certificate", gettext_lazy("Numbers of the certificate of analysis and of the release")
                ),
                Field(
                    "packs",
                    gettext_lazy("Packed in it are"),
                    "choice",
                    (
                        ("every_arm", gettext_lazy("kits of every arm")),
                        ("one_arm", gettext_lazy("kits of one arm alone")),
                    ),
                    hint=gettext_lazy(
                        "Two lots, one for each arm, would tell the arms by their numbers and last days."
                    ),
                ),
                Field(
                    "status",
                    gettext_lazy("It is"),
                    "choice",
                    (
                        ("not_released", gettext_lazy("not released")),
                        ("released", gettext_lazy("released")),
                        ("recalled", gettext_lazy("recalled")),
                    ),
                ),
            ),
            gettext_lazy("Enter the lot"),
        ),
        Handling(
            "kit_order",
            gettext_lazy("An order of kits"),
            "keep_supply",
            (Field("number", gettext_lazy("Number of the order")), Field("seen", "", "hidden")),
            gettext_lazy("Enter the order"),
        ),
        Handling(
            "shipment",
            gettext_lazy("A shipment"),
            "keep_supply",
            (
                Field("number", gettext_lazy("Number of the shipment")),
                Field("lot", gettext_lazy("Lot"), "choice"),
                Field("units", gettext_lazy("Units in each kit"), "number"),
                Field("sender", gettext_lazy("Who sends or packs it")),
                Field("transfer", gettext_lazy("Number of the order or transfer form"), optional=True),
                Field("order", gettext_lazy("Kits of the order"), "choice", optional=True),
                Field(
                    "kits",
                    gettext_lazy("or those on the packing list"),
                    "lines",
                    hint=gettext_lazy("One in a line. Leave it empty and say below how many to number."),
                    optional=True,
                ),
                Field("make", gettext_lazy("or number so many kits at random"), "number", optional=True),
            ),
            gettext_lazy("Enter the shipment"),
        ),
        Handling(
            "receipt",
            gettext_lazy("A receipt"),
            "keep_supply",
            (
                Field("shipment", gettext_lazy("Shipment"), "choice"),
                _KITS,
                Field(
                    "damaged", gettext_lazy("Of these damaged, or the seal is broken"), "lines", optional=True
                ),
                Field("log", gettext_lazy("File of the temperature logger (CSV)"), "file", optional=True),
            ),
            gettext_lazy("Enter the receipt"),
        ),
        Handling(
            "storage_log",
            gettext_lazy("Temperatures in storage"),
            "keep_supply",
            (Field("place", gettext_lazy("Where"), hint=gettext_lazy("such as safe 1")), _LOG),
            gettext_lazy("Enter the log"),
        ),
        Handling(
            "quarantine",
            gettext_lazy("A quarantine"),
            "keep_supply",
            (_KITS, _TEXT),
            gettext_lazy("Put into quarantine"),
        ),
        Handling(
            "supply_decision",
            gettext_lazy("The sponsor's decision on a quarantine"),
            "decide_supply",
            (
                _KITS,
                Field(
                    "decision",
                    gettext_lazy("They are"),
                    "choice",
                    (
                        ("reject", gettext_lazy("rejected, and to be destroyed")),
                        ("release", gettext_lazy("released for use")),
                    ),
                ),
                Field("text", gettext_lazy("Why, on what grounds")),
            ),
            gettext_lazy("Enter the decision"),
        ),
        Handling(
            "inventory",
            gettext_lazy("A count of all"),
            "keep_supply",
            (_COUNTED,),
            gettext_lazy("Enter the count"),
        ),
        Handling(
            "destruction",
            gettext_lazy("A destruction"),
            "keep_supply",
            (_COUNTED, Field("how", gettext_lazy("How, and where the certificate lies"))),
            gettext_lazy("Enter the destruction"),
        ),
        Handling(
            "registration",
            gettext_lazy("A registration of the site"),
            "keep_supply",
            (
                Field(
                    "name",
                    gettext_lazy("Whose"),
                    hint=gettext_lazy("such as that of an authority for controlled substances"),
                ),
                Field("number", gettext_lazy("Number")),
                Field("expires", gettext_lazy("Last day"), "date"),
            ),
            gettext_lazy("Enter the registration"),
        ),
        Handling(
            "supply_check",
            gettext_lazy("The check of a second person"),
            "check_supply",
            (
                Field("about", gettext_lazy("What"), "choice"),
                Field(
                    "agrees",
                    gettext_lazy("It is"),
                    "choice",
                    (("yes", gettext_lazy("as it says")), ("no", gettext_lazy("not as it says"))),
                ),
                Field("text", gettext_lazy("What is not"), optional=True),
            ),
            gettext_lazy("I have seen it myself"),
        ),
        Handling(
            "stock_difference",
            gettext_lazy("What became of a difference"),
            "keep_supply",
            (
                Field("about", gettext_lazy("Which"), "choice"),
                Field(
                    "said",
                    gettext_lazy("It was"),
                    "choice",
                    (
                        ("reported", gettext_lazy("reported")),
                        ("explained", gettext_lazy("explained")),
                        ("found", gettext_lazy("found")),
                    ),
                ),
                Field("report", gettext_lazy("Which report was sent"), "choice", optional=True),
                Field("sent", gettext_lazy("Sent on"), "date", optional=True),
                Field("text", gettext_lazy("In words, with the receiver's number")),
            ),
            gettext_lazy("Enter it"),
        ),
    )
}
