"""What must be true of the alerts that a sink took and a store holds, whatever happened on the way."""
from installation import pair_of

# What an alert decides; not what counts on (occurrences, calls of the key) or is told of the record that came first
# (a scan has read the whole day before it judges, so it knows workloads that a server learns of later).
DECIDING = ("id", "analytic", "variation", "name", "severity", "evidence", "account", "identity", "network",
            "dedup_until")

# Of the sample's four accounts one is a few days old.
ACTIVE_ACCOUNTS = 3


def deciding(alerts):
    return {alert_id: {field: alert.get(field) for field in DECIDING} for alert_id, alert in alerts.items()}


def check_alerts(sink, expected, labels):
    """The sink has the alerts `expected` (id -> document) and `labels`, each id with one body for ever."""
    assert not sink.faults, sink.faults
    got = sink.alerts()
    pairs = sorted(pair_of(alert) for alert in got.values())
    missing, extra = [p for p in labels if p not in pairs], [p for p in pairs if p not in labels]
    assert pairs == labels, f"missing {missing}, not called for {extra}, {len(pairs)} alerts for {len(labels)}"
    assert got.keys() == expected.keys(), f"ids differ from scan's: {got.keys() ^ expected.keys()}"
    for alert_id, alert in deciding(got).items():
        assert alert == deciding(expected)[alert_id], f"{alert}\nis not what scan says:\n{deciding(expected)[alert_id]}"
    accounts = [report["account"] for report in sink.activations().values()]
    assert len(set(accounts)) == len(accounts) == ACTIVE_ACCOUNTS, f"activated: {accounts}"
    changed = [message_id for message_id, bodies in sink.bodies().items() if len(bodies) != 1]
    assert not changed, f"bodies changed: {changed}"


def check_posts_explained(sink, lives=1):
    """A message comes again only after a failed post, or from the server after one that may not have kept our 2xx."""
    for message_id, taken in sink.taken().items():
        first = taken[0].life
        assert len(taken) <= 1 + lives - first, f"{message_id}: {len(taken)} times, first in life {first} of {lives}"
        if lives == 1:
            posts = [post.status for post in sink.posts if post.message_id == message_id]
            assert posts == [503] * (len(posts) - 1) + [204], f"{message_id} was posted without need: {posts}"


def check_store(installation, expected):
    """The stopped server's store holds the expected alerts and nothing else."""
    stored = installation.stored_alerts()
    assert stored.keys() == expected.keys(), f"the store has {len(stored)} alerts, {len(expected)} are called for"
