#!/usr/bin/env python3
"""Each command that the manual (docs) shows is run as it stands there, or its page says why not."""
import base64
import re
import tempfile
import unittest
from pathlib import Path

from installation import Trail
from manual_stage import REASON_CHARACTERS_MIN, ROOT, Stage, blocks_of

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/senders").glob("*.md")])
CLIENTS = "; way:"      # of a block that tests/clients runs


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

    def run_page(self, name, stage):
        blocks = [block for block in blocks_of(ROOT / "docs" / name) if not block.not_run]
        self.assertGreater(len(blocks), 0, name)
        for block in blocks:
            with self.subTest(block.place):
                stage.run(block)

    def test_each_block_is_run_or_says_why_not(self):
        run_here = {path.removeprefix("test_page_") for path in dir(self) if path.startswith("test_page_")}
        for page in PAGES:
            for block in blocks_of(page):
                if block.not_run:
                    self.assertTrue(CLIENTS in block.not_run or len(block.not_run) >= REASON_CHARACTERS_MIN, block.place)
                else:
                    self.assertIn(page.relative_to(ROOT / "docs").with_suffix("").as_posix().replace("/", "_").replace("-", "_"), run_here, block.place)

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

    def test_page_alerts(self):
        self.run_page("alerts.md", self.installed("alerts"))

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
        (stage.etc / "webhooks").mkdir(mode=0o700)
        secret = stage.etc / "webhooks/soc"
        secret.write_text("whsec_" + base64.b64encode(b"a secret of the manual, 32 bytes").decode() + "\n")
        secret.chmod(0o600)
        (stage.etc / "conf.d/webhook.toml").write_text(
            f'[[webhook]]\nname = "soc"\nurl = "http://127.0.0.1:{stage.ports[8080]}/"\nsecret = {{ file = "{secret}" }}\n'
            'allow_http = true\nallow_cidrs = ["127.0.0.1/32"]\n')
        stage.service("reload", "straykey")
        stage.start_beside(f"python3 {ROOT}/docs/receivers/receive.py {stage.ports[8080]} {secret}")
        self.run_page("webhooks.md", stage)

    def test_page_senders_README(self):
        self.run_page("senders/README.md", self.installed("senders"))


if __name__ == "__main__":
    unittest.main()
