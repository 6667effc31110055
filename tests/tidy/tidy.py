#!/usr/bin/env python3
"""Layering, limits, bans and truths that the compiler does not check. Usage: tidy.py ROOT. One line a finding; exit code 1 if any.

tidy.py --headers ROOT prints how many of our own headers stand behind each file of core, net and storage.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import commands  # noqa: E402
import headers  # noqa: E402
import metrics  # noqa: E402
import names  # noqa: E402

FOLDERS = ("core", "storage", "net", "tools", "tests", "perf")
MAY_INCLUDE = {
    "core": {"core"},
    "storage": {"core", "storage"},
    "net": {"core", "net"},
    "tools": {"core", "storage", "net", "tools"},
    "tests": set(FOLDERS),
    "perf": set(FOLDERS),
}
# Inside core, each may include those before it: base, location, event, identity, baseline, detect, engine, operate.
CORE_ORDER = ("base", "location", "event", "identity", "baseline", "detect", "engine", "operate")
CORE_MAY_INCLUDE = {room: set(CORE_ORDER[:i + 1]) for i, room in enumerate(CORE_ORDER)}

# Rooms of net and tools: which others each may include. No two include each other, by any way.
ROOM_MAY_INCLUDE = {
    "net": {"io": set(), "client": {"io"}, "aws": {"client", "io"}, "http": {"io"}, "kafka": set(), "ingest": {"aws", "client", "http", "io", "kafka"}, "deliver": {"client", "io"},
            "admin": {"http", "io"}},
    "tools": {"terminal": set(), "networks": {"terminal"}, "config": {"networks", "terminal"},
              "installation": {"config", "terminal"}, "store": {"config", "terminal"}, "scan": {"networks", "terminal"}, "simulate": {"terminal"},
              "replay": {"config", "scan", "simulate", "terminal"}, "server": {"config", "networks", "store", "terminal"},
              "commands": {"config", "installation", "networks", "replay", "scan", "server", "simulate", "store", "terminal"}},
}

FILE_LINES_MAX, FUNCTION_LINES_MAX, COLUMNS_MAX = 500, 70, 120

# Sources without a test file of their own name, and why.
UNTESTED = {
    "core/detect/activation.cc": "tests/core/activation_report_test.cc, beside what it shows",
    "core/detect/alert_state.cc": "tests/core/alert_test.cc, beside the document that it is laid over",
    "core/detect/alert_summary.cc": "tests/core/alert_caps_test.cc, beside what it counts",
    "core/detect/formats/standard_webhooks.cc": "tests/core/body_format_test.cc, with every format",
    "core/base/invariant.cc": "aborts; every test of a REQUIRES line runs it",
    "core/base/cpu.cc": "asks the machine; the answer differs from machine to machine",
    "core/engine/baseline_view.cc": "tested through judge_test, whose every verdict it reads",
    "core/engine/inline_pipeline.cc": "tested by merger_test and the scenarios, which run on it",
    "core/engine/judge_misuse.cc": "tests/core/judge_evidence_test.cc, beside the rest of the judge",
    "core/engine/merger_alerts.cc": "tests/core/merger_test.cc, which tests the whole class",
    "core/engine/shard_worker_issues.cc": "tests/core/shard_worker_test.cc, which tests the whole class",
    "core/engine/pipeline.cc": "tests/storage/pipeline_test.cc: threads need the LMDB store",
    "net/io/asio_impl.cc": "the library's own code, compiled once",
    "net/aws/credential_places.cc": "tests/net/credentials_test.cc, in the order in which they are asked",
    "net/ingest/s3_counters.cc": "tests/net/s3_source_test.cc, which reads its counters",
    "net/ingest/kafka_counters.cc": "tests/net/kafka_source_test.cc, which reads its counters",
    "net/ingest/kafka_reader.cc": "tests/net/kafka_source_test.cc, whose threads run it; tests/kafka, with real brokers",
    "net/ingest/s3_worker.cc": "tests/net/s3_source_test.cc, whose threads run it",
    "net/aws/sts.cc": "tests/net/credentials_test.cc, with what asks it",
    "net/aws/s3_objects.cc": "tests/net/aws_caller_test.cc, with what calls for it",
    "net/aws/sqs_queue.cc": "tests/net/aws_caller_test.cc, with what calls for it",
}

CLOCK_ALLOWED = {"core/base/log.cc"}   # a log line's time and its repeat window; no verdict sees it

# Where threads, locks and atomics may be (core, storage, net, tools).
THREADS_ALLOWED = {
    "core/base/cpu.cc",          # asks how many CPUs there are
    "core/base/log.cc",          # any thread logs
    "core/base/metrics.h",       # any thread counts
    "core/base/metrics.cc",
    "core/event/record_in_hand.h",  # a signal handler on the same thread reads it
    "core/engine/run_clock.h",  # the merger counts, the workers read
    "core/engine/standby.h",      # settings come in and the state goes out, between the merger and the others
    "core/engine/judged_marks.h",  # how far the merger has judged, for the workers
    "tools/server/clock_watch.h",       # every way in looks at its requests
    "tools/server/operator_desk.h",     # answers operators beside the other threads
    "tools/server/operator_desk.cc",
    "tools/server/endpoint_desk.h",     # tests of webhooks are asked for and answered on several threads
    "tools/server/reject_keeper.h",     # io threads hand over what a thread of its own writes
    "tools/server/reject_keeper.cc",
    "tools/server/ranges_updater.h",    # fetches address ranges beside the main thread
    "core/engine/engine.h",      # what several threads share of it
    "core/engine/operator_change.h",  # shards still to finish
    "core/engine/pipeline.h",    # the engine's threads
    "core/engine/pipeline.cc",
    "core/engine/request.h",     # shards still to finish
    "storage/reject_ring.h",     # one thread appends, operators read
    "storage/audit_log.h",       # several threads append, operators read
    "storage/lmdb.h",            # the one writer, and who may open an environment twice
    "net/http/auth.h",                # tokens are reloaded while requests read them
    "net/io/connection_table.h",    # all io threads count connections
    "net/http/rate_limiter.h",        # all io threads take out of the same buckets
    "net/admin/page_sessions.h",      # io threads open and look up sessions
    "core/operate/audit.h",           # io threads and those that carry changes out count what was refused
    "net/ingest/sns_route.h",         # io threads ask for certificates, a thread of the server brings them
    "tools/server/sns_fetcher.h",     # the thread that brings them
    "net/ingest/overload_hold.h",     # the main thread ends the waits
    "net/http/http_listener.h",       # request ids, for the sessions of all io threads
    "net/io/io_runtime.h",          # the io threads
    "net/io/io_runtime.cc",
    "net/aws/credentials.h",            # several threads sign with the same credentials
    "net/client/name_lookup.cc",        # a thread of its own for blocking look-ups
    "net/ingest/messages_in_hand.h",    # one thread receives, several work
    "net/ingest/messages_in_hand.cc",
    "net/ingest/object_feed.h",         # shard workers tell the thread that waits
    "net/ingest/object_feed.cc",
    "net/ingest/kafka_in_hand.h",       # one thread reads, several work
    "net/ingest/kafka_in_hand.cc",
    "net/ingest/kafka_source.h",        # threads that may wait for brokers
    "net/ingest/kafka_source.cc",
    "net/ingest/s3_source.h",           # threads that may wait for AWS
    "net/ingest/s3_source.cc",
    "net/ingest/large_bodies.h",        # a thread of its own that may wait for room
    "net/ingest/large_bodies.cc",       # answered by shard workers beside it
    "net/ingest/syslog_listener.h",     # the time of the last message, of all io threads
    "net/io/stream_session.h",        # drained by one thread, sessions on all
    "net/io/tls.h",                 # certificates are reloaded while handshakes read them
    "net/deliver/webhook_sender.cc",     # hands deliveries to its loop
    "tools/commands/receive_command.cc",  # waits for its signal
    "tools/replay/replay.cc",    # a reader, and a sender for each connection
    "tools/scan/read_ahead.h",          # files are decoded while others are learned
    "tools/scan/read_ahead.cc",
    "tools/scan/s3_trail.h",            # objects are fetched while others are read
    "tools/scan/s3_trail.cc",
    "tools/replay/request_queue.h",   # between them
    "tools/replay/webhook_inbox.h",     # read while messages come in
    "tools/server/watchdog.h",          # io threads count, the main thread reads
    "tools/server/serve.h",             # start, stop and reload
}

BANNED_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "data", "info", "misc"}
CLOCKS = re.compile(r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock|gettimeofday|clock_gettime|"
                    r"random_device|getrandom)\b|(?<![\w.>:])(?:std::)?time\(")
THREADS = re.compile(r"\bstd::(?:thread|jthread|atomic\w*|mutex|shared_mutex|recursive_mutex|condition_variable\w*)\b")
LEFT_BEHIND = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
# What is done in one place each (core, storage, net, tools): pattern, the files that may hold it, what to use instead.
ONCE = (
    (re.compile(r'"0123456789abcdef"'), {"core/base/hex.h"}, "kHexDigits, encode_hex() or decode_hex()"),
    (re.compile(r"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz|\bEVP_(?:En|De)codeBlock"), {"core/base/base64.cc"}, "core/base/base64"),
    (re.compile(r"(?<!\w)::close\("), {"core/base/descriptor.h"}, "Descriptor"),
    (re.compile(r"(?<!\w)::rename(?:at)?\("), {"storage/replace_file.cc"}, "replace_file()"),
    (re.compile(r"\bgetaddrinfo\("), {"net/client/name_lookup.cc", "net/client/client_socket.cc"}, "NameLookup"),
    (re.compile(r"\bTLS_client_method\("), {"net/client/tls_trust.cc"}, "TlsTrust"),
)
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def without_comments_and_strings(text):
    """The same text, with comments, strings and character literals blanked; lines stay where they are."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    pattern = (r'R"(?P<tag>[^\s()\\]{0,16})\((?:.|\n)*?\)(?P=tag)"' r'|//[^\n]*|/\*(?:.|\n)*?\*/'
               r'|"(?:\\.|[^"\\\n])*"' r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'")
    return re.sub(pattern, blank, text)


def functions(code):
    """(first line, lines) of each function body, by braces alone. A lambda belongs to the function around it."""
    found, stack, header_start = [], [], 0
    for match in re.finditer(r"[{};]", code):
        at, char = match.start(), match.group(0)
        if char == "{":
            header = re.sub(r"^\s*#.*$", "", code[header_start:at], flags=re.M).strip()
            header = re.sub(r"^template\s*<(?:[^<>]|<[^<>]*>)*>\s*", "", header)
            inside = any(kind == "function" for kind, _ in stack)
            scope = re.match(r"(?:\[\[.*?\]\]\s*|inline\s+|static\s+|export\s+|typedef\s+)*(?:namespace|class|struct|union|enum|extern)\b",
                             header)
            is_function = not inside and not scope and (header.endswith(")") or "(" in header or header == "") \
                and not header.endswith("=")
            first = code.count("\n", 0, header_start + len(code[header_start:at]) - len(code[header_start:at].lstrip())) + 1
            stack.append(("function" if is_function else "other", first))
        elif char == "}" and stack:
            kind, first = stack.pop()
            if kind == "function":
                found.append((first, code.count("\n", 0, at) + 1 - first + 1))
        header_start = at + 1
    return found


class Tree:
    def __init__(self, root):
        self.root = root
        self.texts = {}
        self.existing = None
        self.findings = []
        for folder in FOLDERS:
            for directory, _, names in os.walk(os.path.join(root, folder)):
                for name in names:
                    path = os.path.relpath(os.path.join(directory, name), root)
                    if name.endswith((".h", ".cc", ".md", ".py", ".scenario")) or name == "CMakeLists.txt":
                        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
                            self.texts[path] = file.read()
        self.sources = {path: text for path, text in sorted(self.texts.items()) if path.endswith((".h", ".cc"))}
        self.code = {path: without_comments_and_strings(text) for path, text in self.sources.items()}

    def report(self, rule, path, line, message):
        self.findings.append(f"{path}:{line}: {rule}: {message}")

    def includes(self, path):
        for number, line in enumerate(self.sources[path].split("\n"), 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1), match.group(2)

    def check_layers(self):
        for path in self.sources:
            folder, parts = path.split("/")[0], path.split("/")
            for number, ours, _ in self.includes(path):
                target = (ours or "").split("/")
                if target[0] not in FOLDERS:
                    continue
                if target[0] not in MAY_INCLUDE[folder]:
                    self.report("layer", path, number, f"{folder} must not include {target[0]}")
                elif folder == "core" and len(parts) > 2 and len(target) > 2:
                    if target[1] not in CORE_MAY_INCLUDE.get(parts[1], set()):
                        self.report("layer", path, number, f"core/{parts[1]} must not include core/{target[1]}")
                elif folder in ROOM_MAY_INCLUDE and folder == target[0] and len(parts) > 2 and len(target) > 2:
                    if target[1] != parts[1] and target[1] not in ROOM_MAY_INCLUDE[folder].get(parts[1], set()):
                        self.report("layer", path, number, f"{folder}/{parts[1]} must not include {folder}/{target[1]}")

    def check_circles(self):
        graph = {path: [o for _, o, _ in self.includes(path) if o in self.sources] for path in self.sources if path.endswith(".h")}
        done, trail = set(), []

        def visit(path):
            if path in trail:
                self.report("circle", path, 1, " -> ".join(trail[trail.index(path):] + [path]))
                return
            if path in done:
                return
            trail.append(path)
            for target in graph.get(path, []):
                visit(target)
            trail.pop()
            done.add(path)

        for path in graph:
            visit(path)

    def check_limits(self):
        for path, text in self.sources.items():
            lines = text.split("\n")
            if len(lines) - 1 > FILE_LINES_MAX:
                self.report("file", path, 1, f"{len(lines) - 1} lines, {FILE_LINES_MAX} allowed")
            for number, line in enumerate(lines, 1):
                if len(line) > COLUMNS_MAX:
                    self.report("column", path, number, f"{len(line)} columns, {COLUMNS_MAX} allowed")
            for first, count in functions(self.code[path]):
                if count > FUNCTION_LINES_MAX:
                    self.report("function", path, first, f"{count} lines, {FUNCTION_LINES_MAX} allowed")

    def check_titles(self):
        for path, text in self.sources.items():
            lines = text.split("\n")
            if path.endswith(".h") and (lines[0] != "#pragma once" or len(lines) < 2 or not re.match(r"// \S", lines[1])):
                self.report("title", path, 1, "a header begins with #pragma once and a title comment")

    def check_cmake(self):
        listed = set()
        for path, text in self.texts.items():
            if os.path.basename(path) != "CMakeLists.txt":
                continue
            text = re.sub(r"#.*", "", text).replace("${CMAKE_SOURCE_DIR}/", os.path.relpath(".", os.path.dirname(path)) + "/")
            for word in re.findall(r"[\w./-]+\.(?:h|cc)\b", text):
                file = os.path.normpath(os.path.join(os.path.dirname(path), word))
                listed.update({file, re.sub(r"\.cc$", ".h", file)})  # CMake finds the header beside a source
        for path in self.sources:
            if path not in listed and not (path.endswith(".h") and path.startswith(("tests/", "perf/"))):
                self.report("cmake", path, 1, "is in no CMakeLists.txt")

    def check_tests(self):
        for path in self.sources:
            folder = path.split("/")[0]
            if folder not in ("core", "storage", "net") or not path.endswith(".cc") or path in UNTESTED:
                continue
            test = f"tests/{folder}/{os.path.basename(path)[:-3]}_test.cc"
            if test not in self.sources:
                self.report("test", path, 1, f"has no {test}")

    def check_names(self):
        for path, code in self.code.items():
            stem = os.path.splitext(os.path.basename(path))[0]
            if stem.lower().split("_")[-1] in BANNED_WORDS:
                self.report("name", path, 1, f"a file named {stem}")
            for match in re.finditer(r"\b(?:class|struct|enum(?:\s+class)?|using)\s+([A-Z]\w*)", code):
                words = re.findall(r"[A-Z][a-z0-9]*|[a-z0-9]+", match.group(1))
                if words and words[-1].lower() in BANNED_WORDS:
                    self.report("name", path, code.count("\n", 0, match.start()) + 1, f"a type named {match.group(1)}")

    def check_bans(self):
        for path, code in self.code.items():
            folder = path.split("/")[0]
            for number, line in enumerate(code.split("\n"), 1):
                if folder in ("core", "storage") and path not in CLOCK_ALLOWED and CLOCKS.search(line):
                    self.report("clock", path, number, "time and randomness are arguments here")
                if folder in ("core", "storage", "net", "tools") and path not in THREADS_ALLOWED and THREADS.search(line):
                    self.report("thread", path, number, "threads, locks and atomics are in the files that tidy.py lists")
            if folder in ("tests", "perf"):
                continue
            for number, ours, system in self.includes(path):
                header = ours or system
                if folder != "storage" and header == "lmdb.h":
                    self.report("library", path, number, "only storage includes lmdb.h")
                if folder != "net" and re.match(r"(boost/(asio|beast)\b|openssl/)", header):
                    self.report("library", path, number, "only net includes Asio, Beast and OpenSSL")

    def check_once(self):
        for path, text in self.sources.items():
            if path.split("/")[0] not in ("core", "storage", "net", "tools"):
                continue
            for pattern, allowed, instead in ONCE:
                for match in pattern.finditer(text):
                    if path not in allowed:
                        self.report("once", path, text.count("\n", 0, match.start()) + 1, f"use {instead}")

    def check_left_behind(self):
        for path, text in self.texts.items():
            for number, line in enumerate(text.split("\n"), 1):
                if LEFT_BEHIND.search(line):
                    self.report("left", path, number, "is to be done, not to be noted")

    def check_headers(self):
        for path, message in headers.findings(self.sources, headers.OFFENDERS):
            self.report("headers", path, 1, message)

    def check_metrics(self):
        ours = {path: text for path, text in self.sources.items() if path.split("/")[0] in ("core", "storage", "net", "tools")}
        for path, line, message in metrics.findings(ours, "net/API.md", self.texts.get("net/API.md", "")):
            self.report("metric", path, line, message)

    def check_names_in_comments(self):
        existing = self.names()
        documents = {path: self.read(path) for path in names.DOCUMENTS if path in existing.files}
        read = {path: text for path, text in self.texts.items() if names.language(path)}
        for path, text in sorted({**read, **documents}.items()):
            for line, comment in names.comments_of(path, text):
                for message in names.findings(comment, existing):
                    self.report("named", path, line, message)

    def check_commands(self):
        existing = self.names().files
        documents = {path: self.read(path) for path in commands.DOCUMENTS if path in existing}
        cmake = [self.read(path) for path in existing if os.path.basename(path) == "CMakeLists.txt"]
        for path, line, message in commands.findings(documents, cmake, existing, self.read("CMakePresets.json"),
                                                     self.read(commands.SOLE_CONFIGURER)):
            self.report("command", path, line, message)

    def names(self):
        if self.existing is None:
            self.existing = names.Names(self.root)
        return self.existing

    def read(self, path):
        path = os.path.join(self.root, path)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def check(self):
        for rule in (self.check_layers, self.check_circles, self.check_limits, self.check_titles, self.check_cmake, self.check_tests,
                     self.check_names, self.check_bans, self.check_left_behind, self.check_once, self.check_headers, self.check_metrics,
                     self.check_names_in_comments, self.check_commands):
            rule()
        for path, reason in UNTESTED.items():
            if path not in self.sources or not reason:
                self.report("test", path, 1, "is excepted in tidy.py and does not exist")
        return self.findings


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--headers":
        print(headers.table(Tree(sys.argv[2]).sources))
        sys.exit(0)
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    results = Tree(sys.argv[1]).check()
    print("\n".join(results))
    sys.exit(1 if results else 0)
