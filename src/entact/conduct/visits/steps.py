"""What comes next for a participant: each step that a gate has to allow, with every reason against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from entact.conduct.asking import Asked
from entact.conduct.gate import against

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
    return [Step(*_STEPS[act], against(asked, act)) for act in open_steps]


def _open(asked: Asked) -> Iterator[str]:
    course = asked.course
    if course.died is not None:
        return
    if course.enrolment is None:
        yield "enrol"
    elif course.randomisation is None and course.release.file.randomisation is not None:
        yield "randomise"
