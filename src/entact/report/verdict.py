"""What a report says first: the primary result in a sentence, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass

from entact.analysis.words import METHODS
from entact.datasets import Codebook, Datasets, PlannedAnalysis
from entact.report import cell as cells
from entact.report.outcomes import OutcomeTable
from entact.report.published import ALL
from entact.report.row import Row


@dataclass(frozen=True, slots=True)
class Verdict:
    """The primary result.

    Attributes:
        about: endpoint, visit and estimand. result: the difference with its interval and p, or why there is
            none. verdict: what it comes to by the plan's own level; empty where that cannot be said.
        published: the same as published, empty where it is not.
    """

    about: str
    result: str
    verdict: str
    published: str = ""


def verdict(datasets: Datasets, table: OutcomeTable) -> Verdict | None:
    """The primary result; None where the plan has none."""
    book = datasets.book
    primary = next((one for one in book.analyses if one.name == "primary"), None)
    if primary is None:
        return None
    endpoint = book.endpoints[primary.endpoint]
    visit = book.inside(book.visits[primary.at].title)
    estimand = primary.estimand.replace("_", " ")
    about = f"{endpoint.title}, at {visit} ({estimand})"
    if primary.contrast is None:
        told = _described(book, table, primary)
        return Verdict(about, told or "nothing was rated yet", "")
    if not table.unblinded:
        return Verdict(about, "not shown: this report is blinded", "")
    row = _row(table, primary)
    one, two = (book.arms.get(arm, arm) for arm in primary.contrast)
    found = row.cells.get(ALL) if row is not None else None
    if row is None or found is None or found.text == cells.NOTHING:
        why = row.remark if row is not None and row.remark else "nothing was rated yet"
        return Verdict(about, f"{one} − {two}: no result, because {why}", "")
    result = f"{one} − {two}: {found.text} (95 % CI {found.interval})"
    p = found.numbers.get("p")
    if p is not None:
        result += f", p {_is(p)}"
    said = row.published.get(ALL)
    printed = f"{said.full}{cells.MARK if said.is_assumed else ''}" if said is not None else ""
    return Verdict(about, result, _verdict(p, primary, simulated=table.simulated), printed)


def _row(table: OutcomeTable, primary: PlannedAnalysis) -> Row | None:
    kind = "share" if METHODS[primary.method].outcome == "yes_no" else "model"
    wanted = f"effect/{primary.endpoint}/{kind}"
    return next((row for row in table.rows if row.id in (wanted, f"{wanted}/primary")), None)


def _described(book: Codebook, table: OutcomeTable, primary: PlannedAnalysis) -> str:
    """The endpoint at its visit in each column, where the plan compares nothing."""
    names = [f"{kind}/{primary.endpoint}/{primary.at}" for kind in ("change", "share")]
    names += [f"score/{name}/{primary.at}" for name in book.endpoints[primary.endpoint].names]
    row = next((row for name in names for row in table.rows if row.id == name), None)
    if row is None:
        return ""
    said = []
    for arm in table.arms:
        cell = row.cells.get(arm.name)
        if cell is not None and cell.text != cells.NOTHING:
            count = f", n = {cell.n}" if cell.n is not None else ""
            said.append(f"{f'{arm.title}: ' if len(table.arms) > 1 else ''}{cell.full}{count}")
    return f"{row.label}: {'; '.join(said)}" if said else ""


def _verdict(p: float | None, primary: PlannedAnalysis, *, simulated: bool) -> str:
    if p is None:
        return ""
    is_shown = p < primary.alpha
    text = "The difference is" if is_shown else "No difference is shown: it is not"
    text += f" significant at the plan's level of {primary.alpha:g}."
    if simulated:
        text += (
            " It follows from what the virtual participants were made of, and is evidence of nothing else."
        )
    return text


def _is(p: float) -> str:
    said = cells.probability(p)
    return said if said.startswith("below") else f"= {said}"
