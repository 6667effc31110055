#!/usr/bin/env python3
"""What protects the process: how the binary was built, the modes of its files, the TLS that it accepts; and no secret
comes out of it anywhere."""
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from installation import ADMIN_TOKEN, TOKEN, Installation
from operators_test import LocalConnection
from straykey_process import STRAYKEY, run_command
from webhook_sink import SECRET, WebhookSink

BUILD_TYPE = os.environ.get("STRAYKEY_BUILD_TYPE", "")
# `orq $0x0,(%rsp)`: how GCC touches each page of a large frame. Nothing else writes so.
STACK_PROBE = bytes.fromhex("48830c2400")
# A new token, and one that a sender gets wrong; what AWS handed out stands in a record.
CANARIES = {"ingest token": TOKEN, "admin token": ADMIN_TOKEN, "webhook secret": SECRET,
            "wrong token": "CANARY-wrong-token-0123456789", "session token": "CANARY-session-token-0123456789",
            "token of a bad record": "CANARY-session-token-of-a-bad-record"}
TLS_1_2 = {"ECDHE-%s-%s" % (kind, rest) for kind in ("ECDSA", "RSA")
           for rest in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")}
TLS_1_3 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}


def tool(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Binary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.header = tool("readelf", "-hW", STRAYKEY)
        cls.segments = tool("readelf", "-lW", STRAYKEY)
        cls.dynamic = tool("readelf", "-dW", STRAYKEY)
        cls.imported = set(re.findall(r"UND (\w+)", tool("readelf", "--dyn-syms", "-W", STRAYKEY)))

    def test_it_is_loaded_anywhere(self):
        self.assertRegex(self.header, r"Type:\s+DYN")
        self.assertRegex(self.dynamic, r"FLAGS_1\).*\bPIE\b")

    def test_its_tables_are_read_only_once_it_runs(self):
        self.assertIn("GNU_RELRO", self.segments)
        self.assertRegex(self.dynamic, r"BIND_NOW|FLAGS_1\).*\bNOW\b")
        self.assertNotIn("TEXTREL", self.dynamic)

    def test_its_stack_is_not_executable_is_guarded_and_is_probed(self):
        self.assertRegex(self.segments, r"GNU_STACK\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+RW\s")
        self.assertNotRegex(self.segments, r"LOAD\s.*\sRWE\s")
        self.assertIn("__stack_chk_fail", self.imported)
        self.assertGreater(Path(STRAYKEY).read_bytes().count(STACK_PROBE), 10)

    def test_the_library_checks_its_indexes(self):
        self.assertIn("_ZSt21__glibcxx_assert_failPKciS0_S0_", self.imported)

    @unittest.skipUnless(BUILD_TYPE in ("Release", "RelWithDebInfo"), "FORTIFY needs an optimised build")
    def test_the_c_library_checks_its_buffers(self):
        checked = {name for name in self.imported if name.endswith("_chk")}
        self.assertTrue(checked & {"__memcpy_chk", "__memset_chk", "__read_chk", "__memmove_chk"}, checked)

    def test_it_is_told_where_to_look_for_libraries_by_the_system_alone(self):
        if BUILD_TYPE == "Release":
            self.assertNotRegex(self.dynamic, "RPATH|RUNPATH")


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.sink = WebhookSink()
        cls.addClassCleanup(cls.sink.close)
        cls.installation = Installation(Path(scratch.name) / "server", sink=cls.sink,
                                        more='[log]\nlevel = "debug"\n')
        cls.server = cls.installation.server
        cls.addClassCleanup(cls.server.stop_if_running)
        cls.server.start()

    def test_files_belong_to_the_process_alone(self):
        folder = self.installation.data_dir
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode) & 0o077, 0)
        kinds = set()
        for path in folder.rglob("*"):
            mode = path.lstat().st_mode
            self.assertFalse(stat.S_ISLNK(mode), path)
            self.assertEqual(stat.S_IMODE(mode), 0o700 if stat.S_ISDIR(mode) else 0o600, path)
            kinds.add(stat.S_IFMT(mode))
        self.assertLessEqual({stat.S_IFREG, stat.S_IFSOCK}, kinds)
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        self.assertRegex(status, r"Umask:\s+0077")

    def test_no_secret_comes_out(self):
        for canary in CANARIES.values():
            self.assertFalse(any(canary in argument for argument in self.server.process.args))
        said = self.send_canaries()
        with self.installation.admin() as admin:
            said += [admin.get(path).body.decode() for path in ("/metrics", "/readyz", "/healthz")]
        said += self.ask_operators()
        said += [run_command("check-config", "--config", self.installation.configuration).stdout,
                 run_command("config", "show", "--config", self.installation.configuration).stdout]
        said += [post.body.decode() for post in self.sink.posts]
        said.append(self.server.log_text())
        said.append(Path(f"/proc/{self.server.pid}/cmdline").read_bytes().decode())
        self.assertIn("straykey_http_requests_total", "".join(said))
        for name, canary in CANARIES.items():
            for text in said:
                self.assertNotIn(canary, text, name)

    def send_canaries(self):
        """-> what the server answered."""
        issued = ('{"eventVersion":"1.08","eventName":"AssumeRole","eventSource":"sts.amazonaws.com","eventID":"canary",'
                  '"eventTime":"2026-01-01T00:00:00Z","recipientAccountId":"111122223333","awsRegion":"us-east-1",'
                  '"sourceIPAddress":"203.0.113.9","userAgent":"test","userIdentity":{"type":"AWSService"},'
                  '"responseElements":{"credentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionToken":"%s"}}}'
                  % CANARIES["session token"]).encode()
        bad = ('{"sessionToken":"%s"' % CANARIES["token of a bad record"]).encode()
        replies = []
        with self.installation.sender() as sender:
            for body in (issued, bad, issued + b"\n" + bad, b'[%s]' % bad):
                replies.append(sender.post(body))
        with self.installation.sender(CANARIES["wrong token"]) as sender:
            replies.append(sender.post(issued))
            self.assertEqual(replies[-1].status, 401)
            for path in ("/firehose", "/services/collector", "/_bulk", "/v1/logs", "/api/v2/logs",
                         "/v1/events?token=" + CANARIES["wrong token"]):
                replies.append(sender.request("POST", path, issued))
        with self.installation.sender(ADMIN_TOKEN) as sender:
            replies.append(sender.post(issued))
        return [reply.body.decode() + str(reply.headers) for reply in replies]

    def ask_operators(self):
        said = []
        for arguments in (("alerts", "list", "--json"), ("baseline", "list", "--json"), ("baseline", "show")):
            answer = self.installation.command(*arguments)
            said.append(answer.stdout + answer.stderr)
        connection = LocalConnection(self.installation.data_dir / "admin.sock")
        connection.request("GET", "/metrics")
        said.append(connection.getresponse().read().decode())
        connection.close()
        return said


class AcceptedTls(unittest.TestCase):
    """Exactly what net/API.md says, with a key of either kind."""
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.installation = Installation(Path(scratch.name) / "server")
        cls.server = cls.installation.server
        cls.addClassCleanup(cls.server.stop_if_running)
        cls.server.start()
        cls.port = cls.server.port("ingest")

    def accepts(self, **context_settings):
        """Whether a client with nothing but this gets through its handshake."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context_settings["version"]
        context.maximum_version = context_settings["version"]
        if "cipher" in context_settings:
            context.set_ciphers(context_settings["cipher"] + ":@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as plain:
            try:
                with context.wrap_socket(plain) as tls:
                    return tls.cipher()[0]
            except (ssl.SSLError, ConnectionError):
                return None

    def test_tls_1_2_takes_forward_secrecy_with_aead_alone(self):
        names = tool("openssl", "ciphers", "-tls1_2", "-s", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").strip().split(":")
        names = [name for name in names if not name.startswith("TLS_")]
        self.assertGreater(len(names), 60)
        accepted = set()
        for rsa in (False, True):
            if rsa:
                self.use_rsa_key()
            for name in names:
                accepted.add(self.accepts(version=ssl.TLSVersion.TLSv1_2, cipher=name))
        self.assertEqual(accepted - {None}, TLS_1_2)

    def use_rsa_key(self):
        folder = self.installation.folder
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                        "-keyout", folder / "rsa-key.pem", "-out", folder / "rsa.pem"], check=True, capture_output=True)
        os.replace(folder / "rsa.pem", self.installation.certificate)
        (folder / "rsa-key.pem").chmod(0o600)
        os.replace(folder / "rsa-key.pem", self.installation.key)
        self.server.process.send_signal(signal.SIGHUP)
        self.server.wait_said('msg="reloaded"')

    def test_tls_1_3_takes_its_three_suites(self):
        accepted = set()
        for suite in sorted(TLS_1_3 | {"TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"}):
            said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-tls1_3",
                                   "-ciphersuites", suite], input="", capture_output=True, text=True, check=False)
            if said.returncode == 0 and f"Cipher is {suite}" in said.stdout:
                accepted.add(suite)
        self.assertEqual(accepted, TLS_1_3)

    def test_older_versions_are_refused(self):
        for version in ("-tls1", "-tls1_1"):
            said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", version, "-cipher",
                                   "ALL:@SECLEVEL=0"], input="", capture_output=True, text=True, check=False)
            self.assertNotEqual(said.returncode, 0)
            self.assertIn("alert", said.stderr)


if __name__ == "__main__":
    unittest.main()
