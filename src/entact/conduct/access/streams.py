"""A file that streams ends with the right to it: an account that is closed gets no further line."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Final

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext

from entact.conduct.access.models import Account
from entact.conduct.access.people import person_of
from entact.conduct.error import ConductError
from entact.conduct.taking import channel_of

EVERY: Final = (
    0.5  # seconds after which it is asked again: nothing leaves a second after the account is closed
)


def guard(request: HttpRequest, answer: StreamingHttpResponse) -> None:
    """Has a stream end once whoever asked for it may no longer have it.

    It breaks off, so that who takes it in sees that it is not whole.
    """
    answer.streaming_content = _while_held(request, iter(answer))


def hold(request: HttpRequest) -> None:
    """Has what waits to be taken of an answer go with the right to it: for who reads slowly, much does."""
    channel = channel_of(request.META)
    if channel is not None:
        channel.holds = lambda: _holds(request)


def _while_held(request: HttpRequest, parts: Iterator[bytes]) -> Iterator[bytes]:
    asked = monotonic()
    for part in parts:
        if monotonic() - asked >= EVERY:
            if not _holds(request):
                raise ConductError(
                    gettext("whoever asked for this file may no longer have it: it is not whole")
                )
            asked = monotonic()
        yield part


def _holds(request: HttpRequest) -> bool:
    """Whether the account is open, in the same roles, and the session goes on."""
    account = Account.objects.filter(name=request.person.identity, is_active=True).first()
    key = request.session.session_key
    return (
        account is not None
        and key is not None
        and request.session.exists(key)
        and person_of(account).roles == request.person.roles
    )
