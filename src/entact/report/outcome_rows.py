"""The sections of the outcome table: which estimate of which frame stands in which row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from entact.analysis import (
    bang,
    count_events,
    count_guesses,
    james,
    mean_difference,
    proportion,
    standardised_difference,
    summarise,
)
from entact.analysis.plan import model_difference
from entact.datasets import Datasets, PlannedEndpoint, counted, model_frame, peaks
from entact.report import cell as cells
from entact.report.cell import Cell, Kind
from entact.report.published import ALL, Events, Guesses, Means, Published, Shares

UNITS = {"mm[Hg]": "mmHg", "Cel": "°C"}  # UCUM -> as printed
MAIN_TERMS = 10  # terms of events in a short rendering
GROUP = "GROUP"  # the arm; `all` while the study is blinded
REPEATED = "several guesses about one participant; intervals of the indices take them as independent"


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        id: what it is, for programs: `score/bdi2.total/baseline`, `share/remission/assessment_4`.
        cells, published: by arm, or under `all` what concerns all arms together (a total, a difference).
        main: whether a short rendering shows it.
        remark: what a reader has to know before comparing it with what was published.
    """

    id: str
    section: str
    label: str
    cells: Mapping[str, Cell]
    published: Mapping[str, Cell] = field(default_factory=dict)
    main: bool = True
    remark: str | None = None


class Source:
    """The frames and published values that rows are made of.

    Attributes:
        arms: name -> title of the columns.
    """

    def __init__(self, datasets: Datasets, published: Published | None) -> None:
        self.datasets = datasets
        self.book = datasets.book
        self.published = published or Published(study=self.book.study, citation="")
        self.arms: dict[str, str] = groups_of(datasets)
        self.kind: Kind = "simulated" if datasets.simulated else "observed"

    def frame(self, name: str, within: str | None = None) -> pl.DataFrame:
        """A frame of the participants of an analysis set, with the column GROUP."""
        return self.grouped(self.datasets.by_arm(name, within=within))

    def grouped(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A frame with the column GROUP."""
        groups = self.datasets.groups
        return frame.with_columns((pl.lit(ALL) if groups is None else pl.col(groups)).alias(GROUP))

    def size(self, arm: str) -> int:
        """How many were randomised, or enrolled where nobody is."""
        return self._sizes.get(arm, 0)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return dict(self.frame("subjects").group_by(GROUP).len().rows())

    @property
    def pair(self) -> tuple[str, str] | None:
        """The two arms that the plan compares, else the only two there are; once unblinded."""
        if not self.datasets.unblinded:
            return None
        if self.book.compared is not None:
            return self.book.compared
        others = [arm for arm in self.book.arms if arm not in self.book.experimental]
        if len(self.book.experimental) != 1 or len(others) != 1:
            return None
        return self.book.experimental[0], others[0]

    def shares(self, subjects: pl.DataFrame, flag: pl.Expr) -> dict[str, Cell]:
        """Participants of a frame with one row each for whom a condition holds, by arm."""
        counted = count_events(subjects.with_columns(flag.alias("FLAG")), "FLAG", GROUP)
        return {
            arm: cells.of_proportion(counted.get(arm) or proportion(0, 0), self.kind) for arm in self.arms
        }

    def concerned(self, cells: dict[str, Cell], visits: Iterable[str]) -> dict[str, Cell]:
        """The cells of those groups that have at least one of some visits: others are no part of a row."""
        own = [self.book.visits[visit].populations for visit in visits]
        if self.book.randomised or not own:
            return cells
        return {
            group: cell
            for group, cell in cells.items()
            if group == ALL or any(not names or group in names for names in own)
        }

    def total(self, count: int) -> dict[str, Cell]:
        """A count of all arms together."""
        return {ALL: cells.of_count(count, self.kind)}


def groups_of(datasets: Datasets) -> dict[str, str]:
    """The columns of results: arms, populations where nobody is randomised, or all together."""
    book = datasets.book
    if datasets.groups is None:
        return {ALL: "All randomised participants" if book.randomised else "All participants"}
    return dict(book.arms if book.randomised else book.populations)


def disposition(source: Source) -> Iterator[Row]:
    """Who came how far."""
    book, section = source.book, "Disposition"
    subjects, randomised = source.datasets.subjects, source.frame("subjects")
    primary = book.endpoints[book.primary]

    def row(name: str, label: str, values: dict[str, Cell]) -> Row:
        return Row(
            f"disposition/{name}", section, label, values, _shares(source.published.disposition.get(name))
        )

    yield row("consented", "consented", source.total(len(subjects)))
    yield row("screen_failures", "not eligible", source.total(int(subjects["SCRFFL"].sum())))
    counts = {arm: cells.of_count(source.size(arm), source.kind) for arm in source.arms}
    entered = "randomised" if book.randomised else "enrolled"
    others = len(subjects) - int(subjects["SCRFFL"].sum()) - len(randomised)
    if others > 0:
        yield row("not_entered", f"not {entered}, for other reasons", source.total(others))
    yield row(entered, entered, counts)
    sessions = book.sessions
    treated = source.shares(randomised, pl.col("SAFFL"))
    yield row("treated", "took a dose", source.concerned(treated, sessions))
    all_doses = pl.col("NDOSED") >= book.doses
    dosed = source.concerned(source.shares(randomised, all_doses), sessions)
    yield row("all_sessions", f"dosed in all {book.doses} sessions" if book.doses > 1 else "dosed", dosed)
    stopped = pl.col("EOTSTT") == "DISCONTINUED"
    early = source.concerned(source.shares(randomised, stopped), sessions)
    yield row("stopped_treatment", "stopped treatment early", early)
    left = pl.col("EOSSTT") == "DISCONTINUED"
    yield row("left_study", "left the study early", source.shares(randomised, left))
    known = _observed(source, primary, primary.at)["USUBJID"].to_list()
    without = ~pl.col("USUBJID").is_in(known)
    when = "on treatment " if primary.estimand == "de_jure" else ""
    label = f"not rated {when}at {_visit(source, primary.at)}"
    unrated = source.concerned(source.shares(randomised, without), [primary.at])
    yield row("without_primary_outcome", label, unrated)


def scores(source: Source) -> Iterator[Row]:
    """Scores by visit, their change, and the differences between two arms; one section for each form."""
    numeric = [endpoint for endpoint in source.book.endpoints.values() if endpoint.kind == "number"]
    for code in dict.fromkeys(name for endpoint in numeric for name in endpoint.names):
        concerned = [endpoint for endpoint in numeric if code in endpoint.names]
        section = _score_title(source, code)
        yield from _by_visit(source, section, code, concerned)
        for endpoint in concerned:
            if endpoint.names[0] == code:
                yield from _changes(source, section, endpoint)
                yield from _effects(source, section, endpoint)


def _by_visit(source: Source, section: str, code: str, endpoints: list[PlannedEndpoint]) -> Iterator[Row]:
    visits = {visit for one in endpoints for visit in (*one.visits, *one.earlier)}
    said = source.published.scores.get(code, {})
    rows = source.frame("questionnaires").filter(pl.col("PARAMCD") == code, pl.col("ANL01FL"))
    if all(endpoint.estimand == "de_jure" for endpoint in endpoints):
        rows = rows.filter(pl.col("ONTRTFL"))
    for visit in sorted(visits, key=lambda name: source.book.visits[name].number):
        here = rows.filter(pl.col("AVISIT") == visit)
        is_end = any(visit == endpoint.at or visit in endpoint.earlier for endpoint in endpoints)
        is_main = source.book.primary in {endpoint.name for endpoint in endpoints} or is_end or visit in said
        yield Row(
            f"score/{code}/{visit}",
            section,
            f"{_visit(source, visit)}, mean (SD)",
            _summaries(source, here),
            _means(said.get(visit)),
            is_main,
        )


def _changes(source: Source, section: str, endpoint: PlannedEndpoint) -> Iterator[Row]:
    said = source.published.changes.get(endpoint.name, {})
    for visit in endpoint.visits:
        label = f"change at {_visit(source, visit)}"
        values = _summaries(source, _observed(source, endpoint, visit))
        is_main, printed = visit == endpoint.at or visit in said, said.get(visit)
        name = f"change/{endpoint.name}/{visit}"
        yield Row(name, section, label, values, _means(printed), is_main, _remark(printed))


def _effects(source: Source, section: str, endpoint: PlannedEndpoint) -> Iterator[Row]:
    if source.pair is None:
        return
    first, second = source.pair
    observed = _observed(source, endpoint, endpoint.at)
    one, two = (observed.filter(pl.col(GROUP) == arm)["AVAL"] for arm in (first, second))
    said = source.published.effects.get(endpoint.name)
    difference = d = Cell(cells.NOTHING, source.kind)
    try:
        difference = cells.of_difference(mean_difference(one, two), source.kind)
        d = cells.of_standardised(standardised_difference(two, one), source.kind)
    except ValueError:
        pass  # too few values to compare: the cell says that there is nothing
    name = f"effect/{endpoint.name}"
    printed = (
        {} if said is None or said.difference is None else {ALL: cells.published_effect(said.difference, 1)}
    )
    label = f"{first} − {second}, raw means, 95 % CI"
    yield Row(f"{name}/difference", section, label, {ALL: difference}, printed)
    if endpoint.model is not None or (said is not None and said.model is not None):
        printed = {} if said is None or said.model is None else {ALL: cells.published_effect(said.model, 1)}
        yield _by_model(source, section, endpoint, (first, second), printed)
    printed = {} if said is None or said.d is None else {ALL: cells.published_effect(said.d, 2)}
    yield Row(f"{name}/d", section, f"Cohen's d ({second} − {first})", {ALL: d}, printed)


def _by_model(
    source: Source,
    section: str,
    endpoint: PlannedEndpoint,
    pair: tuple[str, str],
    printed: Mapping[str, Cell],
) -> Row:
    """The difference by the mixed model of the plan; where it cannot be fitted, why not."""
    name, label = f"effect/{endpoint.name}/model", f"{pair[0]} − {pair[1]}, by model"
    plan = endpoint.model
    if plan is None:
        return Row(name, section, label, {}, printed)
    try:
        found = model_difference(
            model_frame(source.datasets, endpoint),
            fixed=plan.fixed,
            contrast=pair,
            at=endpoint.at,
            covariance=plan.covariance,
            df=plan.df,
            pool_sites_below=plan.pool_sites_below,
        )
    except ValueError as problem:
        remark = f"the mixed model of the plan could not be fitted: {problem}"
        return Row(name, section, label, {ALL: Cell(cells.NOTHING, source.kind)}, printed, remark=remark)
    remark = (
        f"mixed model for repeated measures, {plan.fixed}; {found.fit}; {found.participants} participants"
    )
    return Row(name, section, label, {ALL: cells.of_difference(found, source.kind)}, printed, remark=remark)


def shares(source: Source) -> Iterator[Row]:
    """Yes-or-no endpoints: participants for whom they hold among those for whom that is known."""
    for endpoint in source.book.endpoints.values():
        if endpoint.kind != "boolean":
            continue
        said = source.published.shares.get(endpoint.name, {})
        for visit in endpoint.visits:
            known = _observed(source, endpoint, visit)
            is_last = visit == endpoint.at
            yield Row(
                f"share/{endpoint.name}/{visit}",
                "Responders",
                f"{endpoint.title}, {_visit(source, visit)}",
                source.shares(known, pl.col("AVAL") == 1.0),
                _shares(said.get(visit)),
                is_last or visit in said,
                _remark(said.get(visit)),
            )


def events(source: Source) -> Iterator[Row]:
    """Participants with a treatment-emergent event, favourable ones included, among those who took a dose."""
    section, said = "Treatment-emergent adverse events, participants", source.published.events
    treated = source.frame("subjects", "SAFFL")
    emergent = source.datasets.events.filter(pl.col("TRTEMFL").is_null() | pl.col("TRTEMFL"))

    def row(name: str, label: str, which: pl.Expr, printed: Shares | None, main: bool = True) -> Row:
        found = emergent.filter(which)["USUBJID"].unique().to_list()
        values = source.shares(treated, pl.col("USUBJID").is_in(found))
        return Row(f"events/{name}", section, label, values, _shares(printed), main, _remark(printed))

    yield row("any", "any event", pl.lit(True), said.any)
    yield row("serious", "any serious event", pl.col("AESER"), said.serious)
    interests = {term.special_interest for term in source.book.terms.values() if term.special_interest}
    for interest in sorted(interests):
        which = pl.col("AESI") == interest
        yield row(f"interest/{interest}", f"of interest: {interest}", which, said.interest.get(interest))
    for place, code in enumerate(_terms(source, emergent, said)):
        title = source.book.terms[code].title if code in source.book.terms else code
        is_main = place < MAIN_TERMS
        yield row(f"term/{code}", title, pl.col("AECODE") == code, said.terms.get(code), is_main)


def _terms(source: Source, emergent: pl.DataFrame, said: Events) -> list[str]:
    """Codes that occurred or are published: published ones first, then those of most participants."""
    counted = emergent.group_by("AECODE").agg(pl.col("USUBJID").n_unique().alias("n"))
    seen = dict(counted.drop_nulls().rows())
    order = list(source.book.terms)
    others = sorted(
        seen.keys() - said.terms.keys(),
        key=lambda code: (-seen[code], order.index(code) if code in order else len(order), code),
    )
    return [*said.terms, *others]


def vital_signs(source: Source) -> Iterator[Row]:
    """The greatest value of each sign after the initial dose, session by session."""
    if source.datasets.vitals.is_empty():
        return
    columns = source.frame("subjects", "SAFFL").select("USUBJID", GROUP)
    rows = peaks(source.datasets.vitals).join(columns, on="USUBJID")
    for name, sign in source.book.vital_signs.items():
        for visit in source.book.sessions:
            here = rows.filter(pl.col("PARAMCD") == name, pl.col("AVISIT") == visit)
            if len(here):
                yield Row(
                    f"peak/{name}/{visit}",
                    "Vital-sign peaks: greatest reading after the dose, mean (SD)",
                    f"{sign.title}, {_visit(source, visit)}, {UNITS.get(sign.unit, sign.unit)}",
                    _summaries(source, here),
                    main=name in list(source.book.vital_signs)[:2],
                )


def blinding(source: Source) -> Iterator[Row]:
    """Correct guesses and the indices of Bang (by arm) and James; the last guess of each person counts."""
    if not source.datasets.unblinded:
        return
    section, arms = "Blinding, last guess", list(source.arms)
    last = source.frame("guesses").filter(pl.col("ANL01FL"))
    guessers = dict.fromkeys([*source.published.guesses, *sorted(last["GUESSER"].unique().to_list())])
    for guesser in guessers:
        own = last.filter(pl.col("GUESSER") == guesser)
        table = count_guesses(own, arm=GROUP, guess="GUESS", arms=arms)
        counts = {arm: (table.correct(arm), table.wrong(arm), table.unknown(arm)) for arm in arms}
        printed = source.published.guesses.get(guesser)
        said = (
            {} if printed is None else {a: (g.correct, g.wrong, g.unknown) for a, g in printed.arms.items()}
        )
        source_of = ("", "") if printed is None else (printed.source, printed.confidence)
        ours, theirs = _blinding_cells(counts, source.kind), _blinding_cells(said, "published")
        is_repeated = bool(own["USUBJID"].is_duplicated().any())
        for name, label in (
            ("correct", f"{guesser} guessed right" + (", of all guesses" if is_repeated else "")),
            ("bang", f"Bang's index, {guesser}"),
            ("james", f"James's index, {guesser}"),
        ):
            published = {arm: cells.as_published(cell, *source_of) for arm, cell in theirs[name].items()}
            is_main = name == "correct" or guesser == "participant"
            remark = _remark(printed) if name == "correct" else None
            if is_repeated and name == "correct":
                remark = REPEATED
            yield Row(f"blinding/{guesser}/{name}", section, label, ours[name], published, is_main, remark)


def _blinding_cells(counts: Mapping[str, tuple[int, int, int]], kind: Kind) -> dict[str, dict[str, Cell]]:
    """Row -> arm -> cell, from correct, wrong and unknown guesses by arm."""
    asked = {arm: count for arm, count in counts.items() if sum(count)}
    found: dict[str, dict[str, Cell]] = {"correct": {}, "bang": {}, "james": {}}
    for arm, (correct, wrong, unknown) in asked.items():
        found["correct"][arm] = cells.of_proportion(proportion(correct, correct + wrong + unknown), kind)
        found["bang"][arm] = cells.of_index(bang(correct, wrong, unknown), kind)
    if len(asked) == len(counts) == 2:
        (right_1, wrong_1, unknown_1), (right_2, wrong_2, unknown_2) = asked.values()
        table = [[right_1, wrong_2], [wrong_1, right_2], [unknown_1, unknown_2]]
        found["james"][ALL] = cells.of_index(james(table), kind)
    return found


def _observed(source: Source, endpoint: PlannedEndpoint, visit: str) -> pl.DataFrame:
    """Known values of an endpoint at a visit, in its analysis set and under its estimand."""
    rows = source.frame("endpoints", source.book.flags[endpoint.set]).filter(
        pl.col("PARAMCD") == endpoint.name, pl.col("AVISIT") == visit, pl.col("AVAL").is_not_null()
    )
    return counted(rows, source.book, endpoint)


def _summaries(source: Source, rows: pl.DataFrame) -> dict[str, Cell]:
    return {
        arm: cells.of_summary(summarise(rows.filter(pl.col(GROUP) == arm)["AVAL"]), source.kind)
        for arm in source.arms
    }


def _means(said: Means | None) -> dict[str, Cell]:
    if said is None:
        return {}
    return {arm: cells.published_mean(mean, said.source, said.confidence) for arm, mean in said.arms.items()}


def _shares(said: Shares | None) -> dict[str, Cell]:
    if said is None:
        return {}
    return {
        arm: cells.published_share(share, said.source, said.confidence) for arm, share in said.arms.items()
    }


def _remark(said: Means | Shares | Guesses | None) -> str | None:
    return None if said is None else said.remark


def _visit(source: Source, name: str) -> str:
    return source.book.visits[name].title.lower()


def _score_title(source: Source, code: str) -> str:
    parameter = source.book.parameters[code]
    return f"{source.book.forms[parameter.form]}: {parameter.title.lower()}"
