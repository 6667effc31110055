"""What a client is, and what a trial gives it.

A file in adapters/ has a list CLIENTS of these. A client sends the lines that it is fed, by one way, and nothing else.
"""
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

PROGRAMS = Path(__file__).resolve().parent / "programs"


@dataclass
class Place:
    """What one trial gives to a client: its folder, where to send, and as whom."""
    folder: Path
    kit: Path            # where --install put packages, or None
    way: str
    port: int
    token: str
    authority: Path      # PEM, of the receiver's certificate
    host: str = "127.0.0.1"

    @property
    def url(self):
        return f"{self.way}://{self.host}:{self.port}/v1/events"

    @property
    def records(self):
        """The file with the records, one a line. With feed="tail" it grows."""
        return self.folder / "records.ndjson"

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


DATAGRAM = {"takes": 1499, "because": "200,000 bytes do not fit in a datagram"}


@dataclass(frozen=True)
class Client:
    name: str
    way: str                               # of receiver.WAYS
    program: str                           # without it the client is skipped; see find()
    version: object                        # arguments of the program that print its version, or the version itself
    command: Callable                      # Place -> arguments, of which the first is the program's path
    # "file": sends place.records and ends. "stdin": sends each line that it reads, ends at the end of its input.
    # "tail": a daemon that reads place.records as it grows.
    feed: str = "file"
    takes: int = 1500                      # records that arrive of 1,500, at least
    because: str = ""                      # why not all
    shows_401: str = "401"                 # a part of what it shows
    shows_503: str = "503"
    again: bool = False                    # after a 503 it sends the same again by itself, and nothing is lost
    asks_max: int = 0                      # while it is refused with 503; 0: as often as it likes
    after_restart: int = 0                 # of a syslog client: records that arrive when the receiver was away, at least
    needs: tuple = ()                      # files in the kit, without which it is skipped
    remark: str = ""
    environment: dict = field(default_factory=dict)
    slow_s: float = 0                      # how long it may take more than others


def find(program, kit):
    """-> path of a program: in the kit's unpacked packages first, then on the machine; None if it is nowhere."""
    folders = os.environ["PATH"] + ":/usr/sbin:/sbin"
    if kit is not None:
        root = kit / "debian"
        folders = f"{root}/usr/sbin:{root}/usr/bin:{kit}/python/bin:{folders}"
    found = shutil.which(program, path=folders)
    return Path(found) if found else None


def environment(client, kit):
    variables = {**os.environ, "LC_ALL": "C.UTF-8", **client.environment}
    if kit is not None:
        root = kit / "debian/usr/lib"
        variables["LD_LIBRARY_PATH"] = f"{root}/x86_64-linux-gnu:{kit}/debian/lib/x86_64-linux-gnu:{root}/syslog-ng"
        variables["KIT"] = str(kit)
    for bundle in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):      # requests takes them before the authority that it is given
        variables.pop(bundle, None)
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        variables.pop(proxy, None)
    return variables


def missing(client, kit):
    """-> what keeps it from running on this machine; empty: nothing."""
    if find(client.program, kit) is None:
        return f"{client.program} is not here"
    gone = [name for name in client.needs if kit is None or not (kit / name).exists()]
    return f"not installed: {', '.join(gone)}" if gone else ""


def version(client, kit):
    """The first thing that looks like a version in what the program says of itself."""
    if isinstance(client.version, str):
        return client.version
    said = subprocess.run([find(client.program, kit), *client.version], capture_output=True, text=True,
                          env=environment(client, kit), timeout=60, check=False)
    found = re.search(r"\d+\.\d+[\w.+~-]*", said.stdout + said.stderr)
    return found.group(0).rstrip(".") if found else "?"


def pinned(path, pattern):
    """-> what the pattern's group finds in a list of packages under programs/."""
    return re.search(pattern, (PROGRAMS / path).read_text()).group(1)
