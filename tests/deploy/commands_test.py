#!/usr/bin/env python3
"""Each command of AWS that deploy/aws/README.md shows is one that the real aws command takes: it checks all arguments, and then finds nobody at the
address that this test gives it. Skipped, by name, where aws is not installed."""
import os
import re
import shutil
import socket
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e")]
from installation import scratch_folder  # noqa: E402

ROOT = HERE.parents[1]
README = (ROOT / "deploy/aws/README.md").read_text()
COMMANDS_MIN = 15
REGIONS = re.compile(r"\$\(aws account [^)]*\)")
NOBODY_THERE = "Could not connect to the endpoint URL"


def commands():
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    # delete-stack-instances is shown without what it repeats of another command.
    shown = [line for line in lines if re.search(r"^(?:for .* do )?aws ", line)] + re.findall(r"`(aws (?![^`]*delete-stack-instances)[^`]*)`", README)
    return sorted(set(shown))


class Commands(unittest.TestCase):
    def test_each_command_is_taken_by_aws(self):
        nobody = socket.create_server(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        nobody.close()
        self.assertGreaterEqual(len(commands()), COMMANDS_MIN)
        with scratch_folder() as folder:
            (folder / "token").write_text("ingest-token-0123456789\n")
            (folder / "deploy").symlink_to(ROOT / "deploy")
            (folder / "aws").write_text(f'#!/bin/sh\nexec "{shutil.which("aws")}" --endpoint-url "http://127.0.0.1:{port}" "$@"\n')
            (folder / "aws").chmod(0o755)
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_MAX_ATTEMPTS": "1",
                           "AWS_ACCESS_KEY_ID": "AKIA000000000EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}
            for command in commands():
                with self.subTest(command):
                    once = REGIONS.sub("eu-central-1", command)
                    said = subprocess.run(["bash", "-c", once], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
                    self.assertIn(NOBODY_THERE, said.stderr, said.stdout)


if __name__ == "__main__":
    if shutil.which("aws") is None:
        print("skipped: aws is not installed")
        sys.exit(77)
    unittest.main()
