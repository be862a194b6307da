"""Microsoft's own types of resources (bicep-types-az) and schemas, as data to check with."""

import json
import pathlib

import jsonschema


class Types:
    """The types in FOLDER/types, and the schemas in FOLDER."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.known: dict[str, tuple[list, dict]] = {}
        for path in sorted((folder / "types").glob("*.types.json")):
            types = json.loads(path.read_text())
            for kind in types:
                if kind["$type"] == "ResourceType":
                    self.known[kind["name"].lower()] = (types, kind)

    def problems(self, bicep: dict) -> list[str]:
        """What is wrong with the resources of a parsed bicep file."""
        found: list[str] = []
        names = {name for part in ("parameters", "variables", "resources") for name in bicep.get(part, {})}
        for symbol, resource in bicep.get("resources", {}).items():
            kind = f"{resource['type']}@{resource['api_version']}".lower()
            if kind.startswith("microsoft.resources/resourcegroups@"):
                continue
            if kind not in self.known:
                found.append(f"{symbol}: there is no type {kind}")
                continue
            types, known = self.known[kind]
            # What stands behind `if (…)`.
            config = resource["config"].get("config", resource["config"]) if "condition" in resource["config"] else resource["config"]
            if not resource["existing"]:
                Walk(types, names, found).check(target(types, known["body"]), config, symbol)
        return found

    def schema_problems(self, schema: str, document: object) -> list[str]:
        """What a schema says of a document; references to other files are left out."""
        validator = jsonschema.Draft201909Validator(without_references(json.loads((self.folder / schema).read_text())))
        return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(document)]


class Walk:
    """One comparison of a value with its type."""

    def __init__(self, types: list, names: set[str], found: list[str]) -> None:
        self.types, self.names, self.found = types, names, found

    def check(self, kind: dict, value: object, path: str) -> None:
        match kind["$type"]:
            case "UnionType":
                literals = [part["value"] for part in (target(self.types, e) for e in kind["elements"]) if "value" in part]
                if literals and isinstance(value, str) and value not in literals and value not in self.names:
                    self.found.append(f"{path}: '{value}' is none of {literals[:8]}")
            case "ObjectType" | "DiscriminatedObjectType" if isinstance(value, dict):
                if "operator" not in value and "function" not in value:
                    self.check_object(kind, value, path)
            case "ArrayType" if isinstance(value, list):
                for number, item in enumerate(value):
                    self.check(target(self.types, kind["itemType"]), item, f"{path}[{number}]")
            case "IntegerType" | "BooleanType" if isinstance(value, str) and value not in self.names:
                self.found.append(f"{path}: '{value}' is a text")

    def check_object(self, kind: dict, value: dict, path: str) -> None:
        properties = kind.get("properties") or kind.get("baseProperties") or {}
        is_open = kind.get("additionalProperties") or kind["$type"] == "DiscriminatedObjectType"
        for name, part in value.items():
            if name.startswith("__") or name in ("parent", "scope", "dependsOn"):
                continue
            if name in properties:
                if properties[name]["flags"] & 2:
                    self.found.append(f"{path}.{name} is read-only")
                self.check(target(self.types, properties[name]["type"]), part, f"{path}.{name}")
            elif not is_open and "${" not in name:
                self.found.append(f"{path}.{name} is not a property; there are {sorted(properties)[:12]}")
        for name, property in properties.items():
            if property["flags"] & 1 and not property["flags"] & 2 and name not in value and name != "name":
                self.found.append(f"{path}.{name} is required")


def target(types: list, reference: dict) -> dict:
    return types[int(reference["$ref"].split("/")[1])]


def without_references(node: object) -> object:
    if isinstance(node, dict):
        if str(node.get("$ref", "")).startswith("http"):
            return {}
        return {key: without_references(value) for key, value in node.items()}
    return [without_references(value) for value in node] if isinstance(node, list) else node
