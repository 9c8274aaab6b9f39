"""A kind says all about itself; one with a gap is refused, and a new one takes one file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.course.cases import before

import entact
from entact.course import kinds
from entact.course.gates.core import ACTS
from entact.course.kinds import KINDS, SITE_KINDS, STUDY_KINDS, SYSTEM_KINDS
from entact.course.kinds.kind import BY_ALERT, BY_ENTRY, BY_FORM, BY_GATE, UNSURE, Kind, by_name, gaps, note
from entact.course.kinds.stopping import DEVIATION
from entact.protocol.check import CLASSES
from entact.protocol.timetable import ACTIVITIES

ALL = [*KINDS.values(), *STUDY_KINDS.values(), *SITE_KINDS.values(), *SYSTEM_KINDS.values()]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.ledger}-{kind.name}")
def test_every_kind_says_all_about_itself(kind: Kind) -> None:
    assert list(gaps(kind)) == []
    assert issubclass(kind.payload, msgspec.Struct)
    assert kind.payload.__doc__
    assert set(kind.acts) <= set(ACTS)


OF_NOBODY = dict.fromkeys(("needs_consent", "in_encounter", "with_participant", "ended_by"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": " "}, "has no title"),
        ({"tells": frozenset()}, "does not say what class of data it tells of"),
        ({"needs_consent": None}, "does not say of needs_consent"),
        ({"in_encounter": None}, "does not say of needs_consent, in_encounter"),
        ({"with_participant": None}, "with_participant and ended_by"),
        ({"ended_by": None}, "with_participant and ended_by"),
        ({"sealed": frozenset({"acount"})}, "'acount' is sealed, which is none of its items"),
        ({"free": frozenset({"acount"})}, "'acount' is free, which is none of its items"),
        ({"free": frozenset({"account"})}, "account that it is personal, and that it is not"),
        ({"dated": ("began",)}, "'began' is dated, which is none of its items"),
        ({"nested": "items"}, "'items' is nested, which is none of its items"),
        ({"nested": "category"}, "'category' is nested, which holds no items"),
        ({"form": lambda data: "vitals"}, "tells of another class of data"),
        ({"acts": ("enrol", "randomise")}, "can be several acts, and does not say which"),
        ({"writes": frozenset({"zz", "aa", "mm"})}, "writes to aa, mm, zz, which the state has not"),
        ({"done": lambda course, encounter: True}, "says when an activity was done, and not which"),
        ({"ways": ()}, "names no way by which anybody enters it"),
        ({"ways": ("rehearsal",)}, "is entered by 'rehearsal', which is no way"),
        ({"ways": ("page add ",)}, "which is no way"),
        ({"instead": "consent"}, "is entered, and is not"),
        ({"ledger": "site"}, "is of a site, and says something that only a participant's can"),
        ({"ledger": "site", **OF_NOBODY, "activity": "form"}, "says something that only a participant's can"),
        ({"ledger": "study", **OF_NOBODY, "in_encounter": False}, "is of a study, and says something"),
    ],
)
def test_a_kind_with_a_gap_is_refused(change: dict[str, Any], said: str) -> None:
    broken = msgspec.structs.replace(DEVIATION, **change)
    with pytest.raises(TypeError, match=f"the kind 'deviation' .*{said}"):
        by_name([broken], broken.ledger)


@pytest.mark.parametrize("left_out", ["name", "title", "payload", "reduce", "tells"])
def test_what_every_kind_has_cannot_be_left_out(left_out: str) -> None:
    said: dict[str, Any] = {
        name: getattr(DEVIATION, name) for name in ("name", "title", "payload", "reduce", "tells")
    }
    with pytest.raises(TypeError, match=left_out):
        Kind(**{name: value for name, value in said.items() if name != left_out})


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="two kinds of a participant's ledger are called 'deviation'"):
        by_name([DEVIATION, msgspec.structs.replace(DEVIATION, title="Another")], "participant")
    assert by_name([DEVIATION, DEVIATION], "participant") == {"deviation": DEVIATION}


def test_kinds_and_schedule_know_the_same_activities() -> None:
    assert {kind.activity for kind in KINDS.values() if kind.activity} == ACTIVITIES


def test_kinds_tell_of_the_classes_of_data_that_a_study_file_may_hide() -> None:
    """What no kind tells of would be hidden and yet seen; what is misspelt could not be hidden."""
    told = {one for kind in ALL for one in kind.tells} - {BY_ENTRY, BY_FORM, BY_ALERT, BY_GATE, UNSURE}
    assert told == CLASSES | {"clinical", "safety"}  # these two are classes of forms


PHONE_CALL = '''"""A call to the person who takes a participant home."""

from __future__ import annotations

import msgspec

from entact.course.kinds.kind import Kind, note


class EscortCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `escort_call`: the escort was called: reached or not, when they come, and a note (sealed)."""

    reached: bool
    comes_at: str | None = None
    note: str | None = None


ESCORT_CALL = Kind(
    name="escort_call",
    title="Phone call to the escort",
    ways=("console",),
    payload=EscortCall,
    reduce=note,
    tells=frozenset({"schedule"}),
    sealed=frozenset({"note"}),
    needs_consent=True,
    in_encounter=True,
    with_participant=False,
    ended_by=frozenset({"procedures"}),
)
'''


def with_file(folder: Path, name: str, text: str) -> Path:
    """A copy of the package, by links, in which one more file lies among the kinds."""
    source = Path(entact.__file__).parent
    place = folder
    for part in ("entact", "course", "kinds"):
        place = place / part
        place.mkdir()
        for child in source.iterdir():
            if child.name not in ("course", "kinds", "__pycache__"):
                (place / child.name).symlink_to(child)
        source = source / {"entact": "course", "course": "kinds"}.get(part, "")
    (place / name).write_text(text)
    return folder


def test_a_new_kind_takes_one_file_and_its_test(tmp_path: Path) -> None:
    """The exercise: a phone call to the escort. One file among the kinds, and everything knows it."""
    root = Path(__file__).parents[3]
    path = os.pathsep.join(map(str, (with_file(tmp_path, "escort.py", PHONE_CALL), root)))
    done = subprocess.run(
        [sys.executable, "-m", "tests.course.kinds.new_kind"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "entact.conduct.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "everything knows it"


def test_without_its_file_nothing_knows_it() -> None:
    case = before("discharge").put("call", "escort_call", "2026-03-16T17:00:00-06:00", {"reached": True})
    assert "unknown_kind:call:kind" in case.course().findings


def test_what_is_noted_is_kept_in_order_of_time() -> None:
    reduce: Callable[..., None] = note
    course = before("initial_dose").course()
    for place, effective in enumerate(course.effective[:3]):
        reduce(course, effective, place)
    said = [one for kept in course.noted.values() for one in kept]
    assert {one.said for one in said} == {0, 1, 2}
    assert {one.by for one in said} == {one.entry.by for one in course.effective[:3]}
    assert kinds.UNPARSED not in KINDS
