"""EC, EX, DA, CM and PR: doses as planned, given and withheld, units counted, medicines and sessions.

EC says what was handed out and taken, in units, and never what a unit held. EX says that, by the opened
allocation; there is none in a blinded export (SDTMIG 3.4, section 6.1.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from entact.course.state.dose import DoseState
from entact.datasets.sdtm.guide import codelists
from entact.datasets.sdtm.row import Row, Value
from entact.datasets.sdtm.subject import Subject
from entact.protocol.quantity import parse_quantity
from entact.protocol.study import StudyFile

ACCOUNTED = (
    ("dispensed", "DISPAMT", "Dispensed Amount"),
    ("returned", "RETAMT", "Returned Amount"),
    ("lost", "LOSTAMT", "Lost Amount"),
)
ROUTE = "ORAL"  # no study file says it: every export lists it as assumed
SESSIONS = {
    "preparatory": "PREPARATORY THERAPY SESSION",
    "integration": "INTEGRATION THERAPY SESSION",
    "dosing": "THERAPY SESSION WITH STUDY DRUG",
}


def form_of(file: StudyFile) -> str | None:
    """Pharmaceutical form of the study's product, where its name in the file is a term of the codelist."""
    names = [name.upper() for name in file.products]
    return names[0] if len(names) == 1 and names[0] in codelists()["FRM"].terms else None


def unit_of(file: StudyFile) -> str:
    """The unit in which doses are counted."""
    form = form_of(file)
    return form if form is not None and form in codelists()["UNIT"].terms else "DOSAGE UNIT"


def masked(file: StudyFile) -> str:
    """What a dose is called where nobody may know its content: the same in every arm."""
    substances = " OR ".join(sorted({product.substance.upper() for product in file.products.values()}))
    matching = any(arm.role == "placebo" for arm in file.arms.values())
    return f"{substances} OR MATCHING PLACEBO" if matching else substances


def collected(subject: Subject) -> Iterator[Row]:
    """EC: of each session a planned dose (SCHEDULED), and each part as it was given or not (PERFORMED)."""
    course, file = subject.person.course, subject.person.course.release.file
    shared: dict[str, Value] = {"ECTRT": masked(file), "ECROUTE": ROUTE}
    for encounter, level in course.levels.items():
        regimen = file.regimens.get(level)
        session = course.encounters.get(encounter)
        if regimen is None or session is None or not subject.visit(encounter):
            continue
        at = session.started
        entries = [
            one.id
            for one in course.effective
            if one.entry.kind == "dose_level" and one.entry.encounter == encounter
        ]
        yield subject.row(
            "EC",
            {
                **shared,
                "ECSPID": f"{encounter} planned",
                "ECMOOD": "SCHEDULED",
                "ECCAT": "INITIAL",
                "ECSCAT": level.upper(),
                "ECDOSE": regimen.initial.count,
                "ECDOSU": unit_of(file),
                "ECDOSFRM": form_of(file),
                "EPOCH": subject.epoch(at),
                "ECSTDTC": subject.local(at),
                "ECENDTC": subject.local(at),
                "ECSTDY": subject.day(at),
                "ECENDY": subject.day(at),
            },
            entries,
            at,
        )
    for dose in _usable(subject):
        taken = dose.is_taken
        yield subject.row(
            "EC",
            {
                **shared,
                "ECREFID": dose.kit,
                "ECSPID": dose.entry,
                "ECLNKID": dose.entry[-12:] if taken else None,
                "ECMOOD": "PERFORMED",
                "ECCAT": dose.part.upper(),
                "ECSCAT": dose.level.upper(),
                "ECPRESP": "Y",
                "ECOCCUR": "Y" if taken else "N",
                "ECREASOC": None if taken else dose.outcome.upper().replace("_", " "),
                "ECDOSE": dose.taken if taken else None,
                "ECDOSU": unit_of(file) if taken else None,
                "ECDOSFRM": form_of(file),
                **_when(subject, dose, "EC"),
            },
            [dose.entry],
            dose.at,
        )


def exposure(subject: Subject) -> Iterator[Row]:
    """EX: of each part that was taken the substance and its amount; nothing while the arm is not opened.

    A kit is taken to hold what the list says: what was found in it otherwise is a deviation.
    """
    file = subject.person.course.release.file
    if subject.arm is None:
        return
    placebo = file.arms[subject.arm].role == "placebo"
    for dose in _usable(subject):
        if not dose.is_taken:
            continue
        each = _strength(file, dose, subject.arm)
        amount: Value = None
        unit: str | None = None
        if placebo:
            amount, unit = 0, "mg"
        elif each is not None:
            amount, unit = float(each[0] * dose.taken), each[1]
        substance = " / ".join(sorted({product.substance.upper() for product in file.products.values()}))
        yield subject.row(
            "EX",
            {
                "EXREFID": dose.kit,
                "EXSPID": dose.entry,
                "EXLNKID": dose.entry[-12:],
                "EXTRT": "PLACEBO" if placebo else substance,
                "EXCAT": dose.part.upper(),
                "EXSCAT": dose.level.upper(),
                "EXDOSE": amount,
                "EXDOSU": unit,
                "EXDOSFRM": form_of(file),
                "EXROUTE": ROUTE,
                **_when(subject, dose, "EX"),
            },
            [dose.entry, subject.person.course.randomisation.entry]
            if subject.person.course.randomisation is not None
            else [dose.entry],
            dose.at,
        )


def accountability(subject: Subject) -> Iterator[Row]:
    """DA: units dispensed, returned and lost, of each dose."""
    unit = unit_of(subject.person.course.release.file)
    for dose in _usable(subject):
        for name, code, title in ACCOUNTED:
            count = getattr(dose, name)
            yield subject.row(
                "DA",
                {
                    "DAREFID": dose.kit,
                    "DASPID": f"{dose.entry}.{name}",
                    "DATESTCD": code,
                    "DATEST": title,
                    "DACAT": "STUDY MEDICATION",
                    "DAORRES": str(count),
                    "DAORRESU": unit,
                    "DASTRESC": str(count),
                    "DASTRESN": count,
                    "DASTRESU": unit,
                    **subject.visit(dose.encounter),
                    "EPOCH": subject.epoch(dose.at),
                    "DADTC": subject.local(dose.at),
                    "DADY": subject.day(dose.at),
                },
                [dose.entry],
                dose.at,
            )


def medicines(subject: Subject) -> Iterator[Row]:
    """CM: medicines beside the study drug, as they were entered; WHODrug codes none of them."""
    for one in subject.person.course.medication.values():
        if one.begun is not None and not subject.person.may_use(one.begun):
            continue
        sealed = [name for name in ("name", "dose") if str(getattr(one, name) or "").startswith("sealed:")]
        yield subject.row(
            "CM",
            {
                "CMSPID": one.entry,
                "CMTRT": "NAME IS SEALED" if "name" in sealed else (one.name or "UNKNOWN").upper()[:200],
                "CMCAT": "PSYCHIATRIC" if one.psychiatric else "OTHER" if one.psychiatric is False else None,
                "CMCLAS": one.medicine_class.upper() if one.medicine_class else None,
                "CMDOSTXT": None if "dose" in sealed or one.dose is None else one.dose[:200],
                "EPOCH": subject.epoch_written(one.started),
                **subject.span("CM", one.started, one.stopped, ongoing=one.stopped is None),
            },
            [one.entry, *one.updates],
            one.begun,
        )


def sessions(subject: Subject) -> Iterator[Row]:
    """PR: sessions of therapy that were held."""
    for one in subject.held():
        planned = subject.person.book.visits.get(one.visit)
        name = SESSIONS.get(planned.kind) if planned is not None else None
        if name is None or one.started is None or one.status == "missed":
            continue
        length = None if one.ended is None else int((one.ended - one.started).total_seconds() // 60)
        yield subject.row(
            "PR",
            {
                "PRSPID": one.id,
                "PRTRT": name,
                "PRCAT": "PSYCHOTHERAPY",
                **subject.visit(one.id),
                "EPOCH": subject.epoch(one.started),
                "PRSTDTC": subject.local(one.started),
                "PRENDTC": subject.local(one.ended),
                "PRSTDY": subject.day(one.started),
                "PRENDY": subject.day(one.ended),
                "PRDUR": None if length is None else f"PT{length}M",
            },
            [one.entry, one.closed],
            one.started,
        )


def _usable(subject: Subject) -> Iterator[DoseState]:
    return (dose for dose in subject.person.course.doses if subject.person.may_use(dose.at))


def _when(subject: Subject, dose: DoseState, prefix: str) -> dict[str, Value]:
    said: dict[str, Value] = {
        "EPOCH": subject.epoch(dose.at),
        f"{prefix}STDTC": subject.local(dose.at),
        f"{prefix}ENDTC": subject.local(dose.at),
        f"{prefix}STDY": subject.day(dose.at),
        f"{prefix}ENDY": subject.day(dose.at),
    }
    return said


def _strength(file: StudyFile, dose: DoseState, arm: str) -> tuple[Decimal, str] | None:
    """Amount and unit of one unit of a dose in an arm; None where the study has no such level."""
    regimen = file.regimens.get(dose.level)
    if regimen is None:
        return None
    own = regimen.arms.get(arm)
    if dose.part == "initial":
        units = own.initial if own is not None else regimen.initial
    else:
        given = regimen.supplement.give if regimen.supplement is not None else None
        said = own.supplement if own is not None and own.supplement is not None else given
        if said is None:
            return None
        units = said
    quantity = parse_quantity(units.strength)
    return quantity.value, quantity.unit
