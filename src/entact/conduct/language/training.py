"""What staff read of adverse events, said again by `sentences`; see `entact.protocol.words.training`.

What is acknowledged is the English text, by its digest; who reads another language reads a translation of it.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop

TRAINING: Final = (
    gettext_noop("What an event is"),
    gettext_noop(
        "Anything medical that happens to somebody who takes part: a symptom, an illness, an "
        "accident, a reading or a test that is not as it was. It was not there before, or it "
        "is more than before."
    ),
    gettext_noop("Whatever caused it"),
    gettext_noop(
        "It is entered whether or not the study medicine, the therapy or the study has "
        "anything to do with it. What caused it is another question, and is asked afterwards."
    ),
    gettext_noop("Whatever it felt like"),
    gettext_noop(
        "What is welcome, moving or expected is entered like what hurts: euphoria, feeling "
        "detached, insight that overwhelms, unusual closeness. None is left out because it "
        "seems part of the therapy."
    ),
    gettext_noop("Serious"),
    gettext_noop(
        "It ended in death, endangered life, led to admission to hospital or kept somebody "
        "there, left a lasting disability or an anomaly at birth, or is medically important "
        "otherwise. Serious is not severe: severe says how strong it was."
    ),
    gettext_noop("When you hear of one"),
    gettext_noop(
        "Enter it the same day in the person's own words, with when it began as far as that is "
        "known. What is serious is said at once to the investigator: a clock runs from when "
        "the site knows."
    ),
    gettext_noop("Felt as good, and in this study's list"),
    gettext_noop("{names}: entered like every other event."),
    gettext_noop("Always asked for"),
    gettext_noop("At each term a yes or no; none may be left blank."),
    gettext_noop("At each term a yes or no; none may be left blank. Asked by {who}."),
    gettext_noop("Of special interest: {title}"),
    gettext_noop("Told to {who}."),
    gettext_noop("Told to {who} within {time}."),
    gettext_noop("Soon: {of}"),
    gettext_noop("{title}: {who} hears of it within {time}."),
    gettext_noop("within {time} to {to}, when {rule}"),
    gettext_noop("every {time} from the first enrolment, to {to}"),
    gettext_noop("By the law of {country}."),
    gettext_noop("By the law of {country}, of events at its sites alone."),
    gettext_noop("By the law of {country}, of events anywhere."),
)
