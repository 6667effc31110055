"""Checks a value against the part of JSON Schema 2020-12 that net/openapi.json uses. A keyword that is not known here is an error."""
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
IGNORED = {"description"}


def resolve(document, schema):
    while "$ref" in schema:
        assert set(schema) == {"$ref"}, schema
        place = document
        for word in schema["$ref"].removeprefix("#/").split("/"):
            place = place[word]
        schema = place
    return schema


def findings(document, schema, value, where="$"):
    """One sentence for each difference."""
    schema = resolve(document, schema)
    for keyword, wanted in schema.items():
        if keyword in IGNORED or keyword in ("properties", "additionalProperties"):
            continue
        if keyword == "type":
            fits = isinstance(value, TYPES[wanted]) and not (wanted in ("integer", "number") and isinstance(value, bool))
            if not fits:
                yield f"{where}: {value!r:.60} is no {wanted}"
                return
        elif keyword == "enum":
            if value not in wanted:
                yield f"{where}: {value!r} is none of {wanted}"
        elif keyword == "pattern":
            if re.search(wanted, value) is None:
                yield f"{where}: {value!r} is not like {wanted}"
        elif keyword == "required":
            yield from (f"{where}: {name} is missing" for name in wanted if name not in value)
        elif keyword == "items":
            for i, item in enumerate(value):
                yield from findings(document, wanted, item, f"{where}[{i}]")
        elif keyword in ("minItems", "maxItems"):
            if (len(value) < wanted) if keyword == "minItems" else (len(value) > wanted):
                yield f"{where}: {len(value)} items, {keyword} {wanted}"
        else:
            raise AssertionError(f"json_schema.py knows no {keyword}")
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for name, item in value.items():
            if name in properties:
                yield from findings(document, properties[name], item, f"{where}.{name}")
            elif others is False:
                yield f"{where}: {name} is not described"
            elif isinstance(others, dict):
                yield from findings(document, others, item, f"{where}.{name}")
