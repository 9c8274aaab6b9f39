"""What comes next for a participant: each step that a gate has to allow, with every reason against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from entact.conduct.asking import Asked
from entact.conduct.refusal import told_reasons
from entact.course import Refused, may
from entact.course.state.numbers import numbers_of
from entact.protocol.words.label import begun
from entact.store import StoreError
from entact.store.known import raw_cursor
from entact.store.setting import setting_held
from entact.store.studies import study_of_record

# Steps that a page takes, by the kind of entry that they make; doses are given in the console of the session.
_STEPS = {
    "enrol": ("enrolment", gettext_lazy("Enrol")),
    "randomise": ("randomisation", gettext_lazy("Randomise")),
}


@dataclass(frozen=True)
class Step:
    """One step: what its button says and does, and why it cannot be pressed; empty where it can."""

    kind: str
    title: str
    reasons: tuple[str, ...]


def steps_for(asked: Asked) -> list[Step]:
    """The steps that whoever asks could take, as their gates would answer now."""
    open_steps = [act for act in _open(asked) if asked.role_for(act) is not None]
    return [Step(*_STEPS[act], _against(asked, act)) for act in open_steps]


def _open(asked: Asked) -> Iterator[str]:
    course = asked.course
    if course.enrolment is None:
        yield "enrol"
    elif course.randomisation is None and course.release.file.randomisation is not None:
        yield "randomise"


def _against(asked: Asked, act: str) -> tuple[str, ...]:
    """Every reason against a step; of a gate that this role does not see only that it is shut."""
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
        return (f"{begun(str(error))}.",)
    answer = may(act, study, setting, course, asked.person.identity, asked.now)
    if not isinstance(answer, Refused):
        return ()
    return told_reasons(asked.reader.sight, course.release, course.population, act, answer.reasons)
