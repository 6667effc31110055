"""Runs the commands that a chapter of the manual shows, in their order, in a folder of its own, as a reader would type them.

A ```sh block is run unless a comment before it says why not (`<!-- not run: REASON -->`), or that tests/clients runs it (`<!-- run: ... -->`).
`<!-- says: WORDS -->` before a block asks that its output has these words. Commands that go on are started beside: straykey serve and receive, and
the receivers of docs/receivers. Ports, paths of an installation and ids that a page makes up are replaced by those of this folder.
"""
import json
import os
import re
import shlex
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import straykey_process
from reload_test import free_port, reload, wait_until

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\s*$")
COMMENT = re.compile(r"^<!-- (not run|run|says): (.*?) -->$")
COMMAND = re.compile(r"^.*<<'END'\n(?:.*\n)*?END$|^.*(?:\\\n.*)*$", re.MULTILINE)
REASON_CHARACTERS_MIN = 10
PORTS = (8443, 9443, 8080)
ALERT_ID = "0123456789abcdef0123456789abcdef"
CAMPAIGN_ID = "fedcba9876543210fedcba9876543210"
FOREGROUND = ("straykey receive", "python3 receive.py", "node receive.mjs", "go run receive.go", "java Receive.java")
COMMAND_S_MAX = 120


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    text: str
    not_run: str      # why; empty if it is run
    says: tuple

    @property
    def place(self):
        return f"{self.page.name}:{self.line}"

    @property
    def commands(self):
        found = [command.strip() for command in COMMAND.findall(self.text)]
        return [command for command in found if command and not command.startswith("#")]


def blocks_of(page):
    """The ```sh blocks of a page."""
    notes, block, blocks, language = [], None, [], ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if block is None and (found := FENCE.match(line)):
            language, block, begin = found.group(1), [], number
        elif block is not None and line == "```":
            if language == "sh":
                why = next((text for kind, text in notes if kind != "says"), "")
                says = tuple(text for kind, text in notes if kind == "says")
                blocks.append(Block(page, begin, "\n".join(block), why, says))
            notes, block = [], None
        elif block is not None:
            block.append(line)
        elif found := COMMENT.match(line):
            notes.append(found.groups())
        elif line:
            notes = []
    return blocks


@dataclass
class Stage:
    """folder: new or empty."""
    folder: Path
    variables: dict = field(default_factory=dict)
    server: object = None

    def __post_init__(self):
        self.folder.mkdir(exist_ok=True)
        self.ports = {port: free_port() for port in PORTS}
        self.beside = []
        self.etc, self.store = self.folder / "etc/straykey", self.folder / "var/lib/straykey"
        programs = self.folder / "bin"
        programs.mkdir()
        self.store.parent.mkdir(parents=True)
        # What a command takes for the data directory without being told is that of this folder.
        (programs / "straykey").write_text(f"""#!/bin/sh
case "$1 $*" in
  *--help*|*--data-dir*|*--config*) ;;
  alerts*|baseline*|webhook*|rejects*|status*|backup*|restore*) set -- "$@" --data-dir '{self.store}' ;;
esac
exec '{straykey_process.STRAYKEY}' "$@"
""")
        # The user and the group of the package are not there.
        (programs / "sudo").write_text('#!/bin/sh\ntest "$1 $2" = "-u straykey" && shift 2 && exec "$@"\n')
        (programs / "chgrp").write_text('#!/bin/sh\ntest "$1" = -R && shift\ntest "$1" = straykey && test -e "$2"\n')
        (programs / "chown").write_text("#!/bin/sh\nexec true\n")
        for program in programs.iterdir():
            program.chmod(0o755)

    def install(self, more=""):
        """As the package and `straykey init` leave it. more: TOML of conf.d."""
        self.bash(f"straykey init --dir {self.etc} --data-dir {self.store} --listen 127.0.0.1:{self.ports[8443]} --admin 127.0.0.1:{self.ports[9443]}")
        (self.etc / "conf.d/stage.toml").write_text(more)

    def run(self, block):
        """Fails with the place of the block."""
        said = ""
        try:
            together = []
            for command in block.commands:
                if not self.is_apart(command):
                    together.append(command)
                    continue
                said += self.bash(self.fitted("\n".join(together))) if together else ""
                together = []
                self.run_apart(command)
            said += self.bash(self.fitted("\n".join(together))) if together else ""
            for words in block.says:
                assert words in said, f"it does not say {words!r} but\n{said}"
        except (AssertionError, subprocess.TimeoutExpired) as error:
            raise AssertionError(f"{block.place}: {error}") from error
        return said

    def is_apart(self, command):
        return command.startswith(("straykey serve", "systemctl ", "kill -HUP", *FOREGROUND))

    def run_apart(self, command):
        if command.startswith("straykey serve"):
            self.serve(self.folder / shlex.split(self.fitted(command))[-1])
        elif command.startswith("systemctl "):
            self.service(*command.split()[1:])
        elif command.startswith("kill -HUP"):
            said = self.bash(self.fitted(command.replace("kill -HUP", "echo")))     # what it would signal
            assert said.split() == [str(self.server.pid)], f"{command} is not for {self.server.pid} but {said}"
            reload(self.server)
        else:
            self.start_beside(self.fitted(command))

    def serve(self, configuration):
        """A server of this folder's ports that fetches nothing."""
        assert configuration.exists(), configuration
        beside = configuration.parent / "conf.d"
        texts = [path.read_text() for path in (configuration, *beside.glob("*.toml"))]
        ranges = "" if any("aws_ranges" in text for text in texts) else '[networks]\naws_ranges = "builtin"\n'
        (beside / "zz-stage.toml").write_text(f'{ranges}[ingest]\nhttps = "127.0.0.1:{self.ports[8443]}"\n'
                                              f'[admin]\nlisten = "127.0.0.1:{self.ports[9443]}"\n')
        if self.server is not None and self.server.process is not None:
            self.server.stop()                      # shown twice: the reader has ended the first
        self.server = straykey_process.Server(configuration)
        self.server.start()
        self.server.wait_judged()

    def service(self, verb, *names):
        assert names == ("straykey",), names
        if verb == "reload":
            reload(self.server)
            return
        if verb in ("stop", "restart"):
            assert self.server.stop() == 0, self.server.log_text()
        if verb in ("start", "restart"):
            self.serve(self.etc / "straykey.toml")

    def start_beside(self, command):
        process = subprocess.Popen([*straykey_process.BOUND_TO_PARENT, "bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment(),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.beside.append(process)
        wait_until(lambda: process.poll() is not None or listens(self.ports[8080]), f"{command} does not listen")
        assert process.poll() is None, f"{command} ended with {process.poll()}"

    def bash(self, text):
        said = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.folder, capture_output=True, text=True, timeout=COMMAND_S_MAX,
                              check=False, env=self.environment())
        assert said.returncode == 0, f"exit code {said.returncode} of\n{text}\n{said.stdout}{said.stderr}"
        return said.stdout + said.stderr

    def environment(self):
        return {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", **self.variables}

    def fitted(self, text):
        for port, here in self.ports.items():
            text = re.sub(rf"\b{port}\b", str(here), text)
        for shown, here in (("/etc/straykey", self.etc), ("/var/lib/straykey", self.store), ("/var/backups", self.folder / "var/backups")):
            text = re.sub(rf"(?<![\w/.]){shown}\b", str(here), text)
        if ALERT_ID in text or CAMPAIGN_ID in text:
            alert = self.open_alert()
            text = text.replace(ALERT_ID, alert["id"]).replace(CAMPAIGN_ID, alert["campaign"]["id"])
        return text

    def open_alert(self):
        """The newest that is open, of the highest severity that one has."""
        server = self.server.configuration
        for severity in ("high", "medium", "low", "informational"):
            found = self.bash(f"straykey alerts search --status open --severity {severity} --limit 1 --json --config {server}")
            if lines := [line for line in found.splitlines() if line.startswith("{")]:
                identity = json.loads(lines[0])["id"]
                return json.loads(self.bash(f"straykey alerts show {identity} --json --config {server}").splitlines()[0])
        raise AssertionError("there is no open alert")

    def close(self):
        for process in self.beside:
            process.kill()
            process.wait()
        if self.server is not None:
            self.server.stop_if_running()


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
