#!/usr/bin/env python3
"""The sample trail over HTTPS raises the labelled alerts and no other, with the ids of a scan for any shard count."""
from installation import Installation, Trail, scratch_folder
from promises import ACTIVE_ACCOUNTS, check_alerts, check_posts_explained, check_store
from webhook_sink import WebhookSink

ALERTS_S_MAX = 60
SHARD_COUNTS = (1, 2, 4)


def run(folder, trail, expected, shards):
    sink = WebhookSink(seed=shards, fail_share=0.2)
    with Installation(folder, trail, sink, shards) as installation:
        sink.life = 1
        installation.server.start()
        accepted = rejected = 0
        with installation.sender() as sender:
            for path in trail.files:
                reply = sender.post_file(path)
                assert reply.status == 200, f"{path}: {reply}"
                accepted += reply.json()["accepted"]
                rejected += reply.json()["rejected"]
        assert (accepted, rejected) == (trail.events, 0), f"{accepted} accepted, {rejected} rejected of {trail.events}"
        sink.wait_for(len(trail.labels), ACTIVE_ACCOUNTS, ALERTS_S_MAX)
        code = installation.server.stop()
        assert code == 0, f"exit code {code} after SIGTERM\n" + installation.server.log_text()
        check_alerts(sink, expected, trail.labels)
        check_posts_explained(sink)
        check_store(installation, expected)
        failed = sum(post.status != 204 for post in sink.posts)
        print(f"{shards} shards: {len(trail.files)} requests, {accepted} events, {len(sink.alerts())} alerts, "
              f"{failed} posts failed")
    sink.close()


def main():
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        expected = trail.scan()
        assert len(expected) == len(trail.labels) > 0, f"{len(expected)} alerts of a scan, {len(trail.labels)} labels"
        for shards in SHARD_COUNTS:
            run(folder / f"shards-{shards}", trail, expected, shards)


if __name__ == "__main__":
    main()
