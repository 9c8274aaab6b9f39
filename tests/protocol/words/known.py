"""Studies in words as they are known: `python -m tests.protocol.words.known` writes them anew.

See which words a change alters, and whether it was meant to.
"""

from __future__ import annotations

from pathlib import Path

from entact.protocol import load_study
from entact.protocol.words import VisitRow, account
from entact.protocol.words.acceptance import acceptance

TESTS = Path(__file__).parents[2]
GOLDEN = TESTS / "golden" / "words"
STUDIES = {name: name for name in ("mapp3", "expanded-access")}
STUDIES |= {path.parent.name: str(path.parent) for path in sorted(TESTS.glob("studies/**/study.yaml"))}


def words_of(name: str) -> str:
    """All that `account` says of a study, and what is to be tried of it, line by line."""
    told = account(load_study(STUDIES[name]).newest)
    lines = [told.title, *(f"{what}: {value}" for what, value in told.facts)]
    for group in told.activities.groups:
        lines.append(f"# {group.title or 'Schedule'}, days since {group.since}")
    for visits in told.activities.runs:
        lines.append(f"{len(visits)} × {_visit(visits[0])}")
    lines += [f"{letter}: {times}" for letter, times in told.activities.footnotes.items()]
    for section in told.sections:
        lines += [f"## {section.title} ({section.name})", *([section.intro] if section.intro else [])]
        for one in section.lines:
            lines.append(
                " | ".join(
                    (one.term, one.text, *one.notes, *([f"? {one.assumption}"] if one.assumption else []))
                )
            )
    lines += [f"? {field}: {assumed}" for field, assumed in told.assumptions]
    release = load_study(STUDIES[name]).newest
    lines += ["## To try", *(f"{one.id} | {one.part} | {one.do} | {one.see}" for one in acceptance(release))]
    return "\n".join(lines) + "\n"


def _visit(row: VisitRow) -> str:
    days = f"{row.earliest}/{row.day}/{row.latest}"
    said = (
        row.title,
        row.kind,
        row.epoch,
        row.track,
        *row.populations,
        row.when,
        row.fallback,
        row.by,
        row.contact,
    )
    marks = ", ".join(f"{name}{' ' if at else ''}{'; '.join(at)}" for name, at in row.marks.items())
    return " | ".join(one for one in (*said, row.lasts, days, marks) if one)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for study in STUDIES:
        (GOLDEN / f"{study}.txt").write_text(words_of(study), encoding="utf-8")
