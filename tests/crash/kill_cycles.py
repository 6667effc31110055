#!/usr/bin/env python3
"""kill -9 under load, again and again: nothing acknowledged is lost, no alert is doubled.

The real program, 32 connections that post a made-up trail (30 % of the requests again, 2 % invalid records, any order inside a
day), a webhook sink that refuses 20 % of the posts, and a kill at a random moment of each cycle. After some of the kills the
next server is only started, killed when it has judged what was left, and its store compared with the model: tests/crash/trail_model.py.

    tests/crash/kill_cycles.py --cycles 2000 --seed 7 --ledger tests/crash/LEDGER.tsv
"""
import argparse
import collections
import contextlib
import os
import random
import shutil
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from call_control import CallControl                   # noqa: E402
from installation import TOKEN, Installation, scratch_folder      # noqa: E402
from ledger import append_row, commit_now                   # noqa: E402
from sender import NoAnswer, Sender                         # noqa: E402
from store_check import Lost, StoreCheck                # noqa: E402
from straykey_process import STRAYKEY                   # noqa: E402
from trail_model import DAYS_MAX, FIRST_DAY, Model, Organisation, write_address_files    # noqa: E402
from webhook_sink import WebhookSink                        # noqa: E402

CONNECTIONS = 32
FRESH_REQUESTS = 70          # a cycle
DUPLICATE_SHARE = 0.3
LOAD_S = 0.25                # within which a kill falls
EPISODE_CYCLES = 40          # then a new, empty store
CHECK_EVERY = 5
DELIVERED_S_MAX = 30
SLOW_SYNC_S = 0.02
PHASES = {"load": 40, "idle": 10, "stopped": 10, "recovery": 20, "terminate": 8, "draining": 12}


class Load:
    """Posts what is in the queue over many connections, until it is empty or the server is gone."""

    def __init__(self, connect, queue):
        self._connect, self._queue = connect, queue
        self._stop = threading.Event()
        self.left, self.faults, self.refused = [], [], 0
        self._threads = [threading.Thread(target=self._work) for _ in range(CONNECTIONS)]
        for thread in self._threads:
            thread.start()

    def _work(self):
        sender = None
        while not self._stop.is_set():
            try:
                request = self._queue.popleft()
            except IndexError:
                break
            try:
                sender = sender or self._connect()
                request.sent = True
                self._check(request, sender.post(request.body))
            except (NoAnswer, OSError):
                self.left.append(request)
                break
            except Exception as error:      # of the harness or of a reply: told by join()
                self.faults.append(repr(error))
                break
        if sender is not None:
            sender.close()

    def _check(self, request, reply):
        if reply.status == 503:
            assert int(reply.headers["retry-after"]) >= 0
            self.refused += 1
            self.left.append(request)
            return
        assert reply.status == 200, f"{reply}"
        counts = reply.json()
        assert (counts["accepted"], counts["rejected"]) == (request.valid, request.invalid), f"{reply}"
        request.answered = True

    def stop(self):
        self._stop.set()

    def join(self):
        for thread in self._threads:
            thread.join()
        assert not self.faults, self.faults


class Episode:
    """A new store, and kills until it has lived long enough."""

    def __init__(self, folder, seed, cycles, shards=0, check_every=CHECK_EVERY):
        self.random = random.Random(seed)
        self.sink = WebhookSink(seed, fail_share=0.2)
        self.https = self.random.random() < 0.5
        self.check_every = check_every
        self.shards_fixed = shards > 0
        self.shards = shards or self.random.randint(1, 8)
        more = write_address_files(folder)
        self.installation = Installation(folder / "server", sink=self.sink, shards=self.shards, more=more)
        self.server = self.installation.server
        self.hook = self.sink.url
        self.organisation, self.model = Organisation(seed), Model()
        self.check = StoreCheck(self.installation, self.model, self.sink)
        self.day, self.cycles = FIRST_DAY, cycles
        self.queue, self.history = collections.deque(), []
        self.start_s, self.kills, self.restarts = 0.1, collections.Counter(), 0
        self.requests = self.refused = 0

    # --- lives ---

    def launch(self):
        self.sink.life += 1
        self.sink.url = f"{self.hook}/{self.sink.life}"
        if not self.shards_fixed and self.random.random() < 0.1:
            self.shards = self.installation.shards = self.random.randint(1, 8)
        self.installation.write_configuration()
        text = self.installation.configuration.read_text()
        if not self.https:
            text = text.replace('https = "127.0.0.1:0"', 'https = ""\nhttp = "127.0.0.1:0"')
        self.installation.configuration.write_text(text)
        self.server.launch()
        self.restarts += 1

    def connect(self):
        if self.https:
            return self.installation.sender()
        return Sender(self.server.port("ingest_http"), None, TOKEN)

    def end(self, sent):
        code = self.server.stop(sent)
        expected = 0 if sent == signal.SIGTERM else -signal.SIGKILL
        assert code in (expected, 0), f"exit code {code}\n{self.server.log_text()}"

    def run(self):
        for cycle in range(self.cycles):
            phase = self.random.choices(list(PHASES), list(PHASES.values()))[0]
            self.kills[phase] += 1
            self.launch()
            if phase == "recovery":
                time.sleep(self.random.uniform(0, self.start_s * 1.1))
                self.end(signal.SIGKILL)
            else:
                self.start_s = self.server.wait_ready()
                self.load_and_end(phase)
            if cycle % self.check_every == self.check_every - 1:
                self.check_after_recovery()
        self.finish()

    def load_and_end(self, phase):
        self.refill()
        load = Load(self.connect, self.queue)
        if phase == "idle":
            load.join()
        time.sleep(self.random.uniform(0, 0.05 if phase == "idle" else LOAD_S))
        if phase == "stopped":
            self.server.process.send_signal(signal.SIGSTOP)
            time.sleep(self.random.uniform(0, 0.1))
            self.server.process.send_signal(signal.SIGCONT)
            time.sleep(self.random.uniform(0, 0.02))
        if phase in ("terminate", "draining"):
            load.stop()
            self.server.process.terminate()
            if phase == "draining":
                time.sleep(self.random.uniform(0, 0.05))
        load.stop()
        self.end(signal.SIGTERM if phase == "terminate" else signal.SIGKILL)
        load.join()
        self.queue.extendleft(load.left)
        self.refused += load.refused

    def refill(self):
        """Unanswered requests first; when none are left, the next day."""
        self.queue = collections.deque(request for request in self.queue if not request.answered)
        if not self.queue:
            self.give(self.organisation.the_rest(self.day))
        if not self.queue and self.day < FIRST_DAY + timedelta(days=DAYS_MAX - 1):
            self.day += timedelta(days=1)
        self.give([self.organisation.request(self.day) for _ in range(FRESH_REQUESTS - len(self.queue))])

    def give(self, requests):
        for request in requests:
            self.model.note(request)
            self.history.append(request)
            self.queue.append(request)
            self.requests += 1
            if self.random.random() < DUPLICATE_SHARE:
                again = request if self.random.random() < 0.5 else self.random.choice(self.history)
                if again.answered or again.day == self.day:
                    self.queue.append(again)

    # --- what must be true ---

    def check_after_recovery(self):
        """Starts, waits until what was left is judged, and kills; then looks at the store."""
        self.launch()
        self.server.wait_ready()
        self.server.wait_judged()
        self.end(signal.SIGKILL)
        self.check.check()

    def finish(self):
        """Everything is answered, judged and delivered, and nothing more."""
        self.launch()
        self.server.wait_ready()
        self.queue = collections.deque(request for request in self.queue if not request.answered)
        self.give(self.organisation.the_rest(self.day))
        deadline = time.monotonic() + DELIVERED_S_MAX
        while self.queue:
            load = Load(self.connect, self.queue)
            load.join()
            self.queue.extend(load.left)
            assert time.monotonic() < deadline, "requests are not taken any more"
        certain, _ = self.model.update()
        self.sink.wait_for(len(self.model.alerts_of(certain)), 0, DELIVERED_S_MAX)
        self.wait_until_sent(time.monotonic() + DELIVERED_S_MAX)
        log = self.server.log_text()
        self.end(signal.SIGTERM)
        self.check.check()
        waiting = self.check.undelivered()
        assert not waiting, f"never delivered: {waiting[:5]}\n{log}"
        self.alerts = len(self.model.alerts_of(certain))

    def wait_until_sent(self, deadline):
        """A delivery whose 2xx the last kill forgot is made again."""
        with self.installation.admin() as admin:
            while 'straykey_webhook_queue{endpoint="sink"} 0\n' not in admin.get("/metrics").body.decode():
                assert time.monotonic() < deadline, self.server.log_text()
                time.sleep(0.05)

    def close(self):
        self.server.stop_if_running()
        self.sink.close()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=15)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--ledger", type=Path, help="append a row for this run")
    parser.add_argument("--slow-disk", type=Path, metavar="LIBRARY",
                        help="libcall_faults.so: each sync takes 20 ms more, so that a fast disk is killed between two steps as well")
    parser.add_argument("--shards", type=int, default=0, help="1 to 8, drawn and changed now and then without it")
    parser.add_argument("--check-every", type=int, default=CHECK_EVERY, metavar="CYCLES",
                        help="later requests may teach again what was lost: 1 misses least")
    parser.add_argument("--bug", help="of straykey_planted, which STRAYKEY names: well if it is caught")
    return parser.parse_args()


def main():
    options = arguments()
    print(f"kill_cycles.py --cycles {options.cycles} --seed {options.seed}", flush=True)
    if options.bug:
        os.environ["STRAYKEY_PLANTED_BUG"] = options.bug
    with contextlib.ExitStack() as stack:
        if options.slow_disk:
            slow_the_disk(stack.enter_context(scratch_folder()), options.slow_disk)
        failed = run(options)
    raise SystemExit(failed != bool(options.bug))


def slow_the_disk(folder, library):
    control = CallControl(folder / "control", library, STRAYKEY)
    control.slow_syncs(SLOW_SYNC_S)
    os.environ.update(control.environment)


def run(options):
    """-> whether a promise was broken."""
    began, done, lost, doubled, failed, commit = time.monotonic(), 0, 0, 0, False, commit_now()
    kills, totals = collections.Counter(), collections.Counter()
    while done < options.cycles and not failed:
        cycles, seed = min(EPISODE_CYCLES, options.cycles - done), options.seed + done
        try:
            with scratch_folder() as folder, contextlib.closing(Episode(folder, seed, cycles, options.shards, options.check_every)) as episode:
                episode.run()
                totals.update(alerts=episode.alerts, requests=episode.requests, starts=episode.restarts,
                              checks=episode.check.checks, refused=episode.refused)
        except AssertionError as error:
            lost, doubled, failed = lost + getattr(error, "lost", 0), doubled + getattr(error, "doubled", 0), True
            if options.bug:
                if not isinstance(error, Lost):      # it was to break a promise, not the harness
                    raise
                shutil.rmtree(folder)
            print(f"FAILED, cycles from {done} on (--cycles {cycles} --seed {seed}): {error}", flush=True)
        kills.update(episode.kills)
        done += cycles
        if options.cycles > EPISODE_CYCLES:
            print(f"{done} cycles, {time.monotonic() - began:.0f} s", flush=True)
    seconds = time.monotonic() - began
    print(f"{done} cycles, {seconds:.0f} s; kills: {dict(sorted(kills.items()))}; {dict(totals)}; "
          f"{lost} lost, {doubled} doubled; seed {options.seed}")
    if options.ledger:
        append_row(options.ledger, commit, "kill_cycles", done, max(lost + doubled, int(failed)), seconds)
    return failed


if __name__ == "__main__":
    main()
