#!/usr/bin/env python3
"""What a server tells of itself: a silent source and old ranges, in log, metrics and status; and what operators changed, with who
and what became of it, by API, socket, a command on the stopped store, and a reload."""
import json

from installation import ADMIN_TOKEN, READ_TOKEN, Installation, scratch_folder, write_secret
from metrics_text import read_metrics
from reload_test import reload, wait_until
from syslog_alone_test import record

HOSTILE = 'mine" level=error\n\x1b[2J\u202etxt'
UNKNOWN = "0" * 32


def status(installation):
    return installation.admin().get("/api/v1/status").json()["items"][0]


def raised(installation):
    series = read_metrics(installation.admin().get("/metrics").body.decode())
    return {labels for (name, labels), value in series.items() if name == "straykey_health_raised" and value == 1}


def check_health(folder):
    with Installation(folder, more='[networks]\naws_ranges = "builtin"\n[health]\nranges_age_days = 0\n') as installation:
        text = installation.configuration.read_text()
        installation.configuration.write_text(text.replace('name = "tests"\n', 'name = "tests"\nsilent_s = 2\n'))
        server = installation.server
        server.start()
        line = server.wait_said("a source is silent")
        assert 'subject="tests"' in line and "advice=" in line and "Source tests has sent no event for" in line, line
        wait_until(lambda: raised(installation) == {'kind="source_silent",subject="tests"'}, "no metric says so")
        (finding,) = status(installation)["health"]
        assert finding["kind"] == "source_silent" and finding["subject"] == "tests" and finding["advice"], finding
        with installation.sender() as sender:
            assert sender.post(record(1).encode()).status == 200
        server.wait_said("this is well again")
        installation.configuration.write_text(text.replace("ranges_age_days = 0", "ranges_age_days = 1"))
        reload(server)
        server.wait_said("AWS's address ranges are old")
        wait_until(lambda: [one["kind"] for one in status(installation)["health"]] == ["ranges_old"], "status says otherwise")
        series = read_metrics(installation.admin().get("/metrics").body.decode())
        assert series["straykey_source_silent_limit_seconds", 'source="tests"'] == 86400
        assert ("straykey_event_lag_seconds", 'source="tests"') in series
        assert server.stop() == 0


def audit(installation, token=ADMIN_TOKEN):
    entries, after = [], ""
    while True:
        page = installation.admin(token).get(f"/api/v1/audit{after}").json()
        entries += page["items"]
        if "next" not in page:
            return entries
        after = f"?after={page['next']}"


def check_audit(folder):
    with Installation(folder, more='[networks]\naws_ranges = "builtin"\n') as installation:
        reader = write_secret(folder / "reader", READ_TOKEN)
        installation.more += f'[[token]]\nname = "looks"\nfile = "{reader}"\nscope = "read"\n'
        installation.write_configuration()
        server = installation.server
        server.start()
        assert audit(installation) == []
        with installation.admin() as admin:
            asked = {"id": UNKNOWN, "note": HOSTILE}
            reply = admin.request("POST", "/api/v1/alerts/close", json.dumps(asked))
            assert reply.status == 404, reply
            assert admin.request("POST", "/api/v1/alerts/close", json.dumps({"id": "x"})).status == 400
            assert admin.get("/api/v1/alerts/list").status == 200
        with installation.admin(READ_TOKEN) as looks:
            assert looks.request("POST", "/api/v1/alerts/close", json.dumps({"id": UNKNOWN})).status == 403
        assert installation.command("baseline", "forget", "111122223333/nobody").returncode == 1
        reload(server)
        wait_until(lambda: len(audit(installation)) == 5, audit(installation))
        newest, forget, forbidden, bad, close = audit(installation, READ_TOKEN)
        assert [entry["number"] for entry in (newest, forget, forbidden, bad, close)] == [5, 4, 3, 2, 1]
        assert (forbidden["who"], forbidden["address"], forbidden["what"]) == ("looks", "127.0.0.1", "alerts/close"), forbidden
        assert forbidden["result"] == "forbidden" and "scope admin" in forbidden["reason"] and forbidden["object"] == "", forbidden
        assert (close["who"], close["scope"], close["address"], close["what"]) == ("operator", "admin", "127.0.0.1", "alerts/close")
        assert close["result"] == "not_found" and UNKNOWN in close["reason"] and close["request_id"], close
        assert close["object"].startswith(f'id={UNKNOWN} note="mine\\" level=error\\x0a\\x1b[2J\\xe2\\x80\\xaetxt'), close
        assert bad["result"] == "bad_request", bad
        assert (forget["who"], forget["what"]) == ("admin.sock", "baseline/forget"), forget
        assert (newest["who"], newest["what"], newest["result"]) == ("SIGHUP", "reload", "done"), newest
        lines = [line for line in server.log if "an operator changed something" in line]
        assert len(lines) == 5 and not any("\x1b" in line or "\u202e" in line for line in lines), lines
        assert f'what="alerts/close" object="id={UNKNOWN}' in lines[0] and close["request_id"] in lines[0], lines[0]
        for line in server.log:
            assert ADMIN_TOKEN not in line and READ_TOKEN not in line
        assert server.stop() == 0
        assert installation.command("baseline", "forget", "111122223333/nobody").returncode == 1
        server.start()
        newest = audit(installation)[0]
        assert newest["number"] == 6 and newest["who"].startswith("command, uid ") and newest["result"] == "not_found", newest
        with installation.admin() as admin:
            assert admin.get("/api/v1/audit?after=x").status == 400
            check_refused(installation, admin)
        for line in server.log:
            assert ADMIN_TOKEN not in line and READ_TOKEN not in line
        assert server.stop() == 0


def check_refused(installation, admin):
    """Secrets in wrong places stay out; bodies that are no JSON are noted; a flood is a number."""
    post = lambda body: admin.request("POST", "/api/v1/alerts/ack", body).status
    assert post(json.dumps({"token": "a-secret-in-the-wrong-place", "note": "x"})) == 400
    assert post(json.dumps({"id": UNKNOWN, "note": f"it is {READ_TOKEN}, {ADMIN_TOKEN}"})) == 404
    assert post("no JSON") == 400
    no_json, words, wrong = audit(installation)[:3]
    assert (wrong["object"], wrong["result"]) == ("note=x token", "bad_request"), wrong
    assert words["object"] == f'id={UNKNOWN} note="it is (a token) (a token)"', words
    assert (no_json["result"], no_json["who"], no_json["object"]) == ("bad_request", "operator", ""), no_json
    for _ in range(200):
        assert post("no JSON") == 400
    assert len(audit(installation)) <= 6 + 2 * 30 + 2  # a minute may have ended meanwhile


def main():
    with scratch_folder() as folder:
        check_health(folder / "health")
        check_audit(folder / "audit")
        print("a silent source and old ranges are told; what operators changed is kept with who, what and how it ended")


if __name__ == "__main__":
    main()
