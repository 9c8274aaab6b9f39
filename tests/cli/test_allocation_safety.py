"""One arm for an expedited report: to the safety desk alone, once the event makes such a report due."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Done, Run
from tests.cli.keyed import HOLDS, opened_with, run_as, signer_of
from tests.cli.test_allocation import ANNA, enter, files

from entact import store
from entact.course import read

PEOPLE = {"stat": "committee", "pia": "committee", "sue": "committee", "eve": "committee", "tom": "therapist"}
SERIOUS = {
    "verbatim": "collapsed", "term": "other", "severity": "severe", "serious": True, "related": "possible",
    "expected": False, "onset": "2026-04",
}  # fmt: skip


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the people's keys and passphrases."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def opened(worker_id: str, keys: Path) -> Iterator[str]:
    """A training record of a study with reports to authorities."""
    people = {name: (role, HOLDS) for name, role in PEOPLE.items()}
    with opened_with("mapp3", f"desk_{worker_id}", keys, people) as database:
        yield database


@pytest.fixture(scope="module")
def events(opened: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The folder of the list; an event of Anna's that makes a report due, and one that does not."""
    from entact.cli.allocation import make_list

    out = tmp_path_factory.mktemp("files") / "list"
    site = next(iter(_sites()))
    make_list(opened, [site], 6, [3, 6], None, ["pia"], out, signer_of(opened, keys, "stat"))
    number = next(iter(json.loads((out / "sealed-list.json").read_text())["numbers"].values()))[0]
    enter(ANNA, "consent", {"version": "1", "scopes": {"participation": True}}, -9)
    enter(ANNA, "screening", {"attempt": 1, "number": "S-1", "site": site, "population": _population()}, -8)
    enter(ANNA, "enrolment", {"subject": "P-1"}, -7)
    enter(ANNA, "randomisation", {"number": number}, -6)
    return (
        out,
        enter(ANNA, "adverse_event", SERIOUS),
        enter(ANNA, "adverse_event", SERIOUS | {"related": "not"}),
    )


def _sites() -> list[str]:
    from entact.store.studies import study_of_record

    study = study_of_record()[1]
    assert study is not None
    return [*study.newest.file.sites]


def _population() -> str:
    from entact.store.studies import study_of_record

    study = study_of_record()[1]
    assert study is not None
    return next(iter(study.newest.file.populations))


@pytest.fixture
def safety(run: Run, opened: str, keys: Path, events: tuple[Path, str, str], tmp_path: Path) -> object:
    """Opens the row for an event, for somebody."""

    def ask(event: str, reader: str, participant: str = "P-1") -> Done:
        asked = ["--for", reader, "--out", tmp_path / "arm.json", *files(events[0], "pia"), "--json"]
        return run_as(run, opened, keys, "pia", "safety", participant, event, *asked)

    return ask


def openings() -> list[dict[str, object]]:
    kept = [read(line.text) for line in store.lines(ANNA)]
    return [{**one.data, "about": one.about, "by": one.by} for one in kept if one.kind == "row_opened"]


@pytest.mark.requirement("R11")
def test_the_safety_desk_alone_reads_one_arm(
    run: Run, opened: str, keys: Path, events: tuple[Path, str, str], safety: object, tmp_path: Path
) -> None:
    """R11: the record says for whom and for which event, never what; nobody else can open the file."""
    done = safety(events[1], "sue")  # type: ignore[operator]
    assert (done.code, done.err) == (0, "")
    assert "us" in " ".join(done.json["reports"])
    file = tmp_path / "arm.json"
    assert file.stat().st_mode & 0o077 == 0
    for text in (done.out, file.read_text(), *(line.text for line in store.lines(ANNA))):
        assert not [arm for arm in ("full", "low", "placebo") if f'"{arm}"' in text]
    (told,) = openings()
    assert told["purpose"] == "expedited_report"
    assert (told["reader"], told["about"], told["by"]) == ("sue", events[1], "pia")
    shown = run_as(run, opened, keys, "sue", "read", file, "--json")
    assert shown.json["arm"] in ("full", "low", "placebo")
    assert shown.json["event"] == events[1]
    for other in ("eve", "pia", "tom"):
        refused = run_as(run, opened, keys, other, "read", file)
        assert (refused.code, refused.out) == (2, "")
        assert "is sealed to sue" in refused.err
    forged = json.loads(file.read_text()) | {"for": "eve"}
    file.write_text(json.dumps(forged))
    refused = run_as(run, opened, keys, "eve", "read", file)
    assert "the key does not open it" in refused.err
    file.write_text("{}")
    assert "is no arm for the safety desk" in run_as(run, opened, keys, "sue", "read", file).err


def test_nothing_is_opened_without_a_report_or_for_who_is_blinded(
    events: tuple[Path, str, str], safety: object, tmp_path: Path
) -> None:
    from tests.conduct.people import account

    before = len(openings())
    account("eve", ("investigator", _sites()[0]))
    for event, reader, participant, said in (
        (events[2], "sue", "P-1", "to an authority is due; events with one"),
        ("nothing", "sue", "P-1", "to an authority is due"),
        (events[1], "tom", "P-1", "tom is therapist, from whom the study hides the allocation"),
        (events[1], "nobody", "P-1", "nobody has no key to seal the arm to"),
        (events[1], "eve", "P-1", "eve is investigator of a site too"),
        (events[1], "sue", "P-99", "no participants have the number or id P-99"),
    ):
        done = safety(event, reader, participant)  # type: ignore[operator]
        assert (done.code, done.out) == (2, ""), said
        assert said in done.err
    assert len(openings()) == before
    assert not (tmp_path / "arm.json").exists()
