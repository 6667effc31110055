#!/usr/bin/env python3
"""From nothing to an acknowledged alert, as a new user goes: init, serve, the first events, the first alert, its answer."""
import json
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from straykey_process import BOUND_TO_PARENT, STRAYKEY, Server, run_command

FAILED, USAGE, CONFIG = 1, 2, 78
WAIT_S_MAX = 60


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def stolen_call(number=1, address="203.0.113.9"):
    """A Lambda function's token, used from outside AWS today."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    role = "arn:aws:iam::111122223333:role/orders"
    return {"eventVersion": "1.11", "eventID": f"00000000-0000-4000-8000-{number:012}", "eventType": "AwsApiCall",
            "eventTime": now, "eventName": "ListBuckets", "eventSource": "s3.amazonaws.com", "awsRegion": "us-east-1",
            "sourceIPAddress": address, "userAgent": "Boto3/1.34.0", "recipientAccountId": "111122223333",
            "userIdentity": {"type": "AssumedRole", "principalId": "AROAEXAMPLE:orders-fn", "accountId": "111122223333",
                             "arn": "arn:aws:sts::111122223333:assumed-role/orders/orders-fn",
                             "accessKeyId": "ASIAORDERS0000000001",
                             "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE",
                                                                  "arn": role, "accountId": "111122223333",
                                                                  "userName": "orders"}},
                             "inScopeOf": {"issuerType": "AWS::Lambda::Function",
                                           "credentialsIssuedTo": "arn:aws:lambda:us-east-1:111122223333:function:orders-fn"}}}


class FirstFiveMinutes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name) / "here"
        cls.port, cls.admin = free_port(), free_port()
        cls.said = run_command("init", "--dir", cls.folder, "--listen", f"127.0.0.1:{cls.port}", "--admin",
                               f"127.0.0.1:{cls.admin}")
        assert cls.said.returncode == 0, cls.said.stderr
        # Otherwise it learns for 14 days first.
        (cls.folder / "conf.d").mkdir(exist_ok=True)
        (cls.folder / "conf.d/try.toml").write_text("[detection]\nactivation_days = 0\n[networks]\naws_ranges = \"builtin\"\n")
        cls.config = cls.folder / "straykey.toml"
        cls.server = Server(cls.config)
        cls.addClassCleanup(cls.server.stop_if_running)
        cls.server.start()

    def command(self, *arguments):
        return run_command(*arguments, "--config", self.config)

    def send_as_told(self, records):
        """The three lines that init printed, with our own file of records."""
        (self.folder / "events.json").write_text(json.dumps({"Records": records}))
        lines = re.search(r"second shell:\n((?:  .*\n){3})", self.said.stdout).group(1)
        return subprocess.run(["sh", "-e", "-c", lines], cwd=self.folder, capture_output=True, text=True, check=False)

    def test_1_the_first_events_are_accepted_by_the_lines_that_were_printed(self):
        said = self.send_as_told([stolen_call()])
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(json.loads(said.stdout)["accepted"], 1)

    def test_2_the_first_alert_is_seen_and_acknowledged(self):
        began = time.monotonic()
        while not self.alerts():
            self.assertLess(time.monotonic() - began, WAIT_S_MAX)
        alert, = self.alerts()
        self.assertEqual(alert["analytic"], "remote_service_token")
        shown = self.command("alerts", "show", alert["id"])
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertTrue(json.loads(shown.stdout)["why"])
        answered = self.command("alerts", "ack", alert["id"], "--note", "the new office")
        self.assertEqual(answered.returncode, 0, answered.stderr)
        self.assertEqual(self.alerts()[0]["status"], "acknowledged")

    def alerts(self):
        said = self.command("alerts", "search", "--json")
        self.assertEqual(said.returncode, 0, said.stderr)
        return [json.loads(line) for line in said.stdout.splitlines()]

    def test_3_status_is_one_screen(self):
        said = self.command("status")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertRegex(said.stdout, r"^straykey \S+ on .*: ready\n")
        self.assertRegex(said.stdout, r"\nin +1 events since the start, 0\.0 a second now: forwarder 1\n")
        self.assertNotIn("\x1b", said.stdout)
        told = json.loads(self.command("status", "--json").stdout)
        self.assertTrue(told["ready"])
        self.assertEqual(told["open_alerts"]["alerts"], 0)

    def on_a_terminal(self, *arguments, **environment):
        """What is printed on a terminal."""
        main, other = pty.openpty()
        with subprocess.Popen([*BOUND_TO_PARENT, STRAYKEY, *arguments, "--config", str(self.config)], stdout=other, stderr=other,
                              env={**os.environ, "TERM": "xterm", **environment}) as process:
            os.close(other)
            said = b""
            try:
                while more := os.read(main, 4096):
                    said += more
            except OSError:     # what a terminal says when its other end is closed
                pass
            finally:
                os.close(main)
            self.assertEqual(process.wait(WAIT_S_MAX), 0)
        return said.decode()

    def test_3_colours_are_for_terminals_and_nobody_else(self):
        self.assertIn("\x1b[32mready\x1b[0m", self.on_a_terminal("status"))
        self.assertNotIn("\x1b", self.on_a_terminal("status", NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_a_terminal("status", TERM="dumb"))
        self.assertNotIn("\x1b", self.on_a_terminal("status", "--json"))

    def test_3a_an_alert_is_text_on_a_terminal_and_json_for_a_program(self):
        alert = self.alerts()[0]
        text = self.on_a_terminal("alerts", "show", alert["id"])
        for part in ("Why", "What to do now", f"straykey alerts ack {alert['id']}"):
            self.assertIn(part, text)
        for said in (self.command("alerts", "show", alert["id"]).stdout, self.on_a_terminal("alerts", "show", "--json", alert["id"])):
            self.assertEqual(json.loads(said)["id"], alert["id"])
        self.assertEqual(self.command("alerts", "deliveries", alert["id"]).stderr, "nothing of it waits or was refused for good\n")
        self.assertEqual(self.command("webhook", "list").stderr, "there is no webhook: alerts are stored, and told to nobody\n")

    def test_4_tail_tells_what_comes(self):
        with subprocess.Popen([*BOUND_TO_PARENT, STRAYKEY, "alerts", "tail", "-n", "1", "--count", "1", "--config",
                               str(self.config)], stdout=subprocess.PIPE, text=True) as tail:
            self.addCleanup(tail.kill)
            self.assertIn("acknowledged", tail.stdout.readline())  # the newest; from here on nothing is missed
            self.assertEqual(self.send_as_told([stolen_call(2, "198.51.100.9")]).returncode, 0)
            self.assertIn("open", tail.stdout.readline())
            self.assertEqual(tail.wait(WAIT_S_MAX), 0)

    def test_5_export_is_a_table_and_lines(self):
        rows = self.command("alerts", "export", "--format", "csv").stdout.split("\n")  # as Python reads \r\n
        self.assertTrue(rows[0].startswith("id,severity,status,"))
        self.assertEqual(len(rows), 2 + len(self.alerts()))
        lines = self.command("alerts", "export", "--analytic", "remote_service_token").stdout.splitlines()
        self.assertEqual([json.loads(line)["id"] for line in lines], [alert["id"] for alert in self.alerts()])

    def test_6_a_reader_that_goes_early_is_no_news(self):
        for command in ("alerts list", "alerts export --format csv", "config example", "man", "completion bash", "--help"):
            said = subprocess.run(f"{shlex.quote(STRAYKEY)} {command} " + ("" if command.split()[0] != "alerts" else
                                  f"--config {shlex.quote(str(self.config))} ") + "| true", shell=True, capture_output=True,
                                  text=True, check=False)
            self.assertNotIn("straykey:", said.stderr, command)


class NothingIsOverwritten(unittest.TestCase):
    def test_a_second_init_changes_nothing(self):
        with tempfile.TemporaryDirectory(prefix="straykey-e2e.") as folder:
            self.assertEqual(run_command("init", "--dir", folder).returncode, 0)
            before = {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
            again = run_command("init", "--dir", folder)
            self.assertEqual(again.returncode, FAILED)
            self.assertIn("nothing was written", again.stderr)
            self.assertEqual({path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}, before)
            for path in before:
                self.assertEqual(oct(path.stat().st_mode & 0o077),
                                 oct({"certificate.pem": 0o044, "straykey.toml": 0o040}.get(path.name, 0)), path)


class ExitCodes(unittest.TestCase):
    """0 success, 1 failure, 2 wrong usage, 78 configuration: of every command that can fail so."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        (cls.folder / "bad.toml").write_text("colour = \"red\"\n")
        (cls.folder / "listing.json").write_text('{"Accounts":[{"Id":"111122223333","Name":"main"}]}')

    def expect(self, code, *arguments):
        said = run_command(*arguments, folder=self.folder)
        self.assertEqual(said.returncode, code, f"{arguments}: {said.stdout}{said.stderr}")
        return said

    def leaves(self, *path):
        """Every command that can be run, by asking --help."""
        said = self.expect(0, *path, "--help").stdout
        listed = re.search(r"Subcommands:\n((?:  .*\n)+)", said)
        if listed is None:
            return [path]
        return [leaf for name in re.findall(r"^  ([a-z-]+)", listed.group(1), re.MULTILINE) for leaf in self.leaves(*path, name)]

    def test_help_is_success_and_nonsense_is_wrong_usage_of_every_command(self):
        leaves = self.leaves()
        self.assertGreater(len(leaves), 35)
        for leaf in leaves:
            said = self.expect(USAGE, *leaf, "--nonsense")
            self.assertTrue(said.stderr)
            self.assertEqual(said.stdout, "")

    def test_a_missing_store_or_server_is_failure(self):
        nowhere = ["--data-dir", self.folder / "nowhere"]
        for command in (["status"], ["alerts", "list"], ["alerts", "tail"], ["alerts", "export"], ["alerts", "show", "0" * 32],
                        ["alerts", "ack", "0" * 32, "--note", "x"], ["alerts", "redeliver", "0" * 32],
                        ["baseline", "show", "111122223333/orders"], ["baseline", "forget", "111122223333/orders"],
                        ["webhook", "test", "soc"], ["webhook", "pause", "soc"], ["webhook", "resume", "soc"],
                        ["rejects", "list"], ["rejects", "replay", "1"]):
            self.assertTrue(self.expect(FAILED, *command, *nowhere).stderr.startswith("straykey: "), command)
        self.expect(FAILED, "check", self.folder / "nowhere")
        self.expect(FAILED, "scan", self.folder / "nowhere")
        self.expect(FAILED, "accounts", "import", self.folder / "nowhere")

    def test_a_bad_configuration_is_78(self):
        bad = ["--config", self.folder / "bad.toml"]
        for command in (["status"], ["alerts", "list"], ["alerts", "tail"], ["alerts", "export"], ["baseline", "dump"],
                        ["webhook", "list"], ["rejects", "list"], ["check-config"], ["check-config", "--json"], ["config", "show"],
                        ["config", "show", "--json"], ["serve"], ["scan", "x"], ["ranges", "show"]):
            self.expect(CONFIG, *command, *bad)

    def test_wrong_values_are_wrong_usage(self):
        here = ["--data-dir", self.folder]
        open_page = self.expect(USAGE, "init", "--admin", "0.0.0.0:9443", "--dir", self.folder / "new")
        self.assertIn("beyond loopback needs TLS", open_page.stderr)
        self.assertFalse((self.folder / "new").exists())
        for command in (["alerts", "show", "nonsense", *here], ["alerts", "ack", "nonsense", "--note", "x", *here],
                        ["alerts", "search", "--severity", "loud", *here], ["alerts", "export", "--from", "soon", *here],
                        ["alerts", "export", "--format", "pdf", *here], ["baseline", "report", "12", *here],
                        ["rejects", "show", "x", *here], ["init", "--listen", "nowhere", "--dir", self.folder / "new"],
                        ["completion", "tcsh"], ["receive", "--listen", "nowhere"]):
            self.expect(USAGE, *command)

    def test_what_needs_nothing_succeeds(self):
        for command in (["version"], ["--version"], ["man"], ["completion", "bash"], ["completion", "zsh"], ["completion", "fish"],
                        ["config", "example"], ["accounts", "import", "listing.json"]):
            self.assertTrue(self.expect(0, *command).stdout, command)

    def test_accounts_become_a_part_of_the_configuration(self):
        self.expect(0, "init", "--dir", "server")
        out = self.folder / "server/conf.d/accounts.toml"
        out.parent.mkdir(exist_ok=True)
        for _ in range(2):  # the second time it replaces its own file
            self.expect(0, "accounts", "import", "listing.json", "--out", out)
        shown = json.loads(self.expect(0, "config", "show", "--json", "--config", "server/straykey.toml").stdout)
        self.assertEqual(shown["networks"]["accounts"], ["111122223333"])
        checked = json.loads(self.expect(0, "check-config", "--json", "--config", "server/straykey.toml").stdout)
        self.assertTrue(checked["ok"])
        out.chmod(0o600)
        self.expect(0, "accounts", "import", "listing.json", "--out", out)
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        link = self.folder / "link.toml"
        link.symlink_to(out)
        self.assertIn("this is a link", self.expect(FAILED, "accounts", "import", "listing.json", "--out", link).stderr)
        self.assertTrue(link.is_symlink())
        out.write_text("# by hand\n")
        self.assertIn("left as it is", self.expect(FAILED, "accounts", "import", "listing.json", "--out", out).stderr)
        (self.folder / "page.json").write_text('{"Accounts":[{"Id":"444455556666"}],"NextToken":"more"}')
        self.assertIn("NextToken", self.expect(FAILED, "accounts", "import", "page.json").stderr)
        self.expect(0, "accounts", "import", "page.json", "listing.json")


class KnownInTheConfiguration(unittest.TestCase):
    def test_scan_does_not_show_what_is_covered_and_check_config_names_what_has_ended(self):
        with tempfile.TemporaryDirectory(prefix="straykey-e2e.") as name:
            folder = Path(name)
            self.assertEqual(run_command("init", "--dir", folder).returncode, 0)
            (folder / "trail.json").write_text(json.dumps({"Records": [stolen_call()]}))
            (folder / "conf.d").mkdir(exist_ok=True)
            entry = '[[known]]\nname = "office"\nidentity = "111122223333/orders/*"\nnetwork = "203.0.113.0/24"\nreason = "ours"\n'
            scan = ["scan", "--activation-days", "0", "--config", folder / "straykey.toml", folder / "trail.json"]
            self.assertEqual(len(run_command(*scan).stdout.splitlines()), 1)
            (folder / "conf.d/known.toml").write_text(entry)
            said = run_command(*scan)
            self.assertEqual((said.returncode, said.stdout), (0, ""), said.stderr)
            self.assertIn("1 more alert covered by [[known]]", said.stderr)
            (folder / "conf.d/known.toml").write_text(entry.replace('network = "203.0.113.0/24"\n', ""))
            said = run_command(*scan)
            self.assertEqual((said.returncode, said.stdout), (CONFIG, ""))
            self.assertIn("known office: it needs a network, a tool or a platform", said.stderr)
            (folder / "conf.d/known.toml").write_text(entry + "until = 2026-01-01\n")
            said = run_command("check-config", "--config", folder / "straykey.toml")
            self.assertEqual(said.returncode, 0)
            self.assertIn("known office (111122223333/orders/* in 203.0.113.0/24) ended with 2026-01-01", said.stdout)
            self.assertEqual(len(run_command(*scan).stdout.splitlines()), 1)


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    unittest.main(verbosity=2)
