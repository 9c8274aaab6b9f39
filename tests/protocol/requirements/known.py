"""Studies held against lists as it is known: `python -m tests.protocol.requirements.known` writes it anew.

See which items a change answers otherwise, and in which study, and whether it was meant to.
"""

from __future__ import annotations

from pathlib import Path

from entact.protocol.requirements.compare import compare, known_lists

TESTS = Path(__file__).parents[2]
GOLDEN = TESTS / "golden" / "requirements"
STUDIES = {name: name for name in ("mapp1", "expanded-access", "eating-disorders")}
STUDIES |= {path.parent.name: str(path.parent) for path in sorted(TESTS.glob("studies/**/study.yaml"))}


def answers_of(study: str, name: str) -> str:
    """What each item of a list is answered, where it is met and what is lacking, line by line."""
    lines = []
    for one in compare(STUDIES[study], name).judged:
        lines.append(f"{one.item.id}: {one.status}")
        lines += [f"  {said}" for said in one.said]
        lines += [f"  at {place.field}" for place in one.places]
    return "\n".join(lines) + "\n"


def kept(study: str, name: str) -> Path:
    """Where the answers to a list are kept of a study."""
    return GOLDEN / study / f"{name}.txt"


if __name__ == "__main__":
    for study in STUDIES:
        for name in known_lists():
            kept(study, name).parent.mkdir(parents=True, exist_ok=True)
            kept(study, name).write_text(answers_of(study, name), encoding="utf-8")
