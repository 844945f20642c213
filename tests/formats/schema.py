"""The part of JSON Schema (draft 7) that our schemas use, so that no package is needed."""
import json
import re

TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
KNOWN = {"$schema", "title", "description", "definitions", "$ref", "type", "enum", "const", "pattern",
         "minimum", "minItems", "uniqueItems", "items", "properties", "required",
         "additionalProperties", "anyOf"}


def check(value, schema, root=None, where="$"):
    """Yields a line for each fault of @value."""
    root = root or schema
    assert not set(schema) - KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        yield from check(value, root["definitions"][schema["$ref"].rsplit("/", 1)[1]], root, where)
        return
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[name](value) for name in types):
        yield f"{where}: {value!r} is no {' or '.join(types)}"
        return
    if "anyOf" in schema and not any(not list(check(value, one, root)) for one in schema["anyOf"]):
        yield f"{where}: none of anyOf"
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{where}: {value!r} is not allowed"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if TYPES["integer"](value) and value < schema.get("minimum", value):
        yield f"{where}: {value} is below {schema['minimum']}"
    if isinstance(value, list):
        texts = [json.dumps(item, sort_keys=True) for item in value]
        if len(value) < schema.get("minItems", 0):
            yield f"{where}: too few items"
        if schema.get("uniqueItems") and len(set(texts)) != len(texts):
            yield f"{where}: equal items"
        for index, item in enumerate(value):
            yield from check(item, schema.get("items", {}), root, f"{where}[{index}]")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}: no {name}"
        for name, item in value.items():
            more = schema.get("additionalProperties", {})
            if name not in properties and more is False:
                yield f"{where}: {name} is not known"
            else:
                yield from check(item, properties.get(name, more), root, f"{where}.{name}")
