#!/usr/bin/env python3
"""/metrics of a running server pass promtool; the shipped rules and the dashboard name only metrics that it has; the rules fire as
their tests say. Without promtool (Debian's prometheus) the parts that need it are skipped, by name."""
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from installation import Installation, Trail, scratch_folder, write_secret
from metrics_text import read_metrics
from reload_test import free_port, reload, wait_until
from webhook_sink import WebhookSink

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docs/prometheus/straykey.rules.yml"
RULES_TEST = ROOT / "tests/prometheus/straykey_rules_test.yml"
DASHBOARD = ROOT / "docs/grafana/straykey.json"
SKIPPED = 77
# DELIVERY's list: whatever else changes, these are there.
WANTED = ["events_received_total", "events_processed_total", "events_rejected_total", "events_duplicate_total", "body_bytes_total",
          "http_request_seconds_bucket", "queue_bytes", "event_lag_seconds", "source_silent_seconds", "candidates_total",
          "alerts_total", "alerts_suppressed_total", "webhook_deliveries_total", "webhook_oldest_seconds", "webhook_circuit_open",
          "store_file_bytes", "store_fill_ratio", "commit_seconds_bucket", "config_last_reload_successful", "build_info"]


def names_of(text):
    return set(re.findall(r"\bstraykey_\w+", text))


def read_server(folder):
    """/metrics of a server to which everything has happened that the names stand for, as far as it can be made to."""
    trail, sink, port = Trail(folder / "sample"), WebhookSink(), free_port()
    more = f'[syslog]\nudp = "127.0.0.1:{port}"\ntcp = "127.0.0.1:0"\nallow_cidrs = ["127.0.0.1/32"]\n'
    credentials = write_secret(folder / "credentials", "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n")
    nobody = f"http://127.0.0.1:{free_port()}"
    more += f'[[s3_source]]\nname = "dead"\nqueue_url = "{nobody}/111122223333/gone"\nregion = "eu-central-1"\nendpoint = "{nobody}"\n' \
            f'credentials_file = "{credentials}"\n'
    more += f'[[kafka_source]]\nname = "dead-topic"\nbrokers = "127.0.0.1:{free_port()}"\ntopics = ["trail"]\n'
    with Installation(folder / "server", trail, sink, more=more) as installation:
        installation.server.start()
        with installation.sender() as sender:
            for path in trail.files:
                assert sender.post_file(path).status == 200
            assert sender.post(b'{"broken":true}').status == 200
        sink.wait_for(len(trail.labels), 1, 60)
        reload(installation.server)

        def text():
            return installation.admin().get("/metrics").body.decode()
        wait_until(lambda: names_of(text()) >= {"straykey_webhook_oldest_seconds", "straykey_store_fill_ratio"}, "no look was taken")
        wait_until(lambda: "straykey_health_raised" in text(), "the sample is old, so its events are late or its ranges are")
        wait_until(lambda: read_metrics(text())["straykey_s3_queue_errors_total", 'source="dead"'] > 0, "nobody answers for the queue")
        said = installation.command("status")
        assert "WRONG     S3 source dead has read nothing" in said.stdout, said.stdout + said.stderr
        all_of_it = text()
        assert installation.server.stop() == 0
    sink.close()
    return all_of_it


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"promtool {arguments}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def check_dashboard(known):
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(ids) == len(set(ids)) and dashboard["uid"] == "straykey"
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    assert len(expressions) > 30 and all(panel["title"] for panel in panels)
    unknown = set().union(*map(names_of, expressions)) - known
    assert not unknown, f"{DASHBOARD.name} names metrics that nobody has: {unknown}"
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels]
    assert len(places) == len(set(places)), "two panels in one place"
    return expressions


def main():
    with scratch_folder() as folder:
        text = read_server(folder)
        series = read_metrics(text)
        known = {name for name, _ in series}
        missing = [name for name in WANTED if f"straykey_{name}" not in known]
        assert not missing, missing
        unknown = names_of(RULES.read_text()) - known - {"straykey_recording", "straykey_alerts"}
        # Made when it happens for the first time, or with [standby]: nobody can make them happen here.
        assert unknown <= {"straykey_store_damaged", "straykey_kafka_lag_messages", "straykey_standby_behind", "straykey_standby_judges",
                           "straykey_standby_differs"}, unknown
        expressions = check_dashboard(known)
        for name in {name for name, _ in series}:
            assert name.startswith("straykey_"), name
        if shutil.which("promtool") is None:
            print("promtool is not installed: metrics, rules and expressions are not checked by it")
            sys.exit(SKIPPED)
        said = promtool("check", "metrics", text=text)
        promtool("check", "rules", RULES)
        promtool("test", "rules", RULES_TEST)
        tried = folder / "expressions.yml"
        rules = [{"record": f"a:b{number}", "expr": re.sub(r"\$__rate_interval", "5m", expression).replace("$instance", ".*")}
                 for number, expression in enumerate(expressions)]
        tried.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))     # JSON is YAML
        promtool("check", "rules", tried)
        print(f"{len(series)} series pass promtool{': ' + said if said else ''}; the rules and {len(expressions)} expressions of the dashboard too")


if __name__ == "__main__":
    main()
