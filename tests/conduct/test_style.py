"""The style sheet: contrast as WCAG 2.2 asks for (AA), in light and in dark, and a focus that can be seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import entact.conduct

STYLE = (Path(entact.conduct.__file__).parent / "static" / "entact.css").read_text()

# Text on ground, as the style sheet pairs them.
PAIRS = [
    *((text, ground) for text in ("ink", "soft", "accent") for ground in ("ground", "paper", "sunk")),
    *((name, f"{name}-ground") for name in ("accent", "good", "warn", "bad", "hush")),
    *((name, "paper") for name in ("systolic", "diastolic", "heart")),
    ("soft", "accent-ground"),
    ("ink", "dosing"),
    ("accent", "dosing"),
    ("paper", "accent"),
]


def colours(scheme: str) -> dict[str, str]:
    """The custom properties of a scheme; dark ones stand on the light ones."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark)) if scheme == "dark" else {})


def luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.2, definition of relative luminance."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    known = colours(scheme)
    brighter, darker = sorted((luminance(known[text]), luminance(known[ground])), reverse=True)
    assert (brighter + 0.05) / (darker + 0.05) >= 4.5


def test_the_contrast_formula_is_the_published_one() -> None:
    assert (luminance("#ffffff") + 0.05) / (luminance("#000000") + 0.05) == pytest.approx(21)


def test_the_focus_of_the_keyboard_can_be_seen() -> None:
    assert re.search(r":focus-visible \{ outline: 3px solid", STYLE)
    assert "outline: none" not in STYLE


def test_there_is_a_style_for_print_and_one_for_the_dark() -> None:
    assert "@media print" in STYLE
    assert "@media (prefers-color-scheme: dark)" in STYLE


def test_no_letter_is_smaller_than_twelve_pixels() -> None:
    screen = STYLE[: STYLE.index("@media print")]
    sizes = [float(size) * 16 for size in re.findall(r"font(?:-size)?: (\d*\.?\d+)rem", screen)]
    assert len(sizes) > 20
    assert min(sizes) >= 12


def test_what_is_wider_than_a_phone_says_so() -> None:
    """Every box that moves sideways has the words above it."""
    templates = Path(entact.conduct.__file__).parent / "templates"
    boxes = 0
    for path in sorted(templates.glob("*.html")):
        text = path.read_text()
        for found in re.finditer(r'<div class="(?:scroll|drawing)"', text):
            boxes += 1
            assert "moves sideways." in text[max(0, found.start() - 40) : found.start()], path.name
    assert boxes >= 3
