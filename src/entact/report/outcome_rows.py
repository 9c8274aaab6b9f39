"""The sections of the outcome table: which estimate of which frame stands in which row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from entact.analysis import bang, count_guesses, james, proportion, summarise
from entact.datasets import Codebook, PlannedEndpoint, peaks
from entact.datasets.subjects import POPULATION
from entact.report import cell as cells
from entact.report.cell import Cell, Kind
from entact.report.effect_rows import effects, plan_effects
from entact.report.flow import excluded
from entact.report.published import ALL, Events, Guesses, Means, Shares
from entact.report.row import GROUP, Row, Source, observed, visit_title

UNITS = {"mm[Hg]": "mmHg", "Cel": "°C"}  # UCUM -> as printed
MAIN_TERMS = 10  # terms of events in a short rendering
REPEATED = "several guesses about one participant; intervals of the indices take them as independent"


def disposition(source: Source) -> Iterator[Row]:
    """Who came how far."""
    book, section = source.book, "Disposition"
    subjects, randomised = source.datasets.candidates, source.frame("subjects")
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
        why = ", ".join(f"{one.n} {one.text}" for one in excluded(source.datasets))
        said = row("not_entered", f"not {entered}, for other reasons", source.total(others))
        yield replace(said, remark=f"why: {why}")
    yield row(entered, entered, counts)
    for name in book.beside:
        theirs = source.datasets.subjects.filter(pl.col("COHORT") == name, pl.col("ENRLFL"))
        label = f"{book.inside(book.populations[name])}, enrolled beside them"
        yield row(f"beside/{name}", label, source.total(len(theirs)))
    sessions = book.sessions
    dosed_ones = source.planned(randomised, sessions)
    treated = source.shares(dosed_ones, pl.col("NDOSED") > 0)
    yield row("treated", "took a dose", source.concerned(treated, sessions))
    all_doses = pl.col("NDOSED") >= _planned_doses(book)
    dosed = source.concerned(source.shares(dosed_ones, all_doses), sessions)
    yield row("all_sessions", _dosed_in_all(set(book.doses.values())), dosed)
    stopped = pl.col("EOTSTT") == "DISCONTINUED"
    early = source.concerned(source.shares(dosed_ones, stopped), sessions)
    yield row("stopped_treatment", "stopped treatment early", early)
    left = pl.col("EOSSTT") == "DISCONTINUED"
    yield row("left_study", "left the study early", source.shares(randomised, left))
    known = observed(source, primary, primary.at)["USUBJID"].to_list()
    without = ~pl.col("USUBJID").is_in(known)
    when = "on treatment " if primary.estimand == "de_jure" else ""
    label = f"not rated {when}at {visit_title(source, primary.at)}"
    rated_ones = source.planned(randomised, [primary.at])
    unrated = source.concerned(source.shares(rated_ones, without), [primary.at])
    yield row("without_primary_outcome", label, unrated)


def _planned_doses(book: Codebook) -> pl.Expr:
    """Sessions with a dose that are planned for a person, by the population that they are of."""
    if len(set(book.doses.values())) == 1:
        return pl.lit(next(iter(book.doses.values())))
    return pl.col(POPULATION).replace_strict(book.doses, default=None, return_dtype=pl.Int64)


def _dosed_in_all(planned: set[int]) -> str:
    if len(planned) > 1:
        return "dosed in all sessions that are theirs"
    [many] = planned
    return f"dosed in all {many} sessions" if many > 1 else "dosed"


def scores(source: Source) -> Iterator[Row]:
    """Scores by visit, their change, and the differences between two arms; one section for each form."""
    numeric = [endpoint for endpoint in source.book.endpoints.values() if endpoint.kind == "number"]
    for code in dict.fromkeys(name for endpoint in numeric for name in endpoint.names):
        concerned = [endpoint for endpoint in numeric if code in endpoint.names]
        section = _score_title(source, code)
        yield from _by_visit(source, section, code, concerned)
        own = [endpoint for endpoint in concerned if endpoint.names[0] == code]
        groups = _alike(own)
        for group in groups:
            yield from _changes(source, section, group, alone=len(groups) == 1)
        for endpoint in own:
            yield from effects(source, section, endpoint, alone=len(own) == 1)


def _alike(endpoints: Iterable[PlannedEndpoint]) -> list[list[PlannedEndpoint]]:
    """Endpoints that are the same value in the same people, at whichever visit: one table of values."""
    groups: dict[tuple[str, ...], list[PlannedEndpoint]] = {}
    for endpoint in endpoints:
        groups.setdefault((endpoint.value, endpoint.set, endpoint.estimand), []).append(endpoint)
    return list(groups.values())


def _by_visit(source: Source, section: str, code: str, endpoints: list[PlannedEndpoint]) -> Iterator[Row]:
    visits = {visit for one in endpoints for visit in (*one.visits, *one.earlier)}
    said = source.published.scores.get(code, {})
    rows = source.frame("questionnaires").filter(pl.col("PARAMCD") == code, pl.col("ANL01FL"))
    if all(endpoint.estimand == "de_jure" for endpoint in endpoints):
        rows = rows.filter(pl.col("ONTRTFL"))
    rows = of_people_with(source, rows, visits)
    for visit in sorted(visits, key=lambda name: source.book.visits[name].number):
        here = rows.filter(pl.col("AVISIT") == visit)
        is_end = any(visit == endpoint.at or visit in endpoint.earlier for endpoint in endpoints)
        is_main = source.book.primary in {endpoint.name for endpoint in endpoints} or is_end or visit in said
        yield Row(
            f"score/{code}/{visit}",
            section,
            f"{visit_title(source, visit)}, mean (SD)",
            source.concerned(_summaries(source, here), [visit]),
            _means(said.get(visit)),
            is_main,
        )


def of_people_with(source: Source, rows: pl.DataFrame, visits: Iterable[str]) -> pl.DataFrame:
    """Those of the people who have all these visits: the partners' score is none of the patients'.

    Where nobody has all of them, as each population has endpoints of its own, everybody's rows.
    """
    book = source.book
    having = set(book.populations).intersection(*(book.populations_with([visit]) for visit in visits))
    if not having or len(having) == len(book.populations):
        return rows
    people = source.datasets.subjects.filter(pl.col(POPULATION).is_in(having))["USUBJID"]
    return rows.filter(pl.col("USUBJID").is_in(people.implode()))


def _changes(source: Source, section: str, alike: list[PlannedEndpoint], *, alone: bool) -> Iterator[Row]:
    """Values of endpoints that differ in their visit alone; `alone`: no others are in the section."""
    first = alike[0]
    said = {
        visit: printed
        for endpoint in reversed(alike)
        for visit, printed in source.published.changes.get(endpoint.name, {}).items()
    }
    what = "change" if first.earlier else first.title
    about = "" if alone or not first.earlier else f", {first.title}"
    visits = dict.fromkeys(visit for endpoint in alike for visit in endpoint.visits)
    for visit in sorted(visits, key=lambda name: source.book.visits[name].number):
        label = f"{what} at {visit_title(source, visit)}{about}"
        values = source.concerned(_summaries(source, observed(source, first, visit)), [visit])
        printed = said.get(visit)
        is_main = any(visit == endpoint.at for endpoint in alike) or printed is not None
        name = f"change/{first.name}/{visit}"
        yield Row(name, section, label, values, _means(printed), is_main, _remark(printed))


def shares(source: Source) -> Iterator[Row]:
    """Yes-or-no endpoints: participants for whom they hold among those for whom that is known."""
    for endpoint in source.book.endpoints.values():
        if endpoint.kind != "boolean":
            continue
        said = source.published.shares.get(endpoint.name, {})
        for visit in endpoint.visits:
            known = observed(source, endpoint, visit)
            is_last = visit == endpoint.at
            yield Row(
                f"share/{endpoint.name}/{visit}",
                "Responders",
                f"{endpoint.title}, {visit_title(source, visit)}",
                source.concerned(source.shares(known, pl.col("AVAL") == 1.0), [visit]),
                _shares(said.get(visit)),
                is_last or visit in said,
                _remark(said.get(visit)),
            )
        yield from plan_effects(source, "Responders", endpoint)


def events(source: Source) -> Iterator[Row]:
    """Participants with a treatment-emergent event, favourable ones included, among those who took a dose."""
    section, said = "Treatment-emergent adverse events, participants", source.published.events
    treated, sessions = source.frame("subjects", "SAFFL"), source.book.sessions
    emergent = source.datasets.events.filter(pl.col("TRTEMFL").is_null() | pl.col("TRTEMFL"))

    def row(name: str, label: str, which: pl.Expr, printed: Shares | None, main: bool = True) -> Row:
        found = emergent.filter(which)["USUBJID"].unique().to_list()
        values = source.concerned(source.shares(treated, pl.col("USUBJID").is_in(found)), sessions)
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
                    f"{sign.title}, {visit_title(source, visit)}, {UNITS.get(sign.unit, sign.unit)}",
                    source.concerned(_summaries(source, here), [visit]),
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
        printed = source.published.guesses.get(guesser)
        said = (
            {} if printed is None else {a: (g.correct, g.wrong, g.unknown) for a, g in printed.arms.items()}
        )
        source_of = ("", "") if printed is None else (printed.source, printed.confidence)
        counts = {arm: (table.correct(arm), table.wrong(arm), table.unknown(arm)) for arm in arms}
        ours = {**_guessed(counts, source.kind), "james": _james(table.counts, source.kind)}
        theirs = {**_guessed(said, "published"), "james": _james(_of_two(said), "published")}
        is_repeated = bool(own["USUBJID"].is_duplicated().any())
        for name, label in (
            ("correct", f"{guesser} guessed right" + (", of all guesses" if is_repeated else "")),
            ("bang", f"Bang's index, {guesser}"),
            ("james", f"James's index, {guesser}"),
        ):
            published = {arm: cells.as_published(cell, *source_of) for arm, cell in theirs[name].items()}
            if not ours[name] and not published:
                continue  # nobody was asked
            is_main = name == "correct" or guesser == "participant"
            remark = _remark(printed) if name == "correct" else None
            if is_repeated and name == "correct":
                remark = REPEATED
            if name == "bang" and len(arms) > 2:
                by_chance = cells.decimal(2 / len(arms) - 1, 2)
                remark = f"of guesses between {len(arms)} arms chance alone gives {by_chance}, not 0"
            yield Row(f"blinding/{guesser}/{name}", section, label, ours[name], published, is_main, remark)


def _guessed(counts: Mapping[str, tuple[int, int, int]], kind: Kind) -> dict[str, dict[str, Cell]]:
    """Correct guesses and Bang's index by arm, from correct, wrong and unknown guesses."""
    asked = {arm: count for arm, count in counts.items() if sum(count)}
    return {
        "correct": {
            arm: cells.of_proportion(proportion(count[0], sum(count)), kind) for arm, count in asked.items()
        },
        "bang": {arm: cells.of_index(bang(*count), kind) for arm, count in asked.items()},
    }


def _james(table: Sequence[Sequence[int]], kind: Kind) -> dict[str, Cell]:
    """James's index of guesses by arm, the last row for those who did not know; nothing without any guess."""
    if not table or not all(any(row[arm] for row in table) for arm in range(len(table[0]))):
        return {}  # an arm that nobody guessed in tells nothing of the others
    return {ALL: cells.of_index(james(table), kind)}


def _of_two(counts: Mapping[str, tuple[int, int, int]]) -> list[list[int]]:
    """The table of guesses of two arms, of which those that were wrong are of the other; else none."""
    if len(counts) != 2:
        return []
    (right_1, wrong_1, unknown_1), (right_2, wrong_2, unknown_2) = counts.values()
    return [[right_1, wrong_2], [wrong_1, right_2], [unknown_1, unknown_2]]


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


def _score_title(source: Source, code: str) -> str:
    parameter = source.book.parameters[code]
    return f"{source.book.forms[parameter.form]}: {source.book.inside(parameter.title)}"
