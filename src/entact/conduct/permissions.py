"""Who may see and do what: the one table that pages, API, console and exports ask.

What a role *sees* follows from the study file's blinding (`entact.conduct.sight`). What it *does* stands in
`DUTIES`, by the roles' usual names, together with what the study file says of its own: who is asked on a form
or a visit (`by`), who lifts a hold. Acts that a gate decides (`entact.course.gates`) name their roles
themselves. A role that the file has under another name sees what the file lets it, and does what the file
names it for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from entact.conduct.language.codes import code_words
from entact.conduct.sight import EVENTS, PARTICIPANT, Sight
from entact.conduct.sight import OWNER as OWNER
from entact.course.gates.core import ACTS
from entact.protocol import Study
from entact.protocol.study.arms import Period

EVERYWHERE: Final = ""  # in the place of a site: a role that is bound to none

# Roles that no study file has to name. The owner gives roles to people, and sees nobody by that.
SYSTEM_ROLES: Final = {OWNER: "makes accounts and gives roles; sees no participant by that"}

_TEAM = "coordinator", "investigator", "therapist"
_SITE = *_TEAM, "pharmacist"
_SPONSOR = "data_manager", "medical_monitor", "monitor"
_WATCHING = "sponsor", "committee"

# What is done -> the roles that may, by their usual names, where a study has them.
DUTIES: Final[Mapping[str, tuple[str, ...]]] = {
    "screen": ("coordinator", "investigator"),
    "consent": ("coordinator", "investigator"),
    "judge_eligibility": ("investigator",),
    "link": ("coordinator", "investigator"),  # with whom somebody takes part
    "decide_version": ("investigator",),  # of an entry that arrived twice with other content
    "enter": (*_SITE, "rater"),  # forms: of each, see `Person.enters`
    "correct": (*_SITE, "rater"),
    "report_event": _TEAM,
    "answer_alert": (*_TEAM, "sub_investigator", "nurse", "medical_monitor"),
    "report_safety": ("coordinator", "investigator", "sub_investigator", "medical_monitor", "sponsor"),
    "note_deviation": (*_SITE, "monitor"),
    "guess": (
        "therapist",
        "rater",
    ),  # their own belief of what was given; who is apart says it where they rate
    "ask_guess": _TEAM,  # hands the question to the participant
    "transcribe_guess": ("data_manager",),  # from the participant's sealed sheet; meets none of them
    "stop": _TEAM,  # withdrawal, discontinuation, death, lost to follow-up
    "keep_supply": ("pharmacist",),
    "check_supply": (
        "pharmacist",
        "coordinator",
        "investigator",
        "sub_investigator",
        "nurse",
    ),  # as a second person
    "decide_supply": ("sponsor", "medical_monitor", "data_manager"),  # on kits in quarantine
    "read_supply": (*_SITE, "sub_investigator", "nurse", "sponsor", *_SPONSOR, "auditor", "inspector"),
    "follow_session": (*_TEAM, "sub_investigator", "nurse", "medical_monitor"),  # in the console of the day
    "break_code": ("investigator", "sub_investigator", "medical_monitor"),  # in an emergency; never gated
    "hear_of_unblinding": ("investigator", *_SPONSOR),  # that it happened, never what was read
    "measure_blinding": ("committee",),  # before the lock; from then on everybody
    "oversee_raters": ("rater_coordinator",),
    "ask_query": _SPONSOR,
    "answer_query": _SITE,
    "close_query": _SPONSOR,
    "verify": ("monitor",),
    "read_monitoring": (*_SITE, "sub_investigator", "nurse", *_SPONSOR, "auditor", "inspector"),
    "sign": ("investigator",),
    "read_signatures": ("investigator", "auditor", "inspector"),
    "freeze": ("data_manager",),
    "lock": ("data_manager",),
    "read_locks": ("data_manager", "auditor", "inspector"),
    "try_release": ("data_manager", "sponsor"),
    # That a site may work, and under which release; the owner too, for a study that names neither.
    "open_site": ("data_manager", "sponsor", OWNER),
    "read_releases": (
        *_SITE,
        "sub_investigator",
        "nurse",
        "sponsor",
        *_SPONSOR,
        "auditor",
        "inspector",
        OWNER,
    ),
    "export": ("data_manager", "investigator"),
    "take_in": ("data_manager", "investigator"),  # records of another system, at the command line
    "read_audit": (*_SPONSOR, "investigator", "auditor", "inspector"),
    "delegate": ("investigator",),
    "certify": ("investigator", "coordinator"),
    "keep_devices": ("coordinator", "investigator", OWNER),  # that send readings by themselves
    "read_staff": (*_SITE, "sub_investigator", "nurse", *_SPONSOR, "auditor", "inspector", OWNER),
    "hear_of_events": ("investigator", "sub_investigator", "medical_monitor", "sponsor"),  # serious ones
    "read_holds": (*_SITE, "sub_investigator", "nurse", *_SPONSOR, *_WATCHING, "auditor", "inspector"),
    "place_hold": ("investigator", "medical_monitor", *_WATCHING),  # urgent: nobody is asked first
    "send_report": ("coordinator", "investigator", "sponsor", *_SPONSOR),  # on the whole study
    "manage_people": (OWNER,),
}
SEE_STUDY, SEE_PARTICIPANTS = "see_study", "see_participants"

# Who only reads, and of whom it is kept whom they looked at.
LOOKS_ARE_KEPT: Final = frozenset({"monitor", "auditor", "inspector"})
LOOKS_AT_MANY: Final = frozenset(
    {
        "participants",
        "screening_log",
        "listing",
        "deviations",
        "queries",
        "dashboard",
        "delegation",
        "worklist",
        "monitoring_visits",
        "monitoring_report",
        "fidelity",
        "lock_study",
        "audit",
        "drift",
        "blinding",
    }
)  # pages about nobody alone

# Who answers for one site, and is given a role there; the others work for all sites.
AT_A_SITE: Final = frozenset({*_SITE, "sub_investigator", "nurse", "carer"})


class Permissions:
    """Of one study, each act and the roles that may do it.

    Attributes:
        roles: what the study file says of each role of the staff, and what is said of those of the system.
        sights: role -> what it sees now. blinded: what it saw while the study ran: what a role *does* never
            grows with what it comes to see. table: act -> roles.
    """

    def __init__(self, study: Study, period: Period = "running") -> None:
        self.study = study
        self.period = period
        self.roles: dict[str, str] = dict(SYSTEM_ROLES)
        for release in study.releases:
            self.roles |= {name: said for name, said in release.file.roles.items() if name != PARTICIPANT}
        self.sights = {role: Sight(study, role, period) for role in self.roles}
        self.blinded = {role: Sight(study, role) for role in self.roles}
        usual = dict(DUTIES) | {name: act.roles for name, act in ACTS.items()}
        table = {act: {role for role in roles if role in self.roles} for act, roles in usual.items()}
        table[SEE_STUDY] = set(self.roles)
        table[SEE_PARTICIPANTS] = {role for role, sight in self.sights.items() if sight.sees_schedule}
        for act in ("enter", "correct"):
            table[act] |= self._asked()
        if period != "running":
            table["measure_blinding"] = set(self.roles)
        table["rate_again"] = self._rating_again()
        table["rate_fidelity"] = self._rating_fidelity()
        table["read_fidelity"] = table["rate_fidelity"] | self._reading_fidelity()
        # Whoever may come to hear of an event, and may know of events.
        hears = table["enter"] | table["report_event"]
        table["learn_events"] = {role for role in hears if self.blinded[role].sees(EVENTS)}
        table["rate"] = {role for release in study.releases for role in release.roles_apart}
        table["guess"] -= table["rate"]
        table["lift_hold"] = {
            hold.lifted_by for release in study.releases for hold in release.file.holds.values()
        }
        # A hold tells of events; whoever lifts one has to see it.
        told = {role for role in table["read_holds"] if self.blinded[role].sees(EVENTS)}
        table["hear_of_events"] = {role for role in table["hear_of_events"] if self.sights[role].sees(EVENTS)}
        table["read_holds"] = told | table["lift_hold"]
        table["place_hold"] &= table["read_holds"]
        self.table: Mapping[str, frozenset[str]] = {
            act: frozenset(roles) & self.roles.keys() for act, roles in sorted(table.items())
        }

    def _asked(self) -> set[str]:
        """Roles that the study file says answer a form, or hold a visit."""
        files = [release.file for release in self.study.releases]
        found = {form.by for file in files for form in file.all_forms.values()}
        return {role for role in found if role is not None and role in self.roles}

    def _rating_again(self) -> set[str]:
        """Roles that fill in the forms of which some are rated again, from the recording."""
        files = [release.file for release in self.study.releases]
        return {file.forms[form].by or "" for file in files for form in file.second_ratings} & {*self.roles}

    def _rating_fidelity(self) -> set[str]:
        """Roles that hold sessions against their content checklists."""
        files = [release.file for release in self.study.releases]
        named = (file.forms[said.form].by for file in files for said in file.fidelity.values())
        return {by for by in named if by} & {*self.roles}

    def _reading_fidelity(self) -> set[str]:
        """Roles of the sponsor that see how sessions were held against their checklists."""
        files = [release.file for release in self.study.releases]
        forms = {said.form for file in files for said in file.fidelity.values()}
        there = {*_SPONSOR} & {*self.roles} if forms else set[str]()
        return {role for role in there if all(map(self.blinded[role].sees_form, forms))}

    @property
    def sites(self) -> frozenset[str]:
        """The sites of every release."""
        return frozenset(site for release in self.study.releases for site in release.file.sites)

    def roles_for(self, act: str) -> frozenset[str]:
        """The roles that may do something.

        Raises:
            KeyError: when there is no such act: a page that asks for it is wrong.
        """
        return self.table[act]

    def roles_entering(self, form: str) -> frozenset[str]:
        """The roles that may fill in a form: whom the file names for it, else all that enter; who see it."""
        forms = [one.file.all_forms[form] for one in self.study.releases if form in one.file.all_forms]
        named = {one.by for one in forms if one.by is not None and one.by != PARTICIPANT}
        roles = self.table["enter"] & named if named else self.table["enter"]
        return frozenset(role for role in roles if self.blinded[role].sees_form(form))

    def together(self, roles: Iterable[str]) -> bool:
        """Whether one person may have all these roles: none sees what another of them is not to see."""
        studies = {self.blinded[role].hidden_names for role in roles if role not in SYSTEM_ROLES}
        return len(studies) <= 1


@lru_cache(maxsize=8)
def permissions_of(study: Study, period: Period = "running") -> Permissions:
    """The table of a study that is so far."""
    return Permissions(study, period)


@dataclass(frozen=True)
class Person:
    """Who asks for a page.

    Attributes:
        identity: stands in entries as `by`. name: as people call them.
        roles: site -> roles there; under `EVERYWHERE` those that hold at every site.
        permissions: the table of the study. environment: of the record.
    """

    identity: str
    name: str
    roles: Mapping[str, frozenset[str]]
    permissions: Permissions
    environment: str

    @property
    def all_roles(self) -> frozenset[str]:
        """Every role, wherever it holds."""
        return frozenset(role for roles in self.roles.values() for role in roles)

    @property
    def told_roles(self) -> list[tuple[str, str]]:
        """Each site, `EVERYWHERE` first, with the roles there as people say them."""
        return [(site, ", ".join(map(code_words, sorted(self.roles[site])))) for site in sorted(self.roles)]

    @property
    def sites(self) -> frozenset[str] | None:
        """The sites whose participants are this person's to see; None for all."""
        seeing = self.permissions.table[SEE_PARTICIPANTS]
        found = frozenset(site for site, roles in self.roles.items() if roles & seeing)
        return None if EVERYWHERE in found else found

    @cached_property
    def sight(self) -> Sight:
        """What this person may see: all roles of the study that one person has see the same."""
        known = sorted(self.all_roles - SYSTEM_ROLES.keys())
        return self.permissions.sights[known[0] if known else OWNER].of(self.identity)

    def roles_at(self, site: str | None) -> frozenset[str]:
        """The roles at a site; at any where no site is said."""
        if site is None:
            return self.all_roles
        return self.roles.get(EVERYWHERE, frozenset()) | self.roles.get(site, frozenset())

    def may(self, act: str, site: str | None = None) -> bool:
        """Whether this person may do something at a site, or at any where none is said."""
        return bool(self.roles_at(site) & self.permissions.roles_for(act))

    def role_for(self, act: str, site: str | None = None) -> str | None:
        """As what this person does something: the role that an entry of it names; None who may not."""
        return next(iter(sorted(self.roles_at(site) & self.permissions.roles_for(act))), None)

    def enters(self, form: str, site: str | None = None) -> str | None:
        """As what this person fills in a form at a site; None who may not."""
        return next(iter(sorted(self.roles_at(site) & self.permissions.roles_entering(form))), None)


def may(person: Person, act: str, site: str | None = None) -> bool:
    """Whether a person may do something at a site, or at any where none is said.

    Args:
        act: one of the table's (`DUTIES`, the gates' acts, `see_study`, `see_participants`).
    Raises:
        KeyError: when there is no such act.
    """
    return person.may(act, site)


# In the place of an act: for everybody who reaches the server; for each who signed in, whatever the role; for
# each who signed in with a password of their own, about that.
PUBLIC, SIGNED_IN, OWN_ACCOUNT = "public", "signed in", "own account"

# Every route by name -> the act that it asks for. What is in no row is shown to nobody.
ROUTES: Final[Mapping[str, str]] = {
    "style": PUBLIC,
    "health": PUBLIC,
    "proof": PUBLIC,  # what was promised of the sealed list; it tells no arm
    "account_login": PUBLIC,
    "one_press": PUBLIC,
    "sign_on": PUBLIC,
    "sign_on_return": PUBLIC,
    "welcome": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "account_inactive": PUBLIC,
    "account_logout": PUBLIC,
    "mfa_index": OWN_ACCOUNT,
    "mfa_activate_totp": OWN_ACCOUNT,
    "mfa_deactivate_totp": OWN_ACCOUNT,
    "mfa_list_webauthn": OWN_ACCOUNT,
    "mfa_add_webauthn": OWN_ACCOUNT,
    "mfa_remove_webauthn": OWN_ACCOUNT,
    "mfa_reauthenticate_webauthn": OWN_ACCOUNT,
    "mfa_view_recovery_codes": OWN_ACCOUNT,
    "mfa_generate_recovery_codes": OWN_ACCOUNT,
    "mfa_reauthenticate": OWN_ACCOUNT,
    "account_reauthenticate": OWN_ACCOUNT,
    "account_change_password": OWN_ACCOUNT,
    "usersessions_list": SIGNED_IN,
    "told": SIGNED_IN,
    "language": SIGNED_IN,
    "ratings": "rate",
    "rating": "rate",
    "rate": "rate",
    "look_at_rating": "rate",
    "rater_told": SEE_PARTICIPANTS,
    "study": SEE_STUDY,
    "participants": SEE_PARTICIPANTS,
    "export_participants": SEE_PARTICIPANTS,
    "find": SEE_PARTICIPANTS,
    "dashboard": SEE_PARTICIPANTS,
    "participant": SEE_PARTICIPANTS,
    "form": SEE_PARTICIPANTS,
    "look": "enter",
    "hand": "enter",
    "guess": SEE_PARTICIPANTS,
    "handed": SIGNED_IN,
    "handed_look": SIGNED_IN,
    "hand_back": SIGNED_IN,
    "eligibility": SEE_PARTICIPANTS,
    "consent": SEE_PARTICIPANTS,
    "consent_pdf": "consent",
    "file": "enter",
    "stop": "stop",
    "medication": SEE_PARTICIPANTS,
    "dictionary": "enter",
    "new_participant": "screen",
    "screening_log": SEE_PARTICIPANTS,
    "screening": SEE_PARTICIPANTS,
    "add": SEE_PARTICIPANTS,
    "entry": SEE_PARTICIPANTS,
    "event_report": "report_safety",
    "casebook": "read_audit",
    "withdraw": "correct",
    "matrix": SEE_PARTICIPANTS,
    "visit": SEE_PARTICIPANTS,
    "unscheduled": "enter",
    # The console holds nothing of anybody; what it sends is sealed, and says by whom it is.
    "console": PUBLIC,
    "console_file": PUBLIC,
    "console_worker": PUBLIC,
    "console_entries": PUBLIC,
    "console_sign_in": PUBLIC,  # a locked sign-in is nobody's; the key that opens it is in what is sent
    "readings": PUBLIC,  # by whom follows from the device's token
    "briefing": "follow_session",
    "lease": "follow_session",
    "read_label": "follow_session",
    "session_pack": "follow_session",
    "sign": "read_signatures",  # and signed by whoever may
    "queries": SEE_PARTICIPANTS,
    "export_queries": SEE_PARTICIPANTS,
    "begin_query": SEE_PARTICIPANTS,
    "query": SEE_PARTICIPANTS,
    "verify": "verify",
    "worklist": "verify",
    "monitoring_visits": "read_monitoring",
    "monitoring_report": "read_monitoring",
    "monitoring_pdf": "read_monitoring",
    "listing": SEE_PARTICIPANTS,
    "export_listing": SEE_PARTICIPANTS,
    "act_on_listing": SEE_PARTICIPANTS,
    "save_listing": SEE_PARTICIPANTS,
    "deviations": SEE_PARTICIPANTS,
    "export_deviations": SEE_PARTICIPANTS,
    "lock": "read_locks",  # and frozen by whoever may
    "emergency": "break_code",
    "emergency_answer": "break_code",
    "versions": "decide_version",
    "link": "link",
    "arm": SEE_PARTICIPANTS,  # and whom the study file says that they are told, or who asks for it
    "lock_study": "read_locks",  # and locked by whoever may
    "blinding": "measure_blinding",
    "drift": "oversee_raters",
    "again": "rate_again",
    "rate_again": "rate_again",
    "releases": "read_releases",
    "fidelity": "read_fidelity",
    "preview_release": "try_release",
    "audit": "read_audit",
    "export_audit": "read_audit",
    "exports": "export",
    "periodic_reports": "send_report",
    "supply_sites": "read_supply",
    "supply": "read_supply",
    "supply_enter": "read_supply",  # and the duty of what is entered
    "supply_withdraw": "read_supply",  # and the duty of what was entered
    "supply_labels": "keep_supply",
    "kits": "check_supply",
    "holds": "read_holds",
    "export": "export",
    "staff": "read_staff",
    "delegation": "read_staff",
    "measuring": "keep_devices",
    "roles": "read_staff",
    "event_training": "learn_events",
    "people": "manage_people",
    "person": "manage_people",
}
SECOND_FACTOR: Final = frozenset(
    {"mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate", "account_logout"}
)
