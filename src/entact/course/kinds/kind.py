"""All that the product knows of one kind of entry, said in one value.

Whatever asks about kinds (the fold, findings, sealing, gates, pages, lists, the rehearsal) asks here, and
nowhere else stands a list of their names. To add a kind is to declare a `Kind` in a module of this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal, get_type_hints

import msgspec

from entact.course.entry import Entry
from entact.course.entry.effective import Effective
from entact.course.state.noted import Noted
from entact.course.state.state import STATE, State

Subject = Literal["participant", "site", "study", "system"]
Discontinued = Literal["treatment", "procedures", "follow_up", "data_use"]

# Classes of data that an entry tells of, as the study file's `blinding` names them; beside these three:
ALLOCATION: Final = "allocation"  # who got what: on no page, whatever the role
BY_FORM: Final = "by form"  # the class of the form whose items it holds
BY_ALERT: Final = "by alert"  # what the alert that it answers is computed from
BY_GATE: Final = "by gate"  # what the gate is computed from of which it sets a requirement aside
BY_ENTRY: Final = "by entry"  # what the `entry` tells of that it names, and the one that it is about
UNSURE: Final = "unsure"  # nobody can say: only for who sees everything

WAYS: Final = ("page", "command", "console", "record")

Reduce = Callable[[Any, Effective, Any], None]
ActOf = Callable[[State, Entry, Any, datetime], str | None]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of entry.

    Attributes:
        name: as entries say it. ledger: in whose ledger it belongs. title: what people call it.
        payload: the struct of its data. reduce: what it does to the state of its ledger.
        sealed: items that are personal, as ciphertext. free: text of any shape that is not personal; other
            text is an identifier, a code or a time, and is sealed when it is not.
        nested: the item whose own items a correction merges one by one.
        of_page: items that a page of its own says, and that no form or blank form asks.
        dated: items that are clinical dates, perhaps partial.
        form: the study's form whose items its data hold, where they do; these are sealed as the form says.
        tells: classes of data that it tells something of; who is not shown one of them is not shown it.
        tells_more: further classes that what it says tells of.
        acts: the gated acts that it can be. act_of: which one an entry is, from the state, the entry, its
            payload and the time; without it, always the only one.
        ways: how it comes into the record: each `page ROUTE`, `command WORDS`, `console` (of a session), or
            `record` (the record enters it by itself, beside another or when something happens to it).
        instead: of a kind that is read in older records and written no more by people, the one that they
            enter in its place.
        small: one line says it all.

    Of a participant's ledger also:

    Attributes:
        needs_consent: a consent has to be in force. in_encounter: it takes place in a visit.
        with_participant: it takes place with the participant, and cannot follow a death.
        ended_by: the discontinuations after which there should be none.
        activity: what the schedule calls it. done: whether that took place, for an encounter; without it, an
            entry is only made when there is one.
        anchors: visits are counted from it.
        attests: it is said about other entries or follows from them, and changes nothing that was signed or
            frozen.
        is_held: nobody writes it on a page any more once its visit, its participant or the study is locked.
        writes: the parts of the state that an entry may write to beside findings, so that what hangs on
            others stays as it is; None: any of them.

    Of the ledgers of study, sites and system:

    Attributes:
        releases: which releases are in force follows from it.
        about_record: the record says it about itself, and no gate asks for it.
    """

    name: str
    title: str
    payload: type[msgspec.Struct]
    reduce: Reduce
    tells: frozenset[str]
    ledger: Subject = "participant"
    sealed: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    nested: str | None = None
    of_page: frozenset[str] = frozenset()
    dated: tuple[str, ...] = ()
    form: Callable[[Mapping[str, Any]], str | None] | None = None
    tells_more: Callable[[Mapping[str, Any]], frozenset[str]] | None = None
    acts: tuple[str, ...] = ()
    act_of: ActOf | None = None
    ways: tuple[str, ...] = ()
    instead: str = ""
    small: bool = False
    needs_consent: bool | None = None
    in_encounter: bool | None = None
    with_participant: bool | None = None
    ended_by: frozenset[Discontinued] | None = None
    activity: str | None = None
    done: Callable[[State, str], bool] | None = None
    anchors: bool = False
    attests: bool = False
    is_held: bool = False
    writes: frozenset[str] | None = None
    releases: bool = False
    about_record: bool = False

    @property
    def items(self) -> frozenset[str]:
        """Names of the items of its data, as they are written."""
        return frozenset(self.payload.__struct_encode_fields__)

    @property
    def is_signed(self) -> bool:
        """Whether persons sign it with their keys: then it is read in order of arrival."""
        return "signatures" in self.items

    def gated_act(self, state: State, entry: Entry, payload: Any, at: datetime) -> str | None:
        """The act that an entry is, and that a gate has to allow; None of what is not gated."""
        if self.act_of is not None:
            return self.act_of(state, entry, payload, at)
        return self.acts[0] if self.acts else None


def gaps(kind: Kind) -> Iterator[str]:
    """What a kind does not say of itself, or says of something that it has not."""
    if not kind.title.strip():
        yield "has no title"
    if not kind.tells:
        yield "does not say what class of data it tells of"
    strange = [way for way in kind.ways if way.partition(" ")[0] not in WAYS or way.strip() != way]
    if not kind.ways and not kind.instead:
        yield "names no way by which anybody enters it"
    elif strange or (kind.ways and kind.instead):
        yield f"is entered by {strange[0]!r}, which is no way" if strange else "is entered, and is not"
    own = [kind.needs_consent, kind.in_encounter, kind.with_participant, kind.ended_by]
    if kind.ledger == "participant" and None in own:
        yield "does not say of needs_consent, in_encounter, with_participant and ended_by how it is"
    if kind.ledger != "participant" and (own != [None] * 4 or kind.activity):
        yield f"is of a {kind.ledger}, and says something that only a participant's can"
    nested = frozenset() if kind.nested is None else frozenset({kind.nested})
    dated = frozenset(kind.dated)
    for what, names in (("sealed", kind.sealed), ("free", kind.free), ("nested", nested), ("dated", dated)):
        for name in sorted(names - kind.items):
            yield f"says that {name!r} is {what}, which is none of its items"
    if kind.sealed & kind.free:
        yield f"says of {', '.join(sorted(kind.sealed & kind.free))} that it is personal, and that it is not"
    if kind.form is not None and BY_FORM not in kind.tells:
        yield "holds a form's items, and tells of another class of data"
    if len(kind.acts) > 1 and kind.act_of is None:
        yield "can be several acts, and does not say which"
    unknown = sorted((kind.writes or frozenset()) - frozenset(STATE))
    if unknown:
        yield f"writes to {', '.join(unknown)}, which the state has not"
    if kind.done is not None and kind.activity is None:
        yield "says when an activity was done, and not which"
    if kind.nested is not None and kind.nested in kind.items:
        hint = get_type_hints(kind.payload)[_attribute(kind, kind.nested)]
        if not str(hint).startswith("dict"):
            yield f"says that {kind.nested!r} is nested, which holds no items"


def _attribute(kind: Kind, item: str) -> str:
    """The payload's attribute of an item: `as_` of `as`."""
    names = zip(kind.payload.__struct_encode_fields__, kind.payload.__struct_fields__, strict=True)
    return dict(names)[item]


def by_name(kinds: Iterable[Kind], ledger: Subject) -> dict[str, Kind]:
    """The kinds of one sort of ledger, by name.

    Raises:
        TypeError: for one that does not say all of itself, and for two of one name.
    """
    found: dict[str, Kind] = {}
    for kind in kinds:
        if kind.ledger != ledger:
            continue
        missing = "; ".join(gaps(kind))
        if missing:
            raise TypeError(f"the kind {kind.name!r} {missing}")
        if found.setdefault(kind.name, kind) is not kind:
            raise TypeError(f"two kinds of a {ledger}'s ledger are called {kind.name!r}")
    return dict(sorted(found.items()))


def note(course: State, effective: Effective, payload: Any) -> None:
    """Keeps every entry of a kind, in order of time: all that a kind needs of which nothing else follows."""
    entry = effective.entry
    noted = Noted(entry.id, entry.encounter, effective.at, entry.by, payload, effective.origins, entry.about)
    course.noted.setdefault(entry.kind, []).append(noted)


def read_by_arrival(folding: Any, effective: Effective, payload: Any) -> None:
    """Does nothing: what persons sign counts in order of arrival (`entact.course.signed`)."""
