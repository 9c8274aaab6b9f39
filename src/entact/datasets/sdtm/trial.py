"""TA, TE, TV, TI and TS: the design of the trial, from the study file alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from entact.datasets.sdtm.arms import BLINDED, BLINDED_TITLE, elements_of, short
from entact.datasets.sdtm.events import criterion_code
from entact.datasets.sdtm.guide import GUIDE, TERMINOLOGY, codelists, decoded
from entact.datasets.sdtm.row import Row, Value
from entact.protocol.release import Release
from entact.protocol.study import Visit

_PHASES: Final = {"1": "PHASE I TRIAL", "2": "PHASE II TRIAL", "3": "PHASE III TRIAL", "4": "PHASE IV TRIAL"}
_LEAST_AGE: Final = re.compile(r"\bage\s*>=\s*(\d+)")
_MOST_AGE: Final = re.compile(r"\bage\s*<=\s*(\d+)")
# What no study file says, and a trial of this kind usually is: every export lists it as assumed.
ASSUMED: Final = (
    *("STYPE", "INTTYPE", "INTMODEL", "TTYPE", "TINDTP", "SEXPOP", "HLTSUBJI", "ADAPT", "EXTTIND"),
    *("PDSTIND", "PDPSTIND", "PIPIND", "RDIND"),
)
UNKNOWN: Final = "UNK"  # ISO 21090: a value is applicable, and is not known
NO_INFORMATION: Final = "NI"


def trial(release: Release, *, blinded: bool, facts: dict[str, str | None]) -> Iterator[Row]:
    """All rows of the trial design.

    Args:
        blinded: one arm stands for all of them. facts: parameters of TS that the record says, as ACTSUB.
    """
    yield from _arms(release, blinded)
    yield from _visits(release)
    yield from _criteria(release)
    yield from _summary(release, facts)


def _row(release: Release, domain: str, values: dict[str, Value]) -> Row:
    return Row(domain, {"STUDYID": release.file.study.upper(), "DOMAIN": domain, **values})


def _arms(release: Release, blinded: bool) -> Iterator[Row]:
    arms = release.file.arms
    seen: set[str] = set()
    for arm in [None] if blinded else list(arms):
        code = BLINDED if arm is None else short(arm)
        title = BLINDED_TITLE if arm is None else arms[arm].title
        for place, one in enumerate(elements_of(arm, arms), start=1):
            branch = None
            if place == 1:
                how = "Randomised" if release.file.randomisation is not None else "Assigned"
                branch = "Blinded" if arm is None else f"{how} to {arm}"
            said: dict[str, Value] = {"ARMCD": code, "ARM": title, "TAETORD": place, "ETCD": one.code}
            said |= {"ELEMENT": one.title, "TABRANCH": branch, "EPOCH": one.epoch}
            yield _row(release, "TA", said)
            if one.code not in seen:
                seen.add(one.code)
                yield _row(
                    release,
                    "TE",
                    {"ETCD": one.code, "ELEMENT": one.title, "TESTRL": one.begins, "TEENRL": one.ends},
                )


def _visits(release: Release) -> Iterator[Row]:
    for number, (name, visit) in enumerate(release.visits.items(), start=1):
        yield _row(
            release,
            "TV",
            {
                "VISITNUM": number,
                "VISIT": name.replace("_", " ").upper(),
                "TVSTRL": _begins(visit)[:200],
                "TVENRL": "End of the visit",
            },
        )


def _begins(visit: Visit) -> str:
    if visit.after is None:
        return "Start of the study for a participant"
    text = f"After {visit.after.replace('_', ' ')}"
    return text if visit.within is None else f"{text}, within {visit.within}"


def _criteria(release: Release) -> Iterator[Row]:
    for number, criterion in enumerate(release.file.eligibility.values(), start=1):
        yield _row(
            release,
            "TI",
            {
                "IETESTCD": criterion_code(criterion.kind, number),
                "IETEST": criterion.text,
                "IECAT": criterion.kind.upper(),
                "TIVERS": release.file.release,
            },
        )


def _summary(release: Release, facts: dict[str, str | None]) -> Iterator[Row]:
    """TS: what is known of the trial; what a trial has and the file does not say is null, with a reason."""
    file = release.file
    roles = {arm.role for arm in file.arms.values()}
    randomised = file.randomisation is not None
    hidden = {row.role for row in file.blinding if "allocation" in row.hidden}
    staff = hidden - {"participant"}
    blind = (
        "DOUBLE BLIND" if staff and "participant" in hidden else "SINGLE BLIND" if hidden else "OPEN LABEL"
    )
    control = "PLACEBO" if "placebo" in roles else "ACTIVE" if "active_comparator" in roles else "NONE"
    phase = str(file.phase) if file.phase is not None else ""
    primary = file.endpoints[file.analysis.primary.endpoint]
    rules = " ".join(criterion.rule or "" for criterion in file.eligibility.values())
    least, most = _LEAST_AGE.search(rules), _MOST_AGE.search(rules)
    planned = sum(one.planned for one in file.populations.values())
    said: list[tuple[str, str | None, str | None]] = [
        ("TITLE", file.title, None),
        ("SDTIGVER", GUIDE.split()[1], None),
        ("SDTMVER", "2.0", None),
        ("TPHASE", _PHASES.get(phase), NO_INFORMATION),
        ("INDIC", (file.condition or "").upper() or None, NO_INFORMATION),
        ("TRT", " / ".join(sorted({one.substance.upper() for one in file.products.values()})), None),
        ("TCNTRL", control, None),
        ("TBLIND", blind, None),
        ("RANDOM", "Y" if randomised else "N", None),
        ("NARMS", str(len(file.arms)), None),
        ("PLANSUB", str(planned), None),
        ("STYPE", "INTERVENTIONAL", None),
        ("INTTYPE", "DRUG", None),
        ("INTMODEL", "PARALLEL" if len(file.arms) > 1 else "SINGLE GROUP", None),
        ("TTYPE", "EFFICACY", None),
        ("TTYPE", "SAFETY", None),
        ("TINDTP", "TREATMENT", None),
        ("ADDON", None, NO_INFORMATION),
        ("AGEMIN", f"P{least[1]}Y" if least else None, NO_INFORMATION),
        ("AGEMAX", f"P{most[1]}Y" if most else None, "PINF"),
        ("SEXPOP", "BOTH", None),
        ("HLTSUBJI", "N", None),
        ("ADAPT", "N", None),
        ("EXTTIND", "N", None),
        ("PDSTIND", "N", None),
        ("PDPSTIND", "N", None),
        ("PIPIND", "N", None),
        ("RDIND", "N", None),
        ("SPONSOR", None, UNKNOWN),
        ("REGID", file.registry, NO_INFORMATION),
        ("OBJPRIM", f"To compare the arms: {primary.title or file.analysis.primary.endpoint}"[:200], None),
        ("OUTMSPRI", (primary.title or file.analysis.primary.endpoint.replace("_", " "))[:200], None),
        ("STOPRULE", "; ".join(file.stopping)[:200] or "NONE", None),
        ("NCOHORT", str(len(file.populations)), None),
        ("PCLAS", None, NO_INFORMATION),
        ("CURTRT", None, "NA"),
        ("LENGTH", None, NO_INFORMATION),
        ("DCUTDESC", facts.get("DCUTDESC"), NO_INFORMATION),
        ("DCUTDTC", facts.get("DCUTDTC"), NO_INFORMATION),
        ("SSTDTC", facts.get("SSTDTC"), NO_INFORMATION),
        ("SENDTC", facts.get("SENDTC"), NO_INFORMATION),
        ("ACTSUB", facts.get("ACTSUB"), NO_INFORMATION),
    ]
    for country in sorted({site.country for site in file.sites.values()}):
        said.append(("FCNTRY", facts.get(f"country:{country}") or country, None))
    said.extend(("DOSRGM", name.upper(), None) for name in file.regimens)
    names = decoded("TSPARMCD", "TSPARM")
    numbers: dict[str, int] = {}
    for code, value, why in said:
        numbers[code] = numbers.get(code, 0) + 1
        yield _row(
            release,
            "TS",
            {
                "TSSEQ": numbers[code],
                "TSPARMCD": code,
                "TSPARM": names[code],
                "TSVAL": value,
                "TSVALNF": why if value is None else None,
                **_coded(code, value),
            },
        )


def _coded(code: str, value: str | None) -> dict[str, Value]:
    of = {"TPHASE": "TPHASE", "TCNTRL": "TCNTRL", "TBLIND": "TBLIND", "STYPE": "STYPE", "INTTYPE": "INTTYPE"}
    of |= {"INTMODEL": "INTMODEL", "TTYPE": "TTYPE", "TINDTP": "TINDTP", "SEXPOP": "SEXPOP"}
    of |= dict.fromkeys(
        ("RANDOM", "HLTSUBJI", "ADAPT", "EXTTIND", "PDSTIND", "PDPSTIND", "PIPIND", "RDIND"), "NY"
    )
    if code == "REGID" and value is not None and value.startswith("NCT"):
        return {"TSVALCD": value, "TSVCDREF": "ClinicalTrials.gov"}
    found = codelists().get(of.get(code, ""))
    if value is None or found is None or value not in found.terms:
        return {}
    return {"TSVALCD": found.terms[value], "TSVCDREF": "CDISC CT", "TSVCDVER": TERMINOLOGY}
