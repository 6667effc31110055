"""A strict reader of the Prometheus text format 0.0.4: whatever it does not know is a ValueError."""
import math
import re

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SERIES = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:%s,)*%s)\})? (\S+)' % (LABEL, LABEL))
KINDS = ("counter", "gauge", "histogram")


def read_metrics(text):
    """-> {(name, labels as written): value}, every series once, each under the HELP and TYPE of its family."""
    if not text.endswith("\n"):
        raise ValueError("does not end with a line feed")
    family, kinds, helped, series = None, {}, set(), {}
    for line in text.splitlines():
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            if words[2] in helped or len(words) < 4:
                raise ValueError(f"a second or empty HELP: {line}")
            helped.add(words[2])
        elif line.startswith("# TYPE "):
            family = words[2]
            if family in kinds or family not in helped or words[3] not in KINDS:
                raise ValueError(f"TYPE out of place: {line}")
            kinds[family] = words[3]
        else:
            name, labels, value = _read_series(line, family, kinds)
            if (name, labels) in series:
                raise ValueError(f"twice: {line}")
            series[name, labels] = value
    _check_histograms(series, kinds)
    return series


def _read_series(line, family, kinds):
    found = SERIES.fullmatch(line)
    if not found:
        raise ValueError(f"no series: {line}")
    name, labels, value = found.group(1), found.group(2) or "", float(found.group(3))
    suffixes = ("_bucket", "_sum", "_count") if kinds.get(family) == "histogram" else ("",)
    if name not in [f"{family}{suffix}" for suffix in suffixes]:
        raise ValueError(f"not of the family {family}: {line}")
    if kinds[family] == "counter" and not (name.endswith("_total") and value >= 0):
        raise ValueError(f"no counter: {line}")
    if math.isnan(value):
        raise ValueError(f"no number: {line}")
    return name, labels, value


def _check_histograms(series, kinds):
    for family in (name for name, kind in kinds.items() if kind == "histogram"):
        counts = {}
        for (name, labels), value in series.items():
            if name == family + "_bucket":
                others = re.sub(r',?le="[^"]*"', "", labels)
                counts.setdefault(others, []).append((float(re.search(r'le="([^"]*)"', labels).group(1)), value))
        for others, buckets in counts.items():
            values = [value for _, value in sorted(buckets)]
            count = series[family + "_count", others]
            if sorted(buckets)[-1][0] != math.inf or values != sorted(values) or values[-1] != count:
                raise ValueError(f"buckets of {family} do not add up: {buckets}")
