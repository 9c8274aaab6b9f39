"""A request about one participant: who asks, what they may see of whom, and as what they may write."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta, tzinfo

from django.http import Http404, HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from entact import store
from entact.conduct.error import ConductError
from entact.conduct.permissions import Person
from entact.conduct.reader import BROKEN, Folded, Reader, Standing, reader_for
from entact.conduct.record.door import Author
from entact.conduct.record.opened import Opener
from entact.course import Course
from entact.course.entry import Authenticated
from entact.course.fold import Broken
from entact.course.state.progress import zone_of

_NEXT = timedelta(milliseconds=1)


class Asked:
    """What a request about a participant is about, once it is known that whoever asks may see them.

    Raises:
        Http404: when there is no such participant, or it is not for whoever asks to know.
    """

    def __init__(self, request: HttpRequest, key: str) -> None:
        self.request, self.key = request, key
        self.person: Person = request.person
        self.authenticated = authenticated_by(request)
        self.reader: Reader = reader_of(request)
        participant = self.reader.standing(key) if self.reader.sight.sees_schedule else None
        if participant is None:
            raise Http404
        self.participant: Standing = participant
        folded = self.reader.folded([participant.ledger])[participant.ledger]
        if isinstance(folded, Broken):
            raise ConductError(f"{participant.number} {gettext(BROKEN)}")
        self.folded: Folded = folded
        self.course: Course = folded.course
        self.seen = self.folded.seen_by(self.reader.sight)
        self.now: datetime = now_in(self.reader)
        self.zone: tzinfo = zone_of(self.course, self.now)

    def role_entering(self, form: str) -> str | None:
        """As what whoever asks fills in a form; None who may not, or has not signed in."""
        return None if self.authenticated is None else self.person.enters(form, self.course.site)

    def role_for(self, act: str) -> str | None:
        """As what whoever asks does something; None who may not, or has not signed in."""
        return None if self.authenticated is None else self.person.role_for(act, self.course.site)

    def author(self, role: str | None) -> Author:
        """Who writes.

        Raises:
            Http404: when it is nobody's to write.
        """
        if role is None or self.authenticated is None:
            raise Http404
        return Author(self.person.identity, role, self.authenticated)

    def again(self) -> Asked:
        """The same as the record has it now: what others have written since is in it."""
        return Asked(self.request, self.key)

    @property
    def draft_key(self) -> str:
        """The key under which this person's drafts about this participant are kept on a device, in base64.

        It is the same in each process and after each sign-in, and stored with no draft.
        """
        of = f"drafts of {self.person.identity} about {self.participant.ledger}"
        return b64encode(salted_hmac("entact.drafts", of, algorithm="sha256").digest()).decode()

    def opener(self, role: str | None) -> Opener:
        """Opens what is sealed, for who may write it."""
        return Opener(store.key_of(self.participant.ledger) if role is not None else None)

    def sent(self, name: str) -> str:
        """A field as it was sent, without what no record can hold; empty where it was not."""
        text: str = self.request.POST.get(name, "")
        return text.replace("\0", "").encode("utf-8", "replace").decode()


def authenticated_by(request: HttpRequest) -> Authenticated | None:
    """How whoever asks was authenticated; None where nobody has signed in, and then nothing is written."""
    authenticated: Authenticated | None = request.authenticated
    return authenticated


def reader_of(request: HttpRequest) -> Reader:
    """The record as whoever asks may see it."""
    return reader_for(request.person)


def now_in(reader: Reader) -> datetime:
    """When what is written now is written: a rehearsal lives in study time, which goes on with each entry."""
    return reader.at + (_NEXT if reader.environment == "rehearsal" else timedelta(0))
