#!/usr/bin/env python3
"""Proves that each rule of tidy.py fires on a planted example, and that a clean tree is clean."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import headers  # noqa: E402
import tidy  # noqa: E402

CLEAN = {
    "core/CMakeLists.txt": "x(SOURCES base/word.cc HEADERS base/word.h identity/service_token.h event/event.h)\n",
    "core/base/word.h": "#pragma once\n// Words.\n",
    "core/base/word.cc": '#include "core/base/word.h"\n// lmdb.h and std::thread in a comment, "steady_clock" in a text\n'
                         'int f() {\n  return 1;\n}\nconst char* g() { return "std::mutex time( steady_clock"; }\n',
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
    ("layer", "net/io/a.h", '#pragma once\n// A.\n#include "net/http/auth.h"\n', "net/io must not include net/http"),
    ("layer", "tools/config/a.h", '#pragma once\n// A.\n#include "tools/commands/b.h"\n', "tools/config must not include tools/commands"),
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
    ("once", "core/base/word.cc", 'constexpr char kDigits[] = "0123456789abcdef";\n', "use kHexDigits"),
    ("once", "net/a.cc", "EVP_EncodeBlock(a, b, c);\n", "use core/base/base64"),
    ("once", "tools/a.cc", "  if (file >= 0) ::close(file);\n", "use Descriptor"),
    ("once", "tools/a.cc", "if (::rename(a, b) != 0) return;\n", "use replace_file"),
    ("once", "net/a.cc", "getaddrinfo(a, b, c, d);\n", "use NameLookup"),
    ("once", "net/a.cc", "SSL_CTX_new(TLS_client_method());\n", "use TlsTrust"),
    ("left", "core/base/word.cc", "// TO" "DO: later\n", "is to be done"),
    ("left", "core/base/NOTES.md", "FIX" "ME\n", "is to be done"),
]
PRESETS = '{"configurePresets": [{"name": "release"}, {"name": "quickstart", "cacheVariables": {"STRAYKEY_TESTS": "OFF"}}]}'
WORD = "#pragma once\n// Words.\n"
LIMITS = "cmake --preset release && cmake --build build/release --target "
CHAIN = {f"storage/h{i}.h": f'#pragma once\n// H.\n#include "storage/h{i + 1}.h"\n' for i in range(27)}
CHAIN["storage/h27.h"] = "#pragma once\n// H.\n"
# rule, files, what must be found
PLANTED_TREES = [
    ("headers", CHAIN, "storage/h0.h:1: headers: 27 own headers behind it, 25 allowed"),
    ("headers", CHAIN, "storage/h1.h:1: headers: 26 own headers behind it, 25 allowed"),
    ("metric", {"core/a.cc": 'auto& c = metrics.counter("straykey_seen_total", "Seen.");\n'}, "straykey_seen_total does not stand in net/API.md"),
    ("metric", {"core/a.cc": 'auto& c = metrics\n    .gauge("straykey_open", "Open (now).", {{"listener", a}});\n',
                "net/API.md": "| `straykey_open` | open |\n"}, "the code makes straykey_open{listener}"),
    ("metric", {"core/a.cc": 'const std::vector<Label> l{{"table", name_of(t)}};\nm.counter("straykey_rows_total", "Rows.", l);\n',
                "net/API.md": "| `straykey_rows_total{reason}` | rows |\n"}, "the code makes straykey_rows_total{table}"),
    ("metric", {"net/API.md": "| `straykey_gone_total` | gone |\n"}, "straykey_gone_total is made nowhere"),
    ("metric", {"net/API.md": "See `straykey_gone_total`.\n"}, "straykey_gone_total is made nowhere"),
    ("named", {"core/base/word.h": WORD + "// Rendering is in core/base/words.\n"}, "core/base/words. does not exist"),
    ("named", {"core/base/word.h": WORD + "// A `Phrase` or a `phrase`.\n"}, "nothing is called Phrase"),
    ("named", {"core/base/word.h": WORD + "// `words_max` of them.\n"}, "nothing is called words_max"),
    ("named", {"core/base/word.h": WORD + "// See base/phrase.h.\n"}, "base/phrase.h does not exist"),
    ("named", {"core/base/word.h": WORD + "// See tests/gone/word_test.cc, too.\n"}, "tests/gone/word_test.cc"),
    ("named", {"core/base/word.h": WORD + "// See sentence.h\n"}, "no file is named sentence.h"),
    ("named", {"core/base/word.h": WORD + "// As SENTENCES.md says.\n"}, "no file is named SENTENCES.md"),
    ("named", {"core/base/word.h": WORD + "// Bounds: kWordsMax words.\n"}, "no constant kWordsMax exists"),
    ("named", {"core/base/word.h": WORD + "// See say() for the rest.\n"}, "no function say exists"),
    ("named", {"core/base/word.h": WORD + "// A WordList holds them.\n"}, "no type WordList exists"),
    ("named", {"core/base/word.h": WORD + "// At most words_max of them.\n"}, "no name words_max exists"),
    ("named", {"core/base/word.h": WORD + "// Word::letters is many.\nstruct Word {};\n"}, "Word::letters does not exist"),
    ("named", {"core/CMakeLists.txt": CLEAN["core/CMakeLists.txt"] + "# For word_bench.\n"}, "no name word_bench exists"),
    ("named", {"ARCHITECTURE.md": "`core/word` holds words.\n"}, "core/word does not exist"),
    ("command", {"perf/README.md": f"```sh\n{LIMITS}limits\n```\n"}, "no target is named limits"),
    ("command", {"perf/README.md": "```sh\ncmake --build build/release --target x\n```\n"}, "which no command before it configures"),
    ("command", {"perf/README.md": "```sh\ncmake --preset dev && cmake --build build/dev --target x\n```\n"}, "no preset is named dev"),
    ("command", {"perf/README.md": "```sh\nperf/run.py  # takes a minute\n```\n"}, "perf/run.py does not exist"),
    ("command", {"tools/quickstart": "cmake --preset release -DSTRAYKEY_TESTS=OFF\n"}, "configures build/release without tests"),
    ("command", {"tools/quickstart": "cmake --preset quickstart\n",
                 "perf/README.md": "```sh\nbuild/quickstart/tools/x\n```\n"}, "builds in build/quickstart"),
]
INNOCENT_TREES = [
    {f"storage/h{i}.h": text for i, text in enumerate(list(CHAIN.values())[2:], 2)},
    {"core/a.cc": 'auto& c = metrics.counter("straykey_a_total", "A (b).", {{"x", f(1)}, {"y", "z"}});\n',
     "net/API.md": "| `straykey_a_total{x,y}`, `straykey_b` | both |\nAs `straykey_a_total{x=\"1\"}` says.\n",
     "net/b.cc": 'metrics->gauge("straykey_b", "B.");\nif (name == "straykey_of_another") f();\n'},
    {"core/base/word.h": WORD + "// See core/base/word, core/event/event.h, core/base/*, word.cc, word.h. tests/core: those of core/.\n"
                                "// Word::all, kWordsMax and words_max are here, say() too; not std::string::npos, CRYPTO_lock or\n"
                                "// a URL: https://example.com/net/gone_thing. and/or_others;\n// event/event.h, client/gone_x too, ServiceTokens, `all`, `Word::say`, `a b`, `--odd`; CloudTrail is listed below.\n"
                                "constexpr int kWordsMax = 1, words_max = 2;\nclass ServiceToken;\nstruct Word { void say(); void all(); };\n"
                                'const char* kName = "CloudTrail";\n'},
    {"ARCHITECTURE.md": "```\nStreamDriver with words_max from core/gone\n```\n"},
    {"perf/README.md": f"```sh\n{LIMITS}word_bench other_bench && build/release/perf/word_bench --seed 1\nperf/run.py\n```\n", "perf/run.py": "",
     "perf/CMakeLists.txt": "foreach(name word other)\n  add_executable(${name}_bench)\nendforeach()\n",
     "tools/quickstart": "cmake --preset quickstart\n"},
]
# Nearest texts that no rule may take for its own.
INNOCENT = [
    ("core/base/word.cc", "int f() {\n" + "  f();\n" * 68 + "}\n"),
    ("core/base/word.cc", "constexpr int kTable[] = {\n" + "  1,\n" * 100 + "};\n"),
    ("core/base/word.cc", "namespace a {\n" + "int x;\n" * 100 + "}\n"),
    ("core/base/word.cc", "auto t = event.time();\nauto u = parse_time(text);\nint n = 1'000'000;\n"),
    ("core/base/word.cc", "// " + "ä" * 117 + "\n"),
    ("core/base/word.cc", 'void Socket::close() {}\nbool a = text.find("0123456789abcdef.:");\nwriter.rename(a);\n'),
    ("core/base/word.h", "#pragma once\n// Words.\nstruct DataDirectory {};\n"),
]


def findings(changes):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {"CMakePresets.json": PRESETS, **CLEAN, **changes}.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return tidy.Tree(root).check()


def main():
    tidy.UNTESTED = {}
    headers.OFFENDERS = {}
    failures = [f"a clean tree is not clean: {line}" for line in findings({})]
    for rule, path, text, words in PLANTED:
        if not any(f": {rule}: " in line and words in line for line in findings({path: text})):
            failures.append(f"{rule} does not fire on {path}: {text[:60]!r}")
    for path, text in INNOCENT:
        failures += [f"fires on an innocent text: {line}" for line in findings({path: text})]
    for rule, changes, words in PLANTED_TREES:
        if not any(f": {rule}: " in line and words in line for line in findings(changes)):
            failures.append(f"{rule} does not fire: {words}; found {findings(changes)}")
    for changes in INNOCENT_TREES:
        failures += [f"fires on an innocent tree: {line}" for line in findings(changes) if not line.split(": ")[1] in ("cmake", "test")]
    headers.OFFENDERS = {"storage/h0.h": 28, "storage/h1.h": 26, "storage/h5.h": 25, "storage/gone.h": 30}
    for words in ("storage/h0.h:1: headers: 27 own headers behind it and 28 in the list", "h5.h:1: headers: 22 own", "gone.h:1: headers: is in"):
        if not any(words in line for line in findings(CHAIN)):
            failures.append(f"the list of headers is not held to: {words}")
    if any("storage/h1.h" in line and "headers" in line for line in findings(CHAIN)):
        failures.append("a file of the list may have its number of headers")
    headers.OFFENDERS = {}
    tidy.UNTESTED = {"core/base/gone.cc": "is gone"}
    if not any("does not exist" in line for line in findings({})):
        failures.append("an exception for a file that is gone is not noticed")
    print("\n".join(failures) or f"{len(PLANTED) + len(PLANTED_TREES)} planted examples found")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
