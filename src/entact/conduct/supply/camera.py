"""The label of a kit on a picture: what its code says, and nothing of the picture is kept."""

from __future__ import annotations

import io
from threading import Lock
from typing import Final

import zxingcpp
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from PIL import Image

from entact.conduct.error import ConductError
from entact.course.supply.check_character import printed, read_printed

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = 60_000_000
MOST_WHOLE: Final = 20_000_000  # pixels of what cannot be opened smaller than it is: of all but JPEG
MOST_SCANNED: Final = 5_000_000_000  # pixels that a JPEG goes over, in as many scans as it says: some seconds
LONG_SIDE: Final = 2400  # in pixels: a picture is made no larger than this before its code is looked for
FORMATS: Final = ("JPEG", "PNG", "WEBP")
_SCAN: Final = b"\xff\xda"  # begins one in a JPEG
_ONE = Lock()  # opened, a picture may take many times its bytes: a process opens one at a time


def label_on(picture: UploadedFile | None) -> str:
    """The label on a picture as it is printed, its check character read too.

    Raises:
        ConductError: when it is no picture, too large, or not of exactly one label of a kit.
    """
    if picture is None:
        raise ConductError(gettext("Picture: take one of the label, or choose a file"))
    if (picture.size or 0) > MOST_BYTES:
        raise ConductError(
            gettext("Picture: it has at most {most} MB; take a smaller one").format(most=MOST_BYTES >> 20)
        )
    return label_in(picture.read())


def label_in(content: bytes) -> str:
    """The label in the bytes of a picture, as it is printed.

    Raises:
        ConductError: when it is no picture, or not of exactly one label of a kit.
    """
    with _ONE:
        codes = sorted(set(_codes(_opened(content))))
    if not codes:
        raise ConductError(
            gettext("Picture: no code can be read on it; go nearer, hold still, with more light, or type it")
        )
    if len(codes) > 1:
        raise ConductError(
            gettext("Picture: {count} codes are on it; take one label at a time").format(count=len(codes))
        )
    try:
        return printed(read_printed(codes[0]))
    except ValueError as error:
        raise ConductError(
            gettext("Picture: the code on it is none of a kit: {error}").format(error=error)
        ) from error


def _opened(content: bytes) -> Image.Image:
    """The picture in grey. How it was held is not asked: a code is found however it lies."""
    most = MOST_PIXELS
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
        pixels = image.width * image.height
        most = MOST_PIXELS if image.format == "JPEG" else MOST_WHOLE
        if pixels <= most:
            if pixels * content.count(_SCAN) > MOST_SCANNED:
                raise ValueError(pixels)
            image.draft("L", (LONG_SIDE, LONG_SIDE))
            image = image.convert("L")
            image.thumbnail((LONG_SIDE, LONG_SIDE))
            return image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pass
    except Exception as error:  # whatever a file that says it is a picture does to its reader
        raise ConductError(gettext("Picture: it is no JPEG, PNG or WebP that can be opened")) from error
    raise ConductError(
        gettext("Picture: it has at most {most} million pixels; take a smaller one").format(
            most=most // 1_000_000
        )
    )


def _codes(image: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [one.text[:80] for one in found]
