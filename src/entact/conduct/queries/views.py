"""Pages of queries: the list, a new one, and a thread."""

from __future__ import annotations

from typing import get_args

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from entact.conduct.asking import Asked, reader_of
from entact.conduct.attested import form_of
from entact.conduct.entries.address import address_of
from entact.conduct.frame import page
from entact.conduct.given import stream_csv
from entact.conduct.language.codes import code_words
from entact.conduct.queries.domain import go_on, may_be_asked, may_go_on, query_named, raise_query
from entact.conduct.queries.page import (
    BY_RULE,
    COLUMNS,
    STATUSES,
    entry_words,
    holds,
    list_queries,
    query_rows,
    thread_of,
)
from entact.conduct.rating.questions import is_for_rater, telling_words
from entact.conduct.words import title_of_item
from entact.course.found.verified import items_of
from entact.course.kinds.query import Said


@require_safe
def show_queries(request: HttpRequest) -> HttpResponse:
    """Queries by age, in one status; or what rules found."""
    reader = reader_of(request)
    listing = list_queries(reader, request.GET)
    values = {
        "listing": listing,
        "tabs": [
            *((one, code_words(one)) for one in STATUSES),
            (BY_RULE, gettext("raised by a rule")),
        ],
        "answers": request.person.may("answer_query"),
        "here": "queries",
    }
    return page(request, reader, "queries/list.html", values)


@require_safe
def export_queries(request: HttpRequest) -> StreamingHttpResponse:
    """All queries in one status as CSV; that they were given out is kept."""
    reader = reader_of(request)
    status = request.GET.get("status", "open")
    kept_as = f"queries, {status if status in (*STATUSES, BY_RULE) else STATUSES[0]}"
    return stream_csv(request, reader, "queries", kept_as, COLUMNS, query_rows(reader, status))


@require_http_methods(["GET", "HEAD", "POST"])
def begin_query(request: HttpRequest, key: str) -> HttpResponse:
    """A new query about an entry or an item of it; of the site, an answer to what a rule found.

    Raises:
        Http404: when there is no such entry, or nothing that whoever asks may say of it.
    """
    asked = Asked(request, key)
    entry = request.GET.get("entry", "")
    effective = may_be_asked(asked, entry)
    if effective is None:
        corrected = next((one for one in asked.course.effective if entry in one.corrections), None)
        if corrected is None or entry not in asked.seen.entries or corrected.id not in asked.seen.entries:
            raise Http404
        return redirect(address_of(key, corrected))  # what was found of a correction is seen where it stands
    rule, item = request.GET.get("rule", ""), request.GET.get("item", "")
    if rule and not holds(asked, rule, effective.id, item):
        raise Http404
    if asked.role_for("answer_query" if rule else "ask_query") is None:
        raise Http404
    items = items_of(effective)
    problem = ""
    if request.method == "POST":
        text = asked.sent("text").strip()
        named = item if rule else asked.sent("item")
        if not text:
            problem = gettext("Say what is asked.") if not rule else gettext("Say why it is so.")
        elif told := _tells_rater(asked, effective.id, text):
            problem = told
        elif not rule and named and named not in items:
            raise Http404
        else:
            query = raise_query(asked, effective.id, named, text, rule)
            if query is None:
                raise Http404
            return redirect("query", key=key, query=query)
    values = {
        "participant": asked.participant,
        "title": entry_words(asked, effective),
        "items": [(name, title_of_item(form_of(asked.course, effective), name)) for name in items],
        "item": item,
        "rule": code_words(rule),
        "problem": problem,
        "here": "queries",
    }
    return page(request, asked.reader, "queries/new.html", values, 422 if problem else 200)


def _tells_rater(asked: Asked, entry: str, text: str) -> str:
    """Why a question to a rater is not sent as it stands; empty where it can be."""
    if not is_for_rater(asked.course, entry):
        return ""
    words_there = telling_words(asked.course, text)
    said = ", ".join(words_there)
    return (
        gettext("A rater reads this, and must not know of whom it is: leave out {said}.").format(said=said)
        if said
        else ""
    )


def _address_about(asked: Asked, entry: str) -> str:
    """Where what a query is about stands; empty where it was withdrawn, or is not seen."""
    found = next((one for one in asked.course.effective if one.id == entry), None)
    return (
        ""
        if found is None or found.id not in asked.seen.entries
        else address_of(asked.participant.key, found)
    )


@require_http_methods(["GET", "HEAD", "POST"])
def show_query(request: HttpRequest, key: str, query: str) -> HttpResponse:
    """One query with all that was said; answered, closed or raised again.

    Raises:
        Http404: when there is no such query, or it may not be seen, or what is sent may not be said.
    """
    asked = Asked(request, key)
    found = query_named(asked, query)
    if found is None:
        raise Http404
    problem = ""
    if request.method == "POST":
        said, text = asked.sent("said"), asked.sent("text").strip()
        if said not in get_args(Said):
            raise Http404
        if said != "closed" and not text:
            problem = gettext("Say it in words.")
        elif said == "raised" and (told := _tells_rater(asked, found.about, text)):
            problem = told
        elif go_on(asked, found, said, text) is None:  # type: ignore[arg-type]  # it is one of them
            raise Http404
        else:
            return redirect("query", key=key, query=query)
    reads = next(
        (role for act in ("ask_query", "answer_query", "read_audit") if (role := asked.role_for(act))), None
    )
    values = {
        "participant": asked.participant,
        "thread": thread_of(asked, found, asked.opener(reads)),
        "may": may_go_on(asked, found),
        "about": _address_about(asked, found.about),
        "problem": problem,
        "here": "queries",
    }
    return page(request, asked.reader, "queries/thread.html", values, 422 if problem else 200)
