"""``result.json`` held to its JSON Schema."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import pytest

FILE = files("MSSTUNetReorientLib.output") / "result.schema.json"


def schema() -> dict[str, Any]:
    """The schema as the package ships it."""
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


@lru_cache(maxsize=1)
def _validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="the extra 'test' has it")
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def faults(content: Any) -> list[str]:
    """Where and how a content breaks the schema, a line each."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(content)]
