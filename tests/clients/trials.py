"""The runs of one client: all well; a wrong token; a busy receiver (HTTP) or one that goes away and comes back (syslog)."""
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field

import records
from client import Place, environment
from receiver import BOUND_TO_PARENT, BUSY_BYTES_MAX, TOKEN, Receiver

WRONG_TOKEN = "wrong-token-of-the-clients-0123456789"
ENDS_S_MAX = 90          # a client that ends by itself
ENDS_LATER_S_MAX = 4     # after all of its records have arrived
QUIET_LATER_S = 1.5      # it has ended, and what it sent is on its way
QUIET_S = 5              # nothing more arrives: it has sent all that it sends
LOOKED_AT_S = 6          # how long a client is watched that goes on after a 401 or 503
RECOVERS_S_MAX = 75
SAID_CHARACTERS = 110


@dataclass
class Seen:
    """What one trial showed."""
    arrived: set = field(default_factory=set)
    twice: int = 0
    rejected: dict = field(default_factory=dict)
    replies: dict = field(default_factory=dict)
    within: tuple = (0, 0, 0)    # requests over HTTP, and the seconds in which half of them and 99 % were answered
    asked: int = 0           # requests refused while it was watched
    ended: object = None     # exit code; None: it went on
    output: str = ""         # what it said: while it was watched, of a client that was refused
    said: str = ""           # the line of it that tells most


class Running:
    """A client's process and what feeds it."""

    def __init__(self, client, place):
        self.client, self.place = client, place
        self.output = place.folder / "output"
        self._feeders = []
        if client.feed == "tail":
            place.records.write_text("")
        arguments = [str(word) for word in client.command(place)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen([*BOUND_TO_PARENT, *arguments], cwd=place.folder, stdout=output,
                                            stderr=subprocess.STDOUT, env=environment(client, place.kit),
                                            stdin=subprocess.PIPE if client.feed == "stdin" else subprocess.DEVNULL)

    def feed(self, lines):
        if self.client.feed == "tail":
            with self.place.records.open("a") as file:
                file.write("".join(lines))
        elif self.client.feed == "stdin":
            thread = threading.Thread(target=self._write, args=("".join(lines).encode(),), daemon=True)
            thread.start()
            self._feeders.append(thread)

    def end_input(self):
        if self.client.feed == "stdin":
            for thread in self._feeders:
                thread.join(ENDS_S_MAX)
            try:
                self.process.stdin.close()
            except OSError:
                pass

    def ended(self):
        return self.process.poll() is not None

    def wait(self, wait_s_max):
        try:
            self.process.wait(wait_s_max)
        except subprocess.TimeoutExpired:
            pass

    def stop(self):
        """-> its exit code, or None if it had to be stopped."""
        code = self.process.poll()
        if code is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for thread in self._feeders:
            thread.join(5)
        return code

    def _write(self, content):
        try:
            self.process.stdin.write(content)
            self.process.stdin.flush()
        except (OSError, ValueError):
            pass      # it ended


class Trials:
    def __init__(self, folder, kit, certificates):
        self.folder, self.kit, self.certificates = folder, kit, certificates
        self._made = 0

    def good(self, client, ends_s_max=ENDS_S_MAX):
        receiver, place = self._prepare(client)
        with receiver:
            receiver.start()
            running = self._start(client, place, records.lines())
            try:
                self._let_it_end(running, receiver, records.COUNT, ends_s_max + client.slow_s)
            finally:
                code = running.stop()
            return self._look(receiver, running, code)

    def wrong_token(self, client):
        receiver, place = self._prepare(client, token=WRONG_TOKEN)
        with receiver:
            receiver.start()
            running = self._start(client, place, records.lines())
            try:
                self._watch(running, receiver, client, (401, 429))
                asked = sum(receiver.replies().get(status, 0) for status in (401, 429))
                output = running.output.read_text(errors="replace")
            finally:
                code = running.stop()
            return self._look(receiver, running, code, asked, output, client.shows_401)

    def busy(self, client):
        receiver, place = self._prepare(client, in_flight_bytes_max=BUSY_BYTES_MAX)
        with receiver:
            receiver.start()
            receiver.make_busy()
            before = receiver.replies().get(503, 0)
            running = self._start(client, place, records.lines())
            try:
                self._watch(running, receiver, client, (503,), before)
                asked = receiver.replies().get(503, 0) - before
                output = running.output.read_text(errors="replace")
                receiver.make_free()
                if not running.ended():
                    self._let_it_end(running, receiver, records.COUNT, RECOVERS_S_MAX + client.slow_s, quiet_s=30)
            finally:
                code = running.stop()
            return self._look(receiver, running, code, asked, output, client.shows_503)

    def restart(self, client):
        """Half of the records; the receiver goes; a quarter; it comes back; the last quarter."""
        receiver, place = self._prepare(client)
        half, rest = records.COUNT // 2, records.COUNT * 3 // 4
        with receiver:
            receiver.start()
            running = self._start(client, place, records.lines(0, half))
            try:
                receiver.wait_taken(half, QUIET_S, ENDS_S_MAX)
                receiver.stop()
                running.feed(records.lines(half, rest))
                running.wait(2)
                receiver.start()
                running.wait(2)
                running.feed(records.lines(rest))
                quiet_s = QUIET_S if client.way == "syslog_udp" else 20
                self._let_it_end(running, receiver, records.COUNT, RECOVERS_S_MAX, quiet_s)
            finally:
                code = running.stop()
            return self._look(receiver, running, code)

    def _prepare(self, client, token=TOKEN, **settings):
        self._made += 1
        folder = self.folder / f"trial-{self._made}"
        receiver = Receiver(folder, self.certificates, **settings)
        place = Place(folder / "client", self.kit, client.way, receiver.ports[client.way], token, self.certificates.authority)
        place.folder.mkdir()
        return receiver, place

    @staticmethod
    def _start(client, place, lines):
        if client.feed == "file":
            place.records.write_text("".join(lines))
        running = Running(client, place)
        running.feed(lines)
        return running

    @staticmethod
    def _let_it_end(running, receiver, count, wait_s_max, quiet_s=QUIET_S):
        """Until all is there and a client that ends by itself has had time to; or nothing more comes."""
        if running.client.feed == "tail":
            receiver.wait_taken(count, quiet_s + running.client.slow_s, wait_s_max)
            return
        threading.Thread(target=running.end_input, daemon=True).start()
        receiver.wait_taken(count, wait_s_max, wait_s_max, running.ended)
        running.wait(ENDS_LATER_S_MAX + running.client.slow_s)
        receiver.wait_taken(count, QUIET_LATER_S, wait_s_max, lambda: receiver.taken() == 0)

    @staticmethod
    def _watch(running, receiver, client, statuses, before=0):
        """Until it ends, or for a while after its first refusal."""
        if client.feed == "stdin":
            threading.Thread(target=running.end_input, daemon=True).start()
        deadline = time.monotonic() + 30 + client.slow_s
        first = None
        while not running.ended() and time.monotonic() < deadline:
            refused = sum(receiver.replies().get(status, 0) for status in statuses)
            if first is None and refused > before:
                first = time.monotonic()
                deadline = first + LOOKED_AT_S
            time.sleep(0.1)

    @staticmethod
    def _look(receiver, running, code, asked=0, output=None, telling=""):
        arrived = receiver.wait_stored()
        if output is None:
            output = running.output.read_text(errors="replace")
        return Seen(arrived=arrived, twice=receiver.taken() - len(arrived), rejected=receiver.rejected(),
                    replies=receiver.replies(), within=receiver.answered_within(), asked=asked, ended=code, output=output,
                    said=telling_words(output, running.place, telling))


def telling_words(output, place, telling):
    """The last line with that text, or else the last that says something; without what differs from run to run."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", output).splitlines()]
    lines = [re.sub(r"[\x00-\x1f|`]", " ", line) for line in lines if re.search(r"\w", line)]
    if not lines:
        return ""
    text = ([line for line in lines if telling in line] or lines)[-1].replace(str(place.folder), "FOLDER").replace(str(place.port), "PORT")
    text = re.sub(r'\{"error":\{"code":"(\w+)","message":"[^"]*","request_id":"[^"]*"\}\}', r'{"error":{"code":"\1",...}}', text)
    text = re.sub(r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[.,\d]*(?:Z|[+-]\d\d:?\d\d)?", "TIME", text)
    text = re.sub(r"\b0x[0-9a-f]+|\b[0-9A-F]{16}\b", "0x..", text)
    text = re.sub(r"\[\d{3,}\]", "[PID]", text)
    return text if len(text) <= SAID_CHARACTERS else text[:SAID_CHARACTERS - 3] + "..."
