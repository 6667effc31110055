"""What a process costs: CPU time to the nanosecond, by thread name, and memory; where it runs; and the limits' program."""
import collections
import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from straykey_process import BOUND_TO_PARENT  # noqa: E402

ALL_CPUS = os.sched_getaffinity(0)
SERVER_CPU, SENDER_CPU = 0, 1      # straykey pins its first worker to CPU 0
CPUCLOCK_SCHED = 2                 # Linux's clock of another process: ~pid << 3 | 2


def cpu_ns(pid):
    """user + system of all threads, those that ended included."""
    return time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)


def cpu_ns_by_stage(pid):
    """Thread name without its number -> ns."""
    stages = collections.Counter()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):       # it ended
            name = (task / "comm").read_text().strip()
            stages[re.sub(r"-\d+$", "", name)] += int((task / "schedstat").read_text().split()[0])
    return stages


def memory_bytes(pid):
    """-> (private memory now, the highest resident size so far, mapped pages of the store included)."""
    status = Path(f"/proc/{pid}/status").read_text()
    anonymous, highest = (int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) * 1024 for name in ("RssAnon", "VmHWM"))
    return anonymous, highest


@contextlib.contextmanager
def on_cpu(*numbers):
    """What is started inside stays on these CPUs; on all where there are fewer than two."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(numbers) if len(ALL_CPUS) > 1 else ALL_CPUS)
    yield
    os.sched_setaffinity(0, before)


class LimitServer:
    """perf/limits serving one mode. pid and port."""

    def __init__(self, program, mode, *arguments):
        with on_cpu(SERVER_CPU):
            self._process = subprocess.Popen([*BOUND_TO_PARENT, program, mode, *map(str, arguments)],
                                             stdout=subprocess.PIPE, text=True)
        self.pid, self.port = self._process.pid, int(self._process.stdout.readline().split()[1])

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def limit_work_ns(program, mode, paths):
    """CPU time of perf/limits over the files: "extract" or "inflate"."""
    with on_cpu(SERVER_CPU):
        said = subprocess.run([*BOUND_TO_PARENT, program, mode], input="\n".join(map(str, paths)), stdout=subprocess.PIPE,
                              text=True, check=True, timeout=120).stdout
    return int(said.split()[1])
