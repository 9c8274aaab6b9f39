"""Alerts that nobody has answered, and where they are answered when no session's console is open."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from entact.conduct.sight import SeenCourse
from entact.conduct.words import listing, role_words, told, words
from entact.course import open_alerts
from entact.course.kinds.calls import open_call


class Unanswered(NamedTuple):
    """One alert: its name and title, the entry of the call that waits, and whom it calls.

    `missing`: what it asks for and nobody has answered; empty where it holds.
    """

    alert: str
    title: str
    entry: str
    calls: str
    missing: str = ""

    def address(self, key: str) -> str:
        """Where it is answered, by the key of the participant's page."""
        asked = urlencode({"about": self.entry, "item:alert": self.alert})
        return f"{reverse('add', args=[key, 'alert_answered'])}?{asked}"


def alerts_to_answer(seen: SeenCourse) -> list[Unanswered]:
    """Every alert that is open and that the role may know of, in order of time."""
    found = []
    for episode in open_alerts(seen.course):
        if seen.sees_alert(episode):
            known = seen.course.site_release(episode.began).alert_named(episode.alert)
            title = told(known.title) if known is not None else words(episode.alert)
            calls = listing(map(role_words, known.tell)) if known is not None else ""
            entry = open_call(seen.course, episode).entry
            missing = listing([words(one.partition(".")[2]) or one for one in episode.missing])
            found.append(Unanswered(episode.alert, title, entry, calls, missing))
    return found
