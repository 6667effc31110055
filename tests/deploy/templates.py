"""Reads the CloudFormation templates of deploy/aws: a function such as !Ref X becomes {"Ref": "X"}, as in JSON."""
from pathlib import Path

import yaml

AWS = Path(__file__).resolve().parents[2] / "deploy/aws"
NAMES = {"Ref": "Ref", "Condition": "Condition"}
PSEUDO = "AWS::"


class Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would drop one without a word."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.constructor.ConstructorError(None, None, f"a key stands twice: {keys}", node.start_mark)
        return super().construct_mapping(node, deep)


def function(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {NAMES.get(suffix, f"Fn::{suffix}"): value}


Loader.add_multi_constructor("!", function)
# A date is a text here, as for CloudFormation: 2012-10-17 is the name of a language.
Loader.yaml_implicit_resolvers = {first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
                                  for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def read(text):
    return yaml.load(text, Loader)


def paths():
    return sorted(AWS.glob("*.yaml"))


def nodes(value):
    """All mappings in it, outermost first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def names_used(value):
    """What functions in it refer to: parameters, resources, conditions."""
    for node in nodes(value):
        for key, inner in node.items():
            if key in ("Ref", "Condition", "DependsOn") and isinstance(inner, str):
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0]
            elif key == "Fn::If":
                yield inner[0]
            elif key == "Fn::Sub":
                text = inner if isinstance(inner, str) else inner[0]
                for piece in text.split("${")[1:]:
                    yield piece.partition("}")[0].partition(".")[0]


def statements(template):
    """(name of the resource, statement) of every policy in it, those behind conditions too."""
    for name, resource in template["Resources"].items():
        for node in nodes(resource.get("Properties", {})):
            if "Effect" in node and "Action" in node:
                yield name, node


def as_list(value):
    return value if isinstance(value, list) else [value]
