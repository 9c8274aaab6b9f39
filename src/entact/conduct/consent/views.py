"""The page of consent: what is in force, signing, transcribing from paper, taking back; each as a PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.access.models import Account
from entact.conduct.access.people import person_of
from entact.conduct.admission.known import Person
from entact.conduct.asking import Asked
from entact.conduct.consent.domain import DIED, Refusal, Sent, release_of_consent, sign_consent, take_back
from entact.conduct.consent.page import consents_made, renewal_of, scopes_of
from entact.conduct.forms.saying import Clock, Told, Which, tell_time, with_weekday
from entact.conduct.frame import page
from entact.conduct.given import note_given
from entact.conduct.language.choice import called, spoken
from entact.conduct.language.printed import in_language
from entact.conduct.uploads.content import LARGEST
from entact.conduct.words import listing
from entact.report.consent import draw_consent
from entact.store.attachments import attachment

WAYS: Final = (
    ("drawn", gettext_lazy("by hand, here")),
    ("typed", gettext_lazy("by typing")),
    ("paper", gettext_lazy("on paper, with a scan")),
)
LONGEST: Final = 40  # characters of the version of an information sheet


@sensitive_post_parameters("password", "code", "name", "born")
@require_http_methods(["GET", "HEAD", "POST"])
def show_consent(request: HttpRequest, key: str) -> HttpResponse:
    """The consent in force and those before it; signed, transcribed or taken back when it is sent.

    Raises:
        Http404: when there is no such participant, or whoever sends takes no consent.
    """
    asked = Asked(request, key)
    role = asked.role_for("consent")
    if request.method != "POST":
        return _shown(asked, role)
    author, what = asked.author(role), asked.sent("do")
    try:
        if what == "back":
            take_back(asked, frozenset(request.POST.getlist("back")), author)
        elif what == "sign":
            sent, words = _sent(asked)
            second = sign_again(request, asked.sent("head"), asked.now)
            if isinstance(second, str):
                return _shown(asked.again(), role, second, _drawn(asked))
            sign_consent(asked, sent, author, second, words)
        else:
            raise Http404
    except Refusal as refusal:
        return _shown(asked.again(), role, str(refusal))
    return redirect("consent", key=key)


@require_safe
def give_consent_pdf(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """A consent as it was signed, as a PDF; that it was given out is kept.

    Raises:
        Http404: when there is none, or it is not for whoever asks.
    """
    asked = Asked(request, key)
    asked.author(asked.role_for("consent"))
    one = next((one for one in asked.course.effective if one.id == entry), None)
    if one is None or one.entry.kind != "consent" or entry not in asked.seen.entries:
        raise Http404
    digest = str(one.data.get("text") or "")
    text = attachment(asked.participant.ledger, digest) if digest else None
    if text is None:
        raise Http404
    drawn = str(one.data.get("signature") or "")
    picture = attachment(asked.participant.ledger, drawn) if one.data.get("how") == "drawn" else None
    document = draw_consent(
        text[0].decode(),
        digest,
        picture[0] if picture is not None else b"",
        drawn,
        entry=entry,
        environment=asked.reader.environment,
        speaks=in_language("consent", {}, spoken(str(one.data.get("language") or ""))),
    )
    note_given(request, asked.reader, f"consent {entry} of {asked.participant.ledger}")
    answer = HttpResponse(document, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="consent-{digest[:12]}.pdf"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _sent(asked: Asked) -> tuple[Sent, tuple[str, str]]:
    """What was sent, and the times in words.

    Raises:
        Refusal: with the first thing that is missing.
    """
    release = release_of_consent(asked.course, asked.now)
    version, how = asked.sent("version").strip()[:LONGEST], asked.sent("how")
    if not version:
        raise Refusal(gettext("Say which version of the information sheet it is."))
    answers = {name: asked.sent(f"scope:{name}") for name in release.file.consent}
    left = [name for name, said in answers.items() if said not in ("true", "false")]
    if left:
        raise Refusal(gettext("Every scope is answered by itself, with yes or no."))
    if how not in dict(WAYS):
        raise Refusal(gettext("Say how it was signed."))
    language = asked.sent("language")
    informing = dict(_informing(asked))
    informed_by = asked.sent("informed_by")
    if informed_by not in informing:
        raise Refusal(gettext("Say who informed the participant."))
    informed_at = _time(asked, "informed_at", gettext("when the participant was informed"))
    signed_at = _time(asked, "signed_at", gettext("when it was signed")) if how == "paper" else asked.now
    if signed_at < informed_at:
        raise Refusal(
            gettext("It was signed before the participant was informed: one of the times is wrong.")
        )
    file = asked.request.FILES.get("scan")
    sent = Sent(
        head=asked.sent("head"),
        version=version,
        language=language if language in release.file.languages else release.file.languages[0],
        scopes={name: said == "true" for name, said in answers.items()},
        how=how,
        informed_by=(informing[informed_by], informed_by),
        informed_at=informed_at,
        signed_at=signed_at,
        drawn=asked.sent("drawn"),
        person=Person(asked.sent("name")[:200], asked.sent("born")[:40]),
        scan=file.read(LARGEST + 1) if file is not None else b"",
    )
    return sent, (with_weekday(informed_at, asked.zone), with_weekday(signed_at, asked.zone))


def _time(asked: Asked, field: str, said: str) -> datetime:
    clock = Clock(asked.now, asked.zone)
    told = tell_time(asked.sent(f"which:{field}") or asked.sent(field), clock)
    if isinstance(told, Told):
        if told.at > asked.now:
            raise Refusal(
                gettext("It lies ahead {said}: consent is entered once it was given.").format(said=said)
            )
        return told.at
    if isinstance(told, Which):
        raise Refusal(
            gettext("Say {said} with its day: {choices}.").format(
                said=said, choices=listing((label for label, _ in told.choices), gettext("or"))
            )
        )
    typed = asked.sent(field).strip()[:60]
    raise Refusal(gettext("Say {said}: “{typed}” {why}.").format(said=said, typed=typed, why=told.why))


def _informing(asked: Asked) -> list[tuple[str, str]]:
    """Who may inform at the site: identity and name; whoever asks first."""
    accounts = Account.objects.filter(is_active=True).prefetch_related("roles").order_by("name")
    known = [person_of(one) for one in accounts]
    site, me = asked.course.site, asked.person
    others = [(one.identity, one.name) for one in known if one.may("consent", site)]
    return [(me.identity, me.name), *(one for one in others if one[0] != me.identity)]


def _drawn(asked: Asked) -> str:
    """What the participant drew, to show it again where only who keeps it has to show anew who they are."""
    drawn = asked.sent("drawn")
    return drawn if drawn.startswith("data:image/png;base64,") else ""


def _shown(asked: Asked, role: str | None, problem: str = "", drawn: str = "") -> HttpResponse:
    course = asked.course
    release = release_of_consent(course, asked.now)
    sent = asked.request.POST
    values = {
        "participant": asked.participant,
        "consent": course.consent,
        "may_take_back": course.consent is not None and any(course.consent.scopes.values()),
        "erased": course.erased is not None,
        "made": consents_made(asked),
        "renewal": renewal_of(asked),
        "scopes": scopes_of(course, release, sent),
        "languages": [(tag, called(tag)) for tag in release.file.languages],
        "release": release.file.release,
        "informing": _informing(asked) if role is not None else (),
        "ways": WAYS if asked.course.died is None else WAYS[-1:],  # on paper
        "died": gettext(DIED) if asked.course.died is not None else "",
        "sent": {name: sent.get(name, "") for name in ("version", "language", "how", "informed_by")},
        "informed_at": sent.get("informed_at", ""),
        "signed_at": sent.get("signed_at", ""),
        "drawn": drawn,
        "may_sign": role is not None,
        **(asks_again(asked.request, course.consent.entry if course.consent else "") if role else {}),
        "problem": problem,
        "here": "participants",
    }
    return page(asked.request, asked.reader, "consent/consent.html", values, 422 if problem else 200)
