"""Whether items that say where they go in SDTM go to places of their own, and which are left to a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from entact.protocol.form import CompiledForm
from entact.protocol.problem import Fault, Path
from entact.protocol.rules import forms_at
from entact.protocol.study import StudyFile, Visit
from entact.protocol.study.tabulated import QUALIFIERS

_BY_NAME: Final = {"age": "DM.AGE", "sex": "DM.SEX"}


def check_tabulated(
    file: StudyFile, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> Iterator[Fault]:
    """What goes nowhere, or where something else goes already."""
    taken: dict[tuple[str, ...], list[tuple[str, frozenset[str]]]] = {}
    for name, form in file.forms.items():
        whose = _whose(name, file, forms, visits)
        for item, said in form.items.items():
            to, path = said.sdtm, ("forms", name, "items", item, "sdtm")
            if to is None:
                continue
            if to.domain in ("DM", QUALIFIERS) and not form.lasting:
                message = (
                    f"{to.domain} is about the person, and this form can say something else each time; write "
                    "`lasting: true` for the form, or another place"
                )
                yield Fault(path, message)
            if to.domain == "LB" and said.type == "boolean" and set(to.terms) != {"true", "false"}:
                message = (
                    "a yes or no is no result of a laboratory; say what each means, as in "
                    "`terms: {true: NEGATIVE, false: POSITIVE}`"
                )
                yield Fault(path, message)
            place = (to.to, to.name or "", to.about or "", to.position or "")
            if to.domain in ("DM", QUALIFIERS):
                place = (to.to, "", "", "")
            elif to.domain in ("CO", "MH"):
                continue
            elif to.domain == "SU":
                kind = "number" if said.type in ("integer", "decimal") else said.type
                place = (to.to, to.name or item, kind, name)
            else:
                place = (*place[:1], *place[2:], name)
            for other, theirs in taken.get(place, ()):
                if whose & theirs:
                    yield Fault(path, f"{other} goes to {to.to} already; take one of them out")
                    break
            taken.setdefault(place, []).append((f"{name}.{item}", whose))


def advise_tabulated(
    file: StudyFile, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> Iterator[Fault]:
    """A warning where two forms ask the same people for what stands once in DM."""
    mapped = {said.sdtm.to for form in file.forms.values() for said in form.items.values() if said.sdtm}
    for item, variable in _BY_NAME.items():
        if variable in mapped:
            continue
        seen: list[tuple[str, frozenset[str]]] = []
        for name, form in file.forms.items():
            if not form.lasting or item not in form.items:
                continue
            whose = _whose(name, file, forms, visits)
            for other, theirs in seen:
                if whose & theirs:
                    path: Path = ("forms", name, "items", item)
                    message = (
                        f"{other} asks for {item} too, and which is {variable} is not said: where they "
                        f"differ it stays empty; write `sdtm: {variable}` for the one that is"
                    )
                    yield Fault(path, message)
                    break
            seen.append((name, whose))


def _whose(
    form: str, file: StudyFile, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> frozenset[str]:
    """The populations that are asked a form; all of them, where no visit says."""
    at = [visit.populations for visit in visits.values() if form in forms_at(visit, forms)]
    named = frozenset(name for populations in at for name in populations)
    return frozenset(file.populations) if not named or any(not one for one in at) else named
