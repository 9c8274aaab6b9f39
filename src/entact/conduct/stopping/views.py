"""Every way in which taking part ends, with what follows, and where it is entered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from entact.conduct.asking import Asked
from entact.conduct.frame import page
from entact.conduct.words import moment


@dataclass(frozen=True)
class Way:
    """One way: what it is called, what follows from it, and the address at which it is entered; or how."""

    title: str
    follows: str
    address: str
    how: str = ""


@require_safe
def show_ways(request: HttpRequest, key: str) -> HttpResponse:
    """The ways that whoever asks may enter.

    Raises:
        Http404: when there is no such participant, or whoever asks enters nothing of the kind.
    """
    asked = Asked(request, key)
    asked.author(asked.role_for("stop"))
    values = {"participant": asked.participant, "ways": list(_ways(asked)), "here": "participants"}
    return page(request, asked.reader, "stopping/ways.html", values)


def _ways(asked: Asked) -> Iterator[Way]:
    key = asked.participant.key
    stop = reverse("add", args=[key, "discontinuation"])
    if asked.course.enrolment is None and asked.role_for("judge_eligibility") is not None:
        yield Way(
            gettext("Screen failure"),
            gettext("The decision “not eligible” ends this attempt; they can be screened again."),
            reverse("eligibility", args=[key]),
        )
    elif asked.course.enrolment is None:
        yield Way(
            gettext("Screen failure"),
            gettext("The decision “not eligible” ends this attempt; they can be screened again."),
            "",
            gettext("An investigator of the site decides it, and signs."),
        )
    if asked.role_for("consent") is not None:
        yield Way(
            gettext("Consent is taken back"),
            gettext(
                "By scope, each with what follows. Taking part as a whole: no visit is due, nobody treats "
                "them. What was collected stays, as the law asks; what safety needs can still be entered."
            ),
            reverse("consent", args=[key]),
        )
    yield Way(
        gettext("Treatment stops"),
        gettext("No further dose; visits of the treatment are no longer due. Follow-up goes on."),
        f"{stop}?item:of=treatment",
    )
    yield Way(
        gettext("Procedures stop"),
        gettext("Nothing more is measured. Follow-up and events are still entered."),
        f"{stop}?item:of=procedures",
    )
    yield Way(
        gettext("Follow-up stops"),
        gettext("No visit is due any more. What safety needs can still be entered."),
        f"{stop}?item:of=follow_up",
    )
    yield Way(
        gettext("Lost to follow-up"),
        gettext(
            "The same, because nobody reaches them. Enter each try to reach them as a call or a missed "
            "visit first. Who comes back is met by an unscheduled visit, once this entry is withdrawn."
        ),
        f"{stop}?item:of=follow_up&item:cause=lost_to_follow_up&item:decided_by=investigator",
    )
    yield Way(
        gettext("Data are used no longer"),
        gettext("Nothing more is collected; what was collected before stays, as the law asks."),
        f"{stop}?item:of=data_use",
    )
    yield Way(
        gettext("Death"),
        gettext(
            "Nothing is due from then on. Enter the event that ended in death as well: its reports have "
            "clocks."
        ),
        reverse("add", args=[key, "death"]),
    )
    yield Way(
        gettext("Erasure"),
        gettext(
            "What is personal can be read by nobody any more: names, free texts, scans and signatures. "
            "Numbers, answers and the chain stay. It cannot be taken back."
        ),
        "",
        gettext("Two persons do it with their keys on the server: entact erase, as the documentation says.")
        if asked.course.erased is None
        else gettext("Done: {when}.").format(when=moment(asked.course.erased.at, asked.zone)),
    )
