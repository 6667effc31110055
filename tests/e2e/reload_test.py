#!/usr/bin/env python3
"""What SIGHUP does: it applies every setting that can be applied, names the others, and changes nothing if the file is
wrong. What waits for a webhook that is gone is kept. The service manager is told."""
import json
import os
import re
import signal
import socket
import time

from installation import Installation, scratch_folder, write_secret
from metrics_text import read_metrics
from sender import NoAnswer, Sender
from syslog_alone_test import record
from webhook_sink import WebhookSink

SECOND_TOKEN = "second-token-of-the-tests-0123456789"
PATIENCE_S = 60


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def reload(server, words='msg="reloaded"'):
    """-> the new line of the log that says what was reloaded and holds `words`."""
    before = len(server.log)
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for line in server.log[before:]:
            if words in line:
                return line
        time.sleep(0.02)
    raise AssertionError(f"the server did not say {words}:\n" + server.log_text())


def wait_until(true, what):
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def status(installation):
    return installation.admin().get("/api/v1/status").json()["items"][0]


def metrics(installation):
    return read_metrics(installation.admin().get("/metrics").body.decode())


def check_names(folder):
    """Applied settings and waiting ones are told in the log, at /api/v1/status and as metrics."""
    with Installation(folder) as installation:
        installation.server.start()
        second = write_secret(installation.folder / "second", SECOND_TOKEN)
        with installation.sender(SECOND_TOKEN) as sender:
            assert sender.post(b"{}").status == 401
        assert status(installation)["reload"]["applied"]

        installation.more = f"""trusted = ["192.0.2.0/24"]
[log]
format = "json"
[[token]]
name = "second"
file = "{second}"
"""
        installation.more = "[networks]\naws_ranges = \"builtin\"\n" + installation.more
        installation.write_configuration()
        changed = installation.configuration.read_text().replace("shards = 1", "shards = 2")
        installation.configuration.write_text(changed)
        line = reload(installation.server, '"msg":"reloaded"')
        assert '"changed":"token.second (new), networks.trusted, log.format"' in line, line
        assert '"wait_for_next_start":"storage.shards"' in line, line
        with installation.sender(SECOND_TOKEN) as sender:
            assert sender.post(b"{}").status != 401
        last = status(installation)["reload"]
        assert last["changed"] == ["token.second (new)", "networks.trusted", "log.format"], last
        assert last["wait_for_next_start"] == ["storage.shards"] and last["errors"] == [], last
        assert metrics(installation)["straykey_config_settings_waiting", ""] == 1
        said = installation.command("status", "--json")
        assert said.returncode == 0 and json.loads(said.stdout)["reload"] == last, "the local socket tells it as well: " + said.stdout
        assert "storage.shards was changed and waits for the next start" in installation.command("status").stdout

        line = reload(installation.server, '"msg":"reloaded"')
        assert '"changed":"none"' in line and '"wait_for_next_start":"storage.shards"' in line, line

        installation.configuration.write_text(changed.replace("shards = 2", "shards = 1000").replace('"json"', '"logfmt"'))
        line = reload(installation.server, "the configuration has errors")
        assert line.startswith("{"), "nothing of a wrong file is applied: " + line
        assert re.search(r'straykey\.toml:9:\d+: storage\.shards must be between 1 and 64"', line), line
        last = status(installation)["reload"]
        assert not last["applied"] and last["changed"] == [] and len(last["errors"]) == 1, last
        told = metrics(installation)
        assert told["straykey_config_last_reload_successful", ""] == 0
        assert told["straykey_reload_failures_total", ""] == 1
        assert "the last reload changed nothing" in installation.command("status").stdout

        # So is one that names a file that cannot be used, though nothing is wrong with itself.
        (installation.folder / "asn.csv").write_text("no,such\n")
        installation.configuration.write_text(
            changed.replace("trusted", f'asn = ["{installation.folder}/asn.csv"]\ntrusted').replace('"json"', '"logfmt"'))
        line = reload(installation.server, "the configuration has errors")
        assert line.startswith("{") and "asn.csv" in line, line

        installation.configuration.write_text(changed)
        reload(installation.server, '"msg":"reloaded"')
        assert metrics(installation)["straykey_config_last_reload_successful", ""] == 1
        assert "the last reload" not in installation.command("status").stdout, "what is mended is no news"
        assert installation.server.stop() == 0


def check_listeners(folder):
    """Listeners come, move and go. One whose settings change keeps its port; one that finds no place stays."""
    first, second = free_port(), free_port()
    with Installation(folder, more="[networks]\naws_ranges = \"builtin\"\n") as installation:
        server = installation.server
        configuration = installation.configuration.read_text()

        def use(ingest="", syslog="", admin=""):
            text = configuration.replace("[ingest]", f"[ingest]\n{ingest}").replace("[admin]", f"[admin]\n{admin}")
            installation.configuration.write_text(text + (f"[syslog]\n{syslog}" if syslog else ""))

        def answers(port, path="/healthz"):
            try:
                with Sender(port) as sender:
                    return sender.get(path).status
            except NoAnswer:
                return None

        server.start()
        https, admin = server.port("ingest"), server.port("admin")
        with installation.sender() as kept:
            assert kept.post(record(1).encode()).status == 200
            use(ingest=f'http = "127.0.0.1:{first}"')
            assert 'changed="ingest.http"' in reload(server)
            assert answers(first) == 200
            use(ingest=f'http = "127.0.0.1:{second}"')
            reload(server)
            assert answers(second) == 200 and answers(first) is None

            # A body limit belongs to the routes: the listener is made anew on its socket, and whoever is connected has
            # one more answer, which says that it is the last.
            use(ingest=f'http = "127.0.0.1:{second}"\nbody_bytes_max = "1 KiB"')
            assert 'changed="ingest.http, ingest.body_bytes_max"' not in reload(server)
            reply = kept.post(record(2).encode())
            assert reply.status == 200 and reply.headers["connection"] == "close", reply
            with Sender(https, installation.certificate, kept_token()) as new:
                assert new.post(b"x" * 2000).status == 413

            # The port is taken: that listener stays where it is, the rest is applied, and the log says so.
            with socket.socket() as taken:
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                taken.bind(("127.0.0.1", first))
                taken.listen()
                use(ingest=f'http = "127.0.0.1:{first}"', admin="open_metrics = true")
                line = reload(server, "a part could not be reloaded")
                assert "ingest.http" in line and str(first) in line, line
            assert answers(second) == 200 and answers(admin, "/metrics") == 200
            reload(server)
            assert answers(first) == 200 and answers(second) is None

            use(syslog=f'tcp = "127.0.0.1:{second}"\nudp = "127.0.0.1:{second}"\nallow_cidrs = ["127.0.0.1/32"]')
            reload(server)
            assert answers(first) is None and answers(admin, "/metrics") == 401
            wait_until(lambda: any("no longer listening" in line for line in server.log), "it does not say so")
            before = metrics(installation).get(("straykey_syslog_messages_total", 'listener="syslog_udp"'), 0)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"<134>a: " + record(3).encode(), ("127.0.0.1", second))
                use(syslog=f'udp = "127.0.0.1:{second}"\nallow_cidrs = ["127.0.0.1/32", "192.0.2.0/24"]')
                reload(server)
                sender.sendto(b"<134>a: " + record(4).encode(), ("127.0.0.1", second))
                wait_until(lambda: metrics(installation)["straykey_syslog_messages_total", 'listener="syslog_udp"'] ==
                           before + 2, "a datagram is lost")
        assert server.stop() == 0


def kept_token():
    from installation import TOKEN
    return TOKEN


def check_webhooks(folder):
    """A webhook's URL is corrected; one goes with what waits for it, which is told, and comes again and gets it."""
    from installation import Trail
    trail = Trail(folder / "sample")
    sink, dead = WebhookSink(), free_port()
    with Installation(folder / "server", trail, sink) as installation:
        server = installation.server
        right = installation.configuration.read_text()
        wrong = right.replace(sink.url, f"http://127.0.0.1:{dead}/hook")
        installation.configuration.write_text(wrong)
        server.start()
        with installation.sender() as sender:
            for path in trail.files:
                assert sender.post_file(path).status == 200
        wait_until(lambda: metrics(installation)["straykey_candidates_unjudged", ""] == 0, "judging does not end")
        expected = len(trail.labels)
        assert not sink.posts

        without = right[:right.index("[[webhook]]")]
        installation.configuration.write_text(without)
        assert 'changed="webhook.sink (gone)"' in reload(server)
        line = server.wait_said("a webhook is gone from the configuration")
        waiting = int(line.rpartition('waiting="')[2].rstrip('"'))
        assert waiting >= expected, line

        installation.configuration.write_text(right)
        assert 'changed="webhook.sink (new)"' in reload(server)
        sink.wait_for(expected, 1, PATIENCE_S)
        wait_until(lambda: len(sink.posts) >= waiting, f"{len(sink.posts)} of {waiting}")
        assert len(sink.alerts()) == expected and not sink.faults
        assert all(len(posts) == 1 for posts in sink.taken().values())
        said = installation.command("webhook", "test", "sink")
        assert said.returncode == 0, said
        assert server.stop() == 0
    sink.close()


def check_service_manager(folder):
    path = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE_S)
        os.environ["NOTIFY_SOCKET"] = str(path)
        try:
            with Installation(folder / "server") as installation:
                installation.server.start()
                assert manager.recv(1000) == b"READY=1"
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                reload(installation.server)
                begins, stamp = manager.recv(1000).decode().split("\n")
                assert begins == "RELOADING=1" and int(stamp.removeprefix("MONOTONIC_USEC=")) >= before, (begins, stamp)
                assert manager.recv(1000) == b"READY=1"
                assert installation.server.stop() == 0
                assert manager.recv(1000) == b"STOPPING=1"
        finally:
            del os.environ["NOTIFY_SOCKET"]


def main():
    with scratch_folder() as folder:
        check_names(folder / "names")
        check_listeners(folder / "listeners")
        (folder / "webhooks").mkdir()
        check_webhooks(folder / "webhooks")
        (folder / "manager").mkdir()
        check_service_manager(folder / "manager")
        print("a reload applies what it can, says what waits, and changes nothing for a wrong file")


if __name__ == "__main__":
    main()
