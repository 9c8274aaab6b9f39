"""A request about one assessment: whose it is, and the participant behind the token, whom nobody is shown."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac

from entact import store
from entact.conduct.asking import authenticated_by, now_in, reader_of
from entact.conduct.blinding.guess import RATER, is_said, may_be_asked
from entact.conduct.forms.domain import DONE, NOT_DONE, Filling, Unsaved, Written, written_at
from entact.conduct.forms.page import FormPage, Shown, page_of
from entact.conduct.forms.place import Place
from entact.conduct.forms.reading import Sent, texts_of
from entact.conduct.permissions import Person
from entact.conduct.rating.domain import forms_asked
from entact.conduct.rating.models import Offer
from entact.conduct.rating.page import plain
from entact.conduct.rating.selectors import Profile, held_by, profile_of
from entact.conduct.reader import Folded, Reader
from entact.conduct.record.door import Author
from entact.conduct.record.opened import Opener
from entact.course import Course
from entact.course.personal import REASONS


class Rates:
    """Somebody who rates: who they are, and how they are known.

    Raises:
        Http404: when nobody has signed in who does.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.person: Person = request.person
        role, authenticated = self.person.role_for("rate"), authenticated_by(request)
        if role is None or authenticated is None:
            raise Http404
        self.reader: Reader = reader_of(request)
        self.author = Author(self.person.identity, role, authenticated)
        self.profile: Profile = profile_of(self.person.identity, self.reader)

    def sent(self, name: str) -> str:
        """A field as it was sent, without what no record can hold."""
        text: str = self.request.POST.get(name, "")
        return text.replace("\0", "").encode("utf-8", "replace").decode()[:4000]


class RatingAsked(Rates):
    """An assessment that whoever asks has taken.

    Raises:
        Http404: when the token is of none, or of another's.
    """

    def __init__(self, request: HttpRequest, token: str) -> None:
        super().__init__(request)
        offer = held_by(self.person, token.replace("\0", ""))
        if offer is None:
            raise Http404
        self.offer: Offer = offer
        self.now = now_in(self.reader)
        folded = self.reader.folded([offer.ledger])[offer.ledger]
        if not isinstance(folded, Folded):
            raise Http404
        self.folded = folded
        self.course: Course = folded.course
        self.opener = Opener(store.key_of(offer.ledger))
        self.names = forms_asked(self.course, offer.encounter)

    @property
    def filled(self) -> frozenset[str]:
        """The forms that are sent."""
        return frozenset(name for name in self.names if (name, self.offer.encounter) in self.course.forms)

    @property
    def next_form(self) -> str:
        """The first that is not sent; empty where all are."""
        return next((name for name in self.names if name not in self.filled), "")

    @property
    def asks_guess(self) -> bool:
        """Whether a guess is asked, once the call has begun and all is sent, and not given yet."""
        place = self.course, self.offer.encounter, RATER
        asks = may_be_asked(*place) == "" and not is_said(*place, self.person.identity)
        return asks and not self.next_form and self.offer.confirmed_at is not None

    @property
    def may_finish(self) -> bool:
        """Whether the call has taken place, and nothing more is asked in it."""
        return self.offer.confirmed_at is not None and not self.next_form

    def form(self, name: str) -> FormAsked:
        """One of its forms.

        Raises:
            Http404: when it is none of them, or the call has not begun.
        """
        if name not in self.names or self.offer.confirmed_at is None:
            raise Http404
        if self.person.enters(name, None) is None:
            raise Http404
        return FormAsked(self, name)


class FormAsked:
    """One form of an assessment."""

    def __init__(self, asked: RatingAsked, name: str) -> None:
        self.asked = asked
        self.place = Place(name, asked.offer.encounter)
        written = written_at(asked.course, self.place, "", asked.opener)
        if written is None:
            raise Http404
        self.written: Written = written

    def filling(self, sent: Sent) -> Filling:
        """The form as it was sent; nobody else fills it in, so that nothing is between."""
        head = max(
            (seq for versions in self.asked.folded.versions.values() for seq, _ in versions), default=0
        )
        code, text = self.reason()
        status = NOT_DONE if self.asked.sent("status") == NOT_DONE else DONE
        return Filling(self.place, sent, head, status, text or code)

    def reason(self) -> tuple[str, str]:
        """Why: a code of the short list, and text."""
        code = self.asked.sent("reason_code")
        return code if code in REASONS else "", self.asked.sent("reason")[:2000]

    def page(self, sent: Sent | None = None, unsaved: Unsaved | None = None) -> FormPage:
        """What the rater is shown of it: what it asks, and what they answered."""
        asked, offer = self.asked, self.asked.offer
        languages = asked.course.release.file.languages
        shown = Shown(
            folded=asked.folded,
            seen=asked.folded.seen_by(asked.reader.sight),
            opener=asked.opener,
            zone=asked.profile.zone,
            at=asked.now,
            number="",
            key="",
            may_write=True,
            draft=_draft_key(asked.person, offer),
            person=asked.person.identity,
            language=offer.language if offer.language in languages else None,
            look=reverse("look_at_rating", args=[offer.token, self.place.form]),
        )
        # What is found in the record may tell of it: what is said beside an item follows from the form alone.
        texts: Any = texts_of(self.written.form, self.written.items) if sent is None else sent
        found = page_of(shown, self.place, self.written, sent=texts, unsaved=unsaved, reason=self.reason())
        return plain(found)


def _draft_key(person: Person, offer: Offer) -> str:
    of = f"drafts of {person.identity} under {offer.token}"
    return b64encode(salted_hmac("entact.drafts", of, algorithm="sha256").digest()).decode()
