"""What an annotated case report form says beside each item: its dataset, variable and test.

Source: CDISC SDTM Metadata Submission Guidelines 2.0, section 3 (annotated case report form).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from entact.datasets.sdtm.events import criterion_code
from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.homes import Home, homes_of
from entact.protocol.release import Release

NOT_SUBMITTED: Final = "NOT SUBMITTED"


@dataclass(frozen=True, slots=True)
class FormAnnotation:
    """What stands beside one form.

    Attributes:
        datasets: name -> label of each that has rows of it. items: what becomes of each.
    """

    datasets: Mapping[str, str]
    items: Mapping[str, str]


# What entact asks itself: field -> variables, as `events`, `interventions` and `special` write them.
_ACTS: Final[Mapping[str, Mapping[str, str]]] = {
    "consent": {"version": f"{NOT_SUBMITTED}: the day is DM.RFICDTC and DS.DSSTDTC", "scopes": NOT_SUBMITTED},
    "screening": {
        "number": "DM.SUBJID until there is a subject number",
        "site": "DM.SITEID",
        "attempt": NOT_SUBMITTED,
        "population": NOT_SUBMITTED,
    },
    "eligibility": {
        "decision": "DS.DSDECOD = SCREEN FAILURE where not eligible",
        "signed": NOT_SUBMITTED,
    },
    "enrolment": {"subject": "DM.SUBJID; the day is DS.DSSTDTC"},
    "randomisation": {
        "number": f"{NOT_SUBMITTED}: the day is DS.DSSTDTC; ARM and ACTARM of DM follow from it once opened",
        "stratum": NOT_SUBMITTED,
    },
    "dose": {
        "part": "EC.ECCAT, EX.EXCAT",
        "kit": "EC.ECREFID, EX.EXREFID, DA.DAREFID",
        "level": "EC.ECSCAT, EX.EXSCAT",
        "dispensed": "DA.DAORRES where DA.DATESTCD = DISPAMT",
        "taken": "EC.ECDOSE",
        "returned": "DA.DAORRES where DA.DATESTCD = RETAMT",
        "lost": "DA.DAORRES where DA.DATESTCD = LOSTAMT",
        "outcome": "EC.ECOCCUR, EC.ECREASOC",
        "witness": NOT_SUBMITTED,
    },
    "adverse_events": {
        "term": "AE.AETERM; SUPPAE.QVAL where SUPPAE.QNAM = AECODE",
        "verbatim": f"{NOT_SUBMITTED}: personal, sealed in the record",
        "onset": "AE.AESTDTC",
        "resolved": "AE.AEENDTC",
        "severity": "AE.AESEV, the worst that was entered",
        "serious": "AE.AESER",
        "seriousness": "AE.AESDTH, AE.AESLIFE, AE.AESHOSP, AE.AESDISAB, AE.AESCONG, AE.AESMIE",
        "related": "AE.AEREL",
        "expected": NOT_SUBMITTED,
        "outcome": "AE.AEOUT, AE.AEENRTPT",
        "valence": "SUPPAE.QVAL where SUPPAE.QNAM = AEVALENC",
        "solicited": "AE.AEPRESP",
        "action": "SUPPAE.QVAL where SUPPAE.QNAM = AEACNTXT",
    },
    "medication": {
        "name": "CM.CMTRT",
        "medicine_class": "CM.CMCLAS",
        "started": "CM.CMSTDTC",
        "stopped": "CM.CMENDTC, CM.CMENRTPT",
        "dose": "CM.CMDOSTXT",
        "indication": f"{NOT_SUBMITTED}: personal, sealed in the record",
        "psychiatric": "CM.CMCAT",
    },
}
_BLIND: Final = f"{NOT_SUBMITTED} in SDTM; ADBLIND where arms are opened"


def annotations_of(release: Release, pages: Mapping[str, tuple[str, ...]]) -> dict[str, FormAnnotation]:
    """What becomes of every item of a case report form.

    Args:
        pages: form or act -> its items, as the form has them.
    Returns:
        The same names, each with all of its items: what is in no dataset says so.
    """
    return {name: _of_form(release, name, items) for name, items in pages.items()}


def _of_form(release: Release, name: str, items: tuple[str, ...]) -> FormAnnotation:
    if name not in release.forms:
        said = _ACTS.get(name, {})
        other = _BLIND if name == "guess" else NOT_SUBMITTED
        if name == "eligibility":
            texts = _criteria(release) | {item: said[item] for item in items if item in said}
            texts = {item: texts.get(item, NOT_SUBMITTED) for item in items}
        else:
            texts = {item: said.get(item, other) for item in items}
    else:
        homes = homes_of(release)
        found: dict[str, list[str]] = {}
        for item, home in homes.by_form.get(name, {}).items():
            found.setdefault(item, []).append(_result(home))
        for item, home in homes.elsewhere.get(name, {}).items():
            found.setdefault(item, []).append(_elsewhere(home))
        for variable, sources in homes.demographics.items():
            for form, item in sources:
                if form == name:
                    found.setdefault(item, []).append(f"DM.{variable}")
        for (form, item), home in homes.qualifiers.items():
            if form == name:
                found.setdefault(item, []).append(f"SUPPDM.QVAL where SUPPDM.QNAM = {home.code}")
        why = {item: homes.left_out.get(f"{name}.{item}") for item in items}
        texts = {item: "; ".join(found.get(item, ())) or _nowhere(why[item]) for item in items}
    named = [one for text in texts.values() for one in _datasets(text)]
    return FormAnnotation({one: _label(one) for one in dict.fromkeys(named)}, texts)


def _criteria(release: Release) -> dict[str, str]:
    return {
        name: f"IE.IEORRES where IE.IETESTCD = {criterion_code(one.criterion.kind, number)}, of those not met"
        for number, (name, one) in enumerate(release.criteria.items(), start=1)
    }


def _nowhere(why: str | None) -> str:
    return NOT_SUBMITTED if why is None else f"{NOT_SUBMITTED}: {why}"


def _result(home: Home) -> str:
    of = home.domain
    said = f"{of}.{of}ORRES where {of}.{of}TESTCD = {home.code}"
    if home.position:
        said += f" and {of}.{of}POS = {home.position}"
    return said + (f" and {of}.{of}OBJ = {home.about}" if home.about else "")


def _elsewhere(home: Home) -> str:
    if home.domain == "MH":
        return f"MH.MHOCCUR where MH.MHTERM = {home.name}"
    if home.domain == "SU":
        return f"SU.SUOCCUR, SU.SUDOSE or SU.SUDOSTXT where SU.SUTRT = {home.name}"
    return "CO.COVAL"


def _datasets(text: str) -> list[str]:
    """The datasets that an annotation names, in order."""
    words = text.replace(",", " ").replace(";", " ").split()
    found = [word.partition(".")[0] for word in words if "." in word and word.partition(".")[2][:1].isupper()]
    return [one for one in found if one.isupper()]


def _label(name: str) -> str:
    if name.startswith("SUPP"):
        return f"Supplemental Qualifiers for {name[4:]}"
    return domain(name).label
