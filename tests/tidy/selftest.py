#!/usr/bin/env python3
"""Proves that each rule of tidy.py fires on a planted example, and that a clean tree is clean."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tidy  # noqa: E402

CLEAN = {
    "core/CMakeLists.txt": "x(SOURCES base/word.cc HEADERS base/word.h identity/service_token.h event/event.h)\n",
    "core/base/word.h": "#pragma once\n// Words.\n",
    "core/base/word.cc": '#include "core/base/word.h"\n// lmdb.h and std::thread in a comment, "steady_clock" in a text\n'
                         'int f() {\n  return 1;\n}\nconst char* g() { return "std::mutex time("; }\n',
    "core/identity/service_token.h": '#pragma once\n// Tokens.\n#include "core/event/event.h"\n',
    "core/event/event.h": "#pragma once\n// Events.\n",
    "tests/core/CMakeLists.txt": "x(word_test.cc ../support/calls.cc)\n",
    "tests/core/word_test.cc": '#include "core/base/word.h"\n#include <openssl/ssl.h>\n',
    "tests/support/calls.cc": "",
}

LONG_BODY = "  f();\n" * 69
PLANTED = [
    # rule, file, text (replaces the clean one), what must be found
    ("layer", "core/base/word.h", '#pragma once\n// Words.\n#include "storage/lmdb.h"\n', "core must not include storage"),
    ("layer", "core/base/word.h", '#pragma once\n// Words.\n#include "core/event/event.h"\n', "core/base must not include core/event"),
    ("layer", "core/event/event.h", '#pragma once\n// Events.\n#include "core/identity/service_token.h"\n', "core/event must not include"),
    ("layer", "net/a.h", '#pragma once\n// A.\n#include "storage/lmdb.h"\n', "net must not include storage"),
    ("layer", "storage/a.h", '#pragma once\n// A.\n#include "net/io/tls.h"\n', "storage must not include net"),
    ("layer", "tools/a.h", '#pragma once\n// A.\n#include "tests/support/aborts.h"\n', "tools must not include tests"),
    ("circle", "core/event/event.h", '#pragma once\n// Events.\n#include "core/identity/service_token.h"\n', "->"),
    ("file", "core/base/word.cc", "int a;\n" * 501, "501 lines"),
    ("column", "core/base/word.cc", "// " + "x" * 118 + "\n", "121 columns"),
    ("function", "core/base/word.cc", "int f() {\n" + LONG_BODY + "}\n", "71 lines"),
    ("function", "core/base/word.cc", "struct S {\n  template <class T>\n  void f(T t) noexcept {\n" + LONG_BODY + "  }\n};\n", "72 lines"),
    ("title", "core/base/word.h", "// Words.\n#pragma once\n", "title"),
    ("title", "core/base/word.h", "#pragma once\n#include <string>\n", "title"),
    ("cmake", "core/base/other.h", "#pragma once\n// Other.\n", "is in no CMakeLists.txt"),
    ("cmake", "tests/core/other_test.cc", "", "is in no CMakeLists.txt"),
    ("test", "net/io/tls.cc", "", "has no tests/net/tls_test.cc"),
    ("name", "core/base/string_util.h", "#pragma once\n// U.\n", "a file named string_util"),
    ("name", "core/base/word.h", "#pragma once\n// Words.\nstruct SenderInfo {};\n", "a type named SenderInfo"),
    ("name", "core/base/word.h", "#pragma once\n// Words.\nclass Manager {};\n", "a type named Manager"),
    ("clock", "core/base/word.cc", "auto t = std::chrono::system_clock::now();\n", "arguments"),
    ("clock", "storage/a.cc", "auto t = std::time(nullptr);\n", "arguments"),
    ("clock", "core/base/word.cc", "gettimeofday(&t, nullptr);\n", "arguments"),
    ("thread", "net/a.cc", "std::mutex m;\n", "threads"),
    ("thread", "core/base/word.cc", "std::atomic<int> a;\n", "threads"),
    ("library", "tools/a.cc", "#include <lmdb.h>\n", "only storage"),
    ("library", "core/base/word.cc", "#include <boost/asio/ip/tcp.hpp>\n", "only net"),
    ("library", "storage/a.cc", "#include <openssl/sha.h>\n", "only net"),
    ("left", "core/base/word.cc", "// TO" "DO: later\n", "is to be done"),
    ("left", "core/base/NOTES.md", "FIX" "ME\n", "is to be done"),
]
# Nearest texts that no rule may take for its own.
INNOCENT = [
    ("core/base/word.cc", "int f() {\n" + "  f();\n" * 68 + "}\n"),
    ("core/base/word.cc", "constexpr int kTable[] = {\n" + "  1,\n" * 100 + "};\n"),
    ("core/base/word.cc", "namespace a {\n" + "int x;\n" * 100 + "}\n"),
    ("core/base/word.cc", "auto t = event.time();\nauto u = parse_time(text);\nint n = 1'000'000;\n"),
    ("core/base/word.cc", "// " + "ä" * 117 + "\n"),
    ("core/base/word.h", "#pragma once\n// Words.\nstruct DataDirectory {};\n"),
]


def findings(changes):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**CLEAN, **changes}.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return tidy.Tree(root).check()


def main():
    tidy.UNTESTED = {}
    failures = [f"a clean tree is not clean: {line}" for line in findings({})]
    for rule, path, text, words in PLANTED:
        if not any(f": {rule}: " in line and words in line for line in findings({path: text})):
            failures.append(f"{rule} does not fire on {path}: {text[:60]!r}")
    for path, text in INNOCENT:
        failures += [f"fires on an innocent text: {line}" for line in findings({path: text})]
    tidy.UNTESTED = {"core/base/gone.cc": "is gone"}
    if not any("does not exist" in line for line in findings({})):
        failures.append("an exception for a file that is gone is not noticed")
    print("\n".join(failures) or f"{len(PLANTED)} planted examples found")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
