"""Checks of a synthesis as rows of text: what the terminal and the page print alike."""

from __future__ import annotations

from math import exp

from entact.analysis.meta import Asymmetry, Filled, LeftOut, Pooled, Rare, Regression, Subgroups
from entact.report.evidence import MINUS, said
from entact.synthesis import Answer, Checks, NotDone

Section = tuple[str, list[list[str]]]
"""a heading, and rows of which the first is the head"""


def check_sections(answer: Answer) -> list[Section]:
    """How far an answer stands, by kind of check; empty where nobody asked."""
    checks = answer.checks
    if checks is None:
        return []
    sections = [_estimators(answer, checks), _cumulative(answer, checks), _left_out(answer, checks)]
    sections += [_small(answer, checks), _rare(answer, checks), _groups(answer, checks), _slopes(checks)]
    return [one for one in sections if len(one[1]) > 1]


def _estimators(answer: Answer, checks: Checks) -> Section:
    rows = [["estimator of τ²", "together", "τ"]]
    rows += [[name, _pooled(answer, one), f"{one.tau or 0:.3f}"] for name, one in checks.estimators]
    return "By other estimators", rows


def _cumulative(answer: Answer, checks: Checks) -> Section:
    rows = [["with", "together", "trials"]]
    rows += [[label, _pooled(answer, one), str(one.k)] for label, one in checks.cumulative]
    return "As trials came (it tells a story, and tests nothing)", rows if len(rows) > 2 else rows[:1]


def _left_out(answer: Answer, checks: Checks) -> Section:
    rows = [["without", "together", "residual, SE"]]
    match checks.left_out:
        case NotDone(reason):
            rows.append(["–", reason, ""])
        case found:
            rows += [_without(answer, one) for one in found]
    return "Without one trial", rows


def _without(answer: Answer, one: LeftOut) -> list[str]:
    return [one.label, _pooled(answer, one.pooled), _signed(one.residual)]


def _small(answer: Answer, checks: Checks) -> Section:
    rows = [["test", "result", "p"]]
    match checks.egger:
        case NotDone(reason):
            rows.append(["Egger", f"not done: {reason}", ""])
        case Asymmetry() as one:
            told = f"slope {_signed(one.slope)} (SE {one.se:.2f}) on the {one.predictor}"
            limit = f"; of an infinitely large trial {said(answer, one.limit, one.low, one.high)}"
            rows.append(["Egger", told + limit, _p(one.p)])
    match checks.begg:
        case NotDone(reason):
            rows.append(["Begg", f"not done: {reason}", ""])
        case (tau, p):
            rows.append(["Begg", f"Kendall's τ {_signed(tau)}", _p(p)])
    match checks.filled:
        case NotDone(reason):
            rows.append(["trim and fill", f"not done: {reason}", ""])
        case Filled() as filled:
            missing = (
                f"{filled.missing} seem to be missing on the {filled.side}"
                if filled.missing
                else "none seems missing"
            )
            together = f"; with them {_pooled(answer, filled.pooled)}" if filled.missing else ""
            rows.append(["trim and fill", f"{missing}{together}; it adds trials that nobody did", ""])
    return "Small trials", rows


def _rare(answer: Answer, checks: Checks) -> Section:
    rows = [["method", "together", "p"]]
    for name, one in checks.rare or ():
        match one:
            case NotDone(reason):
                rows.append([name, f"not done: {reason}", ""])
            case Rare():
                tau = "" if one.tau2 is None else f"; τ {one.tau2**0.5:.2f}"
                told = f"{_ratio(one.estimate)} ({_ratio(one.low)} to {_ratio(one.high)}){tau}"
                rows.append([name, told, _p(one.p)])
    return "Of rare events, with nothing added to an empty cell", rows


def _groups(answer: Answer, checks: Checks) -> Section:
    rows = [[checks.by or "", "together", "trials"]]
    match checks.groups:
        case NotDone(reason):
            rows.append(["–", f"not done: {reason}", ""])
        case Subgroups() as found:
            rows += [[name, _pooled(answer, one), str(one.k)] for name, one in found.groups.items()]
            told = f"Q = {found.q:.2f} on {found.df} df, p {_p(found.p)}"
            rows.append(["between them", told, ""])
            rows += [["without it", name, ""] for name in checks.without]
    return f"By {checks.by}", rows


def _slopes(checks: Checks) -> Section:
    rows = [["coefficient", "estimate", "p"]]
    match checks.slopes:
        case NotDone(reason):
            rows.append(["–", f"not done: {reason}", ""])
        case Regression() as found:
            for one in found.coefficients:
                told = f"{_short(one.estimate)} ({_short(one.low)} to {_short(one.high)})"
                rows.append([one.name, told, _p(one.p)])
            share = "" if found.r2 is None else f"; it takes {found.r2:.0f} % of what lies between trials"
            rows.append(["left between trials", f"τ = {found.tau2**0.5:.3f}{share}", ""])
            rows += [["without it", name, ""] for name in checks.without]
            rows += [["note", note, ""] for note in found.notes]
    return f"On {checks.on} (about trials, not about people in them)", rows


def _pooled(answer: Answer, one: Pooled) -> str:
    return said(answer, one.estimate, one.low, one.high)


def _ratio(value: float) -> str:
    return f"{exp(min(value, 700)):.2f}" if value < 4.6 else "> 100"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _short(value: float) -> str:
    return f"{value:.4g}".replace("-", MINUS)


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
