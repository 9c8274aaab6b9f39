"""The words of instruments that sites work with: a file beside the database, its digest in a ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from entact.course.entry import read
from entact.course.entry.ledger import Receipt
from entact.course.kinds.wording import WORDING, WordingEntered
from entact.course.setting import fold_setting
from entact.course.state.setting import SiteState, WordingState
from entact.protocol.release import Study
from entact.protocol.wording import Wording
from entact.store import models
from entact.store.acts import entry_of, here, now
from entact.store.appending import append
from entact.store.error import StoreError
from entact.store.private import write_over
from entact.store.server import data_folder
from entact.store.studies import study_of_record
from entact.store.versions import with_versions

FOLDER = "wording"


def enter_wording(wording: Wording, site: str, *, by: str, role: str = "investigator") -> Receipt:
    """Lets a site work with these words: keeps them beside the database, and their digest in its ledger.

    Raises:
        StoreError: when there is no such site, the study does not use the instrument, or who does it is not
            on the site's staff list in that role.
    """
    _, study = study_of_record()
    if study is None:
        raise StoreError("this database holds no release of a study yet")
    said = wording.file
    instruments = {
        form.instrument.name
        for release in study.releases
        for form in release.forms.values()
        if form.instrument is not None
    }
    if said.wording not in instruments:
        raise StoreError(f"no release of {study.name} uses the instrument {said.wording!r}")
    member = _site(site).staff.get(by)
    if member is None or role not in member.roles:
        raise StoreError(f"{by!r} is not on the staff list of site {site!r} as {role}")
    _keep(wording)
    payload = WordingEntered(said.wording, said.language, said.version, said.holder, wording.digest)
    data = {field: getattr(payload, field) for field in payload.__struct_fields__}
    entry = entry_of(here(), "wording", data, by=by, role=role, ledger=f"site:{site}")
    return append(entry, received_at=now())


def words_at(site: str, instrument: str, language: str) -> bytes | None:
    """The words that a site works with, as RFC 8785 JSON; None where it has entered none.

    Raises:
        StoreError: when there is no such site, or the words are not those of the ledger's digest.
    """
    state = _site(site).wordings.get((instrument, language))
    return None if state is None else words_of(state, site)


def wordings_at(site: str, study: Study) -> Mapping[tuple[str, str], WordingState]:
    """By instrument and language, which words a site works with; of one that has no ledger, none."""
    found = with_versions([f"site:{site}"], [WORDING.name])
    entries = [read(one.text) for one in found]
    return fold_setting(study, (), entries).site.wordings if entries else {}


def words_of(state: WordingState, site: str) -> bytes:
    """The words that a site entered, as RFC 8785 JSON.

    Raises:
        StoreError: when they are not there, or are not those of the ledger's digest.
    """
    path = _path(state.digest)
    if not path.is_file():
        raise StoreError(
            f"{path} is missing: the words that site {site!r} works with have to be entered again"
        )
    text = path.read_bytes()
    if hashlib.sha256(text).hexdigest() != state.digest:
        raise StoreError(f"{path} was changed: these are not the words that site {site!r} entered")
    return text


def _site(name: str) -> SiteState:
    _, study = study_of_record()
    lines = models.Line.objects.filter(ledger__name=f"site:{name}").order_by("seq")
    entries = [read(text) for text in lines.values_list("text", flat=True)]
    if study is None or not entries:
        found = models.Ledger.objects.filter(name__startswith="site:").values_list("name", flat=True)
        known = ", ".join(sorted(site.removeprefix("site:") for site in found))
        raise StoreError(f"there is no site {name!r} in this record; write one of: {known}")
    return fold_setting(study, [], entries).site


def _path(digest: str) -> Path:
    return data_folder() / FOLDER / f"{digest}.json"


def _keep(wording: Wording) -> None:
    """Writes the words under their digest, whole or not at all."""
    path = _path(wording.digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_over(path, wording.text)
