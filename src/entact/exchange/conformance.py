"""What CDISC's checker finds in the datasets of an export and is no fault of them, counted in these rows.

Each rule's condition is reckoned here as the checker reckons it, so that a guide names a finding where there
is one, and nowhere else. What the checker finds besides is a fault, or for who sends the datasets to explain.

Source: CDISC CORE 0.17.1, conditions of its rules; `tests/golden/core.json` has what it found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from entact.datasets.sdtm import Table, Tabulation

Counted = Iterator[tuple[str, int]]  # a dataset, and how many of its rows

_OBSERVED: Final = ("Interventions", "Events", "Findings", "Findings About")
_NUMBER: Final = r"^-?(0|[1-9]\d*)(\.\d+)?$"
_PLACES: Final = 15  # after the point, to which the checker rounds every number that it reads
_TEST: Final = ("TESTCD", "CAT", "SCAT", "SPEC", "METHOD")  # by which it tells one test from another
_GROUNDS: Final = ("CAN", "CONG", "DISAB", "DTH", "HOSP", "LIFE", "OD", "MIE")  # of a serious event
_ETHNIC: Final = ("HISPANIC OR LATINO", "NOT HISPANIC OR LATINO")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule finds in a dataset, in how many rows, and why that stays."""

    rule: str
    dataset: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of the checker, why what it finds stays, and where it finds something."""

    id: str
    why: str
    found: Callable[[Tabulation], Counted]


def findings(tabulation: Tabulation) -> list[Finding]:
    """Each finding that is explained, by rule and dataset."""
    return [
        Finding(rule.id, dataset, count, rule.why)
        for rule in _RULES
        for dataset, count in rule.found(tabulation)
        if count
    ]


def _count(table: Table, condition: pl.Expr, names: list[str]) -> int:
    """Rows of a dataset of which a condition on some variables holds."""
    return sum(part.filter(condition).height for part in table.parts(names))


def _has(table: Table, *names: str) -> bool:
    return {*names} <= {one.name for one in table.variables}


def _within(name: str, condition: pl.Expr, *names: str) -> Callable[[Tabulation], Counted]:
    """A condition on the rows of one dataset."""

    def found(tabulation: Tabulation) -> Counted:
        table = tabulation.tables.get(name)
        if table is not None and _has(table, *names):
            yield name, _count(table, condition, [*names])

    return found


def _without_epoch(tabulation: Tabulation) -> Counted:
    for name, table in tabulation.tables.items():
        if name != "MH" and table.domain.observation_class in _OBSERVED:
            yield name, _count(table, pl.col("EPOCH").is_null(), ["EPOCH"])


def _long_numbers(tabulation: Tabulation) -> Counted:
    for name, table in tabulation.tables.items():
        text, number = f"{name}STRESC", f"{name}STRESN"
        if _has(table, text, number):
            said = pl.col(text).str.contains(_NUMBER)
            yield (
                name,
                sum(
                    round(float(one), _PLACES) != float(one)
                    for part in table.parts([text])
                    for one in part.filter(said)[text]
                ),
            )


def _after_disposition(tabulation: Tabulation) -> Counted:
    tables = tabulation.tables
    if "AE" not in tables:
        return
    ended = tables["DS"].frame().group_by("USUBJID").agg(pl.col("DSSTDTC").max())
    began = tables["AE"].frame().select("USUBJID", "AESTDTC").drop_nulls().join(ended, on="USUBJID")
    width = pl.col("AESTDTC").str.len_chars()
    yield "AE", began.filter(pl.col("AESTDTC") > pl.col("DSSTDTC").str.head(width)).height


def _decoded(*, is_known: bool) -> Callable[[Tabulation], Counted]:
    """Rows with or without --DECOD, where no dataset of relations says what a finding is about."""

    def found(tabulation: Tabulation) -> Counted:
        if "RELREC" in tabulation.tables:
            return
        for name, table in tabulation.tables.items():
            variable = f"{name}DECOD"
            if _has(table, variable) and (is_known or table.domain.observation_class == "Events"):
                known = pl.col(variable).is_not_null()
                yield name, _count(table, known if is_known else ~known, [variable])

    return found


def _last_before_dose(tabulation: Tabulation) -> Counted:
    for name, table in tabulation.tables.items():
        flag, text = f"{name}LOBXFL", f"{name}STRESC"
        if not _has(table, flag, text):
            continue
        by = ["USUBJID", *(one for suffix in _TEST if _has(table, one := f"{name}{suffix}"))]
        kept = pl.col(flag).eq("Y") & pl.col(text).is_not_null()
        marked = pl.concat(part.filter(kept).select(by) for part in table.parts([*by, flag, text]))
        yield name, marked.filter(pl.struct(by).is_duplicated()).height


def _related_subjects(tabulation: Tabulation) -> Counted:
    if "RELSUB" in tabulation.tables:
        yield "RELSUB", 1


def _no_exposure(tabulation: Tabulation) -> Counted:
    if "EX" not in tabulation.tables:
        yield "EX", 1


def _without_exposure(tabulation: Tabulation) -> Counted:
    exposed = tabulation.tables.get("EX")
    if exposed is not None:
        subjects = tabulation.tables["DM"].frame().filter(pl.col("ARMNRS").is_null())
        yield "DM", subjects.join(exposed.frame(), on="USUBJID", how="anti").height


def _other_ethnicity(tabulation: Tabulation) -> Counted:
    """Once for each row of SUPPDM that they have, with which the checker joins the rows of DM."""
    table, beside = tabulation.tables["DM"], tabulation.tables.get("SUPPDM")
    if _has(table, "ETHNIC"):
        said = pl.col("ETHNIC").is_not_null() & ~pl.col("ETHNIC").is_in(_ETHNIC)
        people = table.frame().filter(said).select("USUBJID")
        rows = people if beside is None else people.join(beside.frame(), on="USUBJID", how="left")
        yield "DM", rows.height


def _links_alone(tabulation: Tabulation) -> Counted:
    table = tabulation.tables.get("EC")
    if table is not None and "EX" not in tabulation.tables and _has(table, "ECLNKID"):
        yield "EC", 1


def _not_begun(tabulation: Tabulation) -> Counted:
    for name, table in tabulation.tables.items():
        names = [f"{name}{one}" for one in ("STDTC", "ENDTC", "ENRTPT") if _has(table, f"{name}{one}")]
        began = f"{name}STDTC"
        if began in names and len(names) > 1:
            ended = pl.any_horizontal(pl.col(one).is_not_null() for one in names if one != began)
            yield name, _count(table, pl.col(began).is_null() & ended, names)


def _against_dm(
    reference: str, suffix: str, *, later: bool, only: str = ""
) -> Callable[[Tabulation], Counted]:
    """Rows whose date is later, or earlier, than one of DM, as far as both are known."""

    def found(tabulation: Tabulation) -> Counted:
        known = tabulation.tables["DM"].frame().select("USUBJID", reference).drop_nulls()
        for name, table in tabulation.tables.items():
            date = f"{name}{suffix}"
            if name in ("DM", "DS") or (only and name != only) or not _has(table, "USUBJID", date):
                continue
            dated = pl.concat(part.drop_nulls() for part in table.parts(["USUBJID", date]))
            width = pl.col(date).str.len_chars()
            other = pl.col(reference).str.head(width)
            outside = pl.col(date) > other if later else pl.col(date) < other
            yield name, dated.join(known, on="USUBJID").filter(outside).height

    return found


def _not_judged(tabulation: Tabulation) -> Counted:
    table = tabulation.tables.get("AE")
    if table is not None:
        grounds = [name for one in _GROUNDS if _has(table, name := f"AES{one}")]
        none = pl.all_horizontal(pl.lit(value=True), *(pl.col(one).fill_null("").ne("Y") for one in grounds))
        yield "AE", _count(table, pl.col("AESER").fill_null("").ne("N") & none, ["AESER", *grounds])


def _one_element(tabulation: Tabulation) -> Counted:
    table = tabulation.tables.get("SE")
    if table is not None and table.frame()["USUBJID"].is_unique().all():
        yield "SE", 1


def _classes(tabulation: Tabulation) -> Counted:
    yield "TS", 1


def _comments(*, each: bool) -> Callable[[Tabulation], Counted]:
    """The variables in which comments go on; or once that there are any."""

    def found(tabulation: Tabulation) -> Counted:
        table = tabulation.tables.get("CO")
        if table is not None:
            more = [one.name for one in table.variables if re.fullmatch(r"COVAL\d+", one.name)]
            yield "CO", len(more) if each else min(len(more), 1)

    return found


def _one_category(tabulation: Tabulation) -> Counted:
    table = tabulation.tables.get("MH")
    if table is not None and _has(table, "MHCAT"):
        said = table.frame()["MHCAT"]
        yield "MH", table.height if said.n_unique() == 1 and said.null_count() == 0 else 0


_NO_RELATIONS: Final = "There is no RELREC: the rule compares with the FAOBJ that one would lead to."
_LONG_COMMENT: Final = "A long comment goes on in COVAL1, which the checker's list of variables lacks."
_RULES: Final = (
    _Rule(
        "CORE-000356",
        "AEDECOD is empty: no term of MedDRA is in entact, and coding is left to the sponsor.",
        _within("AE", pl.col("AEDECOD").is_null(), "AEDECOD"),
    ),
    _Rule(
        "CORE-000192",
        "Who was randomised and never treated has RFENDTC: the guide asks for it in 5.2.",
        _within("DM", pl.col("ARMNRS").is_not_null() & pl.col("RFENDTC").is_not_null(), "ARMNRS", "RFENDTC"),
    ),
    _Rule(
        "CORE-000191",
        "Their end is not told: what follows is withheld, or they were never treated (5.2).",
        _within("DM", pl.col("ARM").is_not_null() & pl.col("RFENDTC").is_null(), "ARM", "RFENDTC"),
    ),
    _Rule(
        "CORE-001043",
        "Their age was not said: a question left open, refused, or answered differently by two forms.",
        _within(
            "DM",
            pl.col("AGE").is_null() & pl.col("ARMNRS").fill_null("").ne("SCREEN FAILURE"),
            "AGE",
            "ARMNRS",
        ),
    ),
    _Rule(
        "CORE-000726",
        "Both answers were offered, and neither was given: ETHNIC says so with a term of its codelist. "
        "Counted are the rows of SUPPDM that these people have.",
        _other_ethnicity,
    ),
    *(
        _Rule(
            rule, "Who is of an arm without a drug is exposed to none; sessions are in PR.", _without_exposure
        )
        for rule in ("CORE-000885", "CORE-000886")
    ),
    _Rule(
        "CORE-000266",
        "Whether the event is serious, or on which ground, was not entered yet.",
        _not_judged,
    ),
    _Rule("CORE-000892", "When it began was not entered; that it ended, or goes on, was.", _not_begun),
    _Rule(
        "CORE-000952",
        "Heard of after the last contact, or written as a day after it.",
        _against_dm("RFPENDTC", "ENDTC", later=True),
    ),
    _Rule(
        "CORE-000086",
        "Something was done before consent: the deviation is just that.",
        _against_dm("RFICDTC", "STDTC", later=False, only="DV"),
    ),
    _Rule(
        "CORE-000542",
        "The checker rounds numbers to 15 places after the point, and texts not: the two are equal here.",
        _long_numbers,
    ),
    _Rule("CORE-000571", "Blinded: there is no EX, to whose rows ECLNKID leads.", _links_alone),
    _Rule("CORE-000739", "There is no EX: the export is blinded, or nobody was dosed.", _no_exposure),
    _Rule(
        "CORE-000701",
        "Begun before consent, or on a date so partial that it may lie in several epochs; or after the last "
        "dose of somebody whose later ones would be withheld.",
        _without_epoch,
    ),
    _Rule(
        "CORE-000717",
        "An event of somebody who is still followed began after the last disposition.",
        _after_disposition,
    ),
    _Rule("CORE-000741", "PCLAS is empty: there is no dictionary of classes of drugs.", _classes),
    _Rule(
        "CORE-000598",
        "RELSUB has no DOMAIN (8.7) with which the rule compares its name; it spares RELREC alone.",
        _related_subjects,
    ),
    _Rule("CORE-000766", _NO_RELATIONS, _decoded(is_known=False)),
    _Rule("CORE-000767", _NO_RELATIONS, _decoded(is_known=True)),
    _Rule(
        "CORE-000915",
        "Read in several positions: each has its last value before the dose (VSPOS).",
        _last_before_dose,
    ),
    _Rule(
        "CORE-000527",
        "The checker stops with an error of its own where nobody has a second element.",
        _one_element,
    ),
    _Rule(
        "CORE-000365", "The study file gives everything that it asks of history one category.", _one_category
    ),
    *(
        _Rule(rule, _LONG_COMMENT, _comments(each=rule != "CORE-000852"))
        for rule in ("CORE-000550", "CORE-000852", "CORE-001081", "CORE-001082")
    ),
)
