"""ADEFF and ADTTE: the endpoints of the plan, from the function that makes the frame of the analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from entact.course.state.encounter import EncounterState
from entact.course.state.outcome import analysis_windows
from entact.course.state.progress import zone_of
from entact.datasets import endpoints
from entact.datasets.adam.dates import flag, parameter_codes, sas_date
from entact.datasets.codebook import Codebook
from entact.datasets.person import Person
from entact.datasets.sdtm.homes import in_ascii
from entact.datasets.sdtm.subject import Subject
from entact.protocol.release import Release

LONGEST_TEXT = 200
Made = tuple[str, dict[str, Any], tuple[str, ...]]  # dataset, values, entries


def efficacy(subject: Subject, release: Release, failures: list[tuple[str, str]]) -> Iterator[Made]:
    """A row of ADEFF or ADTTE for each of the frame `endpoints`.

    Args:
        release: whose endpoints are evaluated. failures: gets what `endpoints.rows` says of rules that fail.
    """
    book = subject.person.book
    codes = parameter_codes(book.endpoints)
    for entries, derived in endpoints.sourced(subject.person, release, failures):
        values = dict(zip(endpoints.SCHEMA, derived, strict=True))
        planned = book.endpoints[values["PARAMCD"]]
        shared = {
            "PARAM": in_ascii(planned.title)[:200],
            "PARAMCD": codes[planned.name],
            "ADT": sas_date(values["ADT"]),
            "ADY": subject.person.study_day(values["ADT"]),
            "AVAL": values["AVAL"],
            "ESTFL": flag(values["ESTFL"]),
            "ESTIMAND": values["ESTIMANDS"] or None,
            **pieces_of(values["EVENTS"]),
        }
        behind = subject.behind(entries)
        if planned.kind == "time":
            yield "ADTTE", {**shared, **_until(subject, planned.name, values)}, behind
            continue
        is_yes_or_no = planned.kind == "boolean" and values["AVAL"] is not None
        yield (
            "ADEFF",
            {
                **shared,
                "AVISIT": values["AVISIT"].replace("_", " ").upper(),
                "AVISITN": values["AVISITN"],
                "AVALC": flag(values["AVAL"] == 1) if is_yes_or_no else None,
                "BASE": values["BASE"],
                "ANL01FL": "Y" if values["ANL01FL"] else None,
                "ONTRTFL": "Y" if values["ONTRTFL"] else None,
            },
            behind,
        )


def pieces_of(events: str) -> dict[str, Any]:
    """The intercurrent events in texts of at most 200 bytes, of which a transport file has no longer ones."""
    pieces = [""]
    for one in events.split():
        joined = f"{pieces[-1]} {one}".strip()
        if len(joined) <= LONGEST_TEXT:
            pieces[-1] = joined
        else:
            pieces.append(one)
    first, *others = pieces
    return {"ICEVENTS": first or None, "ICEVENT2": " ".join(others) or None}


def _until(subject: Subject, endpoint: str, values: dict[str, Any]) -> dict[str, Any]:
    planned, censored = subject.person.book.endpoints[endpoint], values["CNSR"]
    said = {0: "EVENT", 1: "LAST KNOWN WITHOUT THE EVENT"}.get(censored)
    return {
        "STARTDT": sas_date(endpoints.start_of(subject.person, planned)),
        "AVALU": "DAYS" if values["AVAL"] is not None else None,
        "CNSR": censored,
        "EVNTDESC": said,
    }


def estimands_of(book: Codebook) -> tuple[str, ...]:
    """Every estimand that an endpoint or an analysis of the plan is of."""
    found = {one.estimand for one in book.endpoints.values()} | {one.estimand for one in book.analyses}
    return tuple(sorted(found))


def windows_of(person: Person, encounter: EncounterState | None) -> dict[str, Any]:
    """The analysis window of an encounter's visit, in days after its anchor, and whether it lies in it.

    Of several windows of one visit the first that it lies in, else the first.
    """
    planned = person.course.release.file.analysis.windows
    began = None if encounter is None else encounter.started or encounter.ended
    if encounter is None or began is None or not planned:
        return {}
    held = analysis_windows(person.course, encounter, zone_of(person.course, began))
    name = next((name for name, within in held.items() if within), next(iter(held), None))
    if name is None:
        return {}
    window = planned[name]
    low, high = window.within.earliest.days, window.within.latest.days
    return {
        "AWRANGE": f"{low} TO {high} DAYS AFTER {window.after.replace('_', ' ').upper()}",
        "AWLO": low,
        "AWHI": high,
        "AWU": "DAYS",
        "ANL02FL": flag(held[name]),
    }
