"""The metrics that the code makes, and those that net/API.md describes: name and labels must be the same."""
import re

CALL = re.compile(r"\b(?:counter|gauge|histogram)\(\s*\"(straykey_\w+)\"")
DESCRIBED = re.compile(r"`(straykey_[a-z0-9_]+)(?:\{([a-z_,]*)\})?`")


def arguments(text, at):
    """The text from the parenthesis at `at` to the one that closes it, strings heeded."""
    depth, end = 0, at
    for match in re.compile(r'"(?:\\.|[^"\\\n])*"|[()]').finditer(text, at):
        end = match.end()
        depth += {"(": 1, ")": -1}.get(match.group(0), 0)
        if depth == 0:
            break
    return text[at:end]


def labels_in(text):
    return re.findall(r'\{\s*"(\w+)"\s*,', text)


def made(text):
    """(line, name, labels) of each metric that C++ text makes."""
    for match in CALL.finditer(text):
        call = arguments(text, text.index("(", match.start()))
        labels = labels_in(call)
        variable = re.search(r",\s*(\w+)\s*\)$", call)
        if not labels and variable:  # labels by name: as they were set in the same file
            for setting in re.finditer(r"\b%s\s*(?:=\s*)?\{[^;]*;" % variable.group(1), text):
                labels += labels_in(setting.group(0))
        yield text.count("\n", 0, match.start()) + 1, match.group(1), tuple(sorted(set(labels)))


def described(text):
    """(line, name, labels) of each metric in a table's first column."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("| `straykey_"):
            for name, labels in DESCRIBED.findall(line.split("|")[1]):
                yield number, name, tuple(sorted(filter(None, labels.split(","))))


def findings(sources, document_path, document):
    """(path, line, message) of each difference. `sources`: path -> text."""
    in_code, in_document = {}, {}
    for path, text in sorted(sources.items()):
        for line, name, labels in made(text):
            in_code.setdefault(name, (path, line, labels))
            if in_code[name][2] != labels:
                yield path, line, f"{name} has other labels than in {in_code[name][0]}:{in_code[name][1]}"
    for line, name, labels in described(document):
        if name in in_document:
            yield document_path, line, f"{name} stands there twice"
        in_document[name] = (line, labels)
        if name not in in_code:
            yield document_path, line, f"{name} is made nowhere"
    for name, (path, line, labels) in in_code.items():
        shown = name + ("{" + ",".join(labels) + "}" if labels else "")
        if name not in in_document:
            yield path, line, f"{shown} does not stand in {document_path}"
        elif in_document[name][1] != labels:
            yield document_path, in_document[name][0], f"the code makes {shown}"
    for match in re.finditer(r"straykey_\w+", document):
        name = re.sub(r"_(bucket|sum|count)$", "", match.group(0))
        if name not in in_code and name not in in_document:
            yield document_path, document.count("\n", 0, match.start()) + 1, f"{name} is made nowhere"
