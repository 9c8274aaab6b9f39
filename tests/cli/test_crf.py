"""`entact crf`: the blank case report form as a file."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run

FORMS = Path(__file__).parents[1] / "studies" / "forms"


def test_the_form_is_written_in_a_language(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "forms.pdf"
    done = run("crf", FORMS, "--out", path, "--language", "de")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{path}: 12 forms on 14 pages or more, in de\n"
    assert path.read_bytes().startswith(b"%PDF-")
    assert run("crf", FORMS, "--out", path, "--once", "--json").json == {
        "file": str(path), "release": "forms@1.0", "language": "en", "forms": 12, "pages": 12,
    }  # fmt: skip


def test_what_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    for arguments, said in (
        (("--out", tmp_path / "forms.docx"), "a case report form is written as PDF; end the name in .pdf"),
        (("--out", tmp_path / "forms.pdf", "--language", "xx"), "there is no language 'xx'"),
        (("--out", tmp_path / "nowhere" / "forms.pdf"), "No such file or directory"),
    ):
        done = run("crf", FORMS, *arguments)
        assert done.code == 2
        assert said in done.err


def test_an_annotated_form_has_something_beside_every_item(run: Run, tmp_path: Path) -> None:
    """Its annotations are read from the form as it is drawn; one to be filled in has none."""
    from entact.cli.crf import with_annotations
    from entact.cli.diff import release_named
    from entact.course.crf import blank_crf
    from entact.report.crf import annotations_in_crf, picture_crf

    path = tmp_path / "acrf.pdf"
    done = run("crf", FORMS, "--out", path, "--annotated")
    assert (done.code, done.err) == (0, "")
    assert path.read_bytes().startswith(b"%PDF-")
    release = release_named(str(FORMS))
    form = blank_crf(release, once=True)
    drawn = annotations_in_crf(with_annotations(release, form))
    assert [(one["form"], one["item"]) for one in drawn] == [
        (page.form, item.name) for page in form.pages for item in page.items
    ]
    assert all(one["said"] for one in drawn)
    pages = [one["page"] for one in drawn]
    assert pages == sorted(pages)
    first = {one["form"]: one["page"] for one in reversed(drawn)}
    assert len({*first.values()}) == len(first)  # each form begins on a page of its own
    assert max(pages) <= len(picture_crf(with_annotations(release, form), 10))
