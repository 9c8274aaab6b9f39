"""Where an item goes in the datasets for a regulator (SDTM), where its name alone does not say it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from entact.protocol.study.base import Block

FINDINGS: Final = ("EG", "FA", "LB", "PE", "QS", "RS", "SC", "VS")
WHOLE: Final = ("CO", "MH", "SU")  # domains that an item goes to without a test
DEMOGRAPHICS: Final = ("AGE", "ETHNIC", "RACE", "SEX")
QUALIFIERS: Final = "SUPPDM"
_CODE: Final = re.compile(r"[A-Z][A-Z0-9]{0,7}")


class Tabulated(Block):
    """Where an item goes in SDTM; `sdtm: LB.ALP` is short for `sdtm: {to: LB.ALP}`.

    `to`: a domain of findings with the code of a test (`VS.SYSBP`, `SC.EDULEVEL`), a variable of DM
    (`DM.RACE`), a qualifier of it (`SUPPDM.VETERAN`), or MH, SU or CO alone. `name`: of the test, substance
    or term, where the item's title is another. `about`: the event or intervention that a finding in FA is
    about. `terms`: answer -> term of the codelist.
    """

    to: str
    name: str | None = Field(default=None, max_length=200)
    category: str | None = Field(default=None, max_length=200)
    about: str | None = Field(default=None, max_length=200)
    position: str | None = None
    terms: dict[str, str] = Field(default={})

    @property
    def domain(self) -> str:
        return self.to.partition(".")[0]

    @property
    def code(self) -> str:
        """The test code, variable or qualifier; empty of a domain that has none."""
        return self.to.partition(".")[2]

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        domain, dot, code = self.to.partition(".")
        known = ", ".join((*FINDINGS, *WHOLE, "DM", QUALIFIERS))
        if domain not in (*FINDINGS, *WHOLE, "DM", QUALIFIERS):
            raise ValueError(f"{domain!r} is no dataset that an item can go to; there are {known}")
        if domain in WHOLE and dot:
            raise ValueError(f"{domain} has no tests; write '{domain}' alone, and `name:` for what it is")
        if domain == "DM" and code not in DEMOGRAPHICS:
            raise ValueError(
                f"{code!r} is no variable of DM that is asked; there are {', '.join(DEMOGRAPHICS)}, and "
                f"whatever else is 'SUPPDM.…' or 'SC.…'"
            )
        if domain not in WHOLE and not _CODE.fullmatch(code):
            raise ValueError(
                f"{self.to!r} names no test; write domain and code, as in 'LB.ALP': a capital letter first, "
                "then capitals and digits, eight at most"
            )
        if (domain == "FA") is not (self.about is not None):
            said = "what the finding is about: add `about:`, as in 'PALPITATIONS'"
            raise ValueError(
                f"FA needs {said}" if domain == "FA" else f"'about' belongs to FA, this goes to {domain}"
            )
        if self.position is not None and domain not in ("VS", "EG"):
            raise ValueError(f"'position' belongs to VS and EG, this goes to {domain}; take it out")
        if domain in FINDINGS and self.name is not None and len(self.name) > 40:
            raise ValueError(f"the name of a test has 40 characters at most, this one {len(self.name)}")
        for text in (self.name, self.category, self.about, self.position, *self.terms.values()):
            if text is not None and not (text.isascii() and text.isprintable() and text.strip()):
                raise ValueError(f"{text!r} cannot stand in a transport file; write it in ASCII")
        return self


def _read(value: Any) -> Any:
    return {"to": value} if isinstance(value, str) else value


Tabulation = Annotated[Tabulated, BeforeValidator(_read, json_schema_input_type=str | Tabulated)]
