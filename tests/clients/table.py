"""What a client's trials say as a row of README.md's tables, and what of it is not as the client's adapter states."""
import re
from pathlib import Path

import records

README = Path(__file__).resolve().parent / "README.md"
HEADS = {
    "http": ("client", "accepted of sent", "a wrong token (401)", "a busy server (503), and after it"),
    "syslog": ("client", "accepted of sent", "the receiver goes away and comes back"),
}


def kind_of(client):
    return "syslog" if client.way.startswith("syslog") else "http"


def row(client, version, seen):
    """seen: name of the trial -> Seen. -> cells"""
    cells = [f"{client.name} ({version})", accepted(client, seen["good"])]
    if kind_of(client) == "syslog":
        return [*cells, restarted(seen["restart"]) if "restart" in seen else "not tried"]
    if "busy" not in seen:
        return [*cells, "not tried", "not tried"]
    return [*cells, refused(seen["wrong token"]), busied(client, seen["busy"])]


def accepted(client, good):
    text = f"{len(good.arrived)} of {records.COUNT}"
    if good.twice:
        text += f", {good.twice} twice"
    if client.because:
        text += f": {client.because}"
    text += answered(good)
    if not good.arrived:
        text += f"; {shown(good)}"
    return text + (f". {client.remark}" if client.remark else "")


def answered(good):
    """Bounds of the server's own histogram, from the end of a request's head to its reply."""
    count, half_s, most_s = good.within
    if count == 0:
        return ""
    return f"; {count} answer{'s' if count > 1 else ''}, half within {half_s * 1000:g} ms, 99 % within {most_s * 1000:g} ms"


def shown(seen):
    """How it ended, and its last words."""
    ended = "goes on" if seen.ended is None else f"exit {seen.ended}"
    return f"{ended}, `{seen.said}`" if seen.said else f"{ended}, says nothing"


def asked(count):
    return "asks once" if count == 1 else f"asks {count} times" if count < 10 else f"asks {count // 10 * 10} times or more"


def refused(seen):
    return f"{asked(seen.asked)}; {shown(seen)}"


def busied(client, seen):
    after = f"{len(seen.arrived)} of {records.COUNT} are there"
    if seen.twice:
        after += f", {seen.twice} twice"
    if client.again:
        return f"{asked(seen.asked)} in 6 s, and again: {after}; {shown(seen)}"
    return f"{asked(seen.asked)}; {after}; {shown(seen)}"


def restarted(seen):
    text = f"{len(seen.arrived)} of {records.COUNT}"
    if seen.twice:
        text += f", {seen.twice} twice"
    if not any(number in seen.arrived for number in range(records.COUNT * 3 // 4, records.COUNT)):
        text += ", nothing of the last quarter"
    return f"{text}; {shown(seen)}" if seen.ended not in (None, 0) else text


def faults(client, seen):
    """-> sentences."""
    found = []
    good = len(seen["good"].arrived)
    if good < client.takes:
        rejected = f", rejected: {seen['good'].rejected}" if seen["good"].rejected else ""
        found.append(f"{good} of {records.COUNT} arrived, {client.takes} should{rejected}; {shown(seen['good'])}")
    if kind_of(client) == "syslog":
        if "restart" in seen and len(seen["restart"].arrived) < client.after_restart:
            found.append(f"after the receiver was away {len(seen['restart'].arrived)} arrived, {client.after_restart} should")
        return found
    if "busy" not in seen:
        return found
    if client.shows_401 not in visible(seen["wrong token"]):
        found.append(f"a 401 does not show as {client.shows_401!r}: {shown(seen['wrong token'])}")
    if seen["wrong token"].arrived:
        found.append("records were taken with a wrong token")
    if client.shows_503 not in visible(seen["busy"]):
        found.append(f"a 503 does not show as {client.shows_503!r}: {shown(seen['busy'])}")
    if client.asks_max and seen["busy"].asked > client.asks_max:
        found.append(f"it asked {seen['busy'].asked} times while the server was busy, {client.asks_max} at most would do")
    if client.again and len(seen["busy"].arrived) < client.takes:
        found.append(f"after the 503 {len(seen['busy'].arrived)} arrived, {client.takes} should")
    return found


def visible(seen):
    return f"exit {seen.ended}\n{seen.output}"


def write(rows, order):
    """rows: kind -> {client's name: cells}. Rows of clients that did not run stay, those that are no more go."""
    text = README.read_text()
    for kind, head in HEADS.items():
        begin, end = f"<!-- {kind}: written by run --write-table -->\n", f"<!-- end of {kind} -->"
        before, rest = text.split(begin)
        old, after = rest.split(end)
        kept = {re.sub(r" \([^()]*\)$", "", cells[0]): cells for cells in read_cells(old)}
        kept.update(rows.get(kind, {}))
        lines = [head, ["---"] * len(head), *(kept[name] for name in order if name in kept)]
        body = "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
        text = before + begin + body + end + after
    README.write_text(text)


def read_cells(body):
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in body.splitlines()[2:] if line.startswith("|")]
