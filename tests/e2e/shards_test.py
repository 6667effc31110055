#!/usr/bin/env python3
"""A server that is started with another shard count, in the middle of a story, raises the same alerts."""
from installation import Installation, Trail, scratch_folder
from promises import ACTIVE_ACCOUNTS, check_alerts, check_posts_explained, check_store
from webhook_sink import WebhookSink

ALERTS_S_MAX = 60
SHARD_COUNTS = (1, 4, 2)


def parts(files, count):
    """Of about the same size; the cuts fall into days, not between them."""
    return [files[len(files) * i // count:len(files) * (i + 1) // count] for i in range(count)]


def main():
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        expected = trail.scan()
        sink = WebhookSink()
        with Installation(folder / "server", trail, sink) as installation:
            for shards, files in zip(SHARD_COUNTS, parts(trail.files, len(SHARD_COUNTS))):
                installation.shards = shards
                installation.write_configuration()
                sink.life += 1
                installation.server.start()
                with installation.sender() as sender:
                    for path in files:
                        reply = sender.post_file(path)
                        assert reply.status == 200 and reply.json()["rejected"] == 0, f"{path}: {reply}"
                if files[-1] == trail.files[-1]:
                    sink.wait_for(len(expected), ACTIVE_ACCOUNTS, ALERTS_S_MAX)
                code = installation.server.stop()
                assert code == 0, f"exit code {code} after SIGTERM\n" + installation.server.log_text()
            check_alerts(sink, expected, trail.labels)
            check_posts_explained(sink, sink.life)
            check_store(installation, expected)
        sink.close()
        print(f"{SHARD_COUNTS} shards: {len(expected)} alerts")


if __name__ == "__main__":
    main()
