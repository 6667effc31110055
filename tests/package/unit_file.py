"""Reads the service's unit file: its settings, and the system calls that its filter allows."""
import functools
import subprocess
from pathlib import Path

UNIT = Path(__file__).resolve().parents[2] / "packaging/straykey.service"


def settings(unit=UNIT):
    """Name -> all its values, in order, of every section."""
    found = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@functools.cache
def system_calls_of(group):
    """Of one of systemd's groups, "@system-service", and the groups inside it."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    words = [line.strip() for line in said.splitlines()[1:]]
    names = set()
    for word in words:
        if word.startswith("@"):
            names |= system_calls_of(word)
        elif word and not word.startswith("#"):
            names.add(word)
    return frozenset(names)


def allowed_system_calls(unit=UNIT):
    """As systemd.exec(5) says of SystemCallFilter: the first line makes it a list of what is allowed, ~ takes away."""
    allowed = set(system_calls_of("@default"))
    for value in settings(unit)["SystemCallFilter"]:
        for word in value.removeprefix("~").split():
            names = system_calls_of(word) if word.startswith("@") else {word}
            allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed
