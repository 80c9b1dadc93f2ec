"""Which values of an evaluated graph only a deployment would tell."""

import json

from mlplatform.graph.markers import UNKNOWN, Plain, Secret, Unknown


def forget(filled: Plain, preview: Plain) -> Plain:
    """Return the filled value with unknowns in place of stand-ins, as far as the preview has them.

    Documents keep their stand-ins, and so do lists of objects that a program makes from unknown values: a preview
    knows nothing of either, and rules are there to look into them.
    """
    if isinstance(preview, Secret) or isinstance(filled, Secret):
        return Secret(forget(_open(filled), _open(preview)))
    if isinstance(preview, Unknown):
        return filled if _tells_more(filled) else UNKNOWN
    if isinstance(filled, dict) and isinstance(preview, dict):
        return {key: forget(item, preview[key]) if key in preview else item for key, item in filled.items()}
    if isinstance(filled, list) and isinstance(preview, list) and len(filled) == len(preview):
        return [forget(*pair) for pair in zip(filled, preview, strict=True)]
    return filled


def _open(value: Plain) -> Plain:
    return value.value if isinstance(value, Secret) else value


def _tells_more(value: Plain) -> bool:
    if isinstance(value, dict):
        return True
    if isinstance(value, list):
        return any(isinstance(item, dict) for item in value)
    return is_document(value)


def is_document(value: Plain) -> bool:
    """Tell whether a value is the text of a JSON object or list."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(value), dict | list)
    except ValueError:
        return False
