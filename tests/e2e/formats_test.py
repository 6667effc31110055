#!/usr/bin/env python3
"""One server with an endpoint of every format: each receiver takes each alert once, byte for byte the same at every attempt, although some are
refused at first and the server is killed again and again. Operators test and pause endpoints, and have an alert sent again."""
import random
import sys

from format_receivers import FORMATS, SECRETS, FormatReceivers
from installation import Installation, Trail, scratch_folder, write_secret
from sender import NoAnswer

DELIVERIES_S_MAX = 90
KILLS = 6
PAGE = "https://straykey.example.com/#/alerts/"


def post_all(installation, receivers, trail, chance):
    """The trail in order. What a killed server did not answer is sent again."""
    kills = sorted(chance.sample(range(len(trail.files) // 4, len(trail.files)), KILLS))
    sender = installation.sender()
    for index, path in enumerate(trail.files):
        if index in kills:
            installation.server.kill()
            sender.close()
            receivers.next_life()
            installation.server.start()
            sender = installation.sender()
        try:
            reply = sender.post_file(path)
        except NoAnswer as error:
            raise AssertionError(f"{path}: {error}\n{installation.server.log_text()}") from error
        assert reply.status == 200, reply
    sender.close()


def said(installation, *arguments):
    done = installation.command(*arguments)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def check_webhook_command(installation, receivers):
    """Each receiver takes a test in its format, also while its endpoint is paused."""
    said(installation, "webhook", "pause", "slack")
    for name in FORMATS:
        told = said(installation, "webhook", "test", name)
        assert "the test was delivered" in told, f"{told}\n{receivers.faults}"
    listed = {line.split()[0]: line.split()[-1] for line in said(installation, "webhook", "list").splitlines()}
    assert listed == {name: "paused" if name == "slack" else "well" for name in FORMATS}, listed
    said(installation, "webhook", "resume", "slack")
    assert " paused" not in said(installation, "webhook", "list")
    assert installation.command("webhook", "test", "nobody").returncode == 1
    assert all(len(taken) == 1 for taken in receivers.taken.values()) and len(receivers.taken) == len(FORMATS)


def check_redelivery(installation, receivers, alert_id):
    """An alert that every receiver has taken comes again to the one that is named, byte for byte the same."""
    before = {name: len(receivers.taken[name][alert_id]) for name in FORMATS}
    said(installation, "alerts", "redeliver", alert_id, "--endpoint", "slack")
    assert receivers.wait_taken("slack", alert_id, before["slack"] + 1, DELIVERIES_S_MAX) == before["slack"] + 1
    assert len(receivers.bodies["slack"][alert_id]) == 1
    assert installation.command("alerts", "redeliver", alert_id).returncode == 1      # nowhere a dead letter
    assert {name: len(receivers.taken[name][alert_id]) for name in FORMATS} == {**before, "slack": before["slack"] + 1}


def check_taken(receivers, expected):
    assert not receivers.faults, "\n".join(receivers.faults[:20])
    for name in FORMATS:
        for message_id, lives in receivers.taken[name].items():
            assert len(set(lives)) == len(lives), f"{name} took {message_id} twice from one run of the server: {lives}"
            assert len(receivers.bodies[name][message_id]) == 1, f"{name}: the body of {message_id} changed"
        assert set(expected) <= set(receivers.taken[name]), f"{name} lacks {set(expected) - set(receivers.taken[name])}"


def check_no_secret_is_stored(installation):
    stored = b"".join(path.read_bytes() for path in installation.data_dir.rglob("*") if path.is_file())
    assert b"alert.created" in stored or b"remote_service_token" in stored
    for name, secret in SECRETS.items():
        assert secret.encode() not in stored, f"the secret {name} lies in the store"
        assert secret not in "\n".join(installation.server.log + installation.server.last_log), f"the log shows {name}"


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(1 << 32)
    print(f"formats_test.py {seed}", flush=True)
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        expected = trail.scan()
        receivers = FormatReceivers()
        home = folder / "server"
        home.mkdir()
        for name, secret in SECRETS.items():
            write_secret(home / f"secret-{name}", secret)
        with Installation(home, trail, None, 2, receivers.configuration(home)) as installation:
            text = installation.configuration.read_text()
            installation.configuration.write_text(text.replace("[admin]\n", f'[admin]\npage_url = "{PAGE}"\n'))
            installation.server.start()
            check_webhook_command(installation, receivers)
            receivers.refuses = True
            post_all(installation, receivers, trail, random.Random(seed))
            missing = receivers.wait_for(expected, DELIVERIES_S_MAX)
            assert not missing, f"{missing}\n{installation.server.log_text()}\n" + "\n".join(receivers.faults[:20])
            check_taken(receivers, expected)
            check_redelivery(installation, receivers, next(iter(expected)))
            assert installation.server.stop() == 0, installation.server.log_text()
            assert installation.command("webhook", "list").returncode == 1      # of a running server only
            check_no_secret_is_stored(installation)
        receivers.close()
        again = sum(len(lives) > 1 for taken in receivers.taken.values() for lives in taken.values())
        print(f"{len(expected)} alerts at each of {len(FORMATS)} receivers, {KILLS} kills, {again} taken twice")


if __name__ == "__main__":
    main()
