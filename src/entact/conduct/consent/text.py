"""The text of a consent as it is signed: the study's scopes in a language, with each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import override

from entact.conduct.language.choice import called, spoken
from entact.protocol import Release
from entact.protocol.study import told_in
from entact.protocol.words.label import begun

_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "sheet": "Information sheet: version {version}, language {language}",
        "who": "Participant {number}, site {site}",
        "read": "I have read the information sheet, could ask, and had time to decide.",
        "yes": "I agree",
        "no": "I do not agree",
        "back": "I may take back any of this at any time, without a reason and without a disadvantage.",
        "informed": "Informed by {name} ({identity}), {when}",
        "drawn": "Signed by hand on a screen, {when}",
        "typed": "Signed by typing name and date of birth: {name}, {born}; {when}",
        "paper": "Signed on paper, {when}; transcribed",
    },
    "de": {
        "sheet": "Informationsblatt: Version {version}, Sprache {language}",
        "who": "Teilnehmende Person {number}, Zentrum {site}",
        "read": "Ich habe das Informationsblatt gelesen, konnte fragen und hatte Zeit zu entscheiden.",
        "yes": "Ich stimme zu",
        "no": "Ich stimme nicht zu",
        "back": "Ich kann all das jederzeit zurücknehmen, ohne Grund und ohne Nachteil.",
        "informed": "Aufgeklärt durch {name} ({identity}), {when}",
        "drawn": "Auf dem Bildschirm unterschrieben, {when}",
        "typed": "Unterschrieben durch Eingabe von Name und Geburtsdatum: {name}, {born}; {when}",
        "paper": "Auf Papier unterschrieben, {when}; übertragen",
    },
}


@dataclass(frozen=True)
class Signing:
    """What was said and by whom.

    Attributes:
        informed_by: name and identity. when: of the signature, informed_when: of the talk, both in words.
        name, born: of who signed by typing.
    """

    version: str
    language: str
    scopes: Mapping[str, bool]
    how: str
    number: str
    site: str
    informed_by: tuple[str, str]
    informed_when: str
    when: str
    name: str = ""
    born: str = ""


def text_of(signing: Signing, release: Release) -> str:
    """The text as it was signed, line by line."""
    said = _PHRASES.get(signing.language, _PHRASES["en"])
    file = release.file
    name, identity = signing.informed_by
    with override(spoken(signing.language)):
        language = called(signing.language)
    lines = [
        told_in(file.title, signing.language),
        said["sheet"].format(version=signing.version, language=language),
        said["who"].format(number=signing.number, site=signing.site),
        "",
        said["read"],
        *(
            f"{said['yes' if signing.scopes[scope] else 'no']}: {begun(told_in(words, signing.language))}"
            for scope, words in file.consent.items()
            if scope in signing.scopes
        ),
        said["back"],
        "",
        said["informed"].format(name=name, identity=identity, when=signing.informed_when),
        said[signing.how].format(when=signing.when, name=signing.name, born=signing.born),
    ]
    return "\n".join(lines) + "\n"
