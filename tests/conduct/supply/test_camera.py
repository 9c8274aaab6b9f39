"""A label on a picture: read when it is one, else said why not; nothing is entered by the picture alone."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageFilter, ImageOps
from tests.conduct.browser import Browser
from tests.conduct.supply.day import keep_site, shipped, statuses, study_with_supply
from tests.conduct.supply.test_views import ENTER, alert

from entact.conduct.error import ConductError
from entact.conduct.supply.camera import label_on
from entact.course.supply.check_character import printed
from entact.report.labels import code_of

LABEL = printed("481207")
RNG = np.random.default_rng(7)


def code(text: str, size: int = 8) -> Image.Image:
    """The code as our labels have it."""
    rows = np.array([[0 if one == "1" else 255 for one in row] for row in code_of(text)], dtype=np.uint8)
    return Image.fromarray(np.kron(rows, np.ones((size, size), dtype=np.uint8)))


def photo(*texts: str, angle: float = 0, noise: float = 0, blur: float = 0) -> Image.Image:
    """A picture of labels that lie on a table."""
    table = Image.new("L", (1500, 1100), 190)
    for place, text in enumerate(texts):
        table.paste(255, (80 + 700 * place, 200, 700 + 700 * place, 900))
        table.paste(code(text), (200 + 700 * place, 400))
    turned = table.rotate(angle, expand=True, fillcolor=120).filter(ImageFilter.GaussianBlur(blur))
    pixels = np.asarray(turned, dtype=float) + RNG.normal(0, noise, turned.size[::-1])
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def file(image: Image.Image, as_format: str = "JPEG", **save: object) -> SimpleUploadedFile:
    content = io.BytesIO()
    image.save(content, as_format, **save)
    return SimpleUploadedFile("photo", content.getvalue(), "image/jpeg")


def damaged(upload: SimpleUploadedFile) -> bytes:
    """The file with nothing but zeros in its second half."""
    content: bytes = upload.read()
    return content[: len(content) // 2] + bytes(len(content) - len(content) // 2)


def scanned(times: int) -> SimpleUploadedFile:
    """A picture whose last scan comes again and again: each costs as much as the whole picture."""
    content: bytes = file(photo(LABEL), progressive=True).read()
    last = content[content.rindex(b"\xff\xda") : -2]
    return SimpleUploadedFile("photo", (content[:-2] + times * last[:80])[: 9 * 2**20] + content[-2:])


@pytest.mark.parametrize("angle", [0, 17, 90, 151, 180])
@pytest.mark.parametrize("as_format", ["JPEG", "PNG", "WEBP"])
def test_a_label_is_read_however_it_lies(angle: float, as_format: str) -> None:
    """Turned, with the noise of a bad camera, a little out of focus."""
    assert label_on(file(photo(LABEL, angle=angle, noise=25, blur=1), as_format)) == LABEL


@pytest.mark.parametrize("held", range(1, 9))
def test_a_label_is_read_however_a_picture_says_it_was_held(held: int) -> None:
    """As some cameras do that see themselves in a mirror, it may be mirrored too."""
    exif = Image.Exif()
    exif[0x0112] = held
    for taken in (photo(LABEL), ImageOps.mirror(photo(LABEL))):
        assert label_on(file(taken, exif=exif)) == LABEL


@pytest.mark.parametrize("said", [b"II*\0", b"II\x2b\0\x08\0\0\0", b"nothing"])
def test_what_a_picture_says_of_itself_keeps_nobody_from_reading_it(said: bytes) -> None:
    """What cameras write beside the picture is often damaged, and is not looked at."""
    for as_format in ("JPEG", "PNG", "WEBP"):
        assert label_on(file(photo(LABEL), as_format, exif=b"Exif\0\0" + said)) == LABEL


def test_a_colour_picture_with_what_is_seen_through_it_is_read() -> None:
    assert label_on(file(photo(LABEL).convert("RGBA"), "PNG")) == LABEL


WRONG = {
    "blurred": (lambda: file(photo(LABEL, blur=15)), "no code can be read on it"),
    "none": (lambda: file(photo()), "no code can be read on it"),
    "two": (lambda: file(photo(LABEL, printed("481208"))), "2 codes are on it; take one label at a time"),
    "no kit": (lambda: file(photo("https://example.org")), "the code on it is none of a kit"),
    "wrong character": (lambda: file(photo("481207.A")), "is the number of no kit"),
    "no picture": (lambda: SimpleUploadedFile("photo", b"%PDF-1.7 nothing"), "it is no JPEG, PNG or WebP"),
    "cut off": (lambda: SimpleUploadedFile("photo", file(photo(LABEL)).read()[:900]), "it is no JPEG, PNG"),
    "cut off PNG": (
        lambda: SimpleUploadedFile("photo", file(photo(LABEL), "PNG").read()[:900]),
        "it is no JPEG",
    ),
    "cut off WebP": (
        lambda: SimpleUploadedFile("photo", file(photo(LABEL), "WEBP").read()[:900]),
        "it is no JPEG",
    ),
    "damaged WebP": (
        lambda: SimpleUploadedFile("photo", damaged(file(photo(LABEL), "WEBP"))),
        "it is no JPEG",
    ),
    "empty": (lambda: SimpleUploadedFile("photo", b""), "it is no JPEG, PNG or WebP"),
    "nothing": (lambda: None, "take one of the label, or choose a file"),
    "many bytes": (lambda: SimpleUploadedFile("photo", bytes(10 * 2**20 + 1)), "it has at most 10 MB"),
    "many pixels": (
        lambda: file(Image.new("1", (20_000, 20_000)), "PNG"),
        "it has at most 60 million pixels",
    ),
    "more than can be opened whole": (
        lambda: file(Image.new("1", (5_000, 5_000)), "PNG"),
        "it has at most 20 million pixels",
    ),
    "many scans": (lambda: scanned(100_000), "that can be opened"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_one_label_is_said(name: str) -> None:
    made, why = WRONG[name]
    with pytest.raises(ConductError, match=why):
        label_on(made())


def test_the_same_label_twice_on_a_picture_is_one() -> None:
    assert label_on(file(photo(LABEL, LABEL))) == LABEL


def test_a_picture_fills_in_the_number_and_enters_nothing(
    database: str, sign_in: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took it looks at the number; what was typed stays; of the picture nothing is kept."""
    key = keep_site(study_with_supply())[0]
    pharmacist = sign_in("p-1", denver="pharmacist")
    first, second = shipped(pharmacist, 2)
    page = f"/participants/{key}/kits/"
    typed = {"do": "picture", "visit": "session_1", "part": "supplement", "level": "low", "units": "2"}
    shown = pharmacist.post(page, typed | {"kit_picture": file(photo(printed(first), angle=12))}, status=200)
    assert f'autofocus value="{printed(first)}"' in shown
    for said in ('value="supplement" selected', 'value="low" selected', 'value="2"'):
        assert said in shown
    back = pharmacist.post(
        page, {"do": "picture_back", "back_picture": file(photo(printed(second)))}, status=200
    )
    assert f'name="back" value="{printed(second)}"' in back
    assert "No kit is assigned" in back
    two = pharmacist.post(
        page, typed | {"kit_picture": file(photo(printed(first), printed(second)))}, status=422
    )
    assert "2 codes are on it" in alert(two)
    assert 'value="low" selected' in two

    receipt = {"shipment": "A-1", "kits": printed(first), "damaged": "", "do": "picture"}
    taken = pharmacist.post(
        f"{ENTER}receipt/", receipt | {"picture": file(photo(printed(second)))}, status=200
    )
    assert f"{printed(first)}\n{printed(second)}" in taken
    assert set(statuses().values()) == {"sent"}
    for content in (b"x" * (10 * 2**20 + 1), b"x" * (13 * 2**20)):
        for at, sent in ((page, typed | {"kit": "48"}), (f"{ENTER}receipt/", receipt)):
            name = "kit_picture" if at == page else "picture"
            large = pharmacist.post(at, sent | {name: SimpleUploadedFile("photo", content)}, status=422)
            assert "it has at most 10 MB" in alert(large)
            assert 'value="48"' in large or printed(first) in large
    wrong = pharmacist.post(f"{ENTER}receipt/", receipt | {"picture": file(photo())}, status=422)
    assert "no code can be read" in alert(wrong)
    assert printed(first) in wrong
    sign_in("t-9", denver="therapist").post(
        page, typed | {"kit_picture": file(photo(printed(first)))}, status=404
    )


def test_a_scanner_that_ends_with_the_enter_key_enters_nothing(
    database: str, sign_in: Callable[..., Browser]
) -> None:
    """The first button of a form is what the key presses: it shows the page again, and what was scanned."""
    key = keep_site(study_with_supply())[0]
    pharmacist = sign_in("p-1", denver="pharmacist")
    page = f"/participants/{key}/kits/"
    first = pharmacist.get(page).partition("Assign or dispense")[2]
    button = first[first.index("<button") :].partition(">")[0]
    assert 'name="do" value="picture"' in button
    shown = pharmacist.post(page, {"do": "picture", "kit": LABEL, "visit": "session_1"}, status=200)
    assert f'value="{LABEL}"' in shown


def test_a_level_is_chosen_where_a_session_has_several(
    database: str, sign_in: Callable[..., Browser]
) -> None:
    key = keep_site(study_with_supply())[0]
    pharmacist = sign_in("p-1", denver="pharmacist")
    page = f"/participants/{key}/kits/"
    assert '<option value="">choose</option>' in pharmacist.get(page)
    number = shipped(pharmacist, 1)[0]
    sent = {"do": "assign", "kit": printed(number), "visit": "session_1", "part": "initial", "level": ""}
    refused = pharmacist.post(page, sent, status=422)
    assert "Level: choose one that the session may have: full, low" in alert(refused)
