"""Releases entered in a running record, and sites that may work under one: signed, with what they rest on.

Without an activation no gate of a site lets anybody be enrolled or treated; an amendment counts at a site
from the time at which its ledger says so, and nowhere before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from django.db import transaction
from django.utils.translation import gettext

from entact.conduct.asking import now_in
from entact.conduct.delegation import enter_at_site, hold_site, state_of
from entact.conduct.error import ConductError
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.record.of_study import note_of_study
from entact.course import read
from entact.course.entry import Entry, digest
from entact.course.entry.entry import SecondProof
from entact.course.kinds.site import ACTIVATION, Activation
from entact.course.kinds.study import RELEASE, ReleaseEntered, release_data
from entact.protocol import Release, Study, bars_from_production
from entact.protocol.load import amend
from entact.protocol.problem import StudyError
from entact.store import acts, models
from entact.store.studies import study_of_record
from entact.store.versions import with_versions

Status = Literal["active", "held", "closed"]
STATUSES: Final[tuple[Status, ...]] = ("active", "held", "closed")
_LONGEST_REASON: Final = 500


@dataclass(frozen=True)
class SiteStands:
    """How far a site may work.

    Attributes:
        release: label of the release that it works under; empty before the first. status: one of `STATUSES`;
            empty before the first word. waits: the label of a newer release that it has not approved.
        said: the entry that says so; empty before the first. history: what was entered, in order of arrival.
    """

    site: str
    release: str
    status: str
    waits: str
    said: str
    history: tuple[Entry, ...]


def sites_stand(study: Study) -> list[SiteStands]:
    """How far each site of the study may work."""
    labels = {one.id: one.file.release for one in study.releases}
    newest = study.newest.file.release
    known = dict.fromkeys(site for one in reversed(study.releases) for site in one.file.sites)
    found = []
    for site in known:
        state = state_of(site)
        label = labels.get(state.release or "", "")
        waits = newest if label and label != newest else ""
        said = state.activation or ""
        found.append(SiteStands(site, label, state.status or "", waits, said, tuple(_said_of(site))))
    return found


def read_release(study: Study, raw: bytes, file: str, environment: str) -> Release:
    """The release in a study file that amends the newest one, as it may be entered here.

    Raises:
        StudyError: with each fault and its place; in production also with what is still an assumption.
        ValueError: when it is of another study.
    """
    newest = amend(study, {file: raw}).newest
    barred = bars_from_production(newest) if environment == "production" else []
    if barred:
        raise StudyError(barred)
    return newest


def enter_release(
    reader: Reader, raw: bytes, file: str, expected: str, reason: str, *, by: Author, second: SecondProof
) -> Release:
    """Enters a release in the study's ledger: it counts at a site once that site has approved it.

    Args:
        raw, file: the study file and its name. expected: id of the release that was tried.
    Raises:
        ConductError: when it says not on what it rests, another release was entered meanwhile, or it is not
            the one that was tried. StudyError, ValueError: see `read_release`.
    """
    _require_reason(reason)
    with transaction.atomic():
        models.Ledger.objects.select_for_update().get(name=f"study:{reader.study.name}")
        study = _study_now()
        if study.newest.id != reader.study.newest.id:
            raise ConductError(
                gettext("another release was entered while you read the page: try yours again")
            )
        newest = read_release(study, raw, file, reader.environment)
        if newest.id != expected:
            raise ConductError(gettext("it is not the file that was tried: try it again, then enter it"))
        payload = msgspec.convert(release_data(newest), ReleaseEntered)
        note_of_study(
            reader, RELEASE.name, payload, now_in(reader), by=by, reason=reason.strip(), second=second
        )
    return newest


def set_status(
    reader: Reader,
    site: str,
    release: str,
    status: str,
    seen: str,
    reason: str,
    *,
    by: Author,
    second: SecondProof,
) -> None:
    """Says from now on whether a site may work, and under which release.

    Args:
        release: label of the release. seen: `seen_of` the sites as they were shown.
        reason: what it rests on: the vote of the ethics committee, the authority's letter, the contract.
    Raises:
        ConductError: when there is no such site, release or status, it would change nothing or go back to an
            older release, or something was entered since the page was shown.
    """
    _require_reason(reason)
    releases = {one.file.release: one for one in reader.study.releases}
    if release not in releases or status not in STATUSES:
        raise ConductError(gettext("choose one of the releases, and whether the site may work"))
    known = {name for one in reader.study.releases for name in one.file.sites}
    if site not in known:
        raise ConductError(gettext("no release of the study has a site {site}").format(site=site))
    with transaction.atomic():
        for name in sorted(known):
            hold_site(name)
        if seen != seen_of(sites_stand(reader.study)):
            raise ConductError(
                gettext("something was entered about a site while you read the page: read it again")
            )
        state = state_of(site)
        order = [one.id for one in reader.study.releases]
        chosen = releases[release]
        if (state.release, state.status) == (chosen.id, status):
            raise ConductError(
                gettext("site {site} is {status} under release {release} already").format(
                    site=site, status=status, release=release
                )
            )
        if state.release in order and order.index(chosen.id) < order.index(state.release):
            raise ConductError(
                gettext("site {site} has approved a newer release: amend that one instead").format(site=site)
            )
        payload = Activation(chosen.id, status, _zone(reader.study, site))
        enter_at_site(site, ACTIVATION.name, payload, by=by, reason=reason.strip(), second=second)


def seen_of(sites: Iterable[SiteStands]) -> str:
    """What tells whether the sites stand as somebody was shown."""
    return digest("\n".join(f"{one.site} {one.said}" for one in sites).encode())


def entered() -> dict[str, Entry]:
    """Of each release the entry that brought it, the last where it came again."""
    return {str(one.data["id"]): one for one in acts.entries((RELEASE.name,))}


def _said_of(site: str) -> Iterator[Entry]:
    found = with_versions([f"site:{site}"], (ACTIVATION.name,))
    for one in found:
        entry = read(one.text)
        if entry.kind == ACTIVATION.name:
            yield entry


def _zone(study: Study, site: str) -> str:
    return next(one.file.sites[site].timezone for one in reversed(study.releases) if site in one.file.sites)


def _study_now() -> Study:
    study = study_of_record()[1]
    if study is None:
        raise ConductError(gettext("this record holds no release of its study that can be read"))
    return study


def _require_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > _LONGEST_REASON or "\0" in reason:
        raise ConductError(
            gettext("say on what it rests, in at most {longest_reason} characters, and name nobody").format(
                longest_reason=_LONGEST_REASON
            )
        )
