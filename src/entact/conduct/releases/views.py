"""The page of what a release would do: a study file is sent, and nothing is written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from entact.conduct.asking import reader_of
from entact.conduct.frame import page
from entact.conduct.releases.preview import preview
from entact.protocol import StudyError

FILE = "release.yaml"


@require_http_methods(["GET", "HEAD", "POST"])
def preview_release(request: HttpRequest) -> HttpResponse:
    """What the study file that is sent would do to whom; or what is wrong in it, with its place."""
    reader = reader_of(request)
    problems: list[str] = []
    found = None
    if request.method == "POST":
        file = request.FILES.get("file")
        raw = file.read() if file is not None else b""
        try:
            found = preview(reader, raw, FILE) if raw else None
            problems = [] if raw else ["Choose the study file of the release."]
        except StudyError as error:
            problems = [str(one) for one in error.problems]
        except ValueError as error:
            problems = [str(error)]
    values = {
        "found": found,
        "problems": problems,
        "newest": reader.study.newest.file.release,
        "here": "releases",
    }
    return page(request, reader, "releases/preview.html", values, 422 if problems else 200)
