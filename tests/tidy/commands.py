"""Commands that documents show must work: build targets exist, scripts exist, and a build folder is configured by its own preset.

tools/quickstart once left build/release without tests, so that the targets of perf/README.md were unknown.
"""
import json
import re

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "perf/README.md", "tests/crash/README.md", "tests/simulation/README.md")
SOLE_CONFIGURER = "tools/quickstart"
TARGET = re.compile(r"\b(?:add_executable|add_library|add_custom_target|straykey_\w+)\s*\(\s*([\w${}-]+)([^)]*)")
BUILT_IN = {"all", "clean", "install", "package", "test"}


def targets(cmake_texts):
    """Names of targets; straykey_component(core) gives straykey_core, a name with a foreach's variable in it one for each value."""
    found = set(BUILT_IN)
    for text in cmake_texts:
        text = re.sub(r"#.*", "", text)
        values = {name: rest.split() for name, rest in re.findall(r"foreach\s*\(\s*(\w+)\s+([^)]*)\)", text)}
        for name, _ in TARGET.findall(text):
            filled = {name}
            for variable, all_values in values.items():
                filled |= {one.replace("${%s}" % variable, value) for one in filled for value in all_values}
            found |= filled | {"straykey_" + one for one in filled}
    return found


def fenced(text):
    """(line, command) of each line in a fenced block."""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield number, line.split(" #")[0].rstrip("\\ ")


def findings(documents, cmake_texts, files, presets, quickstart):
    """(path, line, message). `documents`: path -> text; `presets`: the JSON text; `quickstart`: the script's text."""
    known = targets(cmake_texts)
    configured = {preset["name"]: preset.get("cacheVariables", {}) for preset in json.loads(presets)["configurePresets"]} if presets else {}
    for path, text in sorted(documents.items()):
        prepared = set()
        for number, command in fenced(text):
            prepared.update(re.findall(r"cmake --preset (\w+)", command))
            for folder, rest in re.findall(r"cmake --build (?:build/|--preset )(\w+)([^&|;]*)", command):
                for target in re.sub(r".*--target|--?\w+ \d+", "", rest).split() if "--target" in rest else []:
                    if target not in known:
                        yield path, number, f"no target is named {target}"
                if folder not in configured:
                    yield path, number, f"no preset is named {folder}"
                elif folder not in prepared:
                    yield path, number, f"builds in build/{folder}, which no command before it configures"
            for script in re.findall(r"(?<![\w/.$])(?:perf|tests|tools)/[\w/.-]+\.(?:py|sh|tsv)", command):
                if script not in files:
                    yield path, number, f"{script} does not exist"
    for folder in re.findall(r"cmake --preset (\w+)[^\n]*STRAYKEY_TESTS=OFF", quickstart):
        yield SOLE_CONFIGURER, 1, f"configures build/{folder} without tests, where documents build tests and benchmarks"
    for name in re.findall(r"cmake --preset (\w+)", quickstart):
        for path, text in sorted(documents.items()):
            if re.search(r"build/%s\b" % name, text):
                yield path, 1, f"builds in build/{name}, which {SOLE_CONFIGURER} configures its own way"
