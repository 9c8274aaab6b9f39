"""Whether somebody is in the record already, at this site or elsewhere.

Name and date of birth are typed at the site, and kept there under the participant's key. Beside that stands a
hash of them, keyed with the server's secret: two sites can tell that they have the same person, and nobody
can read from it who that is, or try names without the secret.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from entact import store
from entact.conduct.admission.models import Known
from entact.conduct.forms.reading import plain_date
from entact.conduct.reader import Reader, Standing
from entact.conduct.record.door import Author
from entact.store import lists
from entact.store.identity import keep_identity

OLDEST: Final = 125  # years; the oldest person known became 122 (assumption: a margin of three)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Person:
    """Who somebody is, as it was typed at the site; both are empty where nobody said it."""

    name: str = ""
    born: str = ""

    @property
    def is_said(self) -> bool:
        """Whether there is enough to know somebody again."""
        return bool(_WORD.search(self.name)) and self.birth_date is not None

    @property
    def birth_date(self) -> date | None:
        """The date of birth; None where it is none."""
        try:
            return date.fromisoformat(plain_date(self.born))
        except ValueError:
            return None

    def problem(self, today: date) -> str:
        """Why nobody can be known again by what was said; empty where they can, or nothing was said."""
        if not (self.name.strip() or self.born.strip()):
            return ""
        if not self.born.strip():
            return gettext("Name: to know somebody again say their date of birth too, or leave both out.")
        born = self.birth_date
        if born is None:
            return gettext(
                "Date of birth: “{born}” is no day; write it as in 1980-04-30 or 30.4.1980."
            ).format(born=self.born.strip())
        if born > today:
            return gettext("Date of birth: {born} lies ahead.").format(born=born)
        if today.year - born.year > OLDEST:
            return gettext(
                "Date of birth: nobody born on {born} is alive; more than {oldest} years lie between."
            ).format(born=born, oldest=OLDEST)
        if not _WORD.search(self.name):
            return gettext("Date of birth: to know somebody again say their name too, or leave both out.")
        return ""

    def mark(self, study: str) -> str:
        """The keyed hash: the same however the name is written in capitals, accents, hyphens and order."""
        plain = unicodedata.normalize("NFKD", self.name).casefold()
        plain = "".join(one for one in plain if not unicodedata.combining(one))
        said = f"{study}\0{' '.join(sorted(_WORD.findall(plain)))}\0{self.birth_date}"
        return salted_hmac("entact.known", said, algorithm="sha256").hexdigest()


def known_elsewhere(person: Person, reader: Reader, *, but: str = "") -> list[Standing | None]:
    """Where the same person is in the record already; None for each at a site that is not seen."""
    if not person.is_said:
        return []
    marks = Known.objects.filter(mark=person.mark(reader.study.name)).exclude(participant=but)
    ledgers = [one for one in marks.values_list("participant", flat=True) if store.key_of(one) is not None]
    rows = {row.ledger: Standing.of(row) for row in lists.participants_of(ledgers)}
    seen = [row if reader.sees_site(row.site) else None for row in rows.values()]
    return [*seen, *(None for one in ledgers if one not in rows)]


def keep_person(person: Person, reader: Reader, ledger: str, site: str, author: Author) -> None:
    """Keeps who somebody is at the site, and by what they are known again."""
    if not person.is_said:
        return
    details = {"name": person.name.strip(), "birth_date": str(person.birth_date)}
    keep_identity(
        ledger, site, details, by=author.identity, role=author.role, authenticated=author.authenticated
    )
    Known.objects.get_or_create(
        mark=person.mark(reader.study.name), participant=ledger, defaults={"site": site}
    )
