#!/usr/bin/env python3
"""The service manager is told that the server is ready and well, and hears nothing more while one of its threads is stopped."""
import ctypes
import os
import re
import select
import socket
import sys
import time
from pathlib import Path

from installation import Installation, scratch_folder

LIMIT_S = 2
HEARD_S_MAX = 60
LAST_WORDS_MAX = 2     # one was on its way when the thread stopped, and one rests on its last turn
SKIPPED = 77
PTRACE_SEIZE, PTRACE_DETACH, PTRACE_INTERRUPT = 0x4206, 17, 0x4207
WATCHED = re.compile(r"worker-\d+|merger|io-?\d*")
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Manager:
    """The socket that systemd would have made."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "notify"))

    def next(self, limit_s):
        """The next notice; None: there was none in that time."""
        readable, _, _ = select.select([self.socket], [], [], limit_s)
        return self.socket.recv(4096).decode() if readable else None

    def wait_for(self, notice):
        began = time.monotonic()
        while (said := self.next(HEARD_S_MAX)) != notice:
            assert said is not None and time.monotonic() - began < HEARD_S_MAX, f"{notice}: last was {said}"


class StoppedThread:
    """One thread of another process does not run; all others do."""

    def __init__(self, thread):
        self.thread = thread

    def __enter__(self):
        if libc.ptrace(PTRACE_SEIZE, self.thread, None, None) != 0:
            raise PermissionError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        libc.ptrace(PTRACE_INTERRUPT, self.thread, None, None)
        assert os.waitpid(self.thread, 0x40000000)[0] == self.thread    # __WALL

    def __exit__(self, *_):
        assert libc.ptrace(PTRACE_DETACH, self.thread, None, None) == 0


def threads_of(process):
    tasks = Path(f"/proc/{process}/task")
    names = {int(task.name): (task / "comm").read_text().strip() for task in tasks.iterdir()}
    return {thread: name for thread, name in names.items() if WATCHED.fullmatch(name)}


def main():
    with scratch_folder() as folder:
        manager = Manager(folder)
        installation = Installation(folder / "server", shards=2)
        server = installation.server
        server.prefix = ["env", f"NOTIFY_SOCKET={folder}/notify", f"WATCHDOG_USEC={LIMIT_S * 1_000_000}"]
        try:
            server.start()
            manager.wait_for("READY=1")
            manager.wait_for("WATCHDOG=1")
            manager.wait_for("WATCHDOG=1")
            threads = threads_of(server.process.pid)
            kinds = {re.sub(r"\W?\d+$", "", name) for name in threads.values()}
            assert kinds >= {"worker", "merger", "io"} and len(threads) >= 5, threads
            for thread, name in sorted(threads.items()):
                try:
                    with StoppedThread(thread):
                        heard = 0
                        while manager.next(LIMIT_S) is not None:
                            heard += 1
                            assert heard <= LAST_WORDS_MAX, f"{name} is stopped, and the server goes on saying that it is well"
                except PermissionError as error:
                    print(f"not tried: a thread of another process may not be stopped here: {error}")
                    sys.exit(SKIPPED)
                manager.wait_for("WATCHDOG=1")
                print(f"no notice while {name} was stopped; again afterwards")
            assert server.stop() == 0
            manager.wait_for("STOPPING=1")
        finally:
            server.stop_if_running()


if __name__ == "__main__":
    main()
