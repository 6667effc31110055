"""A server with two shards that takes a few requests and posts a few alerts, with the faults that a control page asks for."""
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from call_control import CallControl                 # noqa: E402
from installation import TOKEN, Installation         # noqa: E402
from sender import NoAnswer, Sender                  # noqa: E402
from store_check import StoreCheck                   # noqa: E402
from straykey_process import STRAYKEY                # noqa: E402
from trail_model import FIRST_DAY, Model, Organisation, write_address_files     # noqa: E402
from webhook_sink import WebhookSink                 # noqa: E402

REQUESTS = 6
TRIES = 3


class Scenario:
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
            with Sender(self.server.port("ingest_http"), None, TOKEN) as sender:
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
        self.server.wait_judged()
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
