#!/usr/bin/env python3
"""Backups made while events come in, each restored elsewhere: nothing is wrong in them, and with everything sent again
they raise the alerts of a server that never stopped, and none of those twice that they knew."""
import argparse
import json
import threading
import time

from installation import Installation, Trail, scratch_folder
from promises import check_alerts
from sender import NoAnswer
from straykey_process import run_command
from webhook_sink import WebhookSink

ALERTS_S_MAX = 60
SENDERS = 4
SLOW_FROM = 0.7             # of the trail: its thefts come after it
PAUSE_S = 0.01


class Load:
    """Posts the trail in its order over one connection, then again and again over several, until it is stopped."""

    def __init__(self, installation, files):
        self.installation, self.files = installation, files
        self.next, self.lock = 0, threading.Lock()
        self.stopping = False
        self.first_round = threading.Thread(target=self._send, args=(len(files),))
        self.later_rounds = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        self.first_round.start()

    def wait_for(self, share):
        """Until this share of the trail was sent. The sample's thefts are in its last days."""
        while self.next < share * len(self.files):
            time.sleep(0.001)

    def finish_first_round(self):
        self.first_round.join()
        for thread in self.later_rounds:
            thread.start()

    def _send(self, end=None):
        with self.installation.sender() as sender:
            while not self.stopping and self.next != end:
                with self.lock:
                    path, self.next = self.files[self.next % len(self.files)], self.next + 1
                if end is not None and self.next > SLOW_FROM * end:
                    time.sleep(PAUSE_S)      # or all of it falls into one backup
                try:
                    assert sender.post_file(path).status == 200, path
                except NoAnswer:
                    assert self.stopping, "no answer"
                    return

    def stop(self):
        self.stopping = True
        for thread in self.later_rounds:
            thread.join()


def said_well(*arguments):
    said = run_command(*arguments)
    assert said.returncode == 0, f"{arguments}: {said.stdout}{said.stderr}"
    return said.stdout


def expect_restored(folder, trail, backup, expected):
    """-> how many alerts the backup knew, and how many of them it had still to deliver."""
    sink = WebhookSink()
    with Installation(folder, trail, sink, shards=2) as installation:
        said_well("restore", backup, "--config", installation.configuration)
        assert "nothing is wrong" in said_well("check", installation.data_dir)
        assert {path.stat().st_mode & 0o077 for path in installation.data_dir.rglob("*")} == {0}
        known = installation.stored_alerts().keys()
        open_rows = {row["id"] for row in map(json.loads, said_well("alerts", "dump", "--data-dir",
                                                                    installation.data_dir).splitlines())
                     if row.get("deliveries")}
        installation.server.start()
        with installation.sender() as sender:
            for path in trail.files:
                assert sender.post_file(path).status == 200
        sink.wait_for(len(expected) - len(known - open_rows), 0, ALERTS_S_MAX)
        assert installation.server.stop() == 0
        assert installation.stored_alerts().keys() == expected.keys(), \
            f"{installation.stored_alerts().keys() ^ expected.keys()}"
        posted = sink.alerts().keys()
        doubled = posted & (known - open_rows)
        assert not doubled, f"the backup knew that these were delivered: {doubled}"
        assert posted == expected.keys() - (known - open_rows), f"{len(posted)} posted"
        assert not sink.faults, sink.faults
        assert "nothing is wrong" in said_well("check", installation.data_dir)
    sink.close()
    return len(known), len(known & open_rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backups", type=int, default=5)
    options = parser.parse_args()
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        expected = trail.scan()
        sink = WebhookSink(fail_share=0.3)
        backups = [folder / f"backup-{number}" for number in range(options.backups)]
        with Installation(folder / "server", trail, sink, shards=2) as installation:
            installation.server.start()
            load = Load(installation, trail.files)
            for number, backup in enumerate(backups):
                load.wait_for(SLOW_FROM + (1 - SLOW_FROM) * number / len(backups))
                if number + 1 == len(backups):
                    load.finish_first_round()
                said_well("backup", backup, "--config", installation.configuration)
            refused = run_command("backup", backups[0], "--config", installation.configuration)
            assert refused.returncode == 1 and "is not empty" in refused.stderr, refused.stderr
            load.stop()
            installation.server.kill()
            stopped = folder / "of-a-stopped-server"
            said_well("backup", stopped, "--data-dir", installation.data_dir)
        known = [expect_restored(folder / f"restored-{index}", trail, backup, expected)
                 for index, backup in enumerate([*backups, stopped])]
        assert known[-1][0] == len(expected)
        said = run_command("restore", stopped, "--data-dir", folder / "restored-0/store")
        assert said.returncode == 1 and "is not empty" in said.stderr, said.stderr
        sink.close()
        print(f"{len(known)} backups knew (and had still to deliver) "
              f"{', '.join(f'{alerts} ({undelivered})' for alerts, undelivered in known)} of {len(expected)} alerts")


if __name__ == "__main__":
    main()
