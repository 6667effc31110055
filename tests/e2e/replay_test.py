#!/usr/bin/env python3
"""`straykey replay` against a served sample: everything agrees, under faults too; and it says so when something does not."""
import json
import socket

from installation import Installation, Trail, scratch_folder
from straykey_process import run_command

FAULTS = ("--duplicates", "0.1", "--disorder", "0.1", "--truncate", "0.02", "--bad-json", "0.02",
          "--disconnect", "0.1", "--bad-token", "0.1", "--slow", "0.02", "--batch", "100", "--gzip")


class Hook:
    """Where replay will listen: a port that is free now. The installation wants a sink's url."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as held:
            self.port = held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"


def replay(installation, hook, labels, *options, to=None):
    report = installation.folder / "report.json"
    said = run_command("replay", *(to or ("--url", f"https://127.0.0.1:{installation.server.port('ingest')}", "--ca-file",
                                          installation.certificate, "--token-file", installation.token_file)),
                       "--metrics-url", f"http://127.0.0.1:{installation.server.port('admin')}",
                       "--admin-token-file", installation.folder / "admin-token",
                       "--receive", f"127.0.0.1:{hook.port}",
                       "--webhook-secret-file", installation.folder / "webhook-secret",
                       *(("--expect", labels) if labels else ()), "--json", report, *options,
                       installation.trail.folder / "trail")
    return said, json.loads(report.read_text()) if report.exists() else {}


def check_agrees(folder, trail, *options):
    hook = Hook()
    with Installation(folder, trail, hook) as installation:
        installation.server.start()
        said, report = replay(installation, hook, trail.folder / "labels.jsonl", *options)
        assert said.returncode == 0, said.stdout + said.stderr
        assert report["agrees"] and said.stdout.endswith("all agrees\n"), said.stdout
        assert report["accepted"] == trail.events + report["duplicates"], report
        assert report["rejected"] == report["truncated"] + report["bad_json"] == report["broken_records"], report
        assert report["alerts"]["matched"] == len(trail.labels), report
        assert installation.server.stop() == 0
        return report


def check_disagrees(folder, trail):
    """A label that nothing raises, a token that nobody knows: exit code 1, and the sentence."""
    labels = folder.parent / "one-too-many.jsonl"
    lines = (trail.folder / "labels.jsonl").read_text().splitlines()
    labels.write_text("\n".join(lines + [json.dumps({**json.loads(lines[0]), "identity": "111122223333/nobody"})]) + "\n")
    hook = Hook()
    with Installation(folder, trail, hook) as installation:
        installation.server.start()
        said, report = replay(installation, hook, labels, "--settle", "3")
        assert said.returncode == 1 and not report["agrees"], said.stdout
        assert len(report["alerts"]["missing"]) == 1 and "111122223333/nobody" in report["alerts"]["missing"][0], report
        installation.token_file.write_text("a-token-that-nobody-knows-0123456789\n")
        said, report = replay(installation, hook, trail.folder / "labels.jsonl", "--settle", "0")
        assert said.returncode == 1 and report["refused"] == trail.events, said.stdout
        assert installation.server.stop() == 0


def check_thefts(folder, trail):
    """Tokens of the trail are stolen: what must follow comes, beside the trail's own alerts; moved and fanned out too."""
    hook = Hook()
    labels = folder.parent / "thefts.jsonl"
    for name, count, expect, options in (("thefts", 10, trail.folder / "labels.jsonl", FAULTS),
                                         ("fan-out", 6, None, ("--shift-to", "2025-07-05", "--repeat", "2"))):
        with Installation(folder.parent / name, trail, hook) as installation:
            installation.server.start()
            said, report = replay(installation, hook, expect, "--thefts", str(count), "--config",
                                  installation.configuration, "--write-labels", labels, *options)
            assert said.returncode == 0 and report["agrees"], said.stdout + said.stderr
            stolen = [json.loads(line) for line in labels.read_text().splitlines()]
            own = len(trail.labels) if expect else 0
            assert sum(report["thefts"].values()) == count and len(report["thefts"]) >= min(count, 8), report["thefts"]
            assert report["alerts"]["matched"] == len(stolen) + own, report["alerts"]
            assert (report["alerts"]["of_others"] > 0) == (expect is None), report["alerts"]
            assert installation.server.stop() == 0
    assert len({label["account"] for label in stolen if label["story"] == "outside"}) > 1, "the copies are stolen from too"


def check_syslog(folder, trail):
    """By the events' own times, a thousand times as fast and more; syslog answers nothing, the counters and the alerts do."""
    hook = Hook()
    with Installation(folder, trail, hook, more='[syslog]\ntcp = "127.0.0.1:0"\nallow_cidrs = ["127.0.0.1/32"]\n') as installation:
        installation.server.start()
        said, report = replay(installation, hook, trail.folder / "labels.jsonl", "--speed", "2000000x", "--thefts", "6",
                              "--config", installation.configuration,
                              to=("--syslog", f"tcp://127.0.0.1:{installation.server.port('syslog_tcp')}"))
        assert said.returncode == 0, said.stdout + said.stderr
        assert report["server"]["received"] == report["records"] > trail.events, report
        assert report["alerts"]["matched"] == report["alerts"]["expected"] > len(trail.labels), report["alerts"]
        assert report["seconds"] > 1.8, "44 days take 1.9 s"
        assert installation.server.stop() == 0


def check_no_theft(folder, trail):
    """More than there are: a sentence that says why."""
    with Installation(folder, trail) as installation:
        said = run_command("replay", "--url", "https://127.0.0.1:1", "--token-file", installation.token_file,
                           "--thefts", "1000", "--config", installation.configuration, trail.folder / "trail")
        assert said.returncode == 1 and "the tokens of" in said.stderr and "14 days" in said.stderr, said.stderr


def main():
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        check_agrees(folder / "plain", trail)
        report = check_agrees(folder / "faults", trail, *FAULTS)
        assert min(report[fault] for fault in ("duplicates", "disordered", "truncated", "bad_json", "broken_off", "bad_tokens")) > 0, report
        report = check_agrees(folder / "paced", trail, "--rate", "20000", "--min-rate", "1000", "--max-p99-ms", "20000")
        assert report["seconds"] > 1.3, "28,000 events at 20,000 a second end no earlier"
        check_disagrees(folder / "wrong", trail)
        check_thefts(folder / "stolen", trail)
        check_syslog(folder / "syslog", trail)
        check_no_theft(folder / "too-many", trail)


if __name__ == "__main__":
    main()
