"""Runs the straykey program: commands that end, and servers that are stopped by their own process id.

The program is the one that the environment variable STRAYKEY names.
"""
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

STRAYKEY = os.environ.get("STRAYKEY") or str(Path(__file__).resolve().parents[2] / "build/dev/tools/straykey")
START_S_MAX = 60
STOP_S_MAX = 60
# The program ends with the test that started it, however that ends.
BOUND_TO_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]


def run_command(*arguments, folder=None, timeout_s=120):
    """-> subprocess.CompletedProcess with text."""
    return subprocess.run([*BOUND_TO_PARENT, STRAYKEY, *map(str, arguments)], capture_output=True, text=True,
                          cwd=folder, timeout=timeout_s, check=False)


class Server:
    """One `straykey serve`. start() after kill() or stop() starts the next one on the same configuration."""

    def __init__(self, configuration):
        self.configuration = Path(configuration)
        self.prefix = []       # of the command: a program that runs this one
        self.process = None
        self.starts = 0
        self.log = []          # lines of the present process
        self.last_log = []     # of the one before
        self._changed = threading.Condition()
        self._reader = None
        self._reading = False

    def launch(self):
        """Starts the process and does not wait for anything."""
        assert self.process is None
        self.starts += 1
        self.last_log, self.log = self.log, []
        self.process = subprocess.Popen([*BOUND_TO_PARENT, *self.prefix, STRAYKEY, "serve", "--config", str(self.configuration)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr, self.log), daemon=True)
        self._reading = True
        self._reader.start()

    def start(self):
        self.launch()
        self.wait_ready()
        return self

    def wait_ready(self):
        began = time.monotonic()
        with self._changed:
            self._changed.wait_for(lambda: self._said('msg="ready"') or not self._reading, START_S_MAX)
        if not self._said('msg="ready"'):
            raise AssertionError("the server did not become ready:\n" + self.log_text())
        return time.monotonic() - began

    def wait_judged(self):
        """After wait_ready(): until what an earlier run left unjudged is judged."""
        if self._said("an earlier run left candidates unjudged"):
            self.wait_said("what an earlier run left unjudged is judged")

    def wait_said(self, words):
        """Until the log has a line with them. -> that line."""
        with self._changed:
            self._changed.wait_for(lambda: self._said(words) or not self._reading, START_S_MAX)
        if not self._said(words):
            raise AssertionError(f"the server did not say {words}:\n" + self.log_text())
        return next(line for line in self.log if words in line)

    @property
    def pid(self):
        return self.process.pid

    def port(self, listener):
        """of "ingest" (HTTPS), "ingest_http", "admin" or "syslog_tcp"."""
        for line in self.log:
            found = re.search(r'msg="listening" listener="%s" (?:url="[\w+]+://.*:|.* port=")(\d+)"' % listener, line)
            if found:
                return int(found.group(1))
        raise AssertionError(f"no listener {listener}:\n" + self.log_text())

    def kill(self):
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        return self._end()

    def stop(self, sent=signal.SIGTERM):
        """-> exit code."""
        self.process.send_signal(sent)
        return self._end()

    def wait_until_ended(self):
        """By itself. -> exit code, or minus the signal."""
        return self._end()

    def stop_if_running(self):
        if self.process is not None:
            self.kill()

    def log_text(self):
        return "\n".join(self.log[-40:])

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_peak_bytes(self):
        return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text()).group(1)) * 1024

    def _end(self):
        try:
            code = self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not stop in {STOP_S_MAX} s:\n" + self.log_text()) from None
        finally:
            self._reader.join()
            self.process.stderr.close()
            self.process = None
        return code

    def _said(self, words):
        return any(words in line for line in self.log)

    def _read(self, pipe, lines):
        for line in pipe:
            with self._changed:
                lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._reading = False
            self._changed.notify_all()
