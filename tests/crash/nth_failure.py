#!/usr/bin/env python3
"""One call fails: the Nth malloc, write, sync, accept, connect or open of a fixed scenario, for a sample of N or for all.

The server goes on, or ends with a sentence and exit code 1, 75 or 78 (without memory it may also be ended by an exception). Then
it starts without the fault, everything is sent again, and the store must be the one that the model knows.

    tests/crash/nth_failure.py --kinds pwrite fdatasync --every 1 --library build/dev/tests/crash/libcall_faults.so
"""
import argparse
import collections
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from call_control import KINDS, CallControl                 # noqa: E402
from installation import Installation, scratch_folder       # noqa: E402
from ledger import append_row                               # noqa: E402
from sender import NoAnswer, Sender                         # noqa: E402
from store_check import StoreCheck                          # noqa: E402
from straykey_process import STRAYKEY                       # noqa: E402
from trail_model import FIRST_DAY, Model, Organisation, write_address_files     # noqa: E402
from webhook_sink import WebhookSink                        # noqa: E402

REQUESTS = 6
TRIES = 3
CLEAR_ENDS = (0, 1, 75, 78)
ENDS_WITHOUT_MEMORY = (-signal.SIGABRT, -signal.SIGSEGV)    # only where malloc fails: in the library that was not told


class Scenario:
    """A server with two shards that takes a few requests and posts a few alerts."""

    def __init__(self, folder, library, seed):
        self.sink = WebhookSink(seed)
        more = write_address_files(folder)
        self.installation = Installation(folder / "server", sink=self.sink, shards=2, more=more)
        text = self.installation.configuration.read_text()
        self.installation.configuration.write_text(text.replace('https = "127.0.0.1:0"', 'https = ""\nhttp = "127.0.0.1:0"'))
        self.server = self.installation.server
        self.control = CallControl(folder / "control", library, STRAYKEY)
        self.seed = seed
        self.begin()

    def begin(self):
        shutil.rmtree(self.installation.data_dir, ignore_errors=True)
        organisation, self.model = Organisation(self.seed), Model()
        self.requests = [organisation.request(FIRST_DAY) for _ in range(REQUESTS)] + organisation.the_rest(FIRST_DAY)
        for request in self.requests:
            self.model.note(request)
        self.sink.posts.clear()
        self.check = StoreCheck(self.installation, self.model, self.sink)
        self.control.reset()

    def launch(self, faulty):
        before = dict(os.environ)
        if faulty:
            os.environ.update(self.control.environment)
        try:
            self.sink.life += 1
            self.server.launch()
        finally:
            os.environ.clear()
            os.environ.update(before)

    def is_ready(self):
        try:
            self.server.wait_ready()
            return True
        except AssertionError:
            return False

    def send(self):
        """Each request until it is answered 200, a few times; the server may go meanwhile."""
        for request in self.requests:
            for _ in range(TRIES):
                if self.post(request) or self.server.process.poll() is not None:
                    break

    def post(self, request):
        request.sent = True
        try:
            with Sender(self.server.port("ingest_http"), None, "ingest-token-of-the-tests-0123456789") as sender:
                reply = sender.post(request.body)
        except (NoAnswer, OSError):
            return False
        if reply.status == 503:
            assert int(reply.headers["retry-after"]) >= 0
            return False
        if reply.status >= 500:
            return False      # 500: memory; nothing is promised
        counts = reply.json()
        assert reply.status == 200 and (counts["accepted"], counts["rejected"]) == (request.valid, request.invalid), reply
        request.answered = True
        return True

    def run(self, settle_s=0.05):
        """-> how the server with the fault ended, and its log."""
        self.launch(faulty=True)
        if self.is_ready():
            self.send()
            time.sleep(settle_s)
            if self.server.process.poll() is None:
                self.server.process.terminate()
        code = self.server.stop()
        return code, self.server.log

    def recover(self):
        """Without the fault: what was acknowledged is there; then everything is sent, and the answer is the model's."""
        self.launch(faulty=False)
        self.server.wait_ready()
        self.server.kill()
        self.check.check()
        self.launch(faulty=False)
        self.server.wait_ready()
        for request in self.requests:
            assert self.post(request), "a healthy server takes everything"
        self.server.stop()
        return len(self.check.check())

    def close(self):
        self.server.stop_if_running()
        self.sink.close()


def check_end(kind, code, log):
    allowed = CLEAR_ENDS + (ENDS_WITHOUT_MEMORY if kind == "malloc" else ())
    if kind == "fdatasync":      # nobody knows what is on the disk now
        allowed = (75,) if any('msg="ready"' in line for line in log) else (1,)
    assert code in allowed, f"exit code {code}:\n" + "\n".join(log[-5:])
    assert code == 0 or code < 0 or log, f"exit code {code} without a word"


def run_kind(scenario, kind, options, draw):
    scenario.begin()
    code, log = scenario.run()
    assert code == 0, "\n".join(log)
    total = scenario.control.calls(kind)
    scenario.recover()
    numbers = options.only or list(range(1, total + 1, options.every or 1))
    if not options.only and not options.every:
        numbers = sorted({1, *draw.sample(numbers, min(options.sample, total))})
    ends = collections.Counter()
    for number in numbers:
        scenario.begin()
        scenario.control.fail(kind, number)
        try:
            code, log = scenario.run()
            if scenario.control.calls(kind) >= number:      # threads do not always make as many
                check_end(kind, code, log)
            scenario.recover()
        except AssertionError as error:
            raise AssertionError(f"{kind} {number} of {total} (--kinds {kind} --only {number} --seed {options.seed}): {error}") from error
        ends[code] += 1
        if options.only:
            print("\n".join(log[-6:]))
    print(f"{kind}: {len(numbers)} of {total} calls failed, one at a time; exit codes {dict(sorted(ends.items()))}", flush=True)
    return len(numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True, help="libcall_faults.so")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sample", type=int, default=4, help="so many of each kind, drawn")
    parser.add_argument("--every", type=int, default=0, help="every so many: 1 is all")
    parser.add_argument("--only", type=int, nargs="+", default=[], help="these, of one kind")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--ledger", type=Path, help="append a row for this run")
    options = parser.parse_args()
    print(f"nth_failure.py --kinds {' '.join(options.kinds)} --sample {options.sample} --every {options.every} --seed {options.seed}", flush=True)
    draw, began, count = random.Random(options.seed), time.monotonic(), 0
    with scratch_folder() as folder:
        scenario = Scenario(folder, options.library.resolve(), options.seed)
        try:
            for kind in options.kinds:
                count += run_kind(scenario, kind, options, draw)
        finally:
            scenario.close()
    seconds = time.monotonic() - began
    print(f"{count} failures, each recovered from, {seconds:.0f} s")
    if options.ledger:
        append_row(options.ledger, "nth_failure", count, 0, seconds)


if __name__ == "__main__":
    main()
