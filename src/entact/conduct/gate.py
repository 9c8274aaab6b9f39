"""What a gate would say now to whoever asks, before they do what it stands in front of."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from entact.conduct.asking import Asked
from entact.conduct.language.sentences import told_error
from entact.conduct.refusal import told_reasons
from entact.course import Refused, may
from entact.course.state.numbers import numbers_of
from entact.store import StoreError
from entact.store.known import raw_cursor
from entact.store.setting import setting_held
from entact.store.studies import study_of_record


def against(asked: Asked, act: str, encounter: str | None = None) -> tuple[str, ...]:
    """Every reason against an act; of a gate that this role does not see only that it is shut.

    Args:
        encounter: of which it is asked; None for the one under way.
    """
    stamp, study = study_of_record()
    course = asked.course
    if study is None:
        return (gettext("The record holds no release that can be read."),)
    try:
        with transaction.atomic():
            setting = setting_held(
                raw_cursor(), stamp, study, course.site or "", numbers_of(course), course=course
            )
    except StoreError as error:
        return (told_error(error),)
    answer = may(act, study, setting, course, asked.person.identity, asked.now, encounter=encounter)
    if not isinstance(answer, Refused):
        return ()
    return told_reasons(asked.reader.sight, course.release, course.population, act, answer.reasons)
