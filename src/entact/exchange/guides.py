"""Guides for who reviews the datasets of an export: one for SDTM, one for ADaM, as plain values.

Source: PHUSE, Clinical Study Data Reviewer's Guide and Analysis Data Reviewer's Guide: what each has to tell,
in words of our own. What only people know (who made the programs of a submission, which finding of a checker
a sponsor accepts) is left to them, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from entact.datasets.adam.own import flag_in_adsl
from entact.datasets.sdtm import TERMINOLOGY, Tabulation
from entact.datasets.sdtm.guide import GUIDE
from entact.exchange.conformance import findings
from entact.exchange.described import Described
from entact.exchange.results import results_of
from entact.protocol.study import told_in

Part = Mapping[str, Any]


@dataclass(frozen=True)
class Guide:
    """A guide as it is drawn: `parts` are headings (level, text), paragraphs (text) and tables "
    "(head, rows)."""

    study: str
    title: str
    subtitle: str
    mark: str
    source: str
    parts: tuple[Part, ...]


_NOTES: Final[Mapping[str, str]] = {
    "AE": "Every event is here, favourable ones too (SUPPAE, AEVALENC). AETERM is the study's own list.",
    "CM": "Names are as they were entered; no dictionary codes them.",
    "CO": "Remarks that the study file sends here.",
    "DA": "Units handed out, returned and lost, of each dose.",
    "DM": "ARM and ACTARM as allocated; else ARMNRS says why. Carers, and others for whom no dose is "
    "planned, are NOT ASSIGNED.",
    "DS": "Milestones, and how treatment and participation ended.",
    "DV": "Departures from the protocol by category; the account of each stays at the site.",
    "EC": "Doses as planned (SCHEDULED), given and withheld (PERFORMED), in units.",
    "EX": "What a unit held by the opened list: a kit that held something else is a deviation.",
    "IE": "Criteria that were not met by the last decision.",
    "MH": "Diagnoses and history that were asked for one by one.",
    "PR": "Sessions of therapy: preparatory, with the study drug, integration.",
    "QS": "Questionnaires, and whatever else is asked; codes of our own are listed below.",
    "RELREC": "A dose as it was taken (EC) and what was in it (EX), one by one.",
    "RELSUB": "Who takes part as whose carer or partner, said of both; a term of CDISC's, or as the "
    "study calls them.",
    "RS": "Scales that a clinician rates. RSEVAL tells independent raters from investigators.",
    "SE": "Screening until the first dose or an assignment to an arm without a drug, treatment until the end "
    "of the last session with a dose, follow-up.",
    "SV": "Visits as they were held; unscheduled ones from 900. One that nobody began begins with what was "
    "entered first.",
    "TS": "What no study file says is listed below as assumed.",
    "VS": "In a session with a dose, relative to it (VSTPTNUM, VSELTM).",
    "ADAE": "By the rows of AE; TRTEMFL by the first dose.",
    "ADBLIND": "Guesses of the treatment, confidence, and whether they are right.",
    "ADCM": "PREFL and ONTRTFL stay empty where a partial date leaves them open.",
    "ADEFF": "Endpoints of the study file at each visit.",
    "ADEX": "Units of each part, their sums, sessions with a dose; amounts where arms are opened.",
    "ADQS": "Scores and items with baseline, change, analysis window, and the estimands that count "
    "the value.",
    "ADSL": "One row for each participant: dates, sets, how treatment and study ended, and what "
    "analyses take of a person beside.",
    "ADTTE": "Times until an event; intercurrent events with their days.",
    "ADVS": "Baseline is the last before the dose of the session (BASETYPE); ANL01FL marks the peak "
    "after it.",
}


def study_data_guide(tabulation: Tabulation, datasets: Iterable[Described], *, version: str) -> Guide:
    """The guide to the SDTM datasets of an export.

    Args:
        datasets: those that are written. version: of entact.
    """
    described = list(datasets)
    parts = [
        *_introduction(tabulation, version, GUIDE),
        *_protocol(tabulation),
        _heading(1, "Subject data description"),
        _heading(2, "Overview"),
        _paragraph(
            "Every value is made from the entries of the record, by one function: the same entries "
            "give the same "
            "bytes. Times are those of the site's clock; the first dose is on study day 1, and there "
            "is no day 0."
        ),
        *_texts(tabulation.withheld, "Withheld", "What is withheld", "Why"),
        _heading(2, "Traceability"),
        _paragraph(
            "trace.jsonl names for each row of a participant the entries that it came from; entact "
            "trace shows "
            "who made them, when, and who signed them."
        ),
        _heading(2, "Annotated case report form"),
        _paragraph("acrf.pdf shows each form once, with dataset, variable and test of each item."),
        _heading(2, "Datasets"),
        *_datasets(described),
        _heading(2, "Codes of the sponsor"),
        *_sponsors(tabulation),
        _heading(2, "Collected and not submitted"),
        *_texts(tabulation.left_out, "", "Item", "Why", none="Every item is in a dataset."),
        _heading(2, "Assumed"),
        *_texts(tabulation.assumed, "", "Variable", "Value", none="Nothing is assumed."),
        *_conformance(tabulation),
    ]
    return _guide(tabulation, "Clinical study data reviewer's guide", version, parts)


def analysis_data_guide(tabulation: Tabulation, datasets: Iterable[Described], *, version: str) -> Guide:
    """The guide to the ADaM datasets of an export; see `study_data_guide`."""
    described = list(datasets)
    parts = [
        *_introduction(tabulation, version, "ADaMIG 1.3"),
        *_protocol(tabulation),
        *_considerations(tabulation),
        _heading(1, "Analysis data creation"),
        _paragraph(
            "The datasets are made by the functions that make the frames which the planned analyses "
            "read; nothing "
            "is derived a second time. Rows lead back to SDTM by SRCDOM, SRCVAR and SRCSEQ, and to "
            "the entries of "
            "the record by trace.jsonl."
        ),
        _heading(1, "Analysis datasets"),
        *_datasets(described),
        _heading(1, "Analyses"),
        *_analyses(tabulation, described),
        _heading(1, "Conformance"),
        _paragraph(
            "The checker with which SDTM was judged has no rules for ADaM. Names, labels and lengths "
            "are held to the "
            "limits of transport files when they are written."
        ),
        _heading(1, "Programs"),
        _paragraph(
            f"Datasets and analyses are made by entact {version} from the release named below; no program "
            "was written for this study. What a sponsor submits besides is for them to list."
        ),
    ]
    return _guide(tabulation, "Analysis data reviewer's guide", version, parts)


def _guide(tabulation: Tabulation, title: str, version: str, parts: Sequence[Part]) -> Guide:
    file = tabulation.release.file
    mark = "" if tabulation.environment == "production" else "SIMULATED DATA"
    source = f"Made by entact {version} from {tabulation.release.id[:60]}"
    return Guide(file.study.upper(), title, told_in(file.title, None), mark, source, tuple(parts))


def _introduction(tabulation: Tabulation, version: str, standard: str) -> Iterator[Part]:
    yield _heading(1, "Introduction")
    yield _paragraph(
        "This guide tells what is in the datasets, what is not, and why: read it beside define.xml."
    )
    if tabulation.environment != "production":
        yield _paragraph("SIMULATED DATA: no person stands behind them.")
    if tabulation.blinded:
        yield _paragraph(
            "Blinded: no value depends on the arm. Swap the arms, and the files stay equal to the byte."
        )
    yield _table(
        ("What", "Which"),
        [
            ("Guide", standard),
            ("Terminology", f"CDISC SDTM {TERMINOLOGY}"),
            ("Definition", "Define-XML 2.1"),
            ("Events", "the study's own list; MedDRA is not used"),
            ("Medicines", "as entered; WHODrug is not used"),
            ("Software", f"entact {version}"),
            ("Release of the study", tabulation.release.id),
        ],
    )


def _protocol(tabulation: Tabulation) -> Iterator[Part]:
    file = tabulation.release.file
    yield _heading(1, "Protocol description")
    rows = [("Study", file.study), ("Title", told_in(file.title, None)), ("Release", file.release)]
    if file.registry:
        rows.append(("Registry", file.registry))
    rows += [(f"Arm {name}", told_in(arm.title, None)) for name, arm in file.arms.items()]
    yield _table(("What", "Which"), rows)
    yield _paragraph("TA, TE, TI, TS and TV say the design in full; they are made from the study file alone.")


def _considerations(tabulation: Tabulation) -> Iterator[Part]:
    """What concerns several datasets: sets, estimands, windows."""
    plan = tabulation.release.file.analysis
    yield _heading(1, "Considerations for several datasets")
    yield _heading(2, "Analysis sets")
    book = tabulation.book
    sets = [
        (name, flag_in_adsl(book, name) or "", told_in(one.text, None)) for name, one in plan.sets.items()
    ]
    yield from _rows(("Set", "Flag of ADSL", "Who"), sets, "The plan names no set.")
    yield _heading(2, "Estimands")
    estimands = [
        (
            name,
            told_in(one.title, None),
            "; ".join(f"{event}: {how}" for event, how in one.strategies.items()),
        )
        for name, one in plan.estimands.items()
    ]
    yield from _rows(
        ("Estimand", "What it asks", "Intercurrent events"), estimands, "The plan names no estimand."
    )
    if estimands:
        yield _paragraph(
            "ESTIMAND of ADQS names those that count a value; ADTTE has intercurrent events with their days."
        )
    yield _heading(2, "Analysis windows")
    windows = [(name, one.visit, one.after) for name, one in plan.windows.items()]
    yield from _rows(
        ("Window", "Visit", "After"), windows, "Values stand at the visit for which they were entered."
    )


def _analyses(tabulation: Tabulation, datasets: Sequence[Described]) -> Iterator[Part]:
    known = {one.name: one for one in datasets}
    rows = [
        (
            one.title,
            one.dataset,
            ", ".join(
                (
                    *(f"{name} = {value}" for name, value in one.picked.items()),
                    f"ESTIMAND has {one.analysis.estimand}",
                )
            ),
            one.flag or "",
        )
        for one in results_of(tabulation.book, known)
    ]
    said = "No analysis of the plan has rows yet."
    yield from _rows(("Analysis", "Dataset", "Rows", "Set"), rows, said)


def _datasets(datasets: Sequence[Described]) -> Iterator[Part]:
    rows = [
        (
            one.name,
            one.label,
            one.observation_class.lower() or "relationship",
            str(one.height),
            _NOTES.get(one.name, ""),
        )
        for one in datasets
    ]
    yield _table(("Dataset", "Label", "Class", "Rows", "To know"), rows)


def _sponsors(tabulation: Tabulation) -> Iterator[Part]:
    rows = [(item, *said) for item, said in tabulation.own.items()]
    yield from _rows(("Item", "Code", "Name", "Category"), rows, "There is none.")


def _conformance(tabulation: Tabulation) -> Iterator[Part]:
    yield _heading(1, "Data conformance")
    yield _paragraph(
        "Every value was held against its codelist when it was written; one that is not allowed "
        "stops an export. "
        "CDISC CORE was not run on these files by entact. What follows it finds by the conditions of its "
        "rules, counted in these rows; run it, and explain what it says besides."
    )
    rows = [(one.rule, one.dataset, str(one.count), one.why) for one in findings(tabulation)]
    yield _table(("Rule", "Dataset", "Rows", "Why it stays"), rows)


def _texts(
    said: Mapping[str, str], heading: str, first: str, second: str, *, none: str = ""
) -> Iterator[Part]:
    if said and heading:
        yield _heading(2, heading)
    if said or none:
        yield from _rows((first, second), list(said.items()), none)


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]], none: str) -> Iterator[Part]:
    yield _table(head, rows) if rows else _paragraph(none)


def _heading(level: int, text: str) -> Part:
    return {"kind": "heading", "level": level, "text": text}


def _paragraph(text: str) -> Part:
    return {"kind": "paragraph", "text": text}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Part:
    return {"kind": "table", "head": list(head), "rows": [[str(cell) for cell in row] for row in rows]}
