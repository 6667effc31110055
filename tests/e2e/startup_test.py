#!/usr/bin/env python3
"""What an operator gets wrong ends the start with one clear sentence and the right exit code."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

import straykey_process
from installation import Installation, make_certificate
from straykey_process import run_command

FAILED, USAGE, CONFIGURATION = 1, 2, 78
NOBODY = 65534


class Startup(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        self.addCleanup(scratch.cleanup)
        self.installation = Installation(Path(scratch.name) / "server")
        self.addCleanup(self.installation.server.stop_if_running)

    def change(self, old, new):
        path = self.installation.configuration
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))

    def expect_end(self, code, *words):
        """One sentence on stderr, besides warnings of the log."""
        said = run_command("serve", "--config", self.installation.configuration, timeout_s=30)
        self.assertEqual(said.returncode, code, said.stderr)
        sentences = [line for line in said.stderr.splitlines() if "level=" not in line]
        self.assertEqual(len(sentences), 1, said.stderr)
        for word in words:
            self.assertIn(str(word), sentences[0])

    def test_an_unknown_key_is_named_with_its_place_and_the_nearest_one(self):
        self.change("[ingest]\n", "[ingest]\ncertificat = 1\n")
        place = f"{self.installation.configuration}:3:"
        self.expect_end(CONFIGURATION, place, "certificat", 'did you mean "certificate"?')

    def test_a_configuration_that_is_not_there(self):
        self.installation.configuration.unlink()
        self.expect_end(CONFIGURATION, self.installation.configuration)

    def test_a_configuration_that_is_no_toml(self):
        self.change("[ingest]\n", "[ingest\n")
        self.expect_end(CONFIGURATION, f"{self.installation.configuration}:2:")

    def test_a_data_directory_that_is_a_file(self):
        self.installation.data_dir.write_text("")
        self.expect_end(CONFIGURATION, self.installation.data_dir, "not a directory")

    def test_a_data_directory_that_may_not_be_read(self):
        self.installation.data_dir.mkdir(mode=0o700)
        if os.getuid() != 0:
            self.installation.data_dir.chmod(0)
            self.expect_end(FAILED, self.installation.data_dir, "no permission")
            self.installation.data_dir.chmod(0o700)
            return
        # root may read everything: the server runs as somebody else, and the directory stays root's.
        folder = self.installation.folder
        program = shutil.copy(straykey_process.STRAYKEY, folder / "straykey")
        folder.parent.chmod(0o755)
        for path in (folder, *(p for p in folder.iterdir() if p != self.installation.data_dir)):
            os.chown(path, NOBODY, NOBODY)
        self.addCleanup(setattr, straykey_process, "BOUND_TO_PARENT", straykey_process.BOUND_TO_PARENT)
        self.addCleanup(setattr, straykey_process, "STRAYKEY", straykey_process.STRAYKEY)
        straykey_process.STRAYKEY = str(program)
        straykey_process.BOUND_TO_PARENT = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                                            "--pdeathsig", "KILL", "--"]
        self.expect_end(FAILED, self.installation.data_dir, "no permission")

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.change('https = "127.0.0.1:0"', f'https = "127.0.0.1:{port}"')
            self.expect_end(FAILED, f"127.0.0.1 port {port}", "in use")

    def test_an_expired_certificate(self):
        key, request = self.installation.key, self.installation.folder / "request"
        for command in (["req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", request],
                        ["x509", "-req", "-in", request, "-signkey", key, "-days", "-1",
                         "-out", self.installation.certificate]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        self.expect_end(CONFIGURATION, self.installation.certificate, "expired")

    def test_a_key_that_does_not_match(self):
        _, other = make_certificate(self.installation.folder, "other")
        other.replace(self.installation.key)
        self.expect_end(CONFIGURATION, self.installation.key, "not")

    def test_a_token_file_that_everyone_may_read(self):
        self.installation.token_file.chmod(0o644)
        self.expect_end(CONFIGURATION, f"{self.installation.configuration}:", "token tests", "by everyone", "chmod 600")

    def test_a_token_that_is_short(self):
        self.installation.token_file.write_text("short\n")
        self.expect_end(CONFIGURATION, "token tests", "shorter than 16 bytes")

    def test_a_second_server_on_the_same_directory(self):
        self.installation.server.start()
        self.expect_end(FAILED, self.installation.data_dir, "in use by another straykey")

    def test_commands_on_the_directory_of_a_running_server(self):
        self.installation.server.start()
        for command, code, words in ((("alerts", "list"), 0, "0 alerts"),
                                     (("alerts", "show", "0" * 32), FAILED, "no alert has the id"),
                                     (("alerts", "ack", "0" * 32), FAILED, "no alert has the id"),
                                     (("baseline", "show", "111122223333/role"), FAILED, "nothing is known of"),
                                     (("baseline", "forget", "111122223333/role"), FAILED, "nothing of that is known of")):
            said = self.installation.command(*command)
            self.assertEqual((said.returncode, said.stdout), (code, ""), command)
            self.assertEqual(said.stderr.count("\n"), 1, said.stderr)
            self.assertIn(words, said.stderr)

    def test_a_path_that_is_too_long_for_a_socket_is_no_reason_not_to_start(self):
        folder = self.installation.folder / ("long" * 30)
        folder.mkdir()
        text = self.installation.configuration.read_text()
        self.installation.configuration.write_text(text.replace(str(self.installation.data_dir), str(folder / "store")))
        self.installation.server.start()
        self.assertIn("commands cannot reach this server", self.installation.server.log_text())
        said = run_command("alerts", "list", "--data-dir", folder / "store")
        self.assertEqual((said.returncode, said.stderr.count("\n")), (FAILED, 1))
        self.assertIn("in use by another straykey", said.stderr)

    def test_commands_where_no_store_is(self):
        said = self.installation.command("alerts", "list")
        sentence = f"straykey: {self.installation.data_dir}: no store is there\n"
        self.assertEqual((said.returncode, said.stderr), (FAILED, sentence))

    def test_commands_without_a_directory_where_no_store_is_hear_how_to_name_one(self):
        if Path("/var/lib/straykey/format").exists():
            self.skipTest("this machine has a store in the default directory")
        for command in (("alerts", "list"), ("baseline", "dump"), ("check",), ("backup", self.installation.folder / "copy")):
            said = run_command(*command)
            self.assertEqual((said.returncode, said.stderr.count("\n")), (FAILED, 1), said.stderr)
            self.assertIn("/var/lib/straykey is the default: name another one with --data-dir DIR or --config FILE", said.stderr)

    def test_a_server_ends_well_on_sigterm_and_on_sigint(self):
        for sent in (signal.SIGTERM, signal.SIGINT):
            self.installation.server.start()
            self.assertEqual(self.installation.server.stop(sent), 0)

    def test_a_server_that_drains_is_not_ready(self):
        server = self.installation.server
        server.start()
        admin = server.port("admin")
        reply = b""
        with socket.create_connection(("127.0.0.1", server.port("ingest"))):     # it sends nothing, so draining waits for it
            server.process.send_signal(signal.SIGTERM)
            while b"draining" not in reply and server.process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", admin), timeout=5) as asked:
                    asked.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    reply = asked.recv(4096)
        self.assertTrue(reply.startswith(b"HTTP/1.1 503"), reply)
        self.assertEqual(server.wait_until_ended(), 0)

    def test_an_empty_argument_is_an_error_and_never_the_default(self):
        folder = self.installation.folder
        for command in (("check", ""), ("check", "--config", ""), ("backup", ""), ("backup", "--data-dir", "", folder / "to"),
                        ("restore", ""), ("restore", "--config", "", folder), ("scan", ""), ("scan", "--config", "", folder),
                        ("scan", "--backfill", "", folder), ("scan", "--aws-ranges", "", folder), ("serve", "--config", ""),
                        ("check-config", "--config", ""), ("config", "show", "--config", ""), ("simulate", "--out", ""),
                        ("receive", "--secret-file", "", "--seconds", "1"), ("ranges", "show", "--file", ""),
                        ("ranges", "show", ""), ("replay", "--config", "", folder), ("alerts", "list", "--data-dir", ""),
                        ("alerts", "show", ""), ("baseline", "show", "")):
            said = run_command(*command)
            self.assertEqual((said.returncode, said.stdout), (USAGE, ""), command)
            self.assertIn("it is empty", said.stderr, command)


if __name__ == "__main__":
    unittest.main()
