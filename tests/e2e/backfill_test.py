#!/usr/bin/env python3
"""Old logs that were backfilled count as if the server had been there all along."""
import subprocess
import time

from installation import Installation, Trail, scratch_folder
from promises import check_posts_explained, check_store
from straykey_process import STRAYKEY, run_command
from webhook_sink import WebhookSink

ALERTS_S_MAX = 60
BACKFILLED_DAYS = 30


def split(trail):
    """-> files of the first days, of the rest, and the first day of the rest. Their folders are named YYYY/MM/DD."""
    day_of = {path: "-".join(path.parts[-4:-1]) for path in trail.files}
    first_live_day = sorted(set(day_of.values()))[BACKFILLED_DAYS]
    return ([path for path in trail.files if day_of[path] < first_live_day],
            [path for path in trail.files if day_of[path] >= first_live_day], first_live_day)


def backfill(installation, files):
    return run_command("scan", "--config", installation.configuration, "--backfill", installation.data_dir, *files)


def occurrences(installation):
    return {id_: alert["occurrences"] for id_, alert in installation.stored_alerts().items()}


def interrupt(installation, files):
    """Kills a backfill while it works."""
    process = subprocess.Popen([STRAYKEY, "scan", "--config", installation.configuration, "--backfill",
                                installation.data_dir, *files], stderr=subprocess.DEVNULL)
    time.sleep(0.15)
    process.kill()
    process.wait()


def main():
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        expected = trail.scan()
        old, new, first_live_day = split(trail)
        sink = WebhookSink()
        with Installation(folder / "server", trail, sink, shards=2) as installation:
            interrupt(installation, old)
            done = backfill(installation, old)
            assert done.returncode == 0, done.stderr
            before = occurrences(installation)
            assert set(before) == {id_ for id_, alert in expected.items() if alert["first_seen"][:10] < first_live_day}
            again = backfill(installation, old)
            assert again.returncode == 0, again.stderr
            assert occurrences(installation) == before, "a second backfill changed something"
            assert "data_dir" not in again.stderr, again.stderr
            # No directory is there yet, and it is named from where the command runs.
            new_folder = folder / "new"
            new_folder.mkdir()
            (new_folder / "s.toml").write_text('data_dir = "store"\nnetworks.aws_ranges = "builtin"\ningest.https = ""\n')
            new_one = run_command("scan", "--config", "s.toml", "--backfill", "store", old[0], folder=new_folder)
            assert new_one.returncode == 0 and "data_dir" not in new_one.stderr, new_one
            other = run_command("scan", "--config", installation.configuration, "--backfill", folder / "other", old[0])
            assert other.returncode == 0 and f"data_dir is {installation.data_dir}: a server with this" in other.stderr, other

            installation.server.start()
            refused = backfill(installation, old)
            assert refused.returncode == 1 and refused.stderr.count("\n") == 1 and "in use" in refused.stderr, refused
            with installation.sender() as sender:
                for path in new:
                    reply = sender.post_file(path)
                    assert reply.status == 200 and reply.json()["rejected"] == 0, f"{path}: {reply}"
            live = {id_ for id_, alert in expected.items() if alert["first_seen"][:10] >= first_live_day}
            deadline = time.monotonic() + ALERTS_S_MAX
            while len(sink.alerts()) < len(live) and time.monotonic() < deadline:
                time.sleep(0.05)
            code = installation.server.stop()
            assert code == 0, f"exit code {code} after SIGTERM\n" + installation.server.log_text()
            assert set(sink.alerts()) == live, "sent: " + repr(sorted(sink.alerts()))
            check_posts_explained(sink, sink.life)
            check_store(installation, expected)
        sink.close()
        print(f"{len(before)} alerts from {BACKFILLED_DAYS} days of old logs, {len(live)} live")


if __name__ == "__main__":
    main()
