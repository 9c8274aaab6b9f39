"""What people are called on pages: by their own name, where entries have the name that they sign in with."""

from __future__ import annotations

from collections import Counter

from entact.conduct.access.models import Account


def people_called() -> dict[str, str]:
    """Name in entries -> the person's own name, with the first behind it where two are called the same."""
    known = dict(Account.objects.values_list("name", "title"))
    shared = Counter(known.values())
    return {name: f"{title} ({name})" if shared[title] > 1 else title for name, title in known.items()}
