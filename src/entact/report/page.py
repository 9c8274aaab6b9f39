"""The one frame of every page that is written to a file: it needs nothing but itself, in light and dark.

A page has a template that extends `frame.html.j2`, and a style sheet that goes on where `frame.css` ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, Final

import jinja2
from markupsafe import Markup

from entact.report.palette import DARK

PACKAGE: Final = "entact.report"
_FRAME: Final = "frame.css"


def render(
    template: str,
    style: str,
    values: Mapping[str, Any],
    *,
    filters: Mapping[str, Callable[..., Any]] | None = None,
    package: str = PACKAGE,
) -> str:
    """A page as HTML: no address, no script; the same values give the same text.

    Args:
        template, style: file names in the `templates` folder of the package. values: what the template names;
            markup goes through the filter `svg`. filters: of the template, beside those of jinja.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader(PACKAGE)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"svg": Markup, **(filters or {})}
    return environment.get_template(template).render(style=Markup(_style(package, style)), **values)


def _style(package: str, name: str) -> str:
    """The frame's style and the page's own, with the dark colour of each colour that drawings have."""
    sheets = [_read(PACKAGE, _FRAME), _read(package, name)]
    swaps = "".join(
        f'  .chart [fill="{light}"], .key [fill="{light}"] {{ fill: {dark}; }}\n'
        f'  .chart [stroke="{light}"], .key [stroke="{light}"] {{ stroke: {dark}; }}\n'
        for light, dark in DARK.items()
    )
    return "\n".join([*sheets, f"@media screen and (prefers-color-scheme: dark) {{\n{swaps}}}\n"])


def _read(package: str, name: str) -> str:
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")
