"""Who writes: only somebody who has signed in does."""

from __future__ import annotations

from django.http import HttpRequest

from entact.course.entry import Authenticated


def authenticated_by(request: HttpRequest) -> Authenticated | None:
    """How whoever asks was authenticated; None where nobody has signed in, and then nothing is written."""
    return getattr(request, "authenticated", None)
