"""Figure: which arm each group of people guessed last, by the arm that it was."""

from __future__ import annotations

from typing import Any

import polars as pl

from entact.report.cell import NOTHING, decimal
from entact.report.figures.drawing import LETTERS, Drawing, Figure, Key, Numbers, draw, labels, plot
from entact.report.lettering import wrap_words
from entact.report.palette import PAPER, UNKNOWN, colours
from entact.report.row import GROUP, Source

WIDTH, BAR = 170, 42
DO_NOT_KNOW = "did not know"


def guesses_figure(source: Source, *, note: str | None) -> Figure | None:
    """Bars of 100 % for each arm, one drawing for each group of people who guessed; None without guesses."""
    last = source.frame("guesses").filter(pl.col("ANL01FL"))
    if last.is_empty():
        return None
    answers = {**source.book.arms, "": DO_NOT_KNOW}
    palette = {**colours(source.book.arms), "": UNKNOWN}
    drawings, numbers = [], []
    for guesser in sorted(last["GUESSER"].unique().to_list()):
        counts = _counts(source, last.filter(pl.col("GUESSER") == guesser))
        bars = [
            {
                "arm": arm,
                "guess": answers[guess],
                "order": place,
                "share": n / total if (total := sum(by.values())) else 0.0,
                "text": f"{n}" if n and n / total >= 0.07 else "",
            }
            for arm, by in counts.items()
            for place, (guess, n) in enumerate(by.items())
        ]
        total = sum(sum(by.values()) for by in counts.values())
        heading = f"{guesser.replace('_', ' ').capitalize()} (n = {total})"
        rows = [
            (
                f"{heading.partition(' (')[0]}, {source.arms[arm]}",
                *(_share(n, sum(by.values())) for n in by.values()),
            )
            for arm, by in counts.items()
        ]
        numbers += rows
        described = "; ".join(
            f"{row[0]}: "
            + ", ".join(f"{answer} {cell}" for answer, cell in zip(answers.values(), row[1:], strict=True))
            for row in rows
        )
        chart = _chart(source, bars, answers, palette)
        text = f"Last guesses. {described}."
        drawings.append(Drawing(draw(chart, name=f"guesses-{guesser}", alt_text=text, note=note), heading))
    return Figure(
        "guesses",
        "Guesses of the arm",
        "Last guess of each person about each participant, "
        + ("by the arm that it was" if source.datasets.unblinded else "all arms together")
        + "; counts stand in the bars.",
        tuple(drawings),
        tuple(Key(palette[guess], "square", _guessed(answer)) for guess, answer in answers.items()),
        Numbers(("Guesses", *(_guessed(answer) for answer in answers.values())), tuple(numbers)),
        is_small=True,
    )


def _guessed(answer: str) -> str:
    return answer if answer == DO_NOT_KNOW else f"guessed {answer}"


def _counts(source: Source, rows: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Arm -> guess -> how many; what names no arm is `''`."""
    counts: dict[str, dict[str, int]] = {
        arm: dict.fromkeys([*source.book.arms, ""], 0) for arm in source.arms
    }
    for arm, guess in rows.select(GROUP, "GUESS").rows():
        counts[arm][guess if guess in source.book.arms else ""] += 1
    return counts


def _share(n: int, total: int) -> str:
    return f"{n} ({decimal(100 * n / total, 0)} %)" if total else NOTHING


def _chart(
    source: Source, bars: list[dict[str, Any]], answers: dict[str, str], palette: dict[str, str]
) -> Any:
    import altair as alt

    titles = {arm: wrap_words(title, 104, LETTERS) for arm, title in source.arms.items()}
    y = alt.Y(
        "arm:N", sort=[*source.arms], axis=alt.Axis(title=None, ticks=False, domain=False, **labels(titles))
    )
    x = alt.X("share:Q", stack="zero", axis=alt.Axis(format="%", values=[0, 0.5, 1], title="guesses"))

    colour = alt.Color(
        "guess:N", scale=alt.Scale(domain=[*answers.values()], range=[*palette.values()]), legend=None
    )
    order = alt.Order("order:Q")
    whole = plot(bars).mark_bar(height=BAR * 0.66).encode(x=x, y=y, color=colour, order=order)
    inside = (
        plot(bars)
        .mark_text(fontSize=12, fontWeight="bold", color=PAPER)
        .encode(
            x=alt.X("share:Q", stack="zero", bandPosition=0.5),
            y=y,
            detail=alt.Detail("guess:N"),
            order=order,
            text=alt.Text("text:N"),
        )
    )
    return alt.layer(whole, inside).properties(width=WIDTH, height=BAR * len(source.arms))
