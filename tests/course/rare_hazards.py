# ruff: noqa: E501 (entries on a line)
"""What seldom befalls a participant, a site or a study: an entry of each kind that no other case holds."""

from __future__ import annotations

from typing import Any

from tests.course.hazards import HERE, LOT, Hazard

ROOT = "ab"
SHIPMENT = {"number": "SH-1", "lot": "L-1", "kits": ["K-7", "K-8"], "units": 2, "sender": "depot"}
OPENED = {"purpose": "code_breaks", "root": ROOT, "rows": 8}
CUSTODY = {
    "root": ROOT,
    "custodians": ["ada", "ben", "cleo"],
    "threshold": 2,
    "custody": "ef" * 32,
    "alone": False,
}


def _of(title: str, kind: str, data: dict[str, Any], **more: Any) -> Hazard:
    return Hazard(title, kind, data, more=more)


def _here(title: str, kind: str, data: dict[str, Any], **more: Any) -> Hazard:
    return Hazard(title, kind, data, more={"encounter": HERE} | more)


def _site(title: str, kind: str, data: dict[str, Any], then: Any = None, **more: Any) -> Hazard:
    return Hazard(title, kind, data, "site:denver", more=more, then=then)


def _study(title: str, kind: str, data: dict[str, Any], then: Any = None, **more: Any) -> Hazard:
    return Hazard(title, kind, data, "study:mini", "sponsor", more, then)


RARE = (
    # about a participant
    _of("alert answered", "alert_answered", {"alert": "hypertension", "action": "seen"}, about="vitals 1"),
    _of("alert answered of nothing", "alert_answered", {"alert": "hypertension", "action": "seen"}),
    _of("arms told", "assignment", {"arms": ["mdma"]}),
    _of("booked", "booking", {"at": "2026-05-05T09:00:00-06:00"}, encounter="outcome#1"),
    _of("booked for no time", "booking", {"at": "soon"}, encounter="outcome#1"),
    _of("booking taken back", "booking", {"at": "2026-05-05T09:00:00-06:00", "status": "cancelled"}),
    _here("glass broken", "break_glass", {}, role="rater", by="r-1"),
    _of("conflict decided", "conflict_decided", {"follow": "level 1"}, about="level 1"),
    _of("unblinding asked for", "unblinding_requested", {}),
    *(
        _of(f"{of} checked by {by}: {agrees}", "kit_check", {"agrees": agrees}, about=of, by=by)
        for of, by, agrees in (
            ("initial 1", "i-2", True),
            ("assigned K-1", "i-2", True),
            ("nothing", "i-2", True),
            ("assigned K-1", "i-1", False),
        )
    ),
    *(
        _here(f"{requirement} set aside", "override", {"requirement": requirement, "entries": names, "versions": names})
        for requirement, names in (
            ("initial_dose.2", ["vitals 1"]),
            ("initial_dose.1", ["vitals 1"]),
            ("initial_dose.9", []),
        )
    ),
    _of("asked", "query", {"said": "raised", "entry": "level 1", "text": "So?"}, by="m-1"),
    _of("answered what nobody asked", "query", {"said": "answered", "text": "Yes."}, about="level 1"),
    _of("answered by no name", "query", {"said": "answered", "text": "Yes."}),
    _of("asked about nothing", "query", {"said": "raised", "text": "So?"}),
    _here("rating taken", "rating_taken", {"status": "taken"}, by="r-2", role="rater"),
    _of("rater heard of it", "rater_heard", {"of": "suicidality", "words": "…"}, by="r-2", role="rater"),
    _of("rater answered", "rater_answered", {"done": "called"}, about="nothing"),
    _of("report of nothing", "safety_report", {"report": "sponsor"}),
    _of("report of no such name", "safety_report", {"report": "moon"}, about="vitals 1"),
    _of("rated again", "second_rating", {"entry": "symptoms", "form": "symptoms", "items": {"total": 41}}, by="r-2"),
    _of("rated again by the same", "second_rating", {"entry": "symptoms", "form": "symptoms", "items": {}}, by="r-1"),
    _of("nothing rated again", "second_rating", {"entry": "nothing", "form": "symptoms", "items": {}}, by="r-2"),
    _of("signed", "signature", {"meaning": "reviewed", "entries": ["level 1"], "versions": ["x"]}),
    _of("signed as it is not", "signature", {"meaning": "reviewed", "entries": ["level 1", "nothing"], "versions": ["x", "y"]}),
    _of("signed one too few", "signature", {"meaning": "reviewed", "entries": ["level 1"], "versions": []}),
    _here("music", "session_note", {"what": "music", "name": "First", "state": "begun"}),
    _of("unfreezing asked for", "unfreeze", {"said": "asked"}),
    _of("unfrozen by one", "unfreeze", {"said": "taken_back"}),
    # at a site
    _site("log signed", "delegation_signed", {"entries": ["i-1"], "hashes": ["x"]}),
    _site("log signed one too few", "delegation_signed", {"entries": ["i-1"], "hashes": []}),
    _site("one number at any hour", "on_call", {"number": "+1 555 0100"}),
    _site("on call backwards", "on_call", {"number": "+1", "role": "investigator", "since": "2026-03-02T00:00:00Z",
                                           "until": "2026-03-01T00:00:00Z"}),
    _site("nothing monitored", "monitoring_action", {"action": 1, "status": "done", "text": "done"}),
    _site("shipped", "shipment", SHIPMENT),
    _site("shipped twice", "shipment", SHIPMENT, ("shipment", SHIPMENT, "i-1")),
    _site("a kit of the stock shipped", "shipment", SHIPMENT | {"kits": ["K-1", "K-7"]}),
    _site("received", "shipment", SHIPMENT, ("receipt", {"shipment": "sh-1", "kits": ["K-7", "K-8"]}, "i-1")),
    _site("one missing", "shipment", SHIPMENT, ("receipt", {"shipment": "SH-1", "kits": ["K-7"]}, "i-1")),
    _site("one too many", "shipment", SHIPMENT, ("receipt", {"shipment": "SH-1", "kits": ["K-7", "K-8", "K-9"]}, "i-1")),
    _site("damaged", "shipment", SHIPMENT,
          ("receipt", {"shipment": "SH-1", "kits": ["K-7", "K-8"], "damaged": ["K-8"]}, "i-1")),
    _site("received unsent", "receipt", {"shipment": "SH-9", "kits": ["K-7"]}),
    _site("lot with kits", "lot", LOT, ("shipment", SHIPMENT, "i-1")),
    *(
        _site(f"difference {said} of {kit}", "stock_difference", {"kit": kit, "said": said, "text": "so"})
        for kit, said in (("K-1", "found"), ("K-9", "found"), ("K-1", "explained"), ("K-1", "reported"))
    ),
    *(
        _site(f"{of} checked", "supply_check", {"agrees": agrees}, about=of, by=by)
        for of, by, agrees in (("stock K-1", "i-2", True), ("stock K-1", "i-1", True), ("nothing", "i-2", False))
    ),
    _site("words", "wording", {"instrument": "pcl5", "language": "en", "version": "1", "holder": "VA", "digest": "ab" * 32}),
    _site("words of no digest", "wording", {"instrument": "pcl5", "language": "en", "version": "1", "holder": "VA", "digest": "x"}),
    # of the study
    _study("custodians", "list_custody", CUSTODY),
    _study("custodians of another list", "list_custody", CUSTODY | {"root": "cd"}),
    _study("fewer than their threshold", "list_custody", CUSTODY | {"threshold": 4}),
    _study("custodians alone", "list_custody", CUSTODY | {"alone": True}),
    _study("shares given", "list_custody", CUSTODY, ("shares_given", {"entry": "e", "rows": 1, "custody": "ef" * 32}, "ada")),
    _study("shares of no custodian", "list_custody", CUSTODY, ("shares_given", {"entry": "e", "rows": 1, "custody": "ef" * 32}, "eve")),
    _study("code-breaks anew", "list_opened", OPENED, ("list_opened", OPENED, "i-1")),
    _study("kits planned for nothing", "kits_planned", {"root": "cd", "kits": []}),
    _study(
        "kits planned of no row", "kits_planned",
        {"root": ROOT, "kits": [{"kit": "K-7", "number": "R-99", "level": "full", "part": "initial"}]},
    ),
    _study("ledger opened", "ledger_opened", {"ledger": "participant:0b"}),
    _study("a release of no text", "release", {"id": "mini@sha256:0", "text": "{}"}),
)  # fmt: skip
