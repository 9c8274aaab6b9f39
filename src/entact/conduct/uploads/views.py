"""A participant's file, given out as an attachment to who sees an entry that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from entact.conduct.asking import Asked
from entact.conduct.given import note_given
from entact.conduct.uploads.content import SUFFIX
from entact.store.attachments import attachment

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@require_safe
def give_file(request: HttpRequest, key: str, digest: str) -> HttpResponse:
    """The bytes of a file, for the staff of the site; that it was given out is kept.

    Raises:
        Http404: when there is no such file, or no entry that whoever asks sees names it.
    """
    asked = Asked(request, key)
    role = asked.role_for("enter")
    asked.author(role)
    opener = asked.opener(role)
    if _DIGEST.fullmatch(digest) is None or not any(
        _holds(opener.data(one), digest) for one in asked.course.effective if one.id in asked.seen.entries
    ):
        raise Http404
    found = attachment(asked.participant.ledger, digest)
    if found is None:
        raise Http404
    content, media = found
    note_given(request, asked.reader, f"file {digest[:16]} of {asked.participant.ledger}")
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = f'attachment; filename="{digest[:16]}.{SUFFIX.get(media, "bin")}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _holds(value: Any, digest: str) -> bool:
    """Whether something that an entry says names a file."""
    if isinstance(value, Mapping):
        return any(_holds(one, digest) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(one, digest) for one in value)
    return bool(value == digest)
