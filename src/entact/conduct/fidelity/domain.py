"""Which sessions are held against their content checklist, drawn so that anybody finds the same sample.

A session is drawn by the hash of the line that ended it, as ratings are that are rated again: nobody knows
before it is over, and nobody chooses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.utils.translation import gettext

from entact.conduct.drift.domain import drawn_of, pairs_of, sampled
from entact.conduct.reader import Folded, Reader, Standing
from entact.course import Course
from entact.course.found.fidelity import checklists_of, have_attended
from entact.course.kinds.raters import is_drawn
from entact.course.kinds.session import Recording, recordings_of
from entact.protocol.study import Fidelity
from entact.store import models

if TYPE_CHECKING:
    from entact.analysis.agreement import Agreement

ENDED: Final = '"status":"ended"'  # in the text of the entry by which a visit ended


@dataclass(frozen=True)
class SampledSession:
    """A session that the sample holds.

    Attributes:
        form: its content checklist. ended: when it was over. recordings: as the record names them. rated_by:
            who has filled the checklist in; empty while nobody has. attended: who has written about the
            participant otherwise, and so does not rate how they were treated.
    """

    standing: Standing
    encounter: str
    form: str
    ended: datetime
    recordings: tuple[Recording, ...]
    rated_by: str
    attended: frozenset[str]


def sampled_kinds(reader: Reader) -> Mapping[str, Fidelity]:
    """By kind of session, what the newest release says of it."""
    return {str(kind): said for kind, said in reader.study.newest.file.fidelity.items()}


def sample_of(reader: Reader) -> list[SampledSession]:
    """The sample as the record has it now, of whoever the reader may see; the oldest session first."""
    kinds = sampled_kinds(reader)
    largest = max((said.share for said in kinds.values()), default=0.0)
    lines = models.Line.objects.filter(_of_sessions(reader), kind="encounter", text__contains=ENDED)
    rows = lines.values_list("ledger__name", "entry_id", "hash").order_by("ledger__name", "seq")
    hashes = {(ledger, str(entry)): line for ledger, entry, line in rows if is_drawn(line, largest)}
    ledgers = list(dict.fromkeys(ledger for ledger, _ in hashes))
    folded = reader.folded(ledgers)
    found: list[SampledSession] = []
    for standing in reader.standings(ledgers):
        one = folded[standing.ledger]
        if isinstance(one, Folded):
            found += _drawn(one.course, standing, kinds, hashes)
    return sorted(found, key=lambda one: (one.ended, one.standing.number))


def _of_sessions(reader: Reader) -> Q:
    """Entries of visits that are held against a checklist: who had other visits alone is not looked at."""
    visits = {
        name
        for release in reader.study.releases
        for name, visit in release.visits.items()
        if visit.kind in sampled_kinds(reader)
    }
    named = (Q(text__contains=f'"encounter":{json.dumps(name)[:-1]}#') for name in sorted(visits))
    return reduce(or_, named, Q(pk__in=[]))


def _drawn(
    course: Course, standing: Standing, kinds: Mapping[str, Fidelity], hashes: Mapping[tuple[str, str], str]
) -> Iterator[SampledSession]:
    for name, held in course.encounters.items():
        visit = course.release.visits.get(name.partition("#")[0])
        said = kinds.get(visit.kind) if visit is not None else None
        line = hashes.get((standing.ledger, held.closed or ""))
        if said is None or line is None or held.ended is None or not is_drawn(line, said.share):
            continue
        rated = course.forms.get((said.form, name))
        done = rated is not None and rated.status == "done"
        yield SampledSession(
            standing,
            name,
            said.form,
            held.ended,
            recordings_of(course, name),
            rated.by if rated is not None and done else "",
            have_attended(course, checklists_of(course.release)),
        )


def names_for_second_ratings(reader: Reader) -> dict[tuple[str, str | None], str]:
    """Under which name the recording of a session is given to who rates it again, by ledger and session."""
    again, forms = sampled(reader), {said.form for said in sampled_kinds(reader).values()}
    return {
        (one.standing.ledger, one.first.encounter): one.recording
        for form in sorted(forms & again.keys())
        for one in drawn_of(reader, form, again[form])
    }


def agreement_on(reader: Reader, person: str, sees_all: bool) -> list[tuple[str, list[Agreement]]]:
    """How those agree who rated one session each from its recording, by checklist: of all, then by rater.

    Args:
        sees_all: whether whoever asks is told of every rater; else of themselves alone.
    """
    found: list[tuple[str, list[Agreement]]] = []
    forms = {said.form for said in sampled_kinds(reader).values()}
    for form, said in sampled(reader).items():
        if form not in forms:
            continue
        from entact.analysis.agreement import agreement_by_rater, agreement_of

        pairs = pairs_of(reader, form, said)
        rows = [agreement_of(pairs, gettext("all raters"))]
        rows += [one for one in agreement_by_rater(pairs) if sees_all or one.of == person]
        found.append((form, rows))
    return found
