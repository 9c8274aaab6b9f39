"""What stops for everybody: holds of the study file, and those that somebody placed; both are lifted here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, get_args

from django.db import transaction
from django.utils.translation import gettext

from entact.conduct.asking import now_in
from entact.conduct.error import ConductError
from entact.conduct.language.rules import told_rule
from entact.conduct.permissions import Permissions, permissions_of
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.record.of_study import note_of_study
from entact.conduct.words import lower_words, role_words, told
from entact.course.entry import Kept, canonical
from entact.course.entry.entry import SecondProof
from entact.course.kinds.study import HOLD, HoldChanged
from entact.course.state.oversight import holds_in_force, study_facts
from entact.course.state.setting import HoldState, Stop, StudyState
from entact.protocol.words.label import COUNTS
from entact.store import acts, models
from entact.store.known import raw_cursor
from entact.store.setting import study_as_of_now
from entact.store.studies import study_of_record

STOPS: Final[tuple[Stop, ...]] = get_args(Stop)
_LONGEST_TITLE, _LONGEST_REASON = 80, 500


@dataclass(frozen=True)
class Hold:
    """One hold, of the study file or placed by somebody.

    Attributes:
        name: in entries. stops: what it stops while it is in force. counts: what its rule counts, and how
            many there are now. lifted_by: roles. last: the latest word on it. state: what a person has seen
            who lifts it: another where anything has come since.
    """

    name: str
    title: str
    stops: Sequence[str]
    in_force: bool
    counts: tuple[tuple[str, int], ...]
    lifted_by: frozenset[str]
    last: Kept | None
    state: str


def holds_now(reader: Reader) -> list[Hold]:
    """Every hold that there can be or was, those in force first.

    Raises:
        StoreError: when something in the study's ledger cannot be read: nobody knows what it stops.
    """
    study = _study_now()
    entries = acts.entries((HOLD.name,))
    permissions = permissions_of(reader.study)
    found = [*_of_file(reader, study, entries), *_placed(reader, study, entries, permissions)]
    return sorted(found, key=lambda one: not one.in_force)


def place(reader: Reader, title: str, stops: Sequence[str], reason: str, *, by: Author) -> None:
    """Stops something for everybody, from now on.

    Raises:
        ConductError: when it says not what, or why, or has the name of another.
    """
    title, reason = " ".join(title.split()), reason.strip()
    name = title.lower().replace(" ", "_")
    kinds = [one for one in STOPS if one in stops]
    if not title or len(title) > _LONGEST_TITLE or not title.isprintable():
        raise ConductError(
            gettext("say in at most {longest_title} characters what the hold is called").format(
                longest_title=_LONGEST_TITLE
            )
        )
    if not kinds:
        raise ConductError(gettext("say what is to stop"))
    _require_reason(reason)
    with transaction.atomic():
        _take_turn(reader)
        if any(one.name == name and (one.in_force or name in reader.study.newest.file.holds)
               for one in holds_now(reader)):  # fmt: skip
            raise ConductError(
                gettext("there is a hold “{title}” already: call this one something else").format(title=title)
            )
        placed = HoldChanged(name, "placed", tuple(kinds))
        note_of_study(reader, HOLD.name, placed, now_in(reader), by=by, reason=reason)


def lift(reader: Reader, name: str, seen: str, reason: str, *, by: Author, second: SecondProof) -> None:
    """Lifts a hold that is in force.

    Args:
        seen: its `state` when whoever lifts it read the page.
    Raises:
        ConductError: when there is none, it is not this role's, it says not why, or something has come since.
    """
    _require_reason(reason.strip())
    with transaction.atomic():
        _take_turn(reader)
        one = next((one for one in holds_now(reader) if one.name == name and one.in_force), None)
        if one is None:
            raise ConductError(gettext("it is not in force any more"))
        if by.role not in one.lifted_by:
            raise ConductError(
                gettext("“{title}” is not lifted by the role {role}").format(
                    title=one.title, role=role_words(by.role)
                )
            )
        if one.state != seen:
            raise ConductError(
                gettext("something has come since you read the page: read it again, then lift it")
            )
        lifted = HoldChanged(name, "lifted", _stops_of(one))
        note_of_study(reader, HOLD.name, lifted, now_in(reader), by=by, reason=reason.strip(), second=second)


def _of_file(reader: Reader, study: StudyState, entries: list[Kept]) -> Iterator[Hold]:
    release = reader.study.newest
    in_force = {name for stop in STOPS for name, *_ in holds_in_force(release, study, stop)}
    for name, ruled in release.rules.holds.items():
        facts = study_facts(study.enrolled, study.serious, study.of_interest, ruled.said.interest)
        counted = {fact: facts[fact] for fact in sorted(ruled.rule.names)}
        yield Hold(
            name,
            told(ruled.said.title),
            ruled.said.stops,
            name in in_force,
            tuple((told_rule(COUNTS[fact]), number) for fact, number in counted.items()),
            frozenset({ruled.said.lifted_by}),
            _last(entries, study.holds.get(name)),
            _state(name, counted, study.holds.get(name)),
        )


def _placed(
    reader: Reader, study: StudyState, entries: list[Kept], permissions: Permissions
) -> Iterator[Hold]:
    """What was placed by somebody: lifted by a role that placed it, or that lifts holds of the file."""
    for name, said in study.holds.items():
        if name in reader.study.newest.file.holds:
            continue
        placers = {
            one.role for one in entries if one.kind == HOLD.name and one.data.get("hold") == name
            and one.data.get("status") == "placed"
        }  # fmt: skip
        lifters = frozenset(placers) | permissions.table["lift_hold"]
        last = _last(entries, said)
        in_force = said.status == "placed"
        title = lower_words(name).capitalize()
        yield Hold(name, title, said.stops, in_force, (), lifters, last, _state(name, {}, said))


def _study_now() -> StudyState:
    stamp, study = study_of_record()
    if study is None:
        raise ConductError(gettext("this record holds no release of its study yet"))
    return study_as_of_now(raw_cursor(), stamp, study)


def _last(entries: list[Kept], said: HoldState | None) -> Kept | None:
    return next((one for one in entries if said is not None and one.id == said.entry), None)


def _state(name: str, facts: dict[str, int], said: HoldState | None) -> str:
    known = [name, facts, "" if said is None else said.entry]
    return sha256(canonical(known)).hexdigest()


def _stops_of(one: Hold) -> tuple[Stop, ...]:
    return tuple(stop for stop in STOPS if stop in one.stops)


def _require_reason(reason: str) -> None:
    if not reason or len(reason) > _LONGEST_REASON or "\0" in reason:
        raise ConductError(
            gettext("say why, in at most {longest_reason} characters, and name nobody").format(
                longest_reason=_LONGEST_REASON
            )
        )


def _take_turn(reader: Reader) -> None:
    """Nothing comes into the study's ledger between the look at it and the entry."""
    models.Ledger.objects.select_for_update().get(name=f"study:{reader.study.name}")
