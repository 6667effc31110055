#!/usr/bin/env python3
"""A server that is killed again and again, while it works and while it starts, raises the alerts of one that never was.

The sample trail is posted in order; what was not answered is sent again, and so are some requests that were. With
--signal TERM the server is asked to end instead: exit code 0, and nothing is lost either.
"""
import argparse
import random
import signal
import threading

from installation import Installation, Trail, scratch_folder
from promises import ACTIVE_ACCOUNTS, check_alerts, check_posts_explained, check_store
from sender import NoAnswer
from webhook_sink import WebhookSink

ALERTS_S_MAX = 60
REQUEST_S = 0.012          # within which a kill falls, from the moment a request is sent
RECOVERY_SHARE = 0.4       # of the kills hit a server that is starting
RESENT_SHARE = 0.1         # of the answered requests are sent again


class Cutter:
    """Posts the trail to a server that it cuts down at seeded moments."""

    def __init__(self, installation, trail, options):
        self.installation, self.server, self.sink = installation, installation.server, installation.sink
        self.files, self.with_kill = trail.files, options.signal == "KILL"
        self.random = random.Random(options.seed)
        self.start_s = 0.1
        self.resent = self.unanswered = 0
        self.in_recovery = self.cuts_done = 0
        in_recovery = int(options.kills * RECOVERY_SHARE) * self.with_kill
        under_load = options.kills - in_recovery
        # After which of the cuts under load, as often as it is there, the next start is cut short as well.
        self.recovery_cuts = self.random.choices(range(1, under_load + 1), k=in_recovery)
        self.cuts = sorted(self.random.choices(range(len(self.files)), k=under_load))

    def run(self):
        self._next_life()
        sender = self.installation.sender()
        for index, path in enumerate(self.files):
            while index in self.cuts:
                self.cuts.remove(index)
                self.cuts_done += 1
                answered = self._post_and_cut(sender, path)
                sender.close()
                self._next_life()
                sender = self.installation.sender()
                self.unanswered += not answered
            self._post(sender, path)
            if self.random.random() < RESENT_SHARE:
                self.resent += 1
                self._post(sender, self.files[self.random.randrange(index + 1)])
        sender.close()

    def _post(self, sender, path):
        reply = sender.post_file(path)
        assert reply.status == 200 and reply.json()["rejected"] == 0, f"{path}: {reply}"

    def _post_and_cut(self, sender, path):
        """-> whether it was answered all the same."""
        timer = threading.Timer(self.random.uniform(0, REQUEST_S), self._cut)
        timer.start()
        try:
            reply = sender.post_file(path)
            assert self.with_kill or reply.status in (200, 503), f"{path}: {reply}"
            answered = reply.status == 200
        except NoAnswer:
            answered = False
        timer.join()
        return answered

    def _cut(self):
        if self.with_kill:
            self.server.process.kill()
        else:
            self.server.process.terminate()

    def _end(self):
        expected = -signal.SIGKILL if self.with_kill else 0
        code = self.server.stop(signal.SIGKILL if self.with_kill else signal.SIGTERM)
        assert code == expected, f"exit code {code}\n{self.server.log_text()}"

    def _next_life(self):
        """Starts the next server; with kill -9, some are cut down while they start."""
        if self.server.process is not None:
            self._end()
        while True:
            self.sink.life += 1
            self.server.launch()
            if self.cuts_done in self.recovery_cuts:
                self.recovery_cuts.remove(self.cuts_done)
                self.in_recovery += 1
                cut = threading.Timer(self.random.uniform(0, self.start_s), self._cut)
                cut.start()
                cut.join()
                self._end()
                continue
            self.start_s = self.server.wait_ready()
            return


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--signal", choices=("KILL", "TERM"), default="KILL")
    return parser.parse_args()


def main():
    options = arguments()
    print(f"kill_test.py --kills {options.kills} --shards {options.shards} --seed {options.seed} "
          f"--signal {options.signal}", flush=True)
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        expected = trail.scan()
        sink = WebhookSink(options.seed, fail_share=0.2)
        with Installation(folder / "server", trail, sink, options.shards) as installation:
            cutter = Cutter(installation, trail, options)
            cutter.run()
            sink.wait_for(len(expected), ACTIVE_ACCOUNTS, ALERTS_S_MAX)
            code = installation.server.stop()
            assert code == 0, f"exit code {code} after SIGTERM\n" + installation.server.log_text()
            check_alerts(sink, expected, trail.labels)
            check_posts_explained(sink, sink.life)
            check_store(installation, expected)
        sink.close()
        again = sum(len(posts) > 1 for posts in sink.taken().values())
        print(f"{sink.life} starts, {cutter.in_recovery} of them cut short; {cutter.unanswered} requests unanswered, "
              f"{cutter.resent} sent again; {len(expected)} alerts, {again} taken twice")


if __name__ == "__main__":
    main()
