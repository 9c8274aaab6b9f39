"""Tables of accounts: ordinary ones, in which the application may change and remove rows.

What they say of who may do what is said by the system's ledger first (`entact.course.kinds.access`): a role
here is a row made from it, so that a page asks one row and not a ledger.
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models

from entact.conduct.language.codes import code_words

NAME = r"[a-z0-9][a-z0-9_.-]{0,63}"


class Account(AbstractBaseUser):
    """One person who signs in.

    Attributes:
        name: stands in entries as `by`, and is what the person signs in with. title: the person's own name.
        language: of the pages, where they chose one.
        is_demonstration: signs in by one press, where people are virtual or in training.
    """

    name = models.TextField(unique=True, validators=[RegexValidator(rf"\A{NAME}\Z")])
    title = models.TextField()
    email = models.EmailField(blank=True)
    language = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_demonstration = models.BooleanField(default=False)
    made_at = models.DateTimeField()

    objects = BaseUserManager()

    USERNAME_FIELD = "name"
    EMAIL_FIELD = "email"

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.title


class Role(models.Model):
    """A role that a person holds now, at a site or, where that is empty, at every one.

    `until` is the last day at the site, where one is planned; the site's ledger says it first.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="roles")
    role = models.TextField()
    site = models.TextField(blank=True)
    until = models.DateField(null=True)

    @property
    def title(self) -> str:
        """The role as people say it."""
        return code_words(self.role)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="held_once", fields=["account", "role", "site"])]


class Invitation(models.Model):
    """A link that works once and for an hour: by it a person sets the password of an account.

    `digest` is the SHA-256 of what stands in the link, which is kept nowhere.
    """

    digest = models.TextField(unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()


class Learned(models.Model):
    """A text of training that a person has said to have read, by its digest; the ledger says it first."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="learned")
    what = models.TextField()
    digest = models.TextField()
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="learned_once", fields=["account", "what", "digest"])]


class FailedSignIns(models.Model):
    """How often somebody failed to sign in as `person` (empty: as nobody there is) since a time."""

    person = models.TextField(unique=True)
    since = models.DateTimeField()
    count = models.IntegerField()
    locked = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()


class Remembered(models.Model):
    """What all processes of the server have to remember for a while: counts of attempts, used codes."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()
