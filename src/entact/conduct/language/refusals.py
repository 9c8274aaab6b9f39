"""What the record says when persons with keys cut, lock and unlock it, said again by `sentences`."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop

# What a key is for, each in one word.
POWERS: Final = (
    gettext_noop("erase"),
    gettext_noop("cut"),
    gettext_noop("unlock"),
    gettext_noop("custody"),
    gettext_noop("allocation"),
)
REFUSALS: Final = (
    # entact.store.cut
    gettext_noop("a cut has a reason of at most {most} characters"),
    gettext_noop("an unlock has a reason of 1 to {most} characters"),
    gettext_noop("the study was unlocked by {name}; {what}"),
    gettext_noop("two persons lock it again: `entact unlock request --lock`"),
    gettext_noop("the study is locked by {name}: `entact unlock` takes its place"),
    gettext_noop("the study is not locked: there is nothing to unlock, or to lock again"),
    gettext_noop("nobody has asked for an unlock {name}: `entact unlock request` does"),
    gettext_noop("{person} asked for the {status} {name}: another person confirms it"),
    gettext_noop("the request for the {status} {name} expired at {at}"),
    gettext_noop("{name} cannot be the name of a cut: small letters, digits, dots and dashes"),
    gettext_noop("there is a cut {name} already"),
    gettext_noop("the cut {name} would not count: {error}"),
    # entact.store.signature
    gettext_noop("there is no signing key in {path}: `entact sign-key new` makes one"),
    gettext_noop("{path} is no file with a signing key"),
    gettext_noop(
        "the passphrase of {person} opens the key of {name} in {path} too: two persons are two only while "
        "neither can sign as the other; take another one"
    ),
    gettext_noop("{person} may not {power}: the key is for {powers}"),
    gettext_noop("the study's ledger does not know this key as {person}'s"),
    # entact.store.passphrase
    gettext_noop("the passphrase does not open {path}"),
    gettext_noop("{path} is not what entact writes: it was altered or is another file"),
    gettext_noop("{path} asks for more work than entact ever does to open it"),
)
