"""What the measures of blinding (`entact.analysis.guess`) say beside numbers, said again by `sentences`."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop

GUESSES: Final = (
    gettext_noop(
        "a guess is made after treatment and may follow from its effect: groups by guess are not randomised"
    ),
    gettext_noop("{count} in {arm} guessed {what}: the curve needs at least two"),
    gettext_noop("their own arm"),
    gettext_noop("the other arm"),
    gettext_noop("correct in truth: {share} of {arm}, {share_2} of {arm_2}"),
    gettext_noop("nobody differs from who guessed alike in the same arm: no interval"),
    gettext_noop("{count} who guessed neither of the two left out"),
    gettext_noop("{count} without a guess or an outcome left out"),
    gettext_noop("nobody in arm {arm} has both a guess and an outcome"),
)
