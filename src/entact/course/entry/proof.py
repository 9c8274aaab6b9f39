"""Whether the person or device that an entry names was authenticated on arrival: findings, no refusals."""

from __future__ import annotations

from entact.course.entry.entry import AFTER_ACCESS, BY_PERSON, LATE, SENT_AFTER_ACCESS, Kept

# Codes for what was wrong with a device's or a person's proof on arrival, and how to say so.
PROBLEMS = {
    "unknown_key": "the key it was signed with was never enrolled",
    "revoked": "the key it was signed with had been revoked",
    "wrong_signature": "its signature does not cover what arrived",
    "other_device": "the key it was signed with is another device's",
    "other_person": "the key it was signed with is another person's",
    "other_role": "it says another role than the one in which its author was signed in",
    "unreadable": "its proof could not be read",
}
OWN_WORDS = frozenset({"typed", "device"})  # sources whose author enters it; others are entered for somebody


def doubt(kept: Kept) -> tuple[str, str, str] | None:
    """What is wrong with who an entry says it is by: rule, whom or which entry it is about, and words."""
    by = kept.authenticated
    if by is None:
        if kept.format < 2:
            return None  # from before it was kept
        return "not_authenticated", kept.by, f"nothing says how it was known that {kept.by} entered this"
    if by.problem in LATE:
        return _late(kept, by.problem)
    if by.problem is not None:
        said = PROBLEMS.get(by.problem, by.problem)
        return "proof_wrong", kept.id, f"sent as by {kept.by} on {kept.device}: {said}"
    if by.how == "claimed" or (by.how == "simulated" and kept.environment == "production"):
        return (
            "not_authenticated",
            kept.by,
            f"that {kept.by} entered this is claimed: nobody was authenticated",
        )
    if kept.kind == "signature" and by.how in ("session", "person_key") and by.second is None:
        return "signed_without_second_proof", kept.id, f"{kept.by} did not show once more who they are"
    if by.how in ("device", "token") and by.who != kept.device:
        return "proof_wrong", kept.id, f"sent by the device {by.who}, and it says {kept.device}"
    if by.how in BY_PERSON and by.who != kept.by and kept.source in OWN_WORDS:
        return "entered_by_other", kept.id, f"says it is by {kept.by}, and {by.who} was authenticated"
    return None


def _late(kept: Kept, problem: str | None) -> tuple[str, str, str]:
    """What is wrong with the time of an entry whose author's console was true to them."""
    person = kept.by
    if problem == AFTER_ACCESS:
        return "recorded_after_access", kept.id, f"recorded by {person} after their access had ended"
    if problem == SENT_AFTER_ACCESS:
        message = f"arrived after the access of {person} had ended, and says that it was recorded before"
        return "sent_after_access", kept.id, message
    message = f"recorded by {person} on a console that had not reached the server for a week"
    return "recorded_after_grant", kept.id, message
