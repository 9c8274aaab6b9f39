"""The text by which staff learn what an adverse event is: one for everybody, made from the study file."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from entact.protocol.release import Release
from entact.protocol.words.label import spaced
from entact.protocol.words.passage import Passage, listed
from entact.protocol.words.safety import Safety
from entact.protocol.words.time import duration_words

# In words of our own. Source: ICH E2A, II.A (event) and II.B (serious); ICH E6(R3), glossary.
_WHAT: Final = (
    Passage(
        "What an event is",
        "Anything medical that happens to somebody who takes part: a symptom, an illness, an accident, a "
        "reading or a test that is not as it was. It was not there before, or it is more than before.",
    ),
    Passage(
        "Whatever caused it",
        "It is entered whether or not the study medicine, the therapy or the study has anything to do with "
        "it. What caused it is another question, and is asked afterwards.",
    ),
    Passage(
        "Whatever it felt like",
        "What is welcome, moving or expected is entered like what hurts: euphoria, feeling detached, "
        "insight that overwhelms, unusual closeness. None is left out because it seems part of the therapy.",
    ),
    Passage(
        "Serious",
        "It ended in death, endangered life, led to admission to hospital or kept somebody there, left a "
        "lasting disability or an anomaly at birth, or is medically important otherwise. Serious is not "
        "severe: severe says how strong it was.",
    ),
    Passage(
        "When you hear of one",
        "Enter it the same day in the person's own words, with when it began as far as that is known. What "
        "is serious is said at once to the investigator: a clock runs from when the site knows.",
    ),
)


class Training(NamedTuple):
    """The text, and the digest by which it is acknowledged: another text has another."""

    passages: tuple[Passage, ...]
    digest: str


def event_training(release: Release) -> Training:
    """What an adverse event is in this study.

    Source: ICH E2A, II; the codelist, the checklists and the reports are the study file's own.
    """
    safety, events = Safety(release), release.file.adverse_events
    passages = list(_WHAT)
    favourable = [term.title for term in events.terms.values() if term.valence == "favourable"]
    if favourable:
        said = f"{listed(favourable)}: entered like every other event."
        passages.append(Passage("Felt as good, and in this study's list", said))
    passages += safety.events()
    for name, said_of in events.special_interest.items():
        if said_of.within is not None:
            told = listed([spaced(role) for role in said_of.tell]) or "the sponsor"
            text = f"{said_of.title}: {told} hears of it within {duration_words(said_of.within)}."
            passages.append(Passage(f"Soon: {spaced(name)}", text))
    passages += safety.reports()
    text = "\n".join("\n".join([one.term, one.text, *one.notes]) for one in passages)
    return Training(tuple(passages), sha256(text.encode()).hexdigest())
