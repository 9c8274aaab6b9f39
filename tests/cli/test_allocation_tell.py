"""`entact allocation tell`: what the study file plans to be told of somebody, by whoever holds the list."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from tests.cli.conftest import Done, Run
from tests.cli.keyed import HOLDS, key_options, opened_with, signer_of
from tests.cli.test_allocation import files
from tests.cli.test_allocation_keys import given
from tests.conduct.people import PASSWORD, code, give_password, signed_in_as

WAITING = Path(__file__).parents[1] / "studies" / "shapes" / "waiting_list"
ARMS = {"R-1": "waiting", "R-2": "mdma", "R-3": "waiting", "R-4": "mdma", "R-5": "waiting"}
PEOPLE = {"stat": "pharmacist", "pia": "pharmacist", "ada": "pharmacist", "ben": "pharmacist"}
C_SSRS = (  # items of the instrument, none of which is the case
    *("ideation_1", "ideation_2", "actual_attempt", "interrupted_attempt", "aborted_attempt"),
    *("preparatory_act", "suicide", "self_injury"),
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the people's keys and passphrases."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def opened(worker_id: str, keys: Path) -> Iterator[str]:
    """A training record of a study against a waiting list, whose site works."""
    people = {name: (role, HOLDS) for name, role in PEOPLE.items()}
    with opened_with(str(WAITING), f"told_{worker_id}", keys, people) as database:
        yield database


@pytest.fixture(scope="module")
def made(opened: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the one list, which pia holds, and of which ada and ben have shares."""
    from entact.cli.allocation import make_list
    from entact.store import acts

    folder = tmp_path_factory.mktemp("files")
    table = folder / "list.csv"
    table.write_text("\n".join(["number,stratum,arm", *(f"{n},ghent,{arm}" for n, arm in ARMS.items())]))
    make_list(
        opened, ["ghent"], 0, [], table, ["pia"], folder / "list", signer_of(opened, keys, "stat"),
        ["ada", "ben"], 2,
    )  # fmt: skip
    enter("site:ghent", "activation", -90, {"release": acts.here().release, "status": "active",
          "timezone": "Europe/Brussels"}, "sponsor", "sponsor")  # fmt: skip
    certified = [{"name": "GCP", "expires": "2099-06-30"}]
    staff = {"person": "ines", "roles": ["investigator"], "certificates": certified}
    enter("site:ghent", "staff", -89, staff, "ines", "investigator")
    return folder / "list"


def enter(
    ledger: str, kind: str, days: float, data: dict[str, Any], by: str = "carla", role: str = "coordinator",
    **fields: Any,
) -> str:  # fmt: skip
    """A fact of so many days from now, as it might have come from anywhere; its id."""
    from entact import store
    from entact.course import Entry, uuid7
    from entact.course.entry import Authenticated
    from entact.store import acts

    place, at = acts.here(), datetime.now(UTC) + timedelta(days=days)
    entry = Entry(
        id=uuid7(at, secrets.randbits(80)),
        ledger=ledger,
        kind=kind,
        release=place.release,
        environment=place.environment,
        occurred_at=at.isoformat(),
        recorded_at=at.isoformat(),
        by=by,
        role=role,
        data=data,
        **fields,
    )
    keep = store.fact if ledger.startswith("participant:") else store.note
    keep(entry, received_at=at.isoformat(), authenticated=Authenticated(how="session", who=by))
    return entry.id


def randomised(number: str, place: int) -> str:
    """Somebody who was randomised seventy days ago and has come to all visits since that everybody has."""
    ledger = f"participant:{place:032x}"

    def begun(visit: str, days: float) -> None:
        enter(ledger, "encounter", days, {"status": "started"}, encounter=f"{visit}#1")
        enter(ledger, "encounter", days + 0.05, {"status": "ended"}, encounter=f"{visit}#1")

    enter(ledger, "consent", -81, {"version": "1", "scopes": {"participation": True}})
    screened = {"attempt": 1, "number": f"S-{place}", "site": "ghent", "population": "patient"}
    enter(ledger, "screening", -80.9, screened)
    begun("screening", -80.8)
    begun("baseline", -70.2)
    enter(ledger, "enrolment", -70.1, {"subject": f"P-{place}"})
    enter(ledger, "randomisation", -70, {"number": number}, encounter="baseline#1")
    begun("week_6", -25)
    begun("end", -20)
    return ledger


def freeze(ledger: str) -> None:
    for visit in ("screening", "baseline", "week_6", "end"):
        enter(ledger, "freeze", -0.1, {"of": "encounter"}, "dan", "data_manager", encounter=f"{visit}#1")


def dosed_in_second_part(ledger: str) -> list[str]:
    """Every reason against the first dose after the wait; empty where it is given."""
    from entact import store
    from entact.course import Entry, Refused, uuid7

    for person in ("tina", "theo"):
        certified = [{"name": "GCP", "expires": "2099-06-30"}]
        data = {"person": person, "roles": ["therapist"], "certificates": certified}
        enter("site:ghent", "staff", -88, data, person, "therapist")
    kit = {"number": "K-1", "status": "received", "expires": "2099-12-31"}
    enter("site:ghent", "kit", -60, kit, "pia", "pharmacist")
    criteria = {"adult": True, "severe": True}
    judged = {"criteria": criteria, "decision": "eligible", "signed": "decision"}
    enter(ledger, "eligibility", -70.15, judged, "ines", "investigator", encounter="baseline#1")
    enter(ledger, "kit_assigned", 0, {"kit": "K-1", "part": "initial", "level": "session"}, "pia")
    here: dict[str, Any] = {"encounter": "session_later#1"}
    enter(ledger, "encounter", 0, {"status": "started"}, **here)
    for person in ("tina", "theo"):
        came = {"person": person, "role": "therapist", "state": "in"}
        enter(ledger, "presence", 0, came, person, "therapist", **here)
    asked = {"form": "c_ssrs", "items": dict.fromkeys(C_SSRS, False)}
    enter(ledger, "form", 0, asked, "tina", "therapist", **here)
    signs = {"systolic": "120 mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": "70 /min"}
    enter(ledger, "vital_signs", 0, signs, "tina", "therapist", timepoint="before initial", **here)
    enter(ledger, "dose_level", 0, {"level": "session"}, "tina", "therapist", **here)
    at = datetime.now(UTC)
    like = kept(ledger, "dose_level")[0]
    given = {"part": "initial", "kit": "K-1", "level": "session", "dispensed": 2, "taken": 2}
    dose = Entry(
        id=uuid7(at, secrets.randbits(80)), ledger=ledger, kind="dose", release=like.release,
        environment=like.environment, occurred_at=at.isoformat(), recorded_at=at.isoformat(), by="tina",
        role="therapist", data=given, **here,
    )  # fmt: skip
    done = store.act(dose, received_at=at.isoformat())
    return [one.message for one in done.reasons] if isinstance(done, Refused) else []


def course_of(ledger: str) -> Any:
    from entact import store
    from entact.course import fold, read
    from entact.store.studies import study_of_record

    _, study = study_of_record()
    assert study is not None
    return fold(study, [read(line.text) for line in store.lines(ledger)])


def kept(ledger: str, kind: str) -> list[Any]:
    from entact import store
    from entact.course import read

    return [one for one in (read(line.text) for line in store.lines(ledger)) if one.kind == kind]


Pia = Callable[..., Done]


@pytest.fixture
def pia(run: Run, opened: str, keys: Path) -> Pia:
    """Runs `entact allocation` as the pharmacist."""

    def run_as(*command: object) -> Done:
        return run("allocation", *command, "--by", "pia", *key_options(keys, opened, "pia"))

    return run_as


class Ines:
    """The investigator of the site at her pages."""

    def __init__(self, name: str = "ines", role: str = "investigator") -> None:
        self.client = signed_in_as(name, (role, "ghent" if role != "rater" else ""))
        give_password(name)
        self.client = signed_in_as(name)

    def get(self, page: str, status: int = 200) -> str:
        answer = self.client.get(page)
        assert answer.status_code == status, answer.content.decode()
        return str(answer.content.decode())

    def post(self, page: str, status: int = 302, **sent: str) -> str:
        answer = self.client.post(page, {"password": PASSWORD, "code": code(), **sent})
        assert answer.status_code == status, answer.content.decode()
        return str(answer.content.decode())


def test_a_waiting_list_comes_from_assignment_to_its_second_part(pia: Pia, made: Path) -> None:
    """Nobody at the site knows who waits before it is told; the arm is told after the freeze, at the gate."""
    anna = randomised("R-1", 1)
    page = "/participants/P-1/arm/"
    ines = Ines()
    assert "Whoever holds the sealed list opens this one row" in ines.get(page)
    assert "session_1" not in {due.visit for due in course_of(anna).due(datetime.now(UTC))}

    told = pia("tell", "P-1", *files(made, "pia"))
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("assignment of R-1 (participant:")
    assert "waiting" not in told.out
    (entry,) = kept(anna, "assignment")
    assert (entry.by, entry.role, entry.data) == ("pia", "pharmacist", {"arms": ["waiting"]})
    assert entry.authenticated.how == "person_key"
    assert course_of(anna).findings.keys() & {f"assigned_twice:{entry.id}"} == set()
    (opening,) = kept(anna, "row_opened")
    assert opening.data == {"number": "R-1", "purpose": "assignment"}
    assert opening.seq < entry.seq
    assert "Waiting list" in ines.get(page)
    again = pia("tell", "P-1", *files(made, "pia"))
    assert (again.code, again.out) == (2, "")
    assert "nothing waits to be told of P-1" in again.err

    # The planned unblinding: every reason first, then asked, then answered.
    refused = ines.get(page)
    assert "The data of Week 6 are not frozen." in refused
    assert "Ask for the planned unblinding" not in refused
    assert "are not frozen" in ines.post(page, 422)
    assert kept(anna, "unblinding_requested") == []
    freeze(anna)
    assert "Ask for the planned unblinding" in ines.get(page)
    cache.clear()
    assert "is not right" in ines.post(page, 422, password="another sentence")
    ines.post(page)
    (request,) = kept(anna, "unblinding_requested")
    assert (request.by, request.data, request.basis["act"]) == ("ines", {}, "unblind")
    assert request.authenticated.second is not None
    assert " by Ines. Whoever" in ines.get(page), "by the name of the person"
    ines.post(page)  # pressed again: once is enough
    assert len(kept(anna, "unblinding_requested")) == 1
    assert course_of(anna).told is None
    assert course_of(anna).tracks == set()

    told = pia("tell", *files(made, "pia"))
    assert told.code == 0
    assert "planned unblinding of R-1" in told.out
    assert "waiting" not in told.out
    (answer,) = kept(anna, "planned_unblinding")
    assert (answer.by, answer.about, answer.data["arm"]) == ("pia", request.id, "waiting")
    assert answer.basis["by"] == "ines"  # the gate was asked anew, of whoever asked
    course = course_of(anna)
    assert course.tracks == {"later"}
    assert "session_later" in {due.visit for due in course.due(datetime.now(UTC))}
    wrong = {one.rule for one in course.findings.values() if one.entry in (answer.id, request.id)}
    assert wrong == set()
    shown = ines.get(page)
    assert "Told" in shown
    assert shown.count("Waiting list") == 2  # of assignment, and of unblinding
    assert "Session later" in ines.get("/participants/P-1/visits/")
    assert dosed_in_second_part(anna) == []


def test_who_is_not_told_has_no_such_page_and_asks_for_nothing(pia: Pia, made: Path) -> None:
    bo = randomised("R-2", 2)
    freeze(bo)
    page = "/participants/P-2/arm/"
    Ines("rita", "rater").get(page, 404)
    therapist = Ines("theo", "therapist")
    assert "An investigator of the site asks for it." in therapist.get(page)
    therapist.post(page, 404)
    assert kept(bo, "unblinding_requested") == []


def test_what_was_unfrozen_since_is_not_told_and_no_row_is_opened(pia: Pia, made: Path) -> None:
    cleo = randomised("R-3", 3)
    freeze(cleo)
    cache.clear()  # where a code that was used is kept
    Ines().post("/participants/P-3/arm/")
    frozen = course_of(cleo).frozen["end#1"].entry
    enter(cleo, "unfreeze", 0, {"said": "taken_back"}, "dan", "data_manager", about=frozen,
          encounter="end#1", reason="a value was wrong")  # fmt: skip
    before = len(kept(cleo, "row_opened"))
    done = pia("tell", "P-3", *files(made, "pia"))
    assert done.code == 1
    assert "assignment of R-3" in done.out
    assert "NOT told: The data of end#1 are not frozen." in done.out
    assert len(kept(cleo, "row_opened")) == before + 1  # of the assignment alone
    assert course_of(cleo).told is None
    ines = Ines()
    assert "Say why" in ines.post("/participants/P-3/arm/", 422, do="withdraw", reason=" ")
    ines.post("/participants/P-3/arm/", do="withdraw", reason="a value is still to be corrected")
    assert "nothing waits" in pia("tell", "P-3", *files(made, "pia")).err
    enter(cleo, "freeze", 0, {"of": "encounter"}, "dan", "data_manager", encounter="end#1")
    cache.clear()
    ines.post("/participants/P-3/arm/")
    done = pia("stand-by", *files(made, "pia"), "--once")
    assert "planned unblinding of R-3" in done.out
    assert "told, as the study file plans it" in done.out
    assert course_of(cleo).told.arm == "waiting"


def test_a_request_that_nobody_was_seen_to_make_opens_no_row(pia: Pia, made: Path) -> None:
    """Whoever can write to the database gets no arm by that: not by a request, nor by a randomisation."""
    eve = randomised("R-5", 5)
    freeze(eve)
    enter(eve, "unblinding_requested", 0, {}, "ines", "investigator")
    done = pia("tell", "P-5", *files(made, "pia"))
    assert done.code == 1
    assert "planned unblinding of R-5" in done.out
    assert "NOT told: nobody showed that ines asked for it" in done.out
    assert [one.data["purpose"] for one in kept(eve, "row_opened")] == ["assignment"]
    assert course_of(eve).told is None


@pytest.mark.requirement("R11")
def test_a_stolen_allocator_writes_nothing_but_what_waits_to_be_told(opened: str, made: Path) -> None:
    """R11: it says no unblinding, dose or consent, asks for nothing, and corrects nothing that was told."""
    from django.db import ProgrammingError, connection

    from entact import store
    from entact.store.database import as_allocator

    fred = randomised("R-2", 7)
    enter(fred, "unblinding_requested", 0, {}, "ines", "investigator")
    nobody = "participant:" + "0e" * 16
    enter(nobody, "consent", -81, {"version": "1", "scopes": {"participation": True}})
    arms = {"arms": ["mdma"]}
    told = {"arm": "mdma", "told": ["investigator"]}
    opens = {"number": "R-2", "purpose": "assignment"}
    refused: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        (fred, "withdrawal", {"scope": "participation"}, {}),
        (fred, "unblinding", {"recipient": "eve", "cause": "x", "means": "here"}, {}),
        (fred, "unblinding_requested", {}, {}),
        (fred, "assignment", arms, {"replaces": kept(fred, "consent")[0].id, "reason": "entered_in_error"}),
        (nobody, "assignment", arms, {}),
        (nobody, "planned_unblinding", told, {}),
        (nobody, "row_opened", opens, {}),
        ("site:ghent", "registration", {"name": "x", "number": "x", "expires": "2099-01-01"}, {}),
    ]
    before = len(list(store.lines(fred)))
    with as_allocator():
        store.setup(database=opened)
        for ledger, kind, data, more in refused:
            with pytest.raises(ProgrammingError, match="told as planned, asked for and signed"):
                enter(ledger, kind, 0, data, **more)
        with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="told as planned"):
            cursor.execute(  # nor by another name beside the text
                "WITH line AS (SELECT * FROM store_line WHERE kind = 'consent' LIMIT 1), moved AS (UPDATE"
                " store_ledger SET seq = seq + 1 WHERE id = (SELECT ledger_id FROM line))"
                " INSERT INTO store_line (ledger_id, seq, hash, text, entry_id, kind, occurred_at,"
                " received_at) SELECT ledger_id,"
                " (SELECT seq + 1 FROM store_ledger WHERE id = ledger_id), repeat('a', 64), text, 'other',"
                " 'assignment', occurred_at, received_at FROM line"
            )
        for kind, data in (("row_opened", opens), ("assignment", arms), ("planned_unblinding", told)):
            with pytest.raises(ProgrammingError, match="asked for and signed"):  # as pia, without her key
                enter(fred, kind, 0, data, "pia", "pharmacist")
    store.setup(database=opened)
    assert len(list(store.lines(fred))) == before
    from entact.store.soundness import look

    assert not [one for one in look().faults if "allocator" in one or "trigger" in one]


def test_custodians_tell_it_together(run: Run, opened: str, keys: Path, made: Path, tmp_path: Path) -> None:
    dora, meet = randomised("R-4", 4), tmp_path / "meet"
    stat = ["--by", "stat", *key_options(keys, opened, "stat")]
    with given(meet, made, opened, keys, "assignment", "ada", "ben") as refused:
        done = run("allocation", "tell", "P-4", "--list", made / "sealed-list.json", "--meet", meet, *stat)
    assert refused == []
    assert done.code == 0
    (entry,) = kept(dora, "assignment")
    assert (entry.by, entry.data) == ("stat", {"arms": ["mdma"]})


def test_what_somebody_else_has_told_meanwhile_is_not_told_again(opened: str, made: Path) -> None:
    from entact.course.entry import Authenticated
    from entact.store import StoreError
    from entact.store.studies import study_of_record
    from entact.store.telling import awaited, tell

    gus, study = randomised("R-1", 9), study_of_record()[1]
    assert study is not None
    (one,) = awaited(study, gus)
    told: dict[str, Any] = {"by": "pia", "role": "pharmacist", "now": datetime.now(UTC)}
    told["prove"] = lambda entry: Authenticated(how="person_key", who=entry.by)
    tell(one, "waiting", **told)
    with pytest.raises(StoreError, match=f"nobody waits for assignment of {gus} any more"):
        tell(one, "mdma", **told)
    assert [entry.data for entry in kept(gus, "assignment")] == [{"arms": ["waiting"]}]
