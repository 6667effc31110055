#!/usr/bin/env python3
"""Every command that README.md, net/API.md and tools/replay/README.md show exists, takes the options shown, and does what is said."""
import json
import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

import straykey_process
from bad_input_test import body_of, record
from installation import ADMIN_TOKEN, TOKEN, Installation, Trail
from straykey_process import run_command

ROOT = Path(__file__).resolve().parents[2]
# A configuration that has no errors, without a certificate and a token.
SMALLEST = 'data_dir = "new-store"\ningest.https = ""\nsyslog.tcp = "127.0.0.1:5514"\nsyslog.allow_cidrs = ["127.0.0.1/32"]\n'


def shell_commands(document):
    """The lines of all ```sh blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / document).read_text(), re.DOTALL | re.MULTILINE)
    # A document that is given to a command belongs to it.
    commands = [command for block in blocks for command in re.findall(r"^.*<<'END'\n(?:.*\n)*?END$|^.*$", block, re.MULTILINE)]
    return [command.strip() for command in commands if command.strip() and not command.startswith("#")]


def subcommands(words):
    """The leading words that name a command: `alerts list`."""
    named = []
    for word in words:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        named.append(word)
    return named


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        cls.trail = Trail(cls.folder / "sample")
        cls.installation = Installation(cls.folder / "server")
        cls.addClassCleanup(cls.installation.server.stop_if_running)
        cls.installation.server.start()

    def straykey_lines(self):
        lines = [line for document in ("README.md", "net/API.md", "tools/replay/README.md") for line in shell_commands(document)]
        return [line for line in lines if line.startswith("straykey ")]

    def test_each_command_shown_takes_the_options_shown(self):
        self.assertGreaterEqual(len(self.straykey_lines()), 3)
        for line in self.straykey_lines():
            words = shlex.split(line.partition(">")[0])[1:]
            said = run_command(*subcommands(words), "--help")
            self.assertEqual(said.returncode, 0, line)
            for option in (word.split("=")[0] for word in words if word.startswith("--")):
                self.assertRegex(said.stdout, rf"{option}\b", line)

    def test_the_table_names_each_command_of_the_program(self):
        named = set()
        for cell in re.findall(r"^\| (`straykey .*?) \|(?: |$)", (ROOT / "README.md").read_text(), re.MULTILINE):
            for command in re.findall(r"`straykey ([^`]*)`", cell):
                *first, last = subcommands(command.replace("\\|", " | ").split(" | ")[0].split())
                for choice in [last, *command.replace("\\|", "|").split("|")[1:]]:
                    said = run_command(*first, choice, "--help")
                    self.assertEqual(said.returncode, 0, f"{first} {choice}")
                    named.add(first[0] if first else choice)
        listed = re.search(r"Subcommands:\n((?:  .*\n)+)", run_command("--help").stdout).group(1)
        self.assertEqual(set(re.findall(r"^  ([a-z-]+)", listed, re.MULTILINE)) - {"version"}, named)

    def test_scripts_shown_exist_and_know_their_options(self):
        lines = [line for line in shell_commands("README.md") if line.startswith("tools/")]
        self.assertGreaterEqual(len(lines), 2)
        for line in lines:
            script, *options = line.split()
            self.assertTrue(os.access(ROOT / script, os.X_OK), line)
            self.assertEqual(subprocess.run(["bash", "-n", ROOT / script], check=False).returncode, 0, line)
            for option in options:
                self.assertIn(option, (ROOT / script).read_text())

    def test_the_scan_shown_finds_the_thefts_of_the_sample(self):
        line = next(line for line in self.straykey_lines() if line.startswith("straykey scan"))
        folder = self.folder / "scan"
        folder.mkdir()
        (folder / "cloudtrail").symlink_to(self.trail.folder / "trail")
        (folder / "ip-ranges.json").symlink_to(self.trail.folder / "ip-ranges.json")
        self.run_line(line, folder)
        alerts = [json.loads(text) for text in (folder / "alerts.jsonl").read_text().splitlines()]
        self.assertGreaterEqual(len(alerts), len(self.trail.labels))

    def test_the_configuration_shown_is_checked(self):
        line = next(line for line in self.straykey_lines() if "check-config" in line)
        shown = re.search(r"--config (\S+)", line).group(1)
        line = line.replace(shown, str(self.installation.configuration))
        self.assertIn("no errors", self.run_line(line, self.folder))

    def test_the_first_commands_shown_make_a_server_that_takes_events(self):
        folder = self.folder / "first"
        folder.mkdir()
        shown = shell_commands("README.md")
        begin = shown.index("straykey init")
        setting_up = shown[begin:shown.index("straykey serve --config straykey.toml", begin)]
        (folder / "conf.d").mkdir()
        (folder / "conf.d/test.toml").write_text('[networks]\naws_ranges = "builtin"\n'      # nothing is fetched here
                                                 '[ingest]\nhttps = "127.0.0.1:0"\n[admin]\nlisten = "127.0.0.1:0"\n')
        self.assertIn("no errors", self.run_line("\n".join(setting_up), folder))
        server = straykey_process.Server(folder / "straykey.toml")
        self.addCleanup(server.stop_if_running)
        server.start()
        (folder / "events.json").write_bytes(body_of([record(1)]))
        (folder / ".curlrc").write_text(f'connect-to = "localhost:8443:127.0.0.1:{server.port("ingest")}"\n')
        sending = shown[shown.index("TOKEN=$(cat tokens/forwarder)"):][:2]
        self.assertEqual(json.loads(self.run_line("\n".join(sending), folder))["accepted"], 1)
        status = next(line for line in shown if line.startswith("straykey status"))
        self.assertIn("ready", self.run_line(status, folder))

    def test_the_networks_that_simulate_prints_are_in_a_file_and_are_taken(self):
        printed = re.search(r"^\[networks\]\n(?:\w.+\n)+", self.trail.said, re.MULTILINE).group(0)
        written = (self.trail.folder / "networks.toml").read_text()
        self.assertTrue(written.endswith(printed), written)
        configuration = self.folder / "sample.toml"
        configuration.write_text(SMALLEST + written)
        self.assertIn("no errors", self.run_line(f"straykey check-config --config {configuration}", self.folder))

    def test_the_webhook_secret_shown_is_taken(self):
        line = next(line for line in shell_commands("net/API.md") if "whsec_" in line)
        self.assertIn(re.search(r"echo [^;)]*\)\"", line).group(0), (ROOT / "tools/config/straykey.example.toml").read_text())
        folder = self.folder / "secret"
        folder.mkdir()
        self.run_line(line, folder)
        (folder / "hook.toml").write_text(
            SMALLEST + '[[webhook]]\nname = "soc"\nurl = "https://soc.example.com/"\nsecret = { file = "soc" }\n')
        self.assertIn("no errors", self.run_line("straykey check-config --config hook.toml", folder))

    def test_each_curl_shown_is_answered_well(self):
        lines = [line for d in ("README.md", "net/API.md") for line in shell_commands(d) if line.startswith("curl ")]
        self.assertGreaterEqual(len(lines), 6)
        folder = self.folder / "curl"
        folder.mkdir()
        (folder / "tls").mkdir()
        for name in ("cert.pem", "tls/certificate.pem"):
            (folder / name).write_bytes(self.installation.certificate.read_bytes())
        trail = next(path for path in self.trail.files if path.name.endswith(".gz"))
        (folder / "trail.json.gz").write_bytes(trail.read_bytes())
        for name in ("events.json", "trail.json"):
            (folder / name).write_bytes(body_of([record(1)]))
        (folder / "trail.ndjson").write_text("".join(json.dumps(record(number)) + "\n" for number in range(3)))
        https, admin = (self.installation.server.port(name) for name in ("ingest", "admin"))
        (folder / ".curlrc").write_text(f'cacert = "{folder}/cert.pem"\n' + "".join(
            f'connect-to = "{host}:{port}:127.0.0.1:{to}"\n' for host, port, to in
            (("localhost", 8443, https), ("straykey.example", 8443, https), ("127.0.0.1", 9443, admin))))
        for line in lines:
            with self.subTest(line):
                line = line.replace("/var/lib/straykey", str(self.installation.data_dir))
                status = self.run_line(line + " -o reply -w '%{http_code}'", folder)
                self.assertEqual(status, "200", (folder / "reply").read_text())
                if "/v1/events" in line:
                    reply = json.loads((folder / "reply").read_text())
                    self.assertGreater(reply["accepted"], 0)
                    self.assertEqual((reply["rejected"], reply["errors"]), (0, []))

    def run_line(self, line, folder):
        path = f"{folder}/bin:{os.environ['PATH']}"
        (folder / "bin").mkdir(exist_ok=True)
        if not (folder / "bin/straykey").exists():
            (folder / "bin/straykey").symlink_to(straykey_process.STRAYKEY)
        variables = {"PATH": path, "CURL_HOME": str(folder), "TOKEN": TOKEN, "ADMIN_TOKEN": ADMIN_TOKEN}
        said = subprocess.run(["bash", "-euc", line], cwd=folder, capture_output=True, text=True, timeout=60,
                              check=False, env={**os.environ, **variables})
        self.assertEqual(said.returncode, 0, f"{line}\n{said.stdout}{said.stderr}")
        return said.stdout


if __name__ == "__main__":
    unittest.main()
