"""The page that proves an opened list to anybody: one file, which needs no network and no entact."""

from __future__ import annotations

from typing import Final

from entact.report.page import render

_TEMPLATE: Final = "proof.html.j2"
_STYLE: Final = "proof.css"


def proof_page(study: str, proof: str, script: str, *, banner: str) -> str:
    """A proof with what checks it, as HTML.

    Args:
        study: its name. proof: JSON of the proof. script: a classic one that checks it. banner: what the data
            are where they are of nobody; else empty.
    """
    data = proof.replace("<", "\\u003c")  # a text of the list never ends the element that it stands in
    return render(_TEMPLATE, _STYLE, {"study": study, "data": data, "script": script, "banner": banner})
