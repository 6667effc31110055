"""Whether the names in comments and documents exist: a comment that names what is gone misleads whoever trusts it.

What is looked at, in C++ and CMake comments and in the documents of DOCUMENTS:
  paths       words that begin with one of our folders (`core/engine/route`, `tests/tidy`) or rooms (engine/store.h), and names of our
              kinds of file (`merger.cc`)
  constants   kDeliveriesHeldMax
  members     Class::member, where the class is ours
  functions   name()
  types       words of two humps (ShardWorker)
  words       words with an underscore in them (body_bytes_max)
  quoted      one word, or words with :: between them, in backquotes
A name exists if the code of the tree has it outside of comments. Names of others (OpenSSL's, AWS's) are listed in FOREIGN.
"""
import os
import re

FOLDERS = ("core", "storage", "net", "tools", "tests", "perf", "docs", "findings")
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "net/API.md", "storage/FORMAT.md", "perf/README.md", "SECURITY.md",
             "core/detect/CATALOGUE.md", "tests/crash/README.md", "tools/replay/README.md")
# Names that are not ours, or that stand for many.
FOREIGN = set("""
AddressSanitizer GeoLite2 PascalCase snake_case all_verify_interface_header_sets io_uring kTLS lmdb.h
""".split())
BYTES_MAX = 1 << 20  # of a file that is read for its words

PATH = re.compile(r"(?<![\w/.$}~-])(?:%s)/[\w./*{},-]+" % "|".join(FOLDERS))
ROOM_PATH = re.compile(r"(?<![\w/.*-])[a-z]+/[a-z]\w*(?:\.(?:h|cc|py)|_\w+)\b(?![/.]\w)")
FILE = re.compile(r"(?<![\w/.*-])([A-Za-z_]\w*\.(?:h|cc|py|scenario)|[A-Z][A-Z_]+\.md)\b")
CONSTANT = re.compile(r"\bk[A-Z]\w+")
MEMBER = re.compile(r"\b([A-Z]\w+)::(~?\w+)")
FUNCTION = re.compile(r"(?<![\w.:>-])([a-z_]\w+)\(\)")
QUOTED = re.compile(r"`([A-Za-z_]\w*(?:::\w+)*)`")
TYPE = re.compile(r"(?<![\w.:/@-])[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+\b(?![:.]?[/@])")
WORD = re.compile(r"(?<![\w./:$%@#=-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+_?(?![\w/:=@-]|\.\w)")


TOKENS = {
    "c++": re.compile(r'R"(?P<tag>[^\s()\\]{0,16})\((?:.|\n)*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
                      r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|(?P<comment>//[^\n]*)"),
    "cmake": re.compile(r'"(?:\\.|[^"\\])*"|(?P<comment>#[^\n]*)'),
}


def language(path):
    if path.endswith((".h", ".cc")):
        return "c++"
    return "cmake" if os.path.basename(path) == "CMakeLists.txt" else None


def comments_of(path, text):
    """(line, comment) of C++ and CMake text; (line, text) of a document, but for its fenced blocks."""
    if path.endswith(".md"):
        fenced = False
        for number, line in enumerate(text.split("\n"), 1):
            if line.startswith("```"):
                fenced = not fenced
            elif not fenced:
                yield number, line
        return
    for match in TOKENS[language(path)].finditer(text):
        if match.group("comment"):
            yield text.count("\n", 0, match.start()) + 1, match.group("comment")


def without_comments(path, text):
    """Code with its strings; text of another kind (Python, TOML, scenarios) whole."""
    if language(path) is None:
        return text
    return TOKENS[language(path)].sub(lambda match: " " if match.group("comment") else match.group(0), text)


class Names:
    """What exists in a tree: files, and every word of its code."""

    def __init__(self, root):
        self.files, self.folders, self.words = set(), set(), set()
        for directory, folders, names in os.walk(root):
            folders[:] = [folder for folder in folders if folder not in (".git", "build", "__pycache__", "node_modules")]
            self.folders.add(os.path.relpath(directory, root))
            for name in names:
                self.add(root, os.path.relpath(os.path.join(directory, name), root))
        self.rooms = {folder.split("/")[1] for folder in self.folders if folder.count("/") == 1 and folder.startswith(FOLDERS)}
        self.stems = {os.path.splitext(os.path.basename(file))[0] for file in self.files}
        self.basenames = {os.path.basename(file) for file in self.files}

    def add(self, root, path):
        self.files.add(path)
        full = os.path.join(root, path)
        if path.endswith(".md") or not os.path.isfile(full) or os.path.getsize(full) > BYTES_MAX:
            return
        with open(full, encoding="utf-8", errors="replace") as file:
            self.words.update(re.findall(r"\w+", without_comments(path, file.read())))

    def has_path(self, path):
        path = path.rstrip(".,-/")
        if re.search(r"[*{}]|_x(_|\.|$)|/x\.", path):
            return True  # stands for many
        return path in self.folders or path in self.files or any(
            path + ending in self.files for ending in (".h", ".cc", ".py", ".md", "_test.cc"))

    def has_room_path(self, path):
        room = path.split("/")[0]
        if room not in self.rooms:
            return True
        return any(("/" + file).endswith("/" + path) or os.path.splitext("/" + file)[0].endswith("/" + path) for file in self.files)

    def has_word(self, word):
        return bool(re.search(r"(^|_)x_", word)) or word in self.words or word in self.stems or word in FOREIGN or word.rstrip("s") in self.words


def findings(text, names):
    """What `text`, a comment or a line of a document, names that does not exist."""
    for match in PATH.finditer(text):
        if not names.has_path(match.group(0)):
            yield f"{match.group(0)} does not exist"
    text = PATH.sub(lambda match: " " * len(match.group(0)), text)
    for match in ROOM_PATH.finditer(text):
        if not names.has_room_path(match.group(0)):
            yield f"{match.group(0)} does not exist"
    for match in FILE.finditer(text):
        if match.group(1) not in names.basenames and match.group(1) not in FOREIGN:
            yield f"no file is named {match.group(1)}"
    text = re.sub(r"https?://\S+|<[\w/.]+\.h>", " ", text)
    for match in MEMBER.finditer(text):
        if match.group(1) in names.words and match.group(2).lstrip("~") not in names.words:
            yield f"{match.group(0)} does not exist"
    for match in QUOTED.finditer(text):
        for word in match.group(1).split("::"):
            if not names.has_word(word):
                yield f"nothing is called {word}"
    text = QUOTED.sub(" ", text)
    for pattern, what in ((CONSTANT, "constant"), (FUNCTION, "function"), (TYPE, "type"), (WORD, "name")):
        for match in pattern.finditer(text):
            word = match.group(1) if pattern.groups else match.group(0)
            if not names.has_word(word):
                yield f"no {what} {word} exists"
