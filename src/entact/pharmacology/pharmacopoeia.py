"""The medicines that the model knows by name, brand and class; those that it refuses; what CYP2D6 clears."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

from entact.pharmacology.medicine import (
    ACTIONS,
    FRACTIONS,
    GRADES,
    Medicine,
    NotAMedicine,
)
from entact.pharmacology.parameters import ModelError, read_yaml

FILE: Final = Path(__file__).with_name("medicines.yaml")
NEAR: Final = 0.8
"""how alike a name must be to be offered: a name that merely sounds alike misleads"""
FORMS: Final = frozenset(
    [
        "xr",
        "xl",
        "sr",
        "er",
        "cr",
        "la",
        "ir",
        "retard",
        "patch",
        "hydrochloride",
        "hcl",
        "sulfate",
        "sulphate",
        "hydrobromide",
        "mesylate",
        "maleate",
        "tartrate",
        "succinate",
        "oxalate",
    ]
)
"""what may stand after a name: salts, and forms of release, which are not followed"""
SAID: Final = ("given", "route", "class", "brands", "human", "fitted", "note")


@dataclass(frozen=True)
class Substrate:
    """A medicine that CYP2D6 clears: the fraction of its clearance, and what it is activated to, if it is."""

    name: str
    fraction: float
    activates: str = ""


@dataclass(frozen=True)
class Pharmacopoeia:
    """The medicines that the model knows, those that it refuses with the reason, and other names of both."""

    medicines: Mapping[str, Medicine]
    refused: Mapping[str, str]
    brands: Mapping[str, str]
    classes: Mapping[str, str]
    substrates: Mapping[str, Substrate]
    wider: Mapping[str, tuple[str, ...]]

    def find(self, name: str) -> Medicine:
        """The medicine of a name or brand.

        Raises:
            NotAMedicine: refused, or a class (with the reason), or unknown.
        """
        key = " ".join(name.lower().split())
        known = {*self.medicines, *self.refused, *self.brands, *self.classes, *self.wider}
        if key not in known and key.rpartition(" ")[2] in FORMS:
            key = key.rpartition(" ")[0]  # of a salt or a slow release it is the same that acts
        key = next((word for word in spellings(key) if word in known), key)
        own = self.brands.get(key, key)
        brand = "" if own == key else f" ({own})"
        if own in self.refused:
            raise NotAMedicine(f"{name}{brand} is refused: {self.refused[own]}")
        if own in self.medicines:
            return self.medicines[own]
        families = self.wider.get(own, (self.classes[own],) if own in self.classes else ())
        if families:
            members = [one.name for one in self.medicines.values() if one.family in families]
            raise NotAMedicine(
                f"{name} is a class, and its members differ in what they do to CYP2D6 and in how long they "
                f"stay: name it, like {', '.join(members)}"
            )
        every = {*self.medicines, *self.refused, *self.brands}
        close = get_close_matches(key, sorted(every), n=1, cutoff=NEAR)
        hint = f"; the nearest is {close[0]!r}" if close else ""
        raise NotAMedicine(
            f"the model does not know {name!r}{hint}. What it does not know it does not call harmless. "
            f"Known: {', '.join(self.medicines)}, or beta-blocker(beta1=0.8, beta2=0.5, alpha1=0)"
        )

    def substrate(self, name: str) -> Substrate:
        """A medicine that CYP2D6 clears. Errors: `NotAMedicine` where none of that name is known."""
        key = " ".join(name.lower().split())
        known = {*self.substrates, *self.brands}
        key = next((word for word in spellings(key) if word in known), key)
        own = self.brands.get(key, key)
        if own not in self.substrates:
            raise NotAMedicine(
                f"{name!r} is not known here to be cleared by CYP2D6, which is not to say that it isn't; "
                f"known: {', '.join(self.substrates)}"
            )
        return self.substrates[own]


def spellings(word: str) -> tuple[str, ...]:
    """A name and the same in the languages that end it otherwise: `sertralin`, `sertralina`, `bupropione`."""
    plain = word.replace("amphetamin", "amfetamin")
    return tuple(
        dict.fromkeys(
            other
            for one in (word, plain)
            for other in (one, f"{one}e", f"{one.removesuffix('a')}e", one.removesuffix("e"))
        )
    )


def _medicine(name: str, row: Any, place: str) -> Medicine:
    if not isinstance(row, Mapping) or "dose" not in row:
        raise ModelError(f"{place}: a medicine has a dose, a half_life, a grade and actions")
    words = str(row["dose"]).split()
    if len(words) != 2 or words[1] != "mg" or not _positive(words[0]):
        raise ModelError(f"{place}: dose is a number and mg, not {row['dose']!r}")
    if not _positive(row.get("half_life")):
        raise ModelError(
            f"{place}: half_life must be a number of hours above zero, not {row.get('half_life')!r}"
        )
    grade = str(row.get("grade"))
    if grade not in GRADES:
        raise ModelError(f"{place}: grade must be one of {', '.join(GRADES)}, not {row.get('grade')!r}")
    actions = {}
    for action, size in row.items():
        if action in ("dose", "half_life", "grade", *SAID):
            continue
        if action not in ACTIONS:
            raise ModelError(f"{place}: unknown action {action!r}; known: {', '.join(ACTIONS)}")
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < math.inf:
            raise ModelError(f"{place}: {action} must be a number above zero, not {size!r}")
        if action in FRACTIONS and size > (1 if action == "cortisol" else 3):
            raise ModelError(f"{place}: {action} is a fraction left (tone: up to 3), not {size!r}")
        actions[str(action)] = float(size)
    if bool(actions) != (grade != "D"):
        raise ModelError(f"{place}: grade D is that of a medicine without action on a state, and of no other")
    human = tuple(map(str, row.get("human", ())))
    if bool(human) != (grade in "AB"):
        raise ModelError(
            f"{place}: grades A and B name the facts that they rest on as human, and no other does"
        )
    return Medicine(
        name,
        f"{row['dose']} {row.get('route', 'by mouth')}, {row.get('given', 'as usual')}",
        actions,
        human,
        str(row.get("note", "")),
        grade,
        str(row.get("class", "")),
        tuple(map(str, row.get("brands", ()))),
        float(row["half_life"]),
        float(words[0]),
        is_of_the_day=_is_of_the_day(str(row.get("given", ""))),
    )


def _is_of_the_day(given: str) -> bool:
    """Whether it is given before the session alone, so that its level falls from there."""
    return "once" in given or given.endswith("before")


def _positive(value: object) -> bool:
    try:
        return not isinstance(value, bool) and 0 < float(str(value)) < math.inf
    except ValueError:
        return False


def read_medicines(path: Path = FILE) -> Pharmacopoeia:
    """The medicines of a file. Errors: `ModelError` with file, line and field."""
    document = read_yaml(path)
    if not isinstance(document, Mapping) or document.get("format") != 2 or "medicines" not in document:
        raise ModelError(f"{path.name}: expected 'format: 2' and 'medicines'")
    rows = document["medicines"]
    known = {
        name.lower(): _medicine(name, row, f"{path.name}, line {rows.lc.key(name)[0] + 1}, {name}")
        for name, row in rows.items()
    }
    brands = {brand.lower(): one.name for one in known.values() for brand in one.brands}
    refused: dict[str, str] = {}
    for group in document.get("refused", ()):
        refused |= {str(name).lower(): str(group["reason"]) for name in group["names"]}
        brands |= {str(brand).lower(): str(name) for brand, name in group.get("brands", {}).items()}
    classes: dict[str, str] = {}
    for family, others in document.get("classes", {}).items():
        classes |= {str(other).lower(): str(family) for other in (family, *others)}
    substrates = {
        str(name): Substrate(str(name), float(row["fraction"]), str(row.get("activates", "")))
        for name, row in document.get("substrates", {}).items()
    }
    wider = {str(name): tuple(map(str, families)) for name, families in document.get("wider", {}).items()}
    return Pharmacopoeia(known, refused, brands, classes, substrates, wider)


@cache
def pharmacopoeia() -> Pharmacopoeia:
    """The medicines that are shipped with the model."""
    return read_medicines(FILE)
