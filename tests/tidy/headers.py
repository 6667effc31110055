"""How many of our own headers stand behind each file of core, net and storage: whatever is changed in one of them, the file knows of it."""
import re

HEADERS_MAX = 25
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
# Those over the limit, with their number on the day when the limit came (ratchet). A number may only go down; who comes
# under the limit leaves the list.
OFFENDERS = {
    "core/engine/pipeline.cc": 46,
    "core/engine/pipeline.h": 44,
    "core/engine/engine.cc": 44,
    "core/engine/merger.cc": 45,  # contradictions; alert_retention.h: what leaves the store; judged_elsewhere.h: it owns one
    "core/engine/merger_standby.cc": 42,  # a part of the merger
    "core/engine/engine_standby.cc": 49,  # a part of the engine
    "core/engine/merger_alerts.cc": 47,  # was a part of merger.cc
    "core/engine/merger_known.cc": 40,  # a part of the merger
    "core/engine/alert_retention.cc": 29,  # erases the rows of six tables that name an alert
    "core/operate/alert_listing.cc": 26,
    "core/operate/row_check.cc": 36,  # reads the rows of every table
    "core/operate/alert_investigation.cc": 27,  # asks every partition what an alert asked
    "core/operate/operations.cc": 28,  # names every verb
    "core/operate/alert_search.cc": 26,  # an alert with its state
    "core/operate/search_operations.cc": 26,  # the verbs that it answers
    "core/engine/inline_pipeline.cc": 42,
    "core/engine/engine.h": 41,
    "core/engine/inline_pipeline.h": 38,
    "core/engine/merger.h": 32,
    "core/engine/shard_worker.cc": 36,  # told_session.h: a row that row_check reads too
    "core/engine/shard_worker_issues.cc": 32,  # was a part of shard_worker.cc
    "net/ingest/kafka_source.cc": 30,  # Kafka's consumer, the intake and the source stand beside each other
    "net/ingest/kafka_source.h": 27,
    "net/ingest/s3_source.cc": 39,  # AWS's calls, the intake and the source stand beside each other
    "net/ingest/s3_source.h": 36,
    "net/ingest/s3_worker.cc": 35,
    "net/ingest/s3_worker.h": 33,
    "net/ingest/syslog_tcp.cc": 33,  # RELP stands beside it
    "net/ingest/syslog_session.cc": 31,
    "net/ingest/relp_session.cc": 29,
    "net/ingest/syslog_session.h": 27,
}


def behind(sources):
    """path -> how many of our headers it includes, directly or not. `sources`: path -> text."""
    direct = {path: {target for target in INCLUDE.findall(text) if target in sources} for path, text in sources.items()}
    counts = {}
    for path in sources:
        seen, waiting = set(), list(direct[path])
        while waiting:
            target = waiting.pop()
            if target not in seen and target != path:
                seen.add(target)
                waiting.extend(direct[target])
        counts[path] = len(seen)
    return counts


def of_rooms(sources):
    return {path: count for path, count in behind(sources).items() if path.startswith(("core/", "net/", "storage/"))}


def findings(sources, offenders):
    """(path, message) of each file over its limit, and of each entry of the list that is too high or not needed."""
    counts = of_rooms(sources)
    for path, count in sorted(counts.items()):
        allowed = offenders.get(path, HEADERS_MAX)
        if count > allowed:
            yield path, f"{count} own headers behind it, {allowed} allowed"
        elif path in offenders and count < allowed:
            yield path, f"{count} own headers behind it and {allowed} in the list of headers.py: lower that" + (
                " by removing it" if count <= HEADERS_MAX else "")
    for path in sorted(set(offenders) - set(counts)):
        yield path, "is in the list of headers.py and does not exist"


def table(sources):
    counts = sorted(of_rooms(sources).items(), key=lambda entry: (-entry[1], entry[0]))
    numbers = sorted(count for _, count in counts)
    lines = [f"{count:4} {path}" for path, count in counts]
    at = lambda share: numbers[min(len(numbers) - 1, int(len(numbers) * share))]  # noqa: E731
    return "\n".join(lines + [f"{len(numbers)} files: median {at(0.5)}, 95th percentile {at(0.95)}, most {numbers[-1]}"])
