#!/usr/bin/env python3
"""An [[s3_source]] beside its limit: CPU time of the server an event, for objects of about 5 MB gzip.

The limit is what nobody can do without: curl that fetches the same objects and throws them away, libdeflate, and the reference
extraction. STRAYKEY names the release binary (build/release without it); the build folder holds perf/limits. Believe the ratio.
Usage: perf/s3_bench.py [--objects 8] [--rounds 3]
"""
import argparse
import gzip
import http.server
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import threading
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("STRAYKEY", str(ROOT / "build/release/tools/straykey"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
from installation import Installation, Trail, scratch_folder, write_secret  # noqa: E402
from measured_process import cpu_ns, limit_work_ns, on_cpu, SENDER_CPU, SERVER_CPU  # noqa: E402

GOAL = 1.3
OBJECT_BYTES = 5_000_000
DONE_S_MAX = 300
EVENT_ID = re.compile(rb'"eventID":"[^"]*"')


class Bucket:
    """A queue and a bucket that ask for no signature. A receive is answered when there is something."""

    def __init__(self):
        self.objects, self.waiting, self.deleted = [], [], 0
        self.changed = threading.Condition()
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(bucket.objects[int(self.path.rsplit("/", 1)[1])])

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(json.dumps(bucket.called(self.headers["X-Amz-Target"].split(".")[1], body)).encode())

            def answer(self, content):
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):     # the server has gone
                pass

        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.listener.server_port}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def called(self, action, body):
        with self.changed:
            if action == "ReceiveMessage":
                self.changed.wait_for(lambda: self.waiting, body["WaitTimeSeconds"])
                given, self.waiting = self.waiting[:10], self.waiting[10:]
                return {"Messages": [{"MessageId": str(n), "ReceiptHandle": str(n), "Body": json.dumps(
                    {"s3Bucket": "trail", "s3ObjectKey": [f"AWSLogs/{n}"]})} for n in given]}
            if action == "DeleteMessage":
                self.deleted += 1
                self.changed.notify_all()
            return {"Attributes": {}}

    def work(self):
        """Tells of all objects and waits until their messages are deleted."""
        with self.changed:
            self.deleted, self.waiting = 0, list(range(len(self.objects)))
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: self.deleted == len(self.objects), DONE_S_MAX)


def text_of_about(records, bytes_in_gzip):
    """{"Records":[...]} that gzip makes about as long."""
    sample = gzip.compress(b",".join(records))
    count = bytes_in_gzip * len(records) // len(sample)
    repeated = (records * (count // len(records) + 1))[:count]
    return b'{"Records":[' + b",".join(repeated) + b"]}", count


def fresh(text):
    return EVENT_ID.sub(lambda _: b'"eventID":"%s"' % str(uuid.uuid4()).encode(), text)


def discard_ns(bucket):
    """CPU of curl that fetches every object once."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with on_cpu(SERVER_CPU):
        subprocess.run(["curl", "-s", "-o", "/dev/null", f"{bucket.origin}/trail/AWSLogs/[0-{len(bucket.objects) - 1}]"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--objects", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with scratch_folder() as folder, on_cpu(SENDER_CPU):
        trail, bucket = Trail(folder / "sample"), Bucket()
        records = [json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
                   for path in trail.files for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
        text, count = text_of_about(records, OBJECT_BYTES)
        (folder / "server").mkdir()
        key = write_secret(folder / "server/key", "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret")
        more = f"""[[s3_source]]
name = "trail"
queue_url = "{bucket.origin}/111122223333/trail"
region = "eu-central-1"
endpoint = "{bucket.origin}"
credentials_file = "{key}"
concurrency = 1
"""
        with Installation(folder / "server", trail, None, 1, more) as installation:
            with on_cpu(SERVER_CPU):
                installation.server.start()
            rounds = []
            for number in range(options.rounds + 1):        # the first teaches
                texts = [fresh(text) for _ in range(options.objects)]
                bucket.objects = [gzip.compress(each, 6) for each in texts]
                before = cpu_ns(installation.server.pid)
                bucket.work()
                server = cpu_ns(installation.server.pid) - before
                if number == 0:
                    continue
                paths = {mode: [folder / f"{mode}-{i}" for i in range(options.objects)] for mode in ("inflate", "extract")}
                for mode, contents in (("inflate", bucket.objects), ("extract", texts)):
                    for path, content in zip(paths[mode], contents):
                        path.write_bytes(content)
                limits = {mode: limit_work_ns(options.build / "perf/limits", mode, paths[mode]) for mode in paths}
                limits["discard"] = discard_ns(bucket)
                events = count * options.objects
                rounds.append((server / events, {mode: each / events for mode, each in limits.items()}))
                print(f"{rounds[-1]}", file=sys.stderr, flush=True)
            assert installation.server.stop() == 0
        server = statistics.median(taken for taken, _ in rounds)
        parts = {mode: statistics.median(limits[mode] for _, limits in rounds) for mode in ("discard", "inflate", "extract")}
        limit = sum(parts.values())
        print(f"objects of {len(bucket.objects[0]):,} bytes gzip, {len(text):,} plain, {count:,} events; steady: {server:,.0f} ns of CPU "
              f"an event, limit {limit:,.0f} ({', '.join(f'{mode} {each:,.0f}' for mode, each in parts.items())}): "
              f"{server / limit:.2f}, goal {GOAL}")


if __name__ == "__main__":
    main()
