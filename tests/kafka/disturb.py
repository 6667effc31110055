#!/usr/bin/env python3
"""Two nodes take the same events, with a real Apache Kafka between them. One of them, or the broker, is killed, stopped or paused
again and again. Every expected alert arrives, once or with the same bytes, and the other node takes over in time.

  disturb.py --count 40 --seed 7 --ledger FILE     adds a line of JSON for each disturbance to FILE
  disturb.py --sum FILE                            sums a ledger up
  disturb.py --short                               one of each fault of the judge, as CI does it

A slice is one run: it starts a broker and two nodes, and posts the sample trail to both while it disturbs them.
"""
import argparse
import collections
import json
import random
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

try:
    from kafka_broker import Cluster, run_with_kafka
except ImportError:
    print("left out: tests of Apache Kafka are not there")
    sys.exit(77)

NODE_FAULT_S_MAX, PLANNED_S_MAX, BROKER_S_MAX = 13, 2, 60
SETTLE_S_MAX = 180
FROZEN_S, BROKER_AWAY_S, REJOIN_S = 14, 6, 4
SHORT = ["stop the judge", "kill the judge", "freeze the judge"]
KINDS = {"kill the judge": 4, "stop the judge": 4, "freeze the judge": 2, "kill the standby": 2, "freeze the standby": 1,
         "kill the broker": 1, "freeze the broker": 1}


class Node:
    """One of the two, and who posts the trail to it: a file again and again until it is acknowledged."""

    def __init__(self, installation, name, files, gate):
        self.installation, self.name, self.files, self.gate = installation, name, files, gate
        self.server = installation.server
        self.acknowledged = 0
        self.frozen = False
        self._thread = threading.Thread(target=self._post, daemon=True)

    def begin(self):
        self._thread.start()

    def wait_posted(self):
        self._thread.join(SETTLE_S_MAX)
        assert not self._thread.is_alive(), f"{self.name} took {self.acknowledged} of {len(self.files)} files"

    def _post(self):
        from sender import NoAnswer
        sender = None
        for index, path in enumerate(self.files):
            self.gate.wait_open(index)
            while True:
                try:
                    sender = sender or self.installation.sender()
                    if sender.post_file(path).status == 200:
                        break
                except (NoAnswer, AssertionError, OSError):
                    sender = None
                time.sleep(0.05)        # it is down, or draining
            self.acknowledged += 1

    def judges_since(self):
        """How often it became the judge in its present life."""
        return sum("this node judges now" in line for line in list(self.server.log))

    def judges(self):
        lines = [line for line in list(self.server.log) if "this node judges" in line]
        return bool(lines) and "this node judges now" in lines[-1] and self.server.process is not None and not self.frozen

    def freeze(self):
        self.frozen = True
        self.server.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.server.process.send_signal(signal.SIGCONT)
        self.frozen = False


class Gate:
    """How many files may be posted so far."""

    def __init__(self):
        self._open, self._changed = 0, threading.Condition()

    def open_to(self, count):
        with self._changed:
            self._open = max(self._open, count)
            self._changed.notify_all()

    def wait_open(self, index):
        with self._changed:
            self._changed.wait_for(lambda: index < self._open)


def wait_until(true, timeout_s, what):
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < timeout_s, what
        time.sleep(0.01)                # two logs are watched at once
    return time.monotonic() - began


class TwoNodes:
    def __init__(self, folder, cluster, trail, sink):
        from installation import Installation
        self.cluster = cluster
        self.gate = Gate()
        more = f'[standby]\nbrokers = "{cluster.plain}"\ntopic = "judged"\n'
        first = Installation(folder / "a", trail=trail, sink=sink, more=more + 'node = "a"\n')
        second = Installation(folder / "b", trail=trail, sink=sink, more=more + 'node = "b"\n')
        self.a, self.b = (Node(one, name, trail.files, self.gate) for one, name in ((first, "a"), (second, "b")))
        self.a.server.start()
        wait_until(self.a.judges, 30, "the first node does not judge")
        assert self.a.server.stop() == 0
        shutil.copytree(first.data_dir, second.data_dir)      # as a backup that is restored
        for node in (self.a, self.b):
            node.server.start()
        wait_until(lambda: self.a.judges() or self.b.judges(), 30, "nobody judges")

    def judge(self):
        assert self.a.judges() != self.b.judges(), f"a judges: {self.a.judges()}, b judges: {self.b.judges()}"
        return (self.a, self.b) if self.a.judges() else (self.b, self.a)

    def disturb(self, kind, pause_s):
        """-> seconds until there is a judge again; None: there was one all the time."""
        judge, standby = self.judge()
        time.sleep(pause_s)             # somewhere in the middle of what is posted
        took = None
        before = standby.judges_since()
        if kind == "kill the judge":
            judge.server.kill()
            took = wait_until(lambda: standby.judges_since() > before, NODE_FAULT_S_MAX, "nobody took over")
            judge.server.start()
        elif kind == "stop the judge":
            stopping = threading.Thread(target=judge.server.stop)
            stopping.start()
            took = wait_until(lambda: standby.judges_since() > before, 30, "nobody took over")
            stopping.join()
            judge.server.start()
        elif kind == "freeze the judge":
            judge.freeze()
            took = wait_until(lambda: standby.judges_since() > before, NODE_FAULT_S_MAX, "nobody took over")
            time.sleep(max(0.0, FROZEN_S - took) * 0.2)
            judge.thaw()
        elif kind == "kill the standby":
            standby.server.kill()
            standby.server.start()
        elif kind == "freeze the standby":
            standby.freeze()
            time.sleep(FROZEN_S)
            standby.thaw()
        else:
            took = self._disturb_broker(kind)
        wait_until(lambda: self.a.judges() != self.b.judges(), BROKER_S_MAX, "there is not one judge")
        if "judge" not in kind:
            time.sleep(REJOIN_S)        # who was away stands for nothing before: what comes next would be a second fault
        return took

    def _disturb_broker(self, kind):
        broker = self.cluster.brokers[0]
        if kind == "kill the broker":
            broker.kill()
            broker.launch()
            broker.wait_ready()
        else:
            broker.freeze()
            time.sleep(BROKER_AWAY_S)
            broker.thaw()
        return wait_until(lambda: self.a.judges() or self.b.judges(), BROKER_S_MAX, "nobody judges after the broker's fault")

    def end(self):
        self.gate.open_to(1 << 30)
        for node in (self.a, self.b):
            node.wait_posted()


def check(nodes, sink, trail, faults):
    from promises import ACTIVE_ACCOUNTS, check_alerts
    expected = trail.scan()
    sink.wait_for(len(expected), ACTIVE_ACCOUNTS, SETTLE_S_MAX)
    time.sleep(3)                       # what would come twice would come now
    check_alerts(sink, expected, trail.labels)
    taken = sink.taken()
    twice = {message_id: len(posts) for message_id, posts in taken.items() if len(posts) > 1}
    assert sum(twice.values()) - len(twice) <= 4 * faults, f"posted again {twice}, by {faults} faults"
    for node in (nodes.a, nodes.b):
        assert node.server.stop() == 0
        stored = node.installation.stored_alerts()
        assert stored.keys() == expected.keys(), f"{node.name} has {len(stored)} alerts of {len(expected)}"
    return len(expected), twice


def limit_of(kind):
    return {"stop the judge": PLANNED_S_MAX}.get(kind, NODE_FAULT_S_MAX if "judge" in kind else BROKER_S_MAX)


def run(options):
    from installation import Trail, scratch_folder
    from webhook_sink import WebhookSink
    chosen = random.Random(options.seed)
    with scratch_folder() as folder:
        trail = Trail(folder / "sample", "--seed", str(options.seed))
        sink = WebhookSink(seed=options.seed)
        cluster = Cluster(folder, options.version)
        lines = []
        try:
            nodes = TwoNodes(folder, cluster, trail, sink)
            for node in (nodes.a, nodes.b):
                node.begin()
            faults = 0
            for number in range(options.count):
                nodes.gate.open_to((number + 1) * len(trail.files) // (options.count + 1))
                names = options.kinds or list(KINDS)
                kind = SHORT[number] if options.short else chosen.choices(names, [KINDS[name] for name in names])[0]
                took = nodes.disturb(kind, chosen.uniform(0, 0.3))
                faults += "standby" not in kind
                late = took is not None and took > limit_of(kind)
                lines.append({"seed": options.seed, "number": number, "kind": kind, "late": late,
                              "seconds": None if took is None else round(took, 2)})
                print(json.dumps(lines[-1]), flush=True)
            nodes.end()
            alerts, twice = check(nodes, sink, trail, faults)
        finally:
            cluster.stop()
            for node in ("a", "b"):
                if "nodes" in locals():
                    getattr(nodes, node).server.stop_if_running()
        if options.ledger:
            with open(options.ledger, "a", encoding="utf-8") as ledger:
                for line in lines:
                    ledger.write(json.dumps(line | {"alerts": alerts, "posted_again": len(twice)}) + "\n")
        late = [line for line in lines if line["late"]]
        print(f"{len(lines)} disturbances, {alerts} alerts, all of them expected, each with one body; {len(twice)} posted again; {len(late)} late")
        assert options.short or not late, late      # CI's machine may be slow


def sum_up(path):
    took, counted, seeds = collections.defaultdict(list), collections.Counter(), set()
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        counted[line["kind"]] += 1
        seeds.add(line["seed"])
        if line["seconds"] is not None:
            took[line["kind"]].append(line["seconds"])
    for kind, count in sorted(counted.items()):
        worst = f", at most {max(took[kind]):.1f} s, half within {sorted(took[kind])[len(took[kind]) // 2]:.1f} s" if took[kind] else ""
        print(f"{kind}: {count}{worst}")
    print(f"{sum(counted.values())} disturbances in {len(seeds)} slices")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", default="4.4.0")
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=[])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--ledger")
    parser.add_argument("--sum", dest="sum_of")
    options = parser.parse_args()
    if options.sum_of:
        return sum_up(options.sum_of)
    if options.short:
        options.count = len(SHORT)
    run_with_kafka()
    return run(options)


if __name__ == "__main__":
    main()
