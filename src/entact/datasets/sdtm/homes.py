"""Where an item of a form goes: its domain, test code and name, and the category of its scale.

Codes of CDISC where the terminology has them; else codes of the sponsor, which the guide to reviewers lists.
What is written is the same for one release whoever took part: codes follow from the study file alone.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from entact.datasets.codebook import words
from entact.datasets.sdtm import guide
from entact.datasets.sdtm.guide import codelists, decoded
from entact.protocol.form import CompiledForm
from entact.protocol.release import Release
from entact.protocol.study.tabulated import FINDINGS, QUALIFIERS, WHOLE
from entact.protocol.unit_advice import MEASUREMENTS

_PLAIN = str.maketrans(
    dict(zip("–—’‘“”„«»", '--\'\'"""""', strict=True))
    | {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "æ": "ae",
        "ø": "oe",
        "œ": "oe",
        "ł": "l",
        "Ł": "L",
    }
    | {"≥": ">=", "≤": "<=", "µ": "u", "μ": "u"}
)
LONGEST_NAME = 40  # of --TEST


@dataclass(frozen=True, slots=True)
class Home:
    """Where an item or score goes.

    Attributes:
        domain: of findings; or MH, SU, CO, DM, SUPPDM, where the row is no finding.
        code: of the test, variable or qualifier. name: of the test, the substance or term.
        category: --CAT; empty where there is none. own: whether code or category is the sponsor's own.
        derived: of a score. unit: as the file has it (UCUM).
        about: FAOBJ. position: --POS. terms: answer -> term.
    """

    domain: str
    code: str
    name: str
    category: str
    own: bool
    derived: bool = False
    unit: str = ""
    about: str = ""
    position: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)

    def term_of(self, answer: Any) -> str | None:
        """The term that the study file gives for an answer; None where it gives none."""
        return self.terms.get(str(answer).lower() if isinstance(answer, bool) else str(answer))


def is_history(form: CompiledForm) -> bool:
    """Whether a form asks for diagnoses and history one by one, with yes or no: these go to MH."""
    return form.name in ("mini", "medical_history", "history") and form.instrument is None


def unit_in_cdisc(unit: str) -> str:
    """The unit's term of CDISC; as it is in UCUM where that is the same, or there is none."""
    return str(_homes()["units"].get(unit, unit))


@dataclass(frozen=True)
class Homes:
    """Every item of a release that has a home, by form and item.

    Attributes:
        by_form: those in domains of findings. elsewhere: form -> item -> home in MH, SU or CO.
        demographics: variable of DM -> the items that give it, each with its form. qualifiers: form and item
            -> the home in SUPPDM of what else lasting forms ask.
        left_out: form.item -> why it is in no dataset.
    """

    by_form: Mapping[str, Mapping[str, Home]]
    elsewhere: Mapping[str, Mapping[str, Home]]
    demographics: Mapping[str, Mapping[tuple[str, str], Home]]
    qualifiers: Mapping[tuple[str, str], Home]
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
    elsewhere: dict[str, dict[str, Home]] = {}
    demographics: dict[str, dict[tuple[str, str], Home]] = {}
    lasting: dict[tuple[str, str], Home | None] = {}
    left_out: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    named: dict[tuple[str, str], str] = {}  # domain and name of a test -> its code: no two tests share a name
    mapped = {
        said.sdtm.code
        for form in release.forms.values()
        for said in form.items.values()
        if said.sdtm is not None and said.sdtm.domain == "DM"
    }
    for name, form in release.forms.items():
        scale = _homes()["scales"].get(form.instrument.name if form.instrument else name)
        prefix = _prefix(name, scale, prefixes) if not is_history(form) else ""
        found = by_form.setdefault(name, {})
        for place, item in enumerate([*form.items, *form.scores], start=1):
            why = _why_not(form, item)
            home = _mapped(form, item) or _known(name, item, form, mapped)
            if why is not None:
                left_out[f"{name}.{item}"] = why
            elif home is None and form.lasting:
                lasting[name, item] = None
            elif home is None:
                prefix = prefix or _prefix(name, scale, prefixes)
                home = _of_scale(form, item, place, prefix, scale)
                if named.setdefault((home.domain, home.name), home.code) != home.code:
                    home = replace(home, name=f"{home.name[: LONGEST_NAME - 4]} {place:03d}")
                    named[home.domain, home.name] = home.code
                found[item] = home
            elif home.domain in WHOLE:
                elsewhere.setdefault(name, {})[item] = home
            elif home.domain == "DM":
                demographics.setdefault(home.code, {})[name, item] = home
            elif home.domain == QUALIFIERS:
                lasting[name, item] = home
            else:
                found[item] = home
    return Homes(by_form, elsewhere, demographics, _qualifiers(release, lasting), left_out)


def _why_not(form: CompiledForm, item: str) -> str | None:
    definition = form.items.get(item)
    if definition is None:
        return None
    if item in form.personal:
        return "personal: sealed in the record"
    if definition.type in ("rows", "file"):
        return f"a list of {definition.type} has no place in a row"
    return None


def _mapped(form: CompiledForm, item: str) -> Home | None:
    """The home that the study file gives an item."""
    definition = form.items.get(item)
    if definition is None or definition.sdtm is None:
        return None
    said = definition.sdtm
    title = in_ascii(str(definition.title or item.replace("_", " ")))
    official = _name_of_test(said.domain, said.code)
    name = said.name or official or (title if said.domain in WHOLE else title[:LONGEST_NAME])
    own = said.domain in FINDINGS and (official is None or name != official)
    return Home(
        said.domain, said.code, name if said.domain not in ("SU", "MH") else name.upper()[:200],
        said.category or "", own, False, definition.unit or "",
        said.about or "", said.position or "", said.terms,
    )  # fmt: skip


def _name_of_test(domain: str, code: str) -> str | None:
    """The name of a test whose code the terminology of a domain has."""
    if domain in ("QS", "RS"):
        return _name_of(code)
    return decoded(f"{domain}TESTCD", f"{domain}TEST").get(code)


def _known(name: str, item: str, form: CompiledForm, mapped: Iterable[str]) -> Home | None:
    """The home that an item has by its name, where its unit can be one of what it is called."""
    definition = form.items.get(item)
    if definition is None:
        return None
    if is_history(form) and definition.type == "boolean":
        return Home("MH", "", str(definition.title or item.replace("_", " ")).upper()[:200], "", False)
    if form.lasting and form.instrument is None and item in _BY_NAME:
        variable, types = _BY_NAME[item]
        if variable not in mapped and definition.type in types:
            return Home("DM", variable, variable, "", False, unit=definition.unit or "")
    said = _homes()["items"]
    found = said.get(f"{name}.{item}") or (said.get(item) if form.instrument is None else None)
    if found is None:
        return None
    counted = definition.type in ("decimal", "integer") and _measures(item, definition.unit)
    if f"{name}.{item}" not in said and not counted:
        return None
    domain, code, title, *category = found
    terms = {"true": "NEGATIVE", "false": "POSITIVE"} if item == "negative" else {}
    return Home(
        domain, code, title, category[0] if category else "", False, unit=definition.unit or "", terms=terms
    )


_BY_NAME: Final = {"age": ("AGE", ("integer", "decimal")), "sex": ("SEX", ("choice",))}


def _measures(item: str, unit: str) -> bool:
    """Whether a unit is one of what an item is called: sodium in a diet is no electrolyte."""
    known = [one for one in MEASUREMENTS if re.search(one.named, item.replace("_", " "))]
    return not unit or not known or any(unit in one.most for one in known)


def _qualifiers(
    release: Release, lasting: Mapping[tuple[str, str], Home | None]
) -> dict[tuple[str, str], Home]:
    """What lasting forms ask beyond DM, each under a name of its own: that of the file where it gives one."""
    items = [item for (_, item), home in lasting.items() if home is None]
    columns = {
        (form, item): (item if items.count(item) == 1 else f"{form}_{item}").upper()
        for (form, item), home in lasting.items()
        if home is None
    }
    taken = {home.code for home in lasting.values() if home is not None} | {*guide.domain("DM").variables}
    codes = short_names(columns.values(), taken)
    found = {}
    for (form, item), home in lasting.items():
        if home is None:
            definition = release.forms[form].items.get(item)
            title = str((definition.title if definition is not None else None) or words(item))
            home = Home(QUALIFIERS, codes[columns[form, item]], title[:LONGEST_NAME], "", True)
        found[form, item] = home
    return found


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
    titled = definition.title if definition is not None else None
    named = item.replace("_", " ").capitalize()
    name = f"{prefix}-{in_ascii(str(titled)) if titled else named}"  # spelled as the study file has it
    name = name if len(name) <= LONGEST_NAME else f"{prefix}-{named}"
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


def short_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Name -> its first eight characters; where two begin alike, the later ones end in a number.

    Args:
        taken: names that are others' already.
    """
    found: dict[str, str] = {}
    used = {*taken}
    numbers: dict[str, Iterator[int]] = {}  # of each beginning the numbers that were not tried
    for name in names:
        begins = name[:8]
        if begins in used:
            left = numbers.setdefault(begins, iter(range(2, 10_000)))
            tries = (f"{begins[: 8 - len(str(n))]}{n}" for n in left)
            found[name] = next(one for one in tries if one not in used)
        else:
            found[name] = begins
        used.add(found[name])
    return found


def in_ascii(text: str) -> str:
    """A text as a transport file can hold it: letters without their marks, `?` for what is none."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(_PLAIN))
    return "".join(one for one in plain if not unicodedata.combining(one)).encode("ascii", "replace").decode()


@cache
def _homes() -> Any:
    return json.loads(files("entact.datasets.sdtm").joinpath("homes.json").read_bytes())
