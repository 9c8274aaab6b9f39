"""A participant up to the dosing session, entry by entry, so that each test can take one thing away."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from entact.course.course import Course
from entact.course.entry import Entry, instant
from entact.course.fold import fold
from entact.course.gates.gate import Allowed, Refused, may
from entact.course.gates.override import override_of
from entact.course.setting import fold_setting
from entact.course.state.setting import Setting
from entact.protocol.load import load_study
from entact.protocol.release import Release, Study, canonical

MINI = Path(__file__).parent.parent / "studies" / "mini" / "study.yaml"
SESSION_2 = {
    "visit": "session_2",
    "after": "session_1",
    "within": "21 .. 35 d",
    "kind": "dosing",
    "regimen": "full or low",
    "do": ["suicidality", "pregnancy_test", "dose", "readiness"],
}
NEXT = {
    "require": [
        {
            "require": "suicidality.behaviour == false && suicidality.ideation < 4",
            "within": "28 d",
            "else": "serious suicidal ideation or behaviour",
        }
    ]
}


def two_sessions(**changed: Any) -> Release:
    """The small study with a second session."""
    data = copy.deepcopy(dict(load_study(MINI).newest.data))
    data |= {"doses": 2, "dose_interval": "21 .. 35 d", **changed}
    data["schedule"] = [*data["schedule"], SESSION_2]
    data["gates"] = {"next_session": NEXT} | data["gates"]
    return Release.from_text(canonical(data))


def told_one_by_one(**changed: Any) -> Release:
    """The small study whose participants are told their arm one by one; then a track of visits opens."""
    data = copy.deepcopy(dict(load_study(MINI).newest.data))
    data["epochs"] = {"blinded": {"title": "Blinded"}, "open": {"title": "Open"}}
    data["order"] = {**data["order"], "epochs": ["blinded", "open"]}
    data["unblinding"] = {"epoch": "blinded", "tells": ["participant", "therapist"]}
    data["tracks"] = {
        "crossover": {"title": "Open-label after placebo", "opens_on": "unblinded.placebo", "doses": 1},
        "extension": {"title": "Longer", "opens_on": "consent.recording"},
    }
    schedule = [{**visit, "epoch": "blinded"} for visit in data["schedule"]]
    later = {"epoch": "open", "within": "0 .. 30 d"}
    schedule += [
        {**later, "visit": "telling", "after": "outcome", "do": ["unblinding"]},
        {**SESSION_2, **later, "visit": "open_session", "after": "unblinding", "track": "crossover"},
        {**later, "visit": "much_later", "after": "outcome", "track": "extension", "do": ["symptoms"]},
    ]
    data |= {"schedule": schedule, **changed}
    return Release.from_text(canonical(data))


def rated_apart() -> Release:
    """The small study with two sessions, and a rater who knows no schedule."""
    hidden = ["schedule", "dosing", "adverse_events", "clinical"]
    return two_sessions(blinding=[{"role": "rater", "hidden": hidden, "until": "lock"}])


class Case:
    """Ledgers of one participant, one site and the study, each entry by a name that is its id."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.entries: dict[str, Entry] = {}

    def put(
        self,
        name: str,
        kind: str,
        when: str,
        data: dict[str, Any],
        *,
        encounter: str | None = None,
        by: str = "t-1",
        role: str = "therapist",
        ledger: str = "participant:0a",
        **more: Any,
    ) -> Case:
        """Adds an entry, or puts it in the place of the one with this name."""
        self.entries[name] = Entry(
            id=name,
            ledger=ledger,
            kind=kind,
            release=self.study.newest.id,
            environment="rehearsal",
            occurred_at=when,
            recorded_at=when,
            by=by,
            role=role,
            encounter=encounter,
            data=data,
            **more,
        )
        return self

    def change(self, name: str, **data: Any) -> Case:
        """Changes items of one entry's data."""
        entry = self.entries[name]
        self.entries[name] = msgspec.structs.replace(entry, data={**entry.data, **data})
        return self

    def items(self, name: str, **items: Any) -> Case:
        """Changes items of one form."""
        return self.change(name, items={**self.entries[name].data["items"], **items})

    def move(self, name: str, when: str) -> Case:
        """Changes when one entry happened."""
        self.entries[name] = msgspec.structs.replace(self.entries[name], occurred_at=when, recorded_at=when)
        return self

    def drop(self, *names: str) -> Case:
        """Takes entries away."""
        for name in names:
            del self.entries[name]
        return self

    def of(self, ledger: str) -> list[Entry]:
        """The entries of ledgers whose name begins so."""
        return [entry for entry in self.entries.values() if entry.ledger.startswith(ledger)]

    def course(self) -> Course:
        """The participant's course."""
        return fold(self.study, self.of("participant:"))

    def setting(self) -> Setting:
        """The study's and the site's ledgers, folded."""
        return fold_setting(self.study, self.of("study:"), self.of("site:"))

    def may(self, act: str, when: str | datetime, *, by: str = "t-1", **detail: Any) -> Allowed | Refused:
        """Asks the gate."""
        at = instant(when) if isinstance(when, str) else when
        return may(act, self.study, self.setting(), self.course(), by, at, **detail)


def _site(case: Case) -> None:
    site: dict[str, Any] = {"ledger": "site:denver", "by": "i-1", "role": "investigator"}
    when = "2026-01-10T09:00:00-07:00"
    active = {"release": case.study.newest.id, "status": "active", "timezone": "America/Denver"}
    case.put("activation", "activation", when, active, **site)
    for person, role in (("i-1", "investigator"), ("t-1", "therapist"), ("t-2", "therapist")):
        certificates = [{"name": "GCP", "expires": "2027-06-30"}]
        data = {"person": person, "roles": [role], "certificates": certificates}
        case.put(person, "staff", when, data, **site)
    for number in ("K-1", "K-2", "K-3", "K-4"):
        data = {"number": number, "status": "received", "expires": "2026-12-31"}
        case.put(f"stock {number}", "kit", when, data, **site)
    roots = {"list_root": "ab", "list_rows": 8, "kits_root": "cd", "kits_rows": 32}
    study = {"ledger": f"study:{case.study.name}", "by": "sponsor", "role": "statistician"}
    case.put("commitment", "commitment", "2026-01-05T09:00:00-07:00", roots, **study)


def _until_enrolled(case: Case) -> None:
    inv: dict[str, Any] = {"by": "i-1", "role": "investigator"}
    day = "2026-03-02T09:{:02}:00-07:00"
    scopes = {"participation": True, "recording": True}
    case.put("consent", "consent", day.format(0), {"version": "1", "scopes": scopes}, **inv)
    here = {"encounter": "screening#1"} | inv
    case.put("screening begins", "encounter", day.format(5), {"status": "started"}, **here)
    attempt = {"attempt": 1, "number": "S-1", "site": "denver"}
    case.put("screening", "screening", day.format(6), attempt, **here)
    person = {"age": "40 a", "sex": "female", "can_be_pregnant": True}
    _form(case, "demographics", "demographics", day.format(7), person, **here)
    case.put("screening ends", "encounter", day.format(50), {"status": "ended"}, **here)
    here = {"encounter": "baseline#1", "by": "r-1", "role": "rater"}
    case.put("baseline begins", "encounter", "2026-03-05T10:00:00-07:00", {"status": "started"}, **here)
    rated = {"total": 40, "diagnosis": True}
    _form(case, "symptoms", "symptoms", "2026-03-05T10:30:00-07:00", rated, **here)
    case.put("baseline ends", "encounter", "2026-03-05T11:00:00-07:00", {"status": "ended"}, **here)
    here = {"encounter": "preparation_2#1"} | inv
    day = "2026-03-10T09:{:02}:00-06:00"
    case.put("preparation begins", "encounter", day.format(0), {"status": "started"}, **here)
    _form(
        case,
        "asked at preparation",
        "suicidality",
        day.format(5),
        {"ideation": 1, "behaviour": False},
        **here,
    )
    judged = {"adult": True, "severe": True, "psychosis": False}
    signed = {"criteria": judged, "decision": "eligible", "signed": "I confirm the decision"}
    case.put("eligibility", "eligibility", day.format(20), signed, **here)
    case.put("enrolment", "enrolment", day.format(25), {"subject": "P-1"}, **here)


def _until_session(case: Case) -> None:
    here: dict[str, Any] = {"encounter": "preparation_2#1", "by": "i-1", "role": "investigator"}
    number = {"number": "R-7"}
    case.put("randomisation", "randomisation", "2026-03-10T09:31:00-06:00", number, **here)
    case.put("preparation ends", "encounter", "2026-03-10T10:30:00-06:00", {"status": "ended"}, **here)
    kits = (("K-1", "initial"), ("K-2", "supplement"), ("K-3", "initial"), ("K-4", "supplement"))
    for kit, part in kits:
        data = {"kit": kit, "part": part, "level": "full"}
        case.put(f"assigned {kit}", "kit_assigned", "2026-03-10T11:00:00-06:00", data, by="i-1")
    session(case, 1, "2026-03-16")


def session(case: Case, number: int, day: str, offset: str = "-06:00") -> Case:
    """A dosing session up to the question of the initial dose at 10:00."""
    here = {"encounter": f"session_{number}#1"}

    def time(text: str) -> str:
        return f"{day}T{text}:00{offset}"

    case.put(f"session {number} begins", "encounter", time("09:00"), {"status": "started"}, **here)
    for person in ("t-1", "t-2"):
        data = {"person": person, "role": "therapist", "state": "in"}
        case.put(f"{person} comes {number}", "presence", time("09:01"), data, **here)
    _form(case, f"asked {number}", "suicidality", time("09:10"), {"ideation": 0, "behaviour": False}, **here)
    _form(case, f"pregnancy {number}", "pregnancy_test", time("09:20"), {"negative": True}, **here)
    case.put(f"level {number}", "dose_level", time("09:30"), {"level": "full"}, **here)
    vitals(case, f"vitals {number}", time("09:40"), number)
    return case


def vitals(case: Case, name: str, when: str, number: int = 1, **changed: str) -> Case:
    """One set of readings in a session."""
    data = {"systolic": "124 mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": "70 /min"} | changed
    return case.put(name, "vital_signs", when, data, encounter=f"session_{number}#1")


def give(case: Case, part: str, kit: str, when: str, number: int = 1, **changed: Any) -> Case:
    """One part of a dose, taken."""
    data = {"part": part, "kit": kit, "level": "full", "dispensed": 2, "taken": 2} | changed
    return case.put(f"{part} {number}", "dose", when, data, encounter=f"session_{number}#1")


def set_aside(
    case: Case,
    name: str,
    by: str,
    when: str,
    *,
    act: str = "initial_dose",
    code: str = "initial_dose.2",
    ordered_by: str | None = None,
    **more: Any,
) -> Case:
    """Somebody sets a requirement aside by an entry of their own, for what was entered up to then."""
    asked = Case(case.study)
    asked.entries = {key: entry for key, entry in case.entries.items() if entry.kind != "override"}
    answer = asked.may(act, when, by="t-1", **DETAIL.get(act, {}))
    assert isinstance(answer, Refused)
    reason = next(one for one in answer.reasons if one.code == code)
    data = override_of(case.course(), reason, ordered_by=ordered_by)
    fields: dict[str, Any] = {"encounter": "session_1#1", "reason": "clinical_judgement", **more}
    return case.put(name, "override", when, data, by=by, **fields)


def _form(case: Case, name: str, form: str, when: str, items: dict[str, Any], **more: Any) -> None:
    case.put(name, "form", when, {"form": form, "items": items}, **more)


def before(act: str, study: Study | None = None) -> Case:
    """A participant for whom the act is allowed at `WHEN[act]`."""
    release = {"unblind": told_one_by_one, "rate": rated_apart}.get(act, two_sessions)()
    case = Case(study or Study("mini", (release,)))
    _site(case)
    _until_enrolled(case)
    if act == "enrol":
        return case.drop("enrolment")
    if act == "randomise":
        return case
    _until_session(case)
    if act == "initial_dose":
        return case
    if act == "dispense":
        certified = [{"name": "GCP", "expires": "2027-06-30"}]
        data: dict[str, Any] = {"person": "p-1", "roles": ["pharmacist"], "certificates": certified}
        return case.put("p-1", "staff", "2026-01-10T09:00:00-07:00", data, ledger="site:denver")
    give(case, "initial", "K-1", "2026-03-16T10:00:00-06:00")
    vitals(case, "vitals later", "2026-03-16T11:30:00-06:00")
    if act == "supplement":
        return case
    ready = {"oriented": True, "escort": True}
    _form(case, "readiness", "readiness", "2026-03-16T17:30:00-06:00", ready, encounter="session_1#1")
    if act == "discharge":
        return case
    case.put(
        "session 1 ends",
        "encounter",
        "2026-03-16T18:30:00-06:00",
        {"status": "ended"},
        encounter="session_1#1",
    )
    if act == "unblind":
        for number, encounter in enumerate(
            ("screening#1", "baseline#1", "preparation_2#1", "session_1#1"), start=1
        ):
            when = f"2026-06-01T09:0{number}:00-06:00"
            who: dict[str, Any] = {"by": "dm-1", "role": "data_manager"}
            case.put(f"freeze {number}", "freeze", when, {"of": "encounter"}, encounter=encounter, **who)
    return case


WHEN = {
    "enrol": "2026-03-10T09:22:00-06:00",
    "unblind": "2026-06-02T09:00:00-06:00",
    "randomise": "2026-03-10T09:30:00-06:00",
    "dispense": "2026-03-16T08:00:00-06:00",
    "initial_dose": "2026-03-16T10:00:00-06:00",
    "supplement": "2026-03-16T11:40:00-06:00",
    "discharge": "2026-03-16T18:00:00-06:00",
    "next_session": "2026-04-07T09:00:00-06:00",
    "rate": "2026-04-05T10:00:00-06:00",
}
HANDED_OUT = {"kit": "K-1", "part": "initial", "level": "full", "visit": "session_1"}
DETAIL = {
    "dispense": HANDED_OUT,
    "initial_dose": {"kit": "K-1"},
    "supplement": {"kit": "K-2"},
    "rate": {"encounter": "outcome#1"},
}
BY = {"randomise": "i-1", "enrol": "i-1", "unblind": "i-1", "rate": "r-2", "dispense": "p-1"}


def ask(case: Case, act: str, *, late: timedelta = timedelta(0), **changed: Any) -> Allowed | Refused:
    """Asks for the act as it is allowed, but for what is changed."""
    detail = {"by": BY.get(act, "t-1")} | DETAIL.get(act, {}) | changed
    return case.may(act, instant(WHEN[act]) + late, **detail)


def codes(answer: Allowed | Refused) -> list[str]:
    """The codes of the reasons; none when it is allowed."""
    return [reason.code for reason in answer.reasons] if isinstance(answer, Refused) else []
