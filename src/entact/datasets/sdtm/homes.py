"""Where an item of a form goes: its domain, test code and name, and the category of its scale.

Codes of CDISC where the terminology has them; else codes of the sponsor, which the guide to reviewers lists.
What is written is the same for one release whoever took part: codes follow from the study file alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from entact.datasets.sdtm.guide import codelists, decoded
from entact.protocol.form import CompiledForm
from entact.protocol.release import Release

_PLAIN = str.maketrans("–—’‘“”", "--''\"\"")
LONGEST_NAME = 40  # of --TEST


@dataclass(frozen=True, slots=True)
class Home:
    """Where an item or score goes.

    Attributes:
        category: --CAT; empty where the domain has none. own: whether code or category is the sponsor's own.
        derived: of a score. unit: as the file has it (UCUM).
    """

    domain: str
    code: str
    name: str
    category: str
    own: bool
    derived: bool = False
    unit: str = ""


def is_history(form: CompiledForm) -> bool:
    """Whether a form asks for diagnoses and history one by one, with yes or no: these go to MH."""
    return form.name in ("mini", "medical_history", "history") and form.instrument is None


def unit_in_cdisc(unit: str) -> str:
    """The unit's term of CDISC; as it is in UCUM where that is the same, or there is none."""
    return str(_homes()["units"].get(unit, unit))


@dataclass(frozen=True)
class Homes:
    """Every item of a release that has a home in a domain of findings, by form and item.

    Attributes:
        left_out: form.item -> why it is in no dataset.
    """

    by_form: Mapping[str, Mapping[str, Home]]
    left_out: Mapping[str, str]

    def sponsors(self) -> Iterator[tuple[str, Home]]:
        """Each home that has a code or category of the sponsor's own, with its form and item."""
        for form, items in self.by_form.items():
            for item, home in items.items():
                if home.own:
                    yield f"{form}.{item}", home


@cache
def homes_of(release: Release) -> Homes:
    """The homes of a release's items."""
    by_form: dict[str, dict[str, Home]] = {}
    left_out: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    named: dict[tuple[str, str], str] = {}  # domain and name of a test -> its code: no two tests share a name
    for name, form in release.forms.items():
        if is_history(form):
            continue
        scale = _homes()["scales"].get(form.instrument.name if form.instrument else name)
        prefix = _prefix(name, scale, prefixes)
        found = by_form.setdefault(name, {})
        for place, item in enumerate([*form.items, *form.scores], start=1):
            why = _why_not(form, item)
            if why is not None:
                left_out[f"{name}.{item}"] = why
                continue
            known = _known(name, item, form)
            if known is not None:
                found[item] = known
            elif not form.lasting:
                home = _of_scale(form, item, place, prefix, scale)
                if named.setdefault((home.domain, home.name), home.code) != home.code:
                    home = replace(home, name=f"{home.name[: LONGEST_NAME - 4]} {place:03d}")
                    named[home.domain, home.name] = home.code
                found[item] = home
    return Homes(by_form, left_out)


def _why_not(form: CompiledForm, item: str) -> str | None:
    definition = form.items.get(item)
    if definition is None:
        return None
    if item in form.personal:
        return "personal: sealed in the record"
    if definition.type in ("rows", "file"):
        return f"a list of {definition.type} has no place in a row"
    return None


def _known(name: str, item: str, form: CompiledForm) -> Home | None:
    said = _homes()["items"]
    found = said.get(f"{name}.{item}") or (said.get(item) if form.instrument is None else None)
    if found is None or item in form.scores:
        return None
    definition = form.items[item]
    if f"{name}.{item}" not in said and definition.type not in ("decimal", "integer"):
        return None
    domain, code, title, *category = found
    return Home(domain, code, title, category[0] if category else "", False, unit=definition.unit or "")


def _of_scale(
    form: CompiledForm, item: str, place: int, prefix: str, scale: Mapping[str, Any] | None
) -> Home:
    instrument = form.instrument
    domain = scale["domain"] if scale else "QS"
    title = form.form.title or (instrument.title if instrument else form.name.replace("_", " "))
    category = scale["category"] if scale else in_ascii(title).upper()[:60]
    codes = dict(instrument.codes) if instrument else {}
    codes |= scale["codes"] if scale else {}
    code = codes.get(item)
    name = _name_of(code) if code is not None else None
    unit = form.items[item].unit or "" if item in form.items else ""
    derived = item in form.scores
    if code is not None and name is not None:
        return Home(domain, code, name, category, category not in codelists()["QSCAT"].terms, derived, unit)
    definition = form.items.get(item)
    said = (definition.title if definition is not None else None) or item.replace("_", " ")
    name = f"{prefix}-{in_ascii(str(said)).capitalize()}"
    name = name if len(name) <= LONGEST_NAME else f"{prefix}-{item.replace('_', ' ').capitalize()}"
    own = code or f"{prefix}{place:03d}"
    return Home(domain, own, name[:LONGEST_NAME], category, True, derived, unit)


def _name_of(code: str) -> str | None:
    """The name of a test whose code the terminology has."""
    lists = codelists()
    for submission in lists:
        if submission.endswith("TC") and code in lists[submission].terms:
            return decoded(submission, f"{submission[:-1]}N").get(code)
    return None


def _prefix(name: str, scale: Mapping[str, Any] | None, taken: dict[str, str]) -> str:
    """The beginning of a form's own codes: four or five characters that no other form has."""
    letters = re.sub(r"[^A-Z]", "", name.upper()) or "FORM"
    wanted = str(scale["prefix"]) if scale else letters[:5]
    tries = [wanted, *(f"{wanted[:4]}{mark}" for mark in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]
    found = next(one for one in tries if one not in taken)
    taken[found] = name
    return found


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Name -> its first eight characters; where two begin alike, the later ones end in a number."""
    found: dict[str, str] = {}
    for name in names:
        tries = (name[:8], *(f"{name[: 8 - len(str(n))]}{n}" for n in range(2, 10_000)))
        found[name] = next(one for one in tries if one not in found.values())
    return found


def in_ascii(text: str) -> str:
    """A text as a transport file can hold it: `?` for what is not ASCII."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode()


@cache
def _homes() -> Any:
    return json.loads(files("entact.datasets.sdtm").joinpath("homes.json").read_bytes())
