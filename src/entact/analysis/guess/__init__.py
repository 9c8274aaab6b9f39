"""The effect given the guess of treatment: how much of it could be expectancy, under which assumptions.

A guess is made after treatment, and an effect is a reason to guess right: none of these is the effect of
treatment.
"""

from __future__ import annotations

from entact.analysis.guess.bound import expectancy_needed
from entact.analysis.guess.curve import correct_guess_curve
from entact.analysis.guess.mediation import mediation_by_guess
from entact.analysis.guess.strata import Guessed, effect_by_guess, read_guesses

__all__ = [
    "Guessed",
    "correct_guess_curve",
    "effect_by_guess",
    "expectancy_needed",
    "mediation_by_guess",
    "read_guesses",
]
