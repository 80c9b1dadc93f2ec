"""What of an environment could be read: all of it, or all but the parts that have problems of their own."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from stacks.settings.environment import FileSettings


@dataclass(frozen=True)
class Draft:
    """Sections that are valid by themselves, for the rules that look at several at once.

    Where a named entry of a section (a pool, a team) is not valid, it is left out of ``settings`` and its name is in
    ``broken``, so that a reference to it is not taken for an unknown name.
    """

    environment: str
    """The environment's name."""
    raw: Mapping[str, Any]
    """Every section as it was given."""
    settings: FileSettings
    """The valid sections; those that ``lacks`` says are missing must not be read."""
    broken: Mapping[str, tuple[str, ...]]
    """Names of the entries that are not valid, by section."""
    absent: frozenset[str]
    """Sections that are missing or not valid as a whole."""

    def lacks(self, *sections: str) -> bool:
        """Tell whether any of the sections is missing or not valid as a whole."""
        return not self.absent.isdisjoint(sections)

    def names(self, section: str) -> list[str]:
        """Return the names of a section's entries, valid or not, sorted."""
        valid: Mapping[str, Any] = getattr(self.settings, _fields()[section])
        return sorted({*valid, *self.broken.get(section, ())})

    def complete(self, section: str) -> bool:
        """Tell whether every entry of a section is valid."""
        return not self.lacks(section) and not self.broken.get(section)


@functools.cache
def _fields() -> dict[str, str]:
    """Return the attribute of each section."""
    return {field.alias or name: name for name, field in FileSettings.model_fields.items()}


@functools.cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    """Return a validator of each section by itself."""
    fields = FileSettings.model_fields
    return {
        section: TypeAdapter(Annotated[fields[name].annotation, *fields[name].metadata])  # type: ignore[misc]  # as pydantic builds it
        for section, name in _fields().items()
    }


def draft(environment: str, raw: Mapping[str, Any]) -> tuple[Draft, list[ErrorDetails]]:
    """Validate each section, and each named entry, by itself; return what is valid and every error."""
    values: dict[str, Any] = {}
    broken: dict[str, tuple[str, ...]] = {}
    absent: set[str] = set()
    errors: list[ErrorDetails] = []
    for section, name in _fields().items():
        field = FileSettings.model_fields[name]
        if section not in raw:
            if field.is_required():
                absent.add(section)
                errors.append({"type": "missing", "loc": (section,), "msg": "", "input": None})
            else:
                values[name] = field.get_default()
            continue
        try:
            values[name] = _adapters()[section].validate_python(raw[section])
        except ValidationError as error:
            found = error.errors(include_url=False)
            errors += [{**each, "loc": (section, *each["loc"])} for each in found]
            bad = {str(each["loc"][0]) for each in found if each["loc"]}
            if all(each["loc"] for each in found) and get_origin(field.annotation) is dict and section != "tags":
                broken[section] = tuple(sorted(bad))
                rest = {key: value for key, value in raw[section].items() if key not in bad}
                values[name] = {key: value for key, value in _entries(section, rest)}
            else:
                absent.add(section)
    errors += [
        {"type": "extra_forbidden", "loc": (section,), "msg": "", "input": raw[section]}
        for section in raw
        if section not in _fields()
    ]
    made = FileSettings.model_construct(None, **values)
    return Draft(environment, raw, made, broken, frozenset(absent)), errors
