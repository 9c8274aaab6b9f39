"""Whether a rater may rate: certified to this day, and in agreement with who rates from the recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from entact.course.entry.dates import in_date
from entact.course.gates.question import Question, Reason
from entact.course.state.raters import RaterState
from entact.protocol.release import Release

OF_THE_RATER: Final = frozenset({"rater_not_certified", "rater_certificate_ended", "rater_drifts"})
"""Codes of reasons that are about the rater alone, and tell them nothing of whom they would rate."""


def fit_to_rate(question: Question) -> Iterator[Reason]:
    """Each form of the visit that is rated again asks for its certificate, and for agreement."""
    visit = question.course.release.visits.get((question.encounter or "").partition("#")[0])
    if visit is not None:
        raters = question.setting.study.raters
        yield from against_rater(question.release, visit.activities, raters, question.by, question.today)


def against_rater(
    release: Release, forms: Iterable[str], raters: Mapping[str, RaterState], person: str, today: date
) -> Iterator[Reason]:
    """Every reason for which somebody may not rate by these forms now.

    Args:
        raters: by person, as the study's ledger has them. today: the civil date where it counts.
    """
    known = raters.get(person, RaterState(person))
    for form in forms:
        said = release.file.second_ratings.get(form)
        if said is None:
            continue
        if said.certificate is not None:
            held = known.certificates.get(said.certificate)
            if held is None:
                message = f"{person} holds no certificate {said.certificate!r}, which {form} asks for."
                yield Reason("rater_not_certified", message)
            elif not in_date(held.expires, today):
                message = f"The certificate {said.certificate!r} of {person} held until {held.expires}."
                yield Reason("rater_certificate_ended", message)
        drift = known.drifts.get(form)
        if drift is not None:
            agreement = drift.agreement.replace("-", "\N{MINUS SIGN}")
            message = (
                f"{person} drifts: the last {drift.over} ratings by {form} that were rated again agree with"
                f" {agreement}, under {drift.limit}. They are trained again before the next."
            )
            yield Reason("rater_drifts", message)
