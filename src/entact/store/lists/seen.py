"""What a reader may see of a row for lists, asked in the database."""

from __future__ import annotations

from typing import Final

from entact.course.disclosure import ANSWERS, OWN_ALONE

# A row tells of nothing that is hidden; and where a person sees their own answers alone, of nobody else's.
SEEN: Final = f"""(
    NOT {{0}}.tells && %(hidden)s::text[]
    AND NOT EXISTS (
        SELECT FROM unnest(%(hidden)s::text[]) AS hides, unnest({{0}}.tells) AS told
        WHERE starts_with(hides, '{OWN_ALONE}')
            AND starts_with(told, '{ANSWERS}' || split_part(hides, ':', 2) || ':')
            AND told <> '{ANSWERS}' || substr(hides, {len(OWN_ALONE) + 1})
    )
)"""
