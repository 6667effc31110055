#!/usr/bin/env python3
"""After SIGHUP the log says which changed settings were applied, and which wait for the next start."""
import signal

from installation import Installation, scratch_folder, write_secret

SECOND_TOKEN = "second-token-of-the-tests-0123456789"


def reload(server, words):
    """-> the new line of the log that says what was reloaded and holds `words`."""
    server.process.send_signal(signal.SIGHUP)
    return server.wait_said(words)


def main():
    with scratch_folder() as folder, Installation(folder / "server") as installation:
        installation.server.start()
        second = write_secret(installation.folder / "second", SECOND_TOKEN)
        with installation.sender(SECOND_TOKEN) as sender:
            assert sender.post(b"{}").status == 401

        installation.more = f'trusted = ["192.0.2.0/24"]\n[log]\nlevel = "debug"\n[[token]]\nname = "second"\nfile = "{second}"\n'
        installation.write_configuration()
        changed = installation.configuration.read_text().replace("shards = 1", "shards = 2")
        installation.configuration.write_text(changed)
        line = reload(installation.server, 'msg="reloaded networks, tokens and certificates" changed="token.second')
        assert 'changed="token.second (new), networks.trusted"' in line, line
        assert 'wait_for_next_start="storage.shards, log.level"' in line, line
        with installation.sender(SECOND_TOKEN) as sender:
            assert sender.post(b"{}").status != 401

        line = reload(installation.server, 'certificates" changed="none"')
        assert 'wait_for_next_start="storage.shards, log.level"' in line, line

        installation.configuration.write_text(changed.replace("shards = 2", "shards = 1000"))
        line = reload(installation.server, "the configuration has errors")
        assert line.endswith('storage.shards must be between 1 and 64"'), line
        assert installation.server.stop() == 0
        print("a reload says what it applied and what waits")


if __name__ == "__main__":
    main()
