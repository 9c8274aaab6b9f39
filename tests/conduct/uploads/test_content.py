"""What is kept of what somebody sends as a file: by its content, never by its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.conduct.uploads.content import LARGEST, media_of, problem_with

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20 + b"\xff\xd9"


@pytest.mark.parametrize("content", [PDF, JPEG])
def test_documents_and_pictures_are_kept(content: bytes) -> None:
    assert problem_with(content) == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg onload=x>",
        b"PK\x03\x04",
        b"#!/bin/sh",
        PDF[:12],
        PDF.replace(b"<<>>", b"<</S /JavaScript /JS (app.alert(1))>>"),
        PDF.replace(b"<<>>", b"<</S /J#61vaScript>>"),
        PDF.replace(b"<<>>", b"<</Launch 3 0 R>>"),
        PDF.replace(b"<<>>", b"<</EmbeddedFiles 3 0 R>>"),
        JPEG + b"<?php",
        JPEG[:-2] + b"<script>x</script>\xff\xd9",
        PDF + b"\0" * LARGEST,
    ],
)
def test_what_could_run_or_hides_something_is_not(content: bytes) -> None:
    assert problem_with(content)


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_judged_in_words(content: bytes) -> None:
    problem = problem_with(content)
    assert (problem == "") <= (media_of(content) is not None)
