#!/usr/bin/env python3
"""The long run of agreement: simulated organisations through `serve` by `replay`, and through `scan`.

Expected alerts = received alerts, no other alert, each webhook id with one body, every record accounted for; for each seed and shard
count, optionally with the server killed while replay sends. Not in ctest (replay_test.py is its short form). One line a run:
    tests/e2e/agreement.py --events 1000000 --seeds 1 2 3 4 5 --shards 1 2 4
    tests/e2e/agreement.py --events 200000 --seeds 1 --shards 2 --kills 50
"""
import argparse
import json
import random
import subprocess
import time

from installation import Installation, Trail, pair_of, scratch_folder
from replay_test import Hook
from straykey_process import BOUND_TO_PARENT, STRAYKEY

RUN_S_MAX = 1_800


class FixedPorts:
    """An installation whose ports stay when the server starts again."""

    def __init__(self, installation):
        self.ingest, self.admin = Hook().port, Hook().port
        text = installation.configuration.read_text()
        text = text.replace('https = "127.0.0.1:0"', f'https = "127.0.0.1:{self.ingest}"')
        installation.configuration.write_text(text.replace('listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{self.admin}"'))


def kill_while(process, server, count, seed):
    """Kills the server up to `count` times at random moments while the process runs. -> how often. In the thread that goes on
    living, for a server ends with the thread that started it."""
    draw, done = random.Random(seed), 0
    while done < count:
        time.sleep(draw.uniform(0.02, 0.5))
        if process.poll() is not None:
            break
        server.kill()
        done += 1
        server.start()
    return done


def replay(installation, ports, hook, trail, kills, seed, options):
    report = installation.folder / "report.json"
    process = subprocess.Popen(
        [*BOUND_TO_PARENT, STRAYKEY, "replay", "--url", f"https://127.0.0.1:{ports.ingest}",
         "--ca-file", installation.certificate, "--token-file", installation.token_file,
         "--receive", f"127.0.0.1:{hook.port}", "--webhook-secret-file", installation.folder / "webhook-secret",
         "--expect", trail.folder / "labels.jsonl", "--json", report, *options, trail.folder / "trail"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    done = kill_while(process, installation.server, kills, seed)
    said, _ = process.communicate(timeout=RUN_S_MAX)
    return process.returncode, said, json.loads(report.read_text()) if report.exists() else {}, done


def run_one(folder, trail, seed, shards, kills):
    hook = Hook()
    with Installation(folder, trail, hook, shards=shards) as installation:
        ports = FixedPorts(installation)
        installation.server.start()
        began = time.monotonic()
        options = ["--settle", "120"] + (["--rate", str(max(2_000, trail.events // (kills // 2 + 1)))] if kills else [])
        code, said, report, done = replay(installation, ports, hook, trail, kills, seed, options)
        seconds = time.monotonic() - began
        assert installation.server.stop() == 0
        stored = sorted(pair_of(alert) for alert in installation.stored_alerts().values())
    well = stored == trail.labels and (code == 0 or (kills and report.get("alerts", {}).get("matched") == len(trail.labels)))
    print(f"seed {seed} shards {shards} kills {done}: {trail.events} events, {len(stored)} of {len(trail.labels)} alerts, "
          f"exit code {code}, {seconds:.1f} s: {'agrees' if well else 'DISAGREES'}", flush=True)
    if not well:
        print(said)
    return well


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=28_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--shards", type=int, nargs="+", default=[1])
    parser.add_argument("--kills", type=int, default=0)
    arguments = parser.parse_args()
    wrong = 0
    for seed in arguments.seeds:
        with scratch_folder() as folder:
            trail = Trail(folder / "sample", "--seed", seed, "--events", arguments.events)
            scanned = sorted(pair_of(alert) for alert in trail.scan().values())
            same = scanned == trail.labels
            print(f"seed {seed} scan: {trail.events} events, {len(scanned)} of {len(trail.labels)} alerts: "
                  f"{'agrees' if same else 'DISAGREES'}", flush=True)
            wrong += not same
            for shards in arguments.shards:
                wrong += not run_one(folder / f"server-{shards}", trail, seed, shards, arguments.kills)
    raise SystemExit(wrong)


if __name__ == "__main__":
    main()
