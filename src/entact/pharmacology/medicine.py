"""What else is on board, as what it does to a state of the model: a transporter, a receptor, an enzyme."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

from entact.pharmacology.parameters import ModelError, read_yaml

FILE: Final = Path(__file__).with_name("medicines.yaml")

BLOCKS: Final = ("sert", "net", "dat", "alpha1", "beta1", "beta2", "ht2a", "d2", "cyp2d6")
"""targets that a medicine takes: concentration over inhibition constant"""
FRACTIONS: Final = ("tone", "cortisol")
PARTIAL: Final = "beta_partial"
"""what a medicine leaves of a function"""
ACTIONS: Final = (*BLOCKS, "cyp2d6_loss", PARTIAL, *FRACTIONS)
PROFILE: Final = re.compile(r"^beta-?blocker\s*\(?\s*(?P<receptors>[^()]*?)\s*\)?$", re.IGNORECASE)
RECEPTORS: Final = ("beta1", "beta2", "alpha1")


class NotAMedicine(ValueError):
    """A co-medication that the model doesn't know or won't simulate: says why, and what would be right."""


@dataclass(frozen=True)
class Medicine:
    """One co-medication: its actions on the model, and what is known of it with MDMA in people."""

    name: str
    dose: str
    actions: Mapping[str, float] = field(default_factory=dict)
    human: tuple[str, ...] = ()
    note: str = ""

    @property
    def warning(self) -> str:
        """What every output has to say about it; empty where people were studied."""
        if self.human:
            return ""
        return (
            f"{self.name} with MDMA: no human data in the reference; a prediction from its receptor profile"
        )


def beta_blocker(name: str, *, beta1: float, beta2: float = 0.0, alpha1: float = 0.0) -> Medicine:
    """A beta-blocker by its receptor profile.

    Args:
        name: what to call it.
        beta1, beta2, alpha1: fraction of each receptor that it takes, 0 to below 1.

    Raises:
        NotAMedicine: a fraction out of range, or a blocker of nothing.
    """
    taken = {"beta1": beta1, "beta2": beta2, "alpha1": alpha1}
    for receptor, fraction in taken.items():
        if not 0.0 <= fraction < 1.0:
            raise NotAMedicine(
                f"{name}: {receptor} is the fraction of receptors taken, 0 to below 1, not {fraction}"
            )
    if beta1 == 0.0 and beta2 == 0.0:
        raise NotAMedicine(f"{name}: a beta-blocker takes beta1 or beta2 receptors")
    return Medicine(name, "by receptor profile", {k: f / (1.0 - f) for k, f in taken.items() if f > 0.0})


@dataclass(frozen=True)
class Pharmacopoeia:
    """The medicines that the model knows, and those that it refuses with the reason."""

    medicines: Mapping[str, Medicine]
    refused: Mapping[str, str]

    def find(self, name: str) -> Medicine:
        """The medicine of a name.

        Args:
            name: as in `medicines.yaml`, or `beta-blocker(beta1=0.8, beta2=0.5)`: the fractions of
                receptors taken.

        Raises:
            NotAMedicine: refused (with the reason), or unknown (with the nearest name): what is unknown never
                counts as without interaction.
        """
        if not isinstance(name, str) or not name.strip():
            raise NotAMedicine(f"a co-medication is a name, like 'paroxetine', not {name!r}")
        key = " ".join(name.lower().split())
        if key in self.refused:
            raise NotAMedicine(f"{name} is refused: {self.refused[key]}")
        if key in self.medicines:
            return self.medicines[key]
        if profile := PROFILE.match(key):
            return _by_profile(key, profile["receptors"])
        close = get_close_matches(key, [*self.medicines, *self.refused], n=1, cutoff=0.5)
        hint = f"; the nearest is {close[0]!r}" if close else ""
        raise NotAMedicine(
            f"the model does not know {name!r}{hint}. What it does not know it does not call harmless. "
            f"Known: {', '.join(self.medicines)}, or beta-blocker(beta1=0.8, beta2=0.5, alpha1=0)"
        )


def _by_profile(name: str, receptors: str) -> Medicine:
    taken: dict[str, float] = {}
    for part in re.split(r"[,;\s]+", receptors) if receptors else ():
        receptor, equals, fraction = part.partition("=")
        if receptor not in RECEPTORS or not equals:
            raise NotAMedicine(f"{name}: {part!r} is not one of beta1=…, beta2=…, alpha1=… (fractions taken)")
        try:
            taken[receptor] = float(fraction)
        except ValueError:
            raise NotAMedicine(f"{name}: {fraction!r} is not a fraction of receptors") from None
    return beta_blocker(name, beta1=taken.pop("beta1", 0.0), **taken)


def combine(medicines: Iterable[Medicine]) -> dict[str, float]:
    """The actions of several medicines together: competitors add up, fractions left multiply."""
    total = {action: 1.0 if action in FRACTIONS else 0.0 for action in ACTIONS}
    for medicine in medicines:
        for action, size in medicine.actions.items():
            total[action] = total[action] * size if action in FRACTIONS else total[action] + size
    return total


def find_medicines(names: Iterable[str]) -> tuple[Medicine, ...]:
    """The medicines of these names, each checked and there once. Errors: `NotAMedicine`."""
    found = tuple(pharmacopoeia().find(name) for name in names)
    for place, medicine in enumerate(found):
        if medicine in found[:place]:
            raise NotAMedicine(f"{medicine.name} is named twice: name each co-medication once")
    return found


def warnings_of(medicines: Iterable[Medicine]) -> tuple[str, ...]:
    """What every output of a simulation with these medicines has to say."""
    on_board = tuple(medicines)
    said = [medicine.warning for medicine in on_board if medicine.warning]
    if len(on_board) > 1:
        names = " and ".join(medicine.name for medicine in on_board)
        said.append(
            f"{names} together with MDMA: no human data; the effects of each are combined by the model"
        )
    said += [f"{medicine.name}: {medicine.note}" for medicine in on_board if medicine.note]
    return tuple(said)


def _medicine(name: str, row: Any, place: str) -> Medicine:
    if not isinstance(row, Mapping) or "dose" not in row:
        raise ModelError(f"{place}: a medicine has a dose and actions")
    actions = {}
    for action, size in row.items():
        if action in ("dose", "human", "fitted", "note"):
            continue
        if action not in ACTIONS:
            raise ModelError(f"{place}: unknown action {action!r}; known: {', '.join(ACTIONS)}")
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < math.inf:
            raise ModelError(f"{place}: {action} must be a number above zero, not {size!r}")
        if action in FRACTIONS and size > 1:
            raise ModelError(f"{place}: {action} is a fraction left, not {size!r}")
        actions[str(action)] = float(size)
    if not actions:
        raise ModelError(f"{place}: a medicine without action on a state of the model can't be simulated")
    return Medicine(
        name, str(row["dose"]), actions, tuple(map(str, row.get("human", ()))), str(row.get("note", ""))
    )


def read_medicines(path: Path = FILE) -> Pharmacopoeia:
    """The medicines of a file. Errors: `ModelError` with file, line and field."""
    document = read_yaml(path)
    if not isinstance(document, Mapping) or document.get("format") != 1 or "medicines" not in document:
        raise ModelError(f"{path.name}: expected 'format: 1' and 'medicines'")
    rows = document["medicines"]
    known = {
        name.lower(): _medicine(name, row, f"{path.name}, line {rows.lc.key(name)[0] + 1}, {name}")
        for name, row in rows.items()
    }
    refused = {
        str(name).lower(): str(group["reason"])
        for group in document.get("refused", ())
        for name in group["names"]
    }
    return Pharmacopoeia(known, refused)


@cache
def pharmacopoeia() -> Pharmacopoeia:
    """The medicines that are shipped with the model."""
    return read_medicines(FILE)
