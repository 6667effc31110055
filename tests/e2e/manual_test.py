#!/usr/bin/env python3
"""Each command that the manual (docs) shows is run as it stands there, or its page says why not."""
import base64
import re
import tempfile
import unittest
from pathlib import Path

from installation import Trail, write_secret
from manual_stage import REASON_CHARACTERS_MIN, ROOT, Stage, blocks_of

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/senders").glob("*.md")])
CLIENTS = "; way:"      # of a block that tests/clients runs


def anchors_of(page):
    """As GitHub makes them of headings, and those that are written."""
    text = page.read_text()
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE))
    return {*headings, *re.findall(r'<a id="([^"]+)">', text)}


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        cls.trail = Trail(cls.folder / "sample")

    def stage(self, name):
        stage = Stage(self.folder / name)
        self.addCleanup(stage.close)
        return stage

    def installed(self, name):
        """An installation that has taken the sample organisation's trail and runs."""
        stage = self.stage(name)
        stage.install((self.trail.folder / "networks.toml").read_text())
        stage.serve(stage.etc / "straykey.toml")
        stage.bash(f"straykey replay --url https://localhost:{stage.ports[8443]} --ca-file {stage.etc}/tls/certificate.pem "
                   f"--token-file {stage.etc}/tokens/forwarder {self.trail.folder}/trail")
        return stage

    def receive(self, stage):
        """A webhook `soc`, and a receiver of the manual for it."""
        (stage.etc / "webhooks").mkdir(mode=0o700)
        secret = stage.etc / "webhooks/soc"
        secret.write_text("whsec_" + base64.b64encode(b"a secret of the manual, 32 bytes").decode() + "\n")
        secret.chmod(0o600)
        (stage.etc / "conf.d/webhook.toml").write_text(
            f'[[webhook]]\nname = "soc"\nurl = "http://127.0.0.1:{stage.ports[8080]}/"\nsecret = {{ file = "{secret}" }}\n'
            'allow_http = true\nallow_cidrs = ["127.0.0.1/32"]\n')
        stage.service("reload", "straykey")
        stage.start_beside(f"python3 {ROOT}/docs/receivers/receive.py {stage.ports[8080]} {secret}")

    def run_page(self, name, stage):
        blocks = [block for block in blocks_of(ROOT / "docs" / name) if not block.not_run]
        self.assertGreater(len(blocks), 0, name)
        for block in blocks:
            with self.subTest(block.place):
                stage.run(block)

    def test_each_block_is_run_or_says_why_not(self):
        run_here = {path.removeprefix("test_page_").partition("_has_each")[0] for path in dir(self) if path.startswith("test_page_")}
        for page in PAGES:
            for block in blocks_of(page):
                if block.not_run:
                    self.assertTrue(CLIENTS in block.not_run or len(block.not_run) >= REASON_CHARACTERS_MIN, block.place)
                else:
                    self.assertIn(page.relative_to(ROOT / "docs").with_suffix("").as_posix().replace("/", "_").replace("-", "_"), run_here, block.place)

    def test_each_link_leads_to_a_page_and_a_heading_of_it(self):
        links = 0
        for page in (*PAGES, ROOT / "README.md"):
            for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                if "://" in target:
                    continue
                path, _, anchor = target.partition("#")
                there = (page.parent / path).resolve() if path else page
                self.assertTrue(there.exists(), f"{page.name}: {target}")
                if anchor:
                    links += 1
                    self.assertIn(anchor, anchors_of(there), f"{page.name}: {target}")
        self.assertGreater(links, 20)

    def test_each_configuration_of_straykey_shown_has_no_errors(self):
        stage = self.stage("shown")
        stage.install()
        shown = [(page, text) for page in (*PAGES, ROOT / "README.md") for text in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)]
        self.assertGreaterEqual(len(shown), 3)
        for page, text in shown:
            with self.subTest(page.name):
                for name in re.findall(r'"/etc/straykey/([\w.-]+)"', text):
                    write_secret(stage.etc / name, (stage.etc / "tls/certificate.pem").read_text() if name.endswith(".pem") else "a-secret-of-the-manual-0123456789")
                (stage.etc / "conf.d/shown.toml").write_text(stage.fitted(text))
                self.assertIn("no errors", stage.bash(f"straykey check-config --config {stage.etc}/straykey.toml"))

    def test_a_command_that_fails_or_says_something_else_is_noticed(self):
        stage = self.stage("broken")
        page = self.folder / "broken.md"
        for shown in ("straykey simulat --out sample", "true | false | true", "cat missing.toml", "straykey version --nonsense"):
            page.write_text(f"# Broken\n\n```sh\ntrue\n{shown}\n```\n")
            with self.assertRaisesRegex(AssertionError, "broken.md:3"):
                stage.run(blocks_of(page)[0])
        page.write_text("<!-- says: is acknowledged -->\n```sh\nstraykey version\n```\n")
        with self.assertRaisesRegex(AssertionError, "is acknowledged"):
            stage.run(blocks_of(page)[0])
        page.write_text("```sh\nstraykey serve --config missing.toml\n```\n")
        with self.assertRaisesRegex(AssertionError, "broken.md:1"):
            stage.run(blocks_of(page)[0])

    def test_each_alert_of_the_catalogue_and_each_message_has_its_section(self):
        rows = re.findall(r"^\| `(\w[\w.]*)` \| (.*?) \| (\w+) \| (strong|weak) \|$", (ROOT / "core/detect/CATALOGUE.md").read_text(), re.MULTILINE)
        sections = dict(re.findall(r"^### `([\w.]+)`.*\n\n(.*)$", (ROOT / "docs/alerts.md").read_text(), re.MULTILINE))
        self.assertEqual(len(rows), 14)
        for name, title, severity, evidence in rows:
            self.assertEqual(sections.pop(name), f"*{title}. {severity.capitalize()}, {evidence}.*")
        self.assertEqual(list(sections), ["account.activated", "alerts.summary", "alert.contradicted", "deliveries.digest"])
        told = re.findall(r"^\| `(\w+\.\w+)` \| ", (ROOT / "net/API.md").read_text(), re.MULTILINE)
        self.assertLessEqual(set(told) - {"alert.created", "endpoint.test"}, set(sections))

    def test_page_metrics_has_each_metric_with_the_type_that_the_server_says(self):
        stage = self.installed("metrics")
        self.run_page("metrics.md", stage)
        served = dict(re.findall(r"^# TYPE (\w+) (\w+)$", stage.bash(f"curl -s --unix-socket {stage.store}/admin.sock http://localhost/metrics"), re.MULTILINE))
        self.assertGreater(len(served), 50)
        rows = re.findall(r"^\| `(straykey_\w+)` \| (\w+), ([^|]+) \| ([^|]+) \|$", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
        types = {name: kind for name, kind, _, _ in rows}
        self.assertEqual(len(types), len(rows), "a metric stands there twice")
        self.assertEqual({name: types.get(name) for name in served}, served)
        for name, kind, unit, _ in rows:
            self.assertEqual(kind == "counter", name.endswith("_total"), name)
            for ending, word in (("_seconds", "seconds"), ("_bytes", "bytes"), ("_ratio", "share")):
                if name.endswith(ending) and unit != "Unix time":
                    self.assertEqual(unit, word, name)
        documented = {name for line in (ROOT / "net/API.md").read_text().splitlines() if line.startswith("| `straykey_")
                      for name in re.findall(r"`(straykey_\w+)", line.split("|")[1])}
        self.assertEqual(set(types), documented, "docs/metrics.md and net/API.md have not the same metrics")

    def test_page_alerts(self):
        self.run_page("alerts.md", self.installed("alerts"))

    def test_page_backup(self):
        self.run_page("backup.md", self.installed("backup"))

    def test_page_upgrade(self):
        self.run_page("upgrade.md", self.installed("upgrade"))

    def test_page_standby(self):
        self.run_page("standby.md", self.installed("standby"))

    def test_page_availability(self):
        self.run_page("availability.md", self.installed("availability"))

    def test_page_troubleshooting(self):
        stage = self.installed("troubleshooting")
        self.receive(stage)
        self.run_page("troubleshooting.md", stage)
        served = stage.bash(f"curl -s --unix-socket {stage.store}/admin.sock http://localhost/metrics")
        table = re.search(r"^\| reason \| because \|\n\|[-|]+\|\n((?:\|.*\n)+)", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE).group(1)
        told = re.findall(r"`(\w+)`", "".join(row.split(" | ")[0] for row in table.splitlines()))
        self.assertEqual(sorted(told), sorted(re.findall(r'^straykey_events_rejected_total\{reason="(\w+)"\}', served, re.MULTILINE)))

    def test_what_troubleshooting_quotes_is_what_the_program_says(self):
        page = (ROOT / "docs/troubleshooting.md").read_text()
        tables = re.findall(r"^\| (?:the log says|it says|code|reason) \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.MULTILINE)
        quoted = {quote for table in tables for row in table.splitlines() for quote in re.findall(r"`([^`]+)`", row.split(" | ")[0])}
        self.assertGreater(len(quoted), 40)
        said = "".join(path.read_text() for room in ("core", "net", "storage", "tools") for path in (ROOT / room).rglob("*.cc"))
        self.assertEqual([quote for quote in sorted(quoted) if quote not in said], [])

    def test_page_security(self):
        self.run_page("security.md", self.installed("security"))

    def test_page_sizing(self):
        stage = self.installed("sizing")
        (stage.folder / "cloudtrail").symlink_to(self.trail.folder / "trail")
        self.run_page("sizing.md", stage)

    def test_page_first_alert(self):
        self.run_page("first-alert.md", self.stage("first-alert"))

    def test_page_going_live(self):
        stage = self.stage("going-live")
        stage.install((self.trail.folder / "networks.toml").read_text().replace("trusted", "# trusted"))
        (stage.folder / "cloudtrail").symlink_to(self.trail.folder / "trail")
        stage.serve(stage.etc / "straykey.toml")
        self.run_page("going-live.md", stage)

    def test_page_webhooks(self):
        stage = self.installed("webhooks")
        self.receive(stage)
        self.run_page("webhooks.md", stage)

    def test_page_senders_README(self):
        self.run_page("senders/README.md", self.installed("senders"))


if __name__ == "__main__":
    unittest.main()
