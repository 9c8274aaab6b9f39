"""Blinding measured: who guessed what by role and visit, and the outcome given what was guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from django.utils.translation import gettext

from entact.analysis import bang, count_guesses, james
from entact.analysis.blinding import Index
from entact.analysis.guess import correct_guess_curve, effect_by_guess, read_guesses
from entact.analysis.guess.strata import CAVEAT
from entact.analysis.result import Estimate
from entact.conduct.language.sentences import told_again
from entact.conduct.reader import Folded, Reader
from entact.conduct.reports.arms import KnownArms
from entact.conduct.words import listing, title_of_visit
from entact.course import Course
from entact.course.state.blinding import DO_NOT_KNOW
from entact.datasets import Datasets, build
from entact.protocol.words.label import begun, spaced
from entact.store.lists.unblindings import randomised_ledgers

BATCH: Final = 50
RATES: Final = tuple(place / 20 for place in range(21))
WIDTH, HEIGHT = 460, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 24, 16, 34


@dataclass(frozen=True)
class OfArm:
    """Guesses about those of one arm: right, wrong, not known; and Bang's index."""

    title: str
    correct: int
    wrong: int
    unknown: int
    bang: str


@dataclass(frozen=True)
class Occasion:
    """What one sort of people guessed at one visit, of each arm; James's index of all arms."""

    guesser: str
    visit: str
    arms: tuple[OfArm, ...]
    james: str


@dataclass(frozen=True)
class Plot:
    """The correct-guess-rate curve as a drawing: the line, its interval, nought, and the axes."""

    path: str
    band: str
    zero: float
    rows: tuple[tuple[float, str], ...]
    columns: tuple[tuple[float, str], ...]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM


@dataclass(frozen=True)
class Given:
    """The outcome given what one sort of people guessed last before it: by guess, and as a curve."""

    guesser: str
    rows: tuple[tuple[str, str, str], ...]
    curve: tuple[tuple[str, str], ...]
    plot: Plot | None
    problem: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """How blind the study was, as far as arms are known.

    Attributes:
        by_chance: Bang's index of guesses at random, where there are more than two arms.
        known, randomised: of how many the arm is known, and of how many there is one. told: statements of
            who had been told, which are no guesses.
    """

    known: int
    randomised: int
    told: int
    occasions: tuple[Occasion, ...]
    outcome: str
    given: tuple[Given, ...]
    by_chance: str = ""

    @property
    def caveat(self) -> str:
        """What no reader may forget of a guess."""
        return told_again(CAVEAT)


def measure(reader: Reader, arms: KnownArms) -> Measured:
    """Measures it over everybody whose arm is known.

    Args:
        arms: that may be known to whoever asks.
    """
    known: list[Course] = []
    opened: dict[str, str] = {}
    told, randomised = 0, len(randomised_ledgers())
    for course in _courses(reader, _told_of(arms)):
        arm = arms.of(course)
        if course.randomisation is not None and arm in reader.study.newest.file.arms:
            known.append(course)
            opened[course.randomisation.number] = str(arm)
            told += sum(one.told for one in course.guesses)
    if not known:
        return Measured(0, randomised, told, (), "", ())
    datasets = build(reader.study, known, opened, at=reader.at)
    endpoint = datasets.book.endpoints[datasets.book.analyses[0].endpoint]
    outcome = f"{endpoint.title}, {title_of_visit(endpoint.at, reader.visits).lower()}"
    arms_here = len(datasets.book.arms)
    return Measured(
        len(known),
        randomised,
        told,
        tuple(_occasions(reader, datasets)),
        outcome,
        tuple(_given(datasets)),
        _number(2 / arms_here - 1, 2) if arms_here > 2 else "",
    )


def _told_of(arms: KnownArms) -> list[str]:
    """Whose arm may be known: while a study runs those alone of whom it was told as planned."""
    return randomised_ledgers(told=not arms.listed) if arms.listed or arms.told else []


def _courses(reader: Reader, ledgers: Sequence[str]) -> Iterator[Course]:
    for first in range(0, len(ledgers), BATCH):
        for folded in reader.folded(ledgers[first : first + BATCH]).values():
            if isinstance(folded, Folded):
                yield folded.course


def _occasions(reader: Reader, datasets: Datasets) -> Iterator[Occasion]:
    rows = datasets.by_arm("guesses").filter(pl.col("AVISIT").is_not_null()).sort("AVISITN")
    arms = datasets.book.arms
    keys = rows.select("GUESSER", "AVISIT").unique(maintain_order=True).rows()
    for guesser, visit in sorted(keys, key=lambda key: str(key[0])):
        here = rows.filter((pl.col("GUESSER") == guesser) & (pl.col("AVISIT") == visit))
        counted = count_guesses(here, arm=str(datasets.groups), guess="GUESS", arms=list(arms))
        each = tuple(
            OfArm(
                title,
                counted.correct(arm),
                counted.wrong(arm),
                counted.unknown(arm),
                _index(bang(counted.correct(arm), counted.wrong(arm), counted.unknown(arm))),
            )
            for arm, title in arms.items()
            if counted.total(arm)
        )
        whole = len(each) == len(arms)
        yield Occasion(
            begun(spaced(str(guesser))),
            title_of_visit(str(visit), reader.visits),
            each,
            _index(james(counted.counts)) if whole else gettext("not known: no guess about one of the arms"),
        )


def _given(datasets: Datasets) -> Iterator[Given]:
    """For each sort of people who guessed: the primary outcome by the last guess before it."""
    book = datasets.book
    endpoint, pair = book.endpoints[book.analyses[0].endpoint], book.compared
    if pair is None or endpoint.kind != "number":
        return
    values = datasets.by_arm("endpoints").filter(
        (pl.col("PARAMCD") == endpoint.name)
        & (pl.col("AVISIT") == endpoint.at)
        & pl.col("AVAL").is_not_null()
    )
    for guesser in sorted(datasets.guesses["GUESSER"].unique().to_list()):
        made = datasets.guesses.filter(pl.col("GUESSER") == guesser).select("USUBJID", "GUESS", made="ADT")
        rows = (
            values.select("USUBJID", "ADT", value="AVAL", arm=str(datasets.groups))
            .join(made, on="USUBJID", how="left", maintain_order="left_right")
            .filter(pl.col("made").is_null() | (pl.col("made") <= pl.col("ADT")))
            .sort("made", maintain_order=True)
            .group_by("USUBJID", maintain_order=True)
            .agg(pl.col("arm", "value").first(), pl.col("GUESS").last().alias("guess"))
        )
        yield given_by(begun(spaced(guesser)), rows, pair, book.arms)


def given_by(guesser: str, rows: pl.DataFrame, pair: tuple[str, str], titles: Mapping[str, str]) -> Given:
    """The outcome given the guess, of one sort of people.

    Args:
        rows: one for each participant, with arm, guess and value. pair: the arms that are compared.
        titles: of the arms, under which they are spoken of.
    """
    called = dict(titles) if len({*titles.values()}) == len(titles) else {}
    rows = rows.with_columns(pl.col("arm", "guess").cast(pl.String).replace(called))
    first, second = (called.get(arm, arm) for arm in pair)
    try:
        guessed = read_guesses(rows, (first, second))
    except ValueError as error:
        return Given(
            guesser, (), (), None, gettext("Not known: {error}.").format(error=told_again(str(error))), ()
        )
    by_guess = tuple(
        (
            gettext("did not know") if guess == DO_NOT_KNOW else guess,
            listing(f"{group.n}" for group in one.groups),
            _estimate(one) if one.estimate is not None else gettext("not known: too few"),
        )
        for guess, one in zip(guessed.guesses, effect_by_guess(guessed).rows, strict=True)
    )
    try:
        curve = correct_guess_curve(guessed, RATES).rows
    except ValueError as error:
        problem = gettext("No curve: {error}.").format(error=told_again(str(error)))
        return Given(guesser, by_guess, (), None, problem, tuple(map(told_again, guessed.notes)))
    notes = dict.fromkeys(note for one in curve for note in one.notes if note != CAVEAT)
    shown = tuple((f"{rate:.0%}", _estimate(one)) for rate, one in zip(RATES, curve, strict=True))
    return Given(
        guesser, by_guess, shown[::5], _plot(curve), "", tuple(map(told_again, (*guessed.notes, *notes)))
    )


def _plot(curve: Sequence[Estimate]) -> Plot:
    """A line with its interval over the rates of correct guesses."""
    lows, highs = [float(one.low or 0) for one in curve], [float(one.high or 0) for one in curve]
    bottom, top = min(0.0, *lows), max(0.0, *highs)
    step = _step(top - bottom)
    bottom, top = step * (bottom // step), step * -(-top // step)

    def x(rate: float) -> float:
        return round(_LEFT + rate * (WIDTH - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(_TOP + (top - value) / ((top - bottom) or 1.0) * (HEIGHT - _TOP - _BOTTOM), 1)

    line = [f"{x(rate)} {y(float(one.estimate or 0))}" for rate, one in zip(RATES, curve, strict=True)]
    upper = [f"{x(rate)} {y(value)}" for rate, value in zip(RATES, highs, strict=True)]
    lower = [f"{x(rate)} {y(value)}" for rate, value in zip(RATES, lows, strict=True)]
    marks = [bottom + step * place for place in range(round((top - bottom) / step) + 1)]
    return Plot(
        path="M" + " L".join(line),
        band="M" + " L".join([*upper, *reversed(lower)]) + " Z",
        zero=y(0.0),
        rows=tuple((y(one), _number(one, 0)) for one in marks),
        columns=tuple((x(rate), f"{rate:.0%}") for rate in (0.0, 0.25, 0.5, 0.75, 1.0)),
        summary=gettext(
            "from {estimate} where nobody guesses right to {estimate_2} where all do; {estimate_3} where "
            "half do, as by chance"
        ).format(
            estimate=_estimate(curve[0]),
            estimate_2=_estimate(curve[-1]),
            estimate_3=_estimate(curve[len(curve) // 2]),
        ),
    )


def _step(span: float) -> float:
    """A round distance of marks, so that there are four to nine of them."""
    for step in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0):
        if span / step <= 8:
            return step
    return span / 5


def _estimate(one: Estimate) -> str:
    if one.estimate is None or one.low is None or one.high is None:
        return gettext("not known")
    return gettext("{estimate} ({low} to {high})").format(
        estimate=_number(one.estimate, 1), low=_number(one.low, 1), high=_number(one.high, 1)
    )


def _index(index: Index) -> str:
    if index.estimate is None:
        return gettext("not determined")
    if index.low is None or index.high is None or index.se == 0:
        return gettext("{estimate} (all guessed alike: no interval)").format(
            estimate=_number(index.estimate, 2)
        )
    return gettext("{estimate} ({low} to {high})").format(
        estimate=_number(index.estimate, 2), low=_number(index.low, 2), high=_number(index.high, 2)
    )


def _number(value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.lstrip("-")
