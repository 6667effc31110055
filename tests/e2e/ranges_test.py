#!/usr/bin/env python3
"""AWS's address ranges are fetched whole, replaced at once, and kept on any doubt; a server takes them while it serves."""
import functools
import http.server
import json
import signal
import threading
import time

from installation import Installation, Trail, scratch_folder
from straykey_process import run_command


def ranges(created, count):
    prefixes = [{"ip_prefix": f"198.18.{i}.0/24", "region": "eu-west-1", "service": "AMAZON"} for i in range(count)]
    return json.dumps({"syncToken": "1", "createDate": created, "prefixes": prefixes, "ipv6_prefixes": []})


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Site:
    """Serves one file over plain HTTP on loopback."""

    def __init__(self, folder):
        self.file = folder / "ip-ranges.json"
        handler = functools.partial(QuietHandler, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/ip-ranges.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def update(site, kept, text):
    site.file.write_text(text)
    return run_command("ranges", "update", "--url", site.url, "--file", kept)


def check_update(folder):
    (folder / "site").mkdir()
    site, kept = Site(folder / "site"), folder / "kept.json"
    first = ranges("2025-06-01-00-00-00", 100)
    assert update(site, kept, first).returncode == 0 and kept.read_text() == first
    for doubtful, words in ((ranges("2025-05-01-00-00-00", 100), "older"), (ranges("2025-06-02-00-00-00", 70), "70 prefixes"),
                            (first[:-40], "not taken"), ("{}", "not taken")):
        said = update(site, kept, doubtful)
        assert said.returncode == 1 and said.stderr.count("\n") == 1 and words in said.stderr, said
        assert kept.read_text() == first, "a doubtful file replaced the old one"
    newer = ranges("2025-06-03-00-00-00", 101)
    assert update(site, kept, newer).returncode == 0 and kept.read_text() == newer
    shown = run_command("ranges", "show", "--file", kept, "198.18.7.1")
    assert "101 prefixes of 2025-06-03T00:00:00Z" in shown.stdout and "198.18.7.1: aws" in shown.stdout, shown
    configuration = folder / "ranges.toml"
    configuration.write_text(f'[networks]\naws_ranges = "kept.json"\naws_ranges_url = "{site.url}"\n')
    shown = run_command("ranges", "show", "--config", configuration)
    assert shown.returncode == 0 and f"{kept}: 101 prefixes of 2025-06-03" in shown.stdout, shown
    newest = ranges("2025-06-04-00-00-00", 102)
    site.file.write_text(newest)
    said = run_command("ranges", "update", "--config", configuration)
    assert said.returncode == 0 and kept.read_text() == newest, said
    configuration.write_text('[networks]\naws_ranges = "builtin"\n')
    said = run_command("ranges", "show", "--config", configuration)
    assert said.returncode == 78 and "is no file" in said.stderr and said.stderr.count("\n") == 1, said
    return site


def check_automatic(folder, site):
    """aws_ranges = "auto": fetched into the data directory, at the start or once a reload has turned it on."""
    more = f'[networks]\naws_ranges = "auto"\naws_ranges_url = "{site.url}"\n'
    for by_reload in (False, True):
        with Installation(folder / f"by_reload_{by_reload}", more="" if by_reload else more) as installation:
            installation.server.start()
            if by_reload:
                installation.more = more
                installation.write_configuration()
                installation.server.process.send_signal(signal.SIGHUP)
            kept = installation.data_dir / "ip-ranges.json"
            deadline = time.monotonic() + 30
            while not kept.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            assert kept.read_text() == site.file.read_text()
            assert installation.server.stop() == 0


def check_reload(folder, trail):
    """SIGHUP while a sender sends: every request is answered 200."""
    with Installation(folder, trail) as installation:
        installation.server.start()
        with installation.sender() as sender:
            for number, path in enumerate(trail.files):
                if number % 20 == 0:
                    installation.server.process.send_signal(signal.SIGHUP)
                reply = sender.post_file(path)
                assert reply.status == 200 and reply.json()["rejected"] == 0, f"{path}: {reply}"
        assert installation.server.stop() == 0
        assert any("reloaded" in line for line in installation.server.last_log + installation.server.log)
        assert len(installation.stored_alerts()) == len(trail.labels)


def main():
    with scratch_folder() as folder:
        site = check_update(folder)
        (folder / "automatic").mkdir()
        check_automatic(folder / "automatic", site)
        check_reload(folder / "reload", Trail(folder / "sample"))
        print("ranges are fetched, kept on doubt, and reloaded under load")


if __name__ == "__main__":
    main()
