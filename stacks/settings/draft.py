"""What of an environment could be read: all of it, or all but the parts that have problems of their own."""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from stacks.settings.environment import FileSettings
from stacks.settings.model import Section


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
        """Return the names of a section's entries, valid or not, sorted; none where the section is not valid."""
        valid: Mapping[str, Any] = {} if self.lacks(section) else getattr(self.settings, _fields()[section])
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
    return {section: TypeAdapter(_annotation(fields[name])) for section, name in _fields().items()}


def _annotation(field: FieldInfo) -> Any:  # noqa: ANN401  any annotation
    """Return a field's annotation together with the constraints that pydantic keeps beside it."""
    annotation = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]  # type: ignore[assignment]  # put together at run time
    return annotation


def draft(environment: str, raw: Mapping[str, Any], misnamed: Collection[str] = ()) -> tuple[Draft, list[ErrorDetails]]:
    """Validate each section, and each named entry, by itself; return what is valid and every error.

    ``misnamed`` are sections that are there under a wrong name, so that they are neither missing nor left out.
    """
    values: dict[str, Any] = {}
    broken: dict[str, tuple[str, ...]] = {}
    errors = [_error("extra_forbidden", section) for section in raw if section not in _fields()]
    for section, name in _fields().items():
        field = FileSettings.model_fields[name]
        if section not in raw:
            if section in misnamed:
                continue
            if field.is_required():
                errors.append(_error("missing", section))
            else:
                values[name] = field.get_default()
            continue
        try:
            values[name] = _adapters()[section].validate_python(raw[section])
        except ValidationError as error:
            found = error.errors(include_url=False)
            errors += [{**each, "loc": (section, *each["loc"])} for each in found]
            if _has_entries(field) and all(each["loc"] for each in found):
                broken[section] = tuple(sorted({str(each["loc"][0]) for each in found}))
                values[name] = _valid_entries(field, raw[section], broken[section])
    absent = frozenset(section for section, name in _fields().items() if name not in values)
    return Draft(environment, raw, FileSettings.model_construct(None, **values), broken, absent), errors


def _error(kind: str, section: str) -> ErrorDetails:
    return {"type": kind, "loc": (section,), "msg": kind, "input": None}


def _has_entries(field: FieldInfo) -> bool:
    """Tell whether a section is a mapping of names to sections."""
    arguments = get_args(field.annotation)
    return bool(arguments) and isinstance(arguments[-1], type) and issubclass(arguments[-1], Section)


def _valid_entries(field: FieldInfo, entries: Mapping[str, Any], broken: Collection[str]) -> dict[str, Any]:
    """Return the entries of a section that are valid, read."""
    model: type[Section] = get_args(field.annotation)[-1]
    return {name: model.model_validate(entry) for name, entry in entries.items() if name not in broken}
