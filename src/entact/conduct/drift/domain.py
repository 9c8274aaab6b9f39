"""Which ratings are rated again, by whom; what is kept of it; and who rates nobody until they are trained."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from entact.conduct.asking import now_in
from entact.conduct.error import ConductError
from entact.conduct.places import opened_place, sealed_place
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.record.door import Author, compose, store_entry, turn_of
from entact.conduct.refusal import told_reasons
from entact.course import Course, Entry, fold_setting, uuid7
from entact.course.gates.drift import against_rater
from entact.course.gates.rating import have_met
from entact.course.kinds.raters import RaterCertified, RaterDrifted, SecondRated, is_drawn
from entact.course.state.form import Answers
from entact.course.state.raters import RaterState
from entact.protocol.form import CompiledForm
from entact.protocol.study import Item
from entact.protocol.study.rating import SecondRating
from entact.store import acts, door, models
from entact.store.lists.filled import filled

if TYPE_CHECKING:
    from entact.analysis.agreement import Agreement, Pair

_KINDS: Final = ("rater_certified", "rater_drifted", "void")
_PLAIN: Final = frozenset({"integer", "decimal", "boolean", "choice", "choices"})
PAGE: Final = 500


@dataclass(frozen=True)
class Drawn:
    """A rating that the sample holds, as it stands, and its second rating if there is one.

    Attributes:
        recording: the name under which the recording is given to a second rater. met: who has written
            anything about this participant, and rates nothing of them again. second_entry: of the second.
    """

    standing: Standing
    first: Answers
    second: SecondRated | None
    second_by: str
    met: frozenset[str]
    second_entry: str = ""

    @property
    def recording(self) -> str:
        """It tells nothing of whose it is."""
        digest = salted_hmac("entact.recording", self.first.entry, algorithm="sha256").hexdigest().upper()
        return f"{digest[:4]}-{digest[4:8]}"

    @property
    def token(self) -> str:
        """In the address of the second rater's page."""
        return sealed_place([self.standing.ledger, self.first.entry])


def sampled(reader: Reader) -> dict[str, SecondRating]:
    """By form, what the newest release says of its second ratings."""
    return dict(reader.study.newest.file.second_ratings)


def drawn_of(reader: Reader, form: str, said: SecondRating) -> list[Drawn]:
    """The sample of a form as the record has it now, the oldest first."""
    found = [one for one in _ratings(form) if is_drawn(one[1], said.share)]
    ledgers = list(dict.fromkeys(ledger for ledger, _, _ in found))
    folded = {name: one for name, one in reader.folded(ledgers).items() if isinstance(one, Folded)}
    standings = {one.ledger: one for one in reader.standings(ledgers)}
    drawn: list[Drawn] = []
    for ledger, _, entry in found:
        if ledger in folded and ledger in standings:
            drawn += _as_drawn(folded[ledger].course, standings[ledger], form, entry)
    return sorted(drawn, key=lambda one: (one.first.at, one.first.entry))


def _ratings(form: str) -> Iterator[tuple[str, str, str]]:
    """Ledger, hash and entry of each rating by a form, corrections aside."""
    after = None
    while page := filled(("form",), form=form, after=after, limit=PAGE):
        after = page[-1].key
        lines = models.Line.objects.filter(
            ledger__name__in={one.ledger for one in page},
            entry_id__in=[one.entry for one in page],
            kind="form",
        )
        hashes = {(row[0], row[1]): row[2] for row in lines.values_list("ledger__name", "seq", "hash")}
        for one in page:
            yield one.ledger, hashes[one.ledger, one.seq], one.entry


def _as_drawn(course: Course, standing: Standing, form: str, entry: str) -> Iterator[Drawn]:
    first = next((one for one in course.answers.get(form, ()) if one.entry == entry), None)
    if first is None or first.status != "done":
        return
    again = [one for one in course.noted.get("second_rating", ()) if one.said.entry == entry]
    again = [one for one in again if one.by != first.by]
    second, by, entry = (again[0].said, again[0].by, again[0].entry) if again else (None, "", "")
    yield Drawn(standing, first, second, by, have_met(course), entry)


def raters_of(reader: Reader) -> Mapping[str, RaterState]:
    """Certificates and drift of every rater, as the study's ledger has them."""
    return fold_setting(reader.study, acts.entries(_KINDS), ()).study.raters


def today_of(reader: Reader) -> date:
    """The day on which certificates are looked at."""
    return now_in(reader).astimezone(UTC).date()


def against(reader: Reader, person: str, forms: Iterable[str]) -> list[str]:
    """Every reason for which somebody may not rate by these forms now; nothing where they may."""
    found = against_rater(reader.study.newest, forms, raters_of(reader), person, today_of(reader))
    return list(told_reasons(reader.sight, reader.study.newest, None, "", found))


def offered_again(reader: Reader, person: str, forms: Iterable[str]) -> list[tuple[str, Drawn]]:
    """The ratings that somebody may rate again: of whom they have written nothing, and nobody has yet.

    One of a participant alone, so that none goes from the list with another and tells whose both are; by the
    names of recordings, which tell of no order.
    """
    said, everywhere = sampled(reader), replace(reader, sites=None)  # a rater is of no site, and sees none
    found = [
        (form, one)
        for form in forms
        for one in drawn_of(everywhere, form, said[form])
        if one.second is None and person not in one.met
    ]
    offered: dict[str, tuple[str, Drawn]] = {}
    for form, one in sorted(found, key=lambda pair: pair[1].recording):
        offered.setdefault(one.standing.ledger, (form, one))
    return list(offered.values())


def offer_of(reader: Reader, person: str, forms: Iterable[str], token: str) -> tuple[str, Drawn] | None:
    """The one of a token; None where it is none that this person may rate now."""
    place = opened_place(token)
    return next(
        (
            (form, one)
            for form, one in offered_again(reader, person, forms)
            if place == [one.standing.ledger, one.first.entry]
        ),
        None,
    )


def plain_items(form: CompiledForm, items: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that a second rating keeps: no free text, which would be personal."""
    return {
        name: answer for name, answer in items.items() if name in form.items and is_plain(form.items[name])
    }


def is_plain(item: Item) -> bool:
    """Whether an answer to an item is a number or a code, and nothing of the person's words."""
    return item.type in _PLAIN and not item.personal


def keep_second(
    reader: Reader, form: str, drawn: Drawn, items: Mapping[str, Any], *, by: Author, said: SecondRating
) -> str:
    """Keeps a second rating, and looks whether the first rater drifts; or what stands against it."""
    refused = against(reader, by.identity, [form])
    if refused:
        return " ".join(refused)
    ledger = drawn.standing.ledger
    with turn_of(ledger):
        folded = reader.folded([ledger])[ledger]
        assert isinstance(folded, Folded)
        course = folded.course
        now = now_in(reader)
        if any(one.said.entry == drawn.first.entry for one in course.noted.get("second_rating", ())):
            return ""  # sent twice, or another was faster
        compiled = course.release.forms[form]
        kept = plain_items(compiled, items)
        if _value(compiled, kept, said.value) is None:
            return gettext("The score cannot be made yet: an item that it needs has no answer.")
        data = {"entry": drawn.first.entry, "form": form, "items": kept}
        entry = compose(course, reader, ledger, by, now, "second_rating", data, about=drawn.first.entry)
        store_entry(entry, by, now)
    judge(replace(reader, sites=None), form, said, drawn.first.by, by=by)
    return ""


def pairs_of(reader: Reader, form: str, said: SecondRating) -> list[Pair]:
    """Every rating that was rated again, as a pair."""
    return [pair for _, pair in _paired(reader, form, said)]


def _paired(reader: Reader, form: str, said: SecondRating) -> list[tuple[str, Pair]]:
    """Every rating that was rated again, under the entry of its second rating."""
    from entact.analysis.agreement import Pair  # with all of analysis, which no other page needs

    compiled = reader.study.newest.forms[form]
    found = []
    for one in drawn_of(reader, form, said):
        if one.second is None:
            continue
        values = [_value(compiled, items, said.value) for items in (one.first.items, one.second.items)]
        if values[0] is None or values[1] is None:
            continue
        codes = [_value(compiled, items, said.category) for items in (one.first.items, one.second.items)]
        known = [None if code is None else bool(code) for code in codes]
        pair = Pair(one.first.by, one.first.at, values[0], values[1], known[0], known[1])
        found.append((one.second_entry, pair))
    return found


def agreement_in(
    reader: Reader, form: str, said: SecondRating
) -> tuple[tuple[Agreement, ...], tuple[Agreement, ...]]:
    """How a form's raters agree with who rated again: by rater over the latest, and of all by quarter."""
    from entact.analysis.agreement import agreement_by_rater, agreement_over_time

    pairs = pairs_of(reader, form, said)
    return agreement_by_rater(pairs, last=said.over), agreement_over_time(pairs, _quarter)


def judge(reader: Reader, form: str, said: SecondRating, person: str, *, by: Author) -> bool:
    """Enters that a rater drifts, where their last ratings since they were trained agree too little."""
    since = raters_of(reader).get(person, RaterState(person))
    if form in since.drifts:
        return False
    paired = sorted(_paired(reader, form, said), key=lambda one: one[1].at)
    paired = [one for one in paired if one[1].rater == person]
    paired = [one for one in paired if one[1].at.date().isoformat() > since.trained]
    own = [pair for _, pair in paired]
    if len(own) < said.over:
        return False
    from entact.analysis.agreement import agreement_by_rater

    (agreement,) = agreement_by_rater(own, last=said.over)
    if not agreement.is_under(said.agreement):
        return False
    assert agreement.icc is not None
    entries = [entry for entry, _ in paired[-said.over :]]
    payload = RaterDrifted(
        person, form, f"{agreement.icc.estimate:.2f}", f"{said.agreement:g}", said.over, entries
    )
    _enter(reader, "rater_drifted", payload, by)
    return True


def certify(reader: Reader, person: str, certificate: str, issued: str, expires: str, *, by: Author) -> None:
    """Enters that a rater was trained on a day, and to which day that holds.

    Raises:
        ConductError: when a day is none, lies in the future, or the certificate ends before it began.
    """
    known = {one.certificate for one in sampled(reader).values() if one.certificate is not None}
    if certificate not in known:
        raise ConductError(
            gettext("the study asks for {certificates}").format(
                certificates=", ".join(sorted(known)) or gettext("no certificate")
            )
        )
    days = [_day(issued), _day(expires)]
    if days[0] > today_of(reader) or days[1] < days[0]:
        raise ConductError(gettext("the training has taken place, and its certificate ends later"))
    payload = RaterCertified(person, certificate, issued, expires)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ["entact raters"])
        _enter(reader, "rater_certified", payload, by)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConductError(
            gettext("{text} is no day; write it as 2026-04-30").format(text=repr(text))
        ) from None


def _enter(reader: Reader, kind: str, payload: msgspec.Struct, by: Author) -> None:
    now = now_in(reader)
    entry = Entry(
        id=uuid7(now, secrets.randbits(80)),
        ledger=f"study:{reader.study.name}",
        kind=kind,
        release=reader.study.newest.id,
        environment=reader.environment,  # type: ignore[arg-type]  # as the installation says it
        occurred_at=now.isoformat(),
        recorded_at=now.isoformat(),
        by=by.identity,
        role=by.role,
        data=msgspec.to_builtins(payload),
    )
    door.note(entry, received_at=now.isoformat(), authenticated=by.authenticated)


def _value(form: CompiledForm, items: Mapping[str, Any], named: str | None) -> float | None:
    """A value of a form's, as a number; None where it is not known."""
    if named is None:
        return None
    found = form.read(items).values.get(named.partition(".")[2])
    return float(found) if isinstance(found, int | float) else None


def _quarter(at: datetime) -> str:
    return gettext("{year}, quarter {quarter}").format(year=at.year, quarter=(at.month + 2) // 3)
