"""A folder with all that a server needs: certificate, tokens, configuration; and the sample trail with its labels."""
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sender import Sender
from straykey_process import Server, run_command
from webhook_sink import SECRET

TOKEN = "ingest-token-of-the-tests-0123456789"
ADMIN_TOKEN = "admin-token-of-the-tests-0123456789"
READ_TOKEN = "read-token-of-the-tests-0123456789"
LAST_DAY = "2025-06-30"      # of the sample: past on every clock, so nothing is from the future


@contextlib.contextmanager
def scratch_folder():
    """Kept, and named, if the test fails."""
    folder = Path(tempfile.mkdtemp(prefix="straykey-e2e."))
    try:
        yield folder
    except BaseException:
        print(f"left for a look: {folder}", flush=True)
        raise
    shutil.rmtree(folder)


def make_certificate(folder, name="cert"):
    """-> (certificate, key), good for localhost, 127.0.0.1 and straykey.example."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,DNS:straykey.example,IP:127.0.0.1",
                    "-days", "2", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


def write_secret(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


class Trail:
    """The sample organisation's trail, as `straykey simulate` writes it."""

    def __init__(self, folder, *options):
        self.folder = folder
        said = run_command("simulate", "--out", folder, "--end", LAST_DAY, *options)
        assert said.returncode == 0, said.stderr
        self.said = said.stdout
        self.trusted = re.search(r"networks.trusted of this organisation: (\S+)", said.stdout).group(1)
        self.events = int(said.stdout.split()[0])
        self.files = sorted(path for path in (folder / "trail").rglob("*") if path.is_file())
        self.labels = sorted(pair_of(json.loads(line)) for line in (folder / "labels.jsonl").read_text().splitlines())

    def scan(self, folder=None):
        """What `straykey scan` says of it, or of other files in its networks: alert id -> document."""
        said = run_command("scan", "--aws-ranges", self.folder / "ip-ranges.json", "--asn", self.folder / "asn.csv",
                           "--trusted", self.trusted, folder or self.folder / "trail")
        assert said.returncode == 0, said.stderr
        alerts = [json.loads(line) for line in said.stdout.splitlines()]
        return {alert["id"]: alert for alert in alerts}


def pair_of(labelled):
    """(variation, account, identity, network or tool, day) of a label or of an alert document."""
    day = labelled["day"] if "day" in labelled else labelled["first_seen"][:10]
    if labelled["variation"].startswith("misused_service_token"):
        return labelled["variation"], labelled["account"], labelled["identity"], "", day
    by_tool = labelled["variation"].startswith("serverless_cli")
    thing = labelled.get("tool") if by_tool else labelled.get("network")
    if by_tool and thing is None:
        thing = labelled["user_agent"]["tool"]
    return labelled["variation"], labelled["account"], labelled["identity"], thing, day


@dataclass
class Installation:
    """folder: new or empty. trail: whose networks are configured. sink: where alerts go."""
    folder: Path
    trail: Trail = None
    sink: object = None
    shards: int = 1
    more: str = ""      # TOML tables added at the end

    def __post_init__(self):
        self.folder.mkdir(exist_ok=True)
        self.certificate, self.key = make_certificate(self.folder)
        self.data_dir = self.folder / "store"
        self.token_file = write_secret(self.folder / "token", TOKEN)
        write_secret(self.folder / "admin-token", ADMIN_TOKEN)
        write_secret(self.folder / "webhook-secret", SECRET)
        self.configuration = self.folder / "straykey.toml"
        self.write_configuration()
        self.server = Server(self.configuration)

    def write_configuration(self):
        text = f"""data_dir = "{self.data_dir}"
[ingest]
https = "127.0.0.1:0"
certificate = "{self.certificate}"
key = "{self.key}"
[admin]
listen = "127.0.0.1:0"
[storage]
shards = {self.shards}
[[token]]
name = "tests"
file = "{self.token_file}"
[[token]]
name = "operator"
file = "{self.folder}/admin-token"
scope = "admin"
"""
        if self.trail is not None:
            text += f"""[networks]
aws_ranges = "{self.trail.folder}/ip-ranges.json"
asn = ["{self.trail.folder}/asn.csv"]
trusted = ["{self.trail.trusted}"]
"""
        elif "[networks]" not in self.more:
            text += '[networks]\naws_ranges = "builtin"\n'     # "auto" would fetch them
        if self.sink is not None:
            text += f"""[[webhook]]
name = "sink"
url = "{self.sink.url}"
allow_http = true
allow_cidrs = ["127.0.0.1/32"]
secret = {{ file = "{self.folder}/webhook-secret" }}
rate_per_s = 1000
"""
        self.configuration.write_text(text + self.more)

    def sender(self, token=TOKEN):
        return Sender(self.server.port("ingest"), self.certificate, token)

    def admin(self, token=ADMIN_TOKEN):
        return Sender(self.server.port("admin"), None, token)

    def command(self, *arguments, timeout_s=120):
        """Of `alerts` or `baseline`, on this data directory."""
        return run_command(*arguments, "--data-dir", self.data_dir, timeout_s=timeout_s)

    def stored_alerts(self):
        """What the stopped server's store holds: alert id -> document."""
        said = self.command("alerts", "list", "--json")
        assert said.returncode == 0, said.stderr
        return {alert["id"]: alert for alert in map(json.loads, said.stdout.splitlines())}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop_if_running()
