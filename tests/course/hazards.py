"""What may befall a participant, a site or a study: entries that a case is tried with, one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.course.cases import Case

HERE = "session_1#1"
LOG = {"unit": "Cel", "readings": [["2026-03-15T08:00:00-06:00", "31"], ["2026-03-15T09:00:00-06:00", "20"]]}
LOT = {"lot": "L-1", "product": "capsule", "strength": "60 mg", "stated_as": "salt", "expires": "2027-01"}
LOT |= {"certificate": "C-1"}


@dataclass(frozen=True)
class Hazard:
    """One entry more: of which kind, with what, in whose ledger, and in which visit."""

    title: str
    kind: str
    data: dict[str, Any]
    ledger: str = "participant:0a"
    role: str = "investigator"
    more: dict[str, Any] = field(default_factory=dict)
    then: tuple[str, dict[str, Any], str] | None = None  # kind and data of a second entry, and by whom

    def put(self, case: Case, when: str) -> Case:
        """The case with it, at a time."""
        of: dict[str, Any] = {"by": "i-1", "role": self.role, "ledger": self.ledger} | self.more
        case.put("hazard", self.kind, when, self.data, **of)
        if self.then is not None:
            kind, data, by = self.then
            case.put("second hazard", kind, when, data, **of | {"by": by})
        return case


def _here(title: str, kind: str, data: dict[str, Any], **more: Any) -> Hazard:
    return Hazard(title, kind, data, more={"encounter": HERE} | more)


def _form(title: str, form: str, **items: Any) -> Hazard:
    return _here(title, "form", {"form": form, "items": items})


def _event(title: str, **data: Any) -> Hazard:
    return Hazard(title, "adverse_event", {"term": "nausea", "onset": "2026-03-09"} | data)


def _at_site(title: str, kind: str, **data: Any) -> Hazard:
    return Hazard(title, kind, data, "site:denver")


def _of_study(title: str, kind: str, **data: Any) -> Hazard:
    return Hazard(title, kind, data, "study:mini", "sponsor")


def _staff(title: str, person: str, role: str, **more: Any) -> Hazard:
    certificates = [{"name": "GCP", "expires": more.pop("expires", "2027-06-30")}]
    return _at_site(title, "staff", person=person, roles=[role], certificates=certificates, **more)


HAZARDS = (
    # consent, taking part
    Hazard("consent taken back", "consent", {"version": "1", "scopes": {"participation": False}}),
    Hazard(
        "consent anew", "consent", {"version": "2", "scopes": {"participation": True, "recording": False}}
    ),
    *(
        Hazard(f"{of} ends", "discontinuation", {"of": of, "decided_by": "participant", "cause": "no_effect"})
        for of in ("treatment", "procedures", "follow_up", "data_use")
    ),
    *(
        Hazard(f"death {date}", "death", {"date": date})
        for date in ("2026-03-09", "2026-03-16", "2026-03", "2026-03-16T09:30:00-06:00", "soon")
    ),
    Hazard("dead twice", "death", {"date": "2026-03-09"}, then=("death", {"date": "2026-03-10"}, "i-1")),
    Hazard(
        "treatment ends twice",
        "discontinuation",
        {"of": "treatment", "decided_by": "investigator", "cause": "no_effect"},
        then=("discontinuation", {"of": "treatment", "decided_by": "sponsor", "cause": "other"}, "i-1"),
    ),
    Hazard(
        "screened for another",
        "screening",
        {"attempt": 1, "number": "S-1", "site": "denver", "population": "x"},
    ),
    Hazard("second screening", "screening", {"attempt": 2, "number": "S-2", "site": "denver"}),
    Hazard("screening elsewhere", "screening", {"attempt": 1, "number": "S-9", "site": "haifa"}),
    Hazard("enrolled again", "enrolment", {"subject": "P-2"}),
    Hazard("drawn again", "randomisation", {"number": "R-8"}),
    Hazard(
        "not eligible after all",
        "eligibility",
        {"criteria": {"adult": True, "severe": False, "psychosis": False}, "decision": "not_eligible"},
    ),
    # visits and who is there
    _here("session ends", "encounter", {"status": "ended"}),
    _here("session broken off", "encounter", {"status": "ended", "disposition": "transfer_to_hospital"}),
    _here("session missed", "encounter", {"status": "missed"}),
    Hazard("other session begins", "encounter", {"status": "started"}, more={"encounter": "session_2#1"}),
    Hazard("last visit begins", "encounter", {"status": "started"}, more={"encounter": "closing#1"}),
    _here("therapist leaves", "presence", {"person": "t-2", "role": "therapist", "state": "out"}),
    _here("rater comes", "presence", {"person": "r-1", "role": "rater", "state": "in"}),
    _here("partner comes", "presence", {"person": "somebody", "role": "participant", "state": "in"}),
    # what is asked and measured
    _form("suicidal", "suicidality", ideation=4, behaviour=False),
    _form("hardly suicidal", "suicidality", ideation=3, behaviour=False),
    _form("attempt", "suicidality", ideation=0, behaviour=True),
    _form("pregnant", "pregnancy_test", negative=False),
    _form("rated low", "symptoms", total=34, diagnosis=True),
    _form("rated high", "symptoms", total=35, diagnosis=True),
    _form("not oriented", "readiness", oriented=False, escort=True),
    _form("no such form", "horoscope", sign="lion"),
    *(
        _here(
            f"pressure {high}/{low}",
            "vital_signs",
            {"systolic": f"{high} mm[Hg]", "diastolic": f"{low} mm[Hg]"},
        )
        for high, low in (
            (140, 90),
            (141, 90),
            (140, 91),
            (160, 90),
            (161, 90),
            (179, 109),
            (180, 90),
            (120, 110),
        )
    ),
    _here("pulse alone", "vital_signs", {"heart_rate": "70 /min"}),
    _here("at a timepoint", "vital_signs", {"systolic": "130 mm[Hg]"}, timepoint="initial + 90 min"),
    # medicines and events
    *(
        Hazard(
            f"{name} stopped {stopped}",
            "medication",
            {"name": name, "medicine_class": name, "started": "2020", "stopped": stopped},
        )
        for name in ("ssri", "fluoxetine")
        for stopped in ("2026-02", "2026-02-16", "2026-02-17", "2026-03-01", None)
    ),
    Hazard(
        "medicine unknown", "medication", {"name": "kratom", "psychiatric": True, "started": "2026-03-08"}
    ),
    _event("mild event", severity="mild", serious=False, outcome="ongoing"),
    _event("severe event", severity="severe", serious=False, related="probable"),
    _event(
        "serious event", serious=True, seriousness=["hospitalisation"], related="possible", expected=False
    ),
    _event(
        "serious and expected", serious=True, seriousness=["hospitalisation"], related="not", expected=True
    ),
    _event("fatal event", serious=True, seriousness=["death"], outcome="fatal", related="definite"),
    _event("event resolved", outcome="resolved", resolved="2026-03-10"),
    _event("event of interest", term="suicidality", serious=False),
    Hazard("no events", "asked_none", {"of": "adverse_events"}),
    Hazard("no medicines", "asked_none", {"of": "medication"}),
    # kits and doses
    *(
        Hazard(f"kit {kit} for {part} of {level}", "kit_assigned", {"kit": kit, "part": part, "level": level})
        for kit, part, level in (
            ("K-1", "supplement", "full"),
            ("K-3", "initial", "low"),
            ("K-9", "initial", "full"),
        )
    ),
    Hazard(
        "kit replaced",
        "kit_assigned",
        {"kit": "K-4", "part": "initial", "level": "full", "instead_of": "K-1"},
    ),
    *(
        Hazard(
            f"{units} of kit {kit} dispensed",
            "dispensing",
            {"kit": kit, "part": "initial", "level": "full", "visit": "session_1", "units": units},
        )
        for kit, units in (("K-1", 2), ("K-1", 1), ("K-3", 2))
    ),
    Hazard("kit returned", "kit_return", {"kit": "K-1", "units": 1}),
    _here("low level", "dose_level", {"level": "low"}),
    *(
        _here(
            f"{part} of kit {kit} {outcome}",
            "dose",
            {"part": part, "kit": kit, "level": "full", "dispensed": 2, "taken": taken, "outcome": outcome},
        )
        for part, kit, taken, outcome in (
            ("initial", "K-1", 2, "taken"),
            ("initial", "K-1", 1, "partly_taken"),
            ("initial", "K-1", 0, "refused"),
            ("supplement", "K-2", 2, "taken"),
            ("supplement", "K-1", 1, "taken"),
        )
    ),
    # blinding, records, people around
    Hazard("unblinded", "unblinding", {"recipient": "i-1", "cause": "emergency"}),
    Hazard("unblinded as planned", "planned_unblinding", {"arm": "placebo", "told": ["participant"]}),
    Hazard(
        "unblinded unasked",
        "planned_unblinding",
        {"arm": "mdma", "told": ["participant"]},
        more={"about": "consent"},
    ),
    *(
        Hazard(f"row {number} opened", "row_opened", {"number": number, "purpose": "second_check"})
        for number in ("R-7", "R-8")
    ),
    *(
        Hazard(f"verified {' and '.join(entries) or 'nothing'}", "verification", {"entries": entries, **rest})
        for entries, rest in (
            ([], {"last": []}),
            (["consent"], {"last": []}),
            (["consent"], {"last": [""], "items": ["version"]}),
            (["consent", "screening"], {"last": ["", ""], "items": ["version"]}),
        )
    ),
    _here("visit frozen", "freeze", {"of": "encounter"}),
    _here("guess", "guess", {"guesser": "participant", "arm": "mdma", "confidence": 70}),
    Hazard("safety call", "safety_call", {"reached": True, "suicidality": True, "events_heard": True}),
    Hazard("nobody reached", "safety_call", {"reached": False}),
    Hazard("deviation", "deviation", {"category": "visit", "importance": "major"}),
    Hazard("linked", "link", {"ledger": "participant:0b", "as": "carer"}),
    Hazard("no such kind", "telepathy", {"it": "works"}),
    # the site
    *(
        _at_site(
            f"site {status}", "activation", release="mini@sha256:0", status=status, timezone="America/Denver"
        )
        for status in ("active", "held", "closed")
    ),
    _staff("therapist is through", "t-1", "therapist", until="2026-03-09"),
    _staff("therapist's certificate is old", "t-1", "therapist", expires="2026-03-09"),
    _staff("therapist is rater now", "t-1", "rater"),
    _staff("investigator is through", "i-1", "investigator", until="2026-03-09"),
    _staff("rater is new", "r-2", "rater"),
    *(
        _at_site(f"kit K-1 {status}, good to {expires}", "kit", number="K-1", status=status, expires=expires)
        for status, expires in (
            ("quarantined", "2026-12-31"),
            ("destroyed", "2026-12-31"),
            ("received", "2026-03-15"),
            ("received", "2026-03"),
            ("released", "2026-03-16"),
        )
    ),
    _at_site("kits quarantined", "quarantine", kits=["K-1", "K-2"], text="a warm night"),
    _at_site("kits rejected", "supply_decision", kits=["K-1"], decision="reject", text="too warm"),
    _at_site("kits counted", "inventory", units={"K-1": 1, "K-2": 4}),
    _at_site("kits destroyed", "destruction", units={"K-1": 2}, how="burnt"),
    _at_site("warm store", "storage_log", place="safe", kits=["K-1"], log=LOG),
    *(
        _at_site(f"lot {title}", "lot", **LOT | {name: value})
        for title, name, value in (
            ("released", "status", "released"),
            ("recalled", "status", "recalled"),
            ("of no product", "product", "tea"),
            ("of no day", "expires", "soon"),
            ("of one arm", "packs", "one_arm"),
        )
    ),
    Hazard(
        "order twice",
        "kit_order",
        {"number": "O-1", "kits": ["K-7", "K-7", "K-8"]},
        "site:denver",
        then=("kit_order", {"number": "o-1", "kits": ["K-9"]}, "i-1"),
    ),
    _at_site("registered to no day", "registration", name="DEA", number="1", expires="soon"),
    _at_site(
        "on call", "on_call", number="+1 555", role="investigator", person="i-1", since="2026-03-01T00:00:00Z"
    ),
    _at_site("device", "measuring_device", device="cuff-1", token="ab" * 32),
    # the study
    *(
        Hazard(
            f"{sheets} code-breaks of {root} countersigned by {by}",
            "list_opened",
            {"purpose": "code_breaks", "root": "ab", "rows": 8},
            "study:mini",
            "statistician",
            then=("code_breaks_checked", {"root": root, "sheets": sheets, "place": "safe"}, by),
        )
        for sheets, root, by in ((8, "ab", "i-2"), (7, "ab", "i-2"), (8, "cd", "i-2"), (8, "ab", "i-1"))
    ),
    *(
        _of_study(
            f"numbers of {order}",
            "commitment",
            list_root="ab",
            list_rows=8,
            kits_root="cd",
            kits_rows=32,
            numbers={order: ["R-7", "R-8"]},
        )
        for order in ("denver", "haifa")
    ),
    _of_study(
        "rater certified",
        "rater_certified",
        person="r-2",
        certificate="CAPS-5",
        issued="2026-01-01",
        expires="2026-03-15",
    ),
    _of_study("report sent", "periodic_report", report="annual", number=1, sent="2026-03-01"),
    _of_study(
        "event of interest", "event_of_interest", ledger="participant:0b", event="e", interest="suicidality"
    ),
    *(
        _of_study(f"{stop} on hold", "hold", hold="review", status="placed", stops=[stop])
        for stop in ("enrolment", "randomisation", "dosing")
    ),
    _of_study("hold lifted", "hold", hold="review", status="lifted", stops=["dosing"]),
    _of_study("place taken", "enrolled", ledger="participant:0b", site="denver", population="patient"),
    _of_study(
        "rater drifted",
        "rater_drifted",
        person="r-2",
        form="symptoms",
        agreement="0.6",
        limit="0.8",
        over=10,
        ratings=[],
    ),
    _of_study(
        "serious elsewhere", "serious_event", ledger="participant:0b", event="e", related=True, fatal=True
    ),
)
