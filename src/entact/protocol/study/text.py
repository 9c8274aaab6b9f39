"""Words that people read, in one language or in several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final, get_args

from pydantic import AfterValidator, BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

LANGUAGE: Final = (
    r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"  # a tag (BCP 47) as study files use them
)


def _language(value: str) -> str:
    if not re.fullmatch(LANGUAGE, value):
        message = "is no language; write a tag (BCP 47), as in 'en', 'pt-BR' or 'zh-Hant'"
        raise ValueError(f"{value!r} {message}")
    return value


Language = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": LANGUAGE})]


class Translated(str):
    """Words in several languages; as text they are those of the study's main language.

    Attributes:
        by_language: language tag -> words.
    """

    __slots__ = ("by_language",)
    by_language: Mapping[str, str]

    def __new__(cls, by_language: Mapping[str, str], main: str | None = None) -> Translated:
        first = next(iter(by_language.values()), "")
        self = super().__new__(cls, by_language.get(main or "", first))
        self.by_language = dict(by_language)
        return self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Translated):
            return self.by_language == other.by_language
        return str.__eq__(self, other) if isinstance(other, str) else NotImplemented

    def __ne__(self, other: object) -> bool:  # that of str would look at the main language alone
        return not self == other

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __reduce__(self) -> tuple[Any, ...]:
        main = next((tag for tag, words in self.by_language.items() if words == str(self)), None)
        return Translated, (self.by_language, main)


def told_in(words: str, language: str | None) -> str:
    """Words in a language; in the study's main one where none is asked for or they are not translated."""
    return words.by_language.get(language or "", str(words)) if isinstance(words, Translated) else words


class _Words:
    """Reads `words` or `{en: words, de: Wörter}`; the main language comes in the validation's context."""

    @staticmethod
    def _read(value: Any, read_many: core_schema.ValidatorFunctionWrapHandler, info: Any) -> str:
        if isinstance(value, str):
            if not value.strip():
                raise ValueError("has no words; write some, or take it out")
            return value
        if not isinstance(value, Mapping):
            raise PydanticKnownError("string_type")
        if not value:
            raise ValueError(
                "has no words; write them, or one text for each language, as in {en: Age, de: Alter}"
            )
        if strange := next((key for key in value if not re.fullmatch(LANGUAGE, str(key))), None):
            raise ValueError(
                f"{strange!r} is no language; write one text, or one for each, as in {{en: …, de: …}}"
            )
        many = read_many(value)
        if blank := next((tag for tag, words in many.items() if not words.strip()), None):
            raise ValueError(f"has no words in {blank!r}; write some")
        return Translated(many, (info.context or {}).get("language"))

    @staticmethod
    def _written(value: str) -> Any:
        return dict(value.by_language) if isinstance(value, Translated) else str(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_wrap_validator_function(
            self._read,
            core_schema.dict_schema(core_schema.str_schema(), core_schema.str_schema(strict=True)),
            serialization=core_schema.plain_serializer_function_ser_schema(self._written),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        many = {"type": "object", "patternProperties": {LANGUAGE: {"type": "string"}}, "minProperties": 1}
        return {"anyOf": [{"type": "string"}, many]}


Words = Annotated[str, _Words()]


def words_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a block that people read, translated or not, with its place."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            inner, place = getattr(value, name), (*path, field.alias or name)
            if not _are_words(type(value), name):
                yield from words_in(inner, place)
            elif isinstance(inner, Mapping):
                yield from (((*place, key), text) for key, text in inner.items() if isinstance(text, str))
            elif isinstance(inner, str):
                yield place, inner
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from words_in(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from words_in(inner, (*path, number))


@cache
def _are_words(model: type[BaseModel], name: str) -> bool:
    """Whether a field holds words, or words by name."""
    field = model.model_fields[name]
    waiting: list[Any] = [field.annotation, *field.metadata]
    while waiting:
        one = waiting.pop()
        if isinstance(one, _Words):
            return True
        waiting += [*get_args(one), *getattr(one, "__metadata__", ())]
    return False
