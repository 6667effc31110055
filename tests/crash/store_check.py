"""The stopped server's store against the model, and the sink's posts against both."""
import collections
import json
from datetime import date


class Lost(AssertionError):
    """A promise was broken. .lost and .doubled say how often."""

    def __init__(self, message, lost=0, doubled=0):
        super().__init__(message)
        self.lost, self.doubled = lost, doubled


class StoreCheck:
    def __init__(self, installation, model, sink):
        self.installation, self.model, self.sink = installation, model, sink
        self.checks = 0
        self.settled, self.bodies = {}, {}      # alert id -> posts at the last look; alert id -> body

    def dumped(self, command):
        said = self.installation.command(command, "dump")
        assert said.returncode == 0, said.stderr
        return [json.loads(line) for line in said.stdout.splitlines()]

    def check(self):
        """-> the alerts that are certain."""
        self.checks += 1
        certain, possible = self.model.update()
        facts = {(f["kind"], f["scope"], f["value"]): set(f["days"]) for f in self.dumped("baseline")}
        self.check_facts(facts, certain, possible)
        alerts = self.dumped("alerts")
        self.check_alerts(alerts, certain, possible)
        self.check_posts(alerts)
        return self.model.alerts_of(certain)

    def check_facts(self, facts, certain, possible):
        missing = [(key, day) for key, days in self.model.fact_days.items() for day in days - facts.get(key, set())]
        quarantine = self.model.quarantine_of(certain)
        missing += [row for row in quarantine if row[3] not in facts.get(row[:3], set())]
        missing += self.early_days_missing(facts)
        if missing:
            raise Lost(f"{len(missing)} acknowledged facts are not on disk: {missing[:5]}", lost=len(missing))
        allowed = {(*fact[:3], str(fact[3])) for fact in self.model.possible} | self.model.quarantine_of(possible)
        extra = [(*key, day) for key, days in facts.items() for day in days
                 if (*key, day) not in allowed and not key[0].startswith("quarantine_") and key[0] != "account_early_day"]
        assert not extra, f"facts that nobody sent: {extra[:5]}"

    @staticmethod
    def early_days_missing(facts):
        """Each account's seven earliest days are facts of their own; each partition may have others of the days on which it was seen."""
        missing = []
        for (kind, account, _), days in facts.items():
            if kind != "account":
                continue
            early = {day for key, of_key in facts.items() if key[:2] == ("account_early_day", account) for day in of_key}
            assert early <= days, f"early days on which {account} was not seen: {sorted(early - days)[:5]}"
            missing += [("account_early_day", account, day) for day in sorted(set(sorted(days)[:7]) - early)]
        return missing

    def check_campaigns(self, alerts):
        """Each alert is in the campaign that its place and day call for, and each campaign has counted its identities."""
        place = {a["id"]: a["network"] if a["source"]["class"] == "external" else a["variation"] for a in alerts}
        due = self.model.campaigns_of([(a["id"], place[a["id"]], date.fromisoformat(a["first_seen"][:10])) for a in alerts])
        ids, identities, counts, wrong = {}, collections.defaultdict(set), collections.defaultdict(set), []
        for alert in alerts:
            campaign = alert["campaign"]
            is_in = (campaign["subject"], campaign["first_day"])
            if is_in != due[alert["id"]] or ids.setdefault(is_in, campaign["id"]) != campaign["id"]:
                wrong.append(f"{alert['id']} is in {is_in} and not in {due[alert['id']]}, or not under its id")
            identities[is_in].add(alert["identity"])
            counts[is_in].add(campaign["identities"])
        wrong += [f"{campaign} has {len(members)} identities and counts {sorted(counts[campaign])}"
                  for campaign, members in identities.items() if counts[campaign] != set(range(1, len(members) + 1))]
        if wrong or len(set(ids.values())) != len(ids):
            raise Lost(f"{len(wrong)} campaigns are wrong: {wrong[:5]}", lost=len(wrong))

    def check_alerts(self, lines, certain, possible):
        keys = collections.Counter()
        alerts = [body["data"] for body in (json.loads(line["body"]) for line in lines) if body["type"] == "alert.created"]
        for alert in alerts:
            thing = {"serverless_cli": alert["user_agent"]["tool"], "misused_service_token": alert["variation"]}.get(
                alert["analytic"], alert["network"])
            keys[alert["analytic"], alert["identity"], thing, alert["first_seen"][:10]] += 1
        required, allowed = self.model.alerts_of(certain), self.model.alerts_of(possible)
        missing, extra = required - keys.keys(), keys.keys() - allowed
        twice = [key for key, count in keys.items() if count > 1]
        if missing:
            raise Lost(f"{len(missing)} alerts of acknowledged calls are lost: {sorted(missing)[:5]}", lost=len(missing))
        if extra or twice:
            raise Lost(f"not called for: {sorted(extra)[:5]}, twice: {twice[:5]}", doubled=len(extra) + len(twice))
        self.check_campaigns(alerts)

    def check_posts(self, lines):
        assert not self.sink.faults, self.sink.faults
        posts = collections.defaultdict(list)
        for post in list(self.sink.posts):
            posts[post.message_id.removeprefix("msg_")].append(post)
        stored = {line["id"]: line for line in lines}
        unknown = posts.keys() - stored.keys()
        assert not unknown, f"posted and not stored: {sorted(unknown)[:5]}"
        for alert_id, line in stored.items():
            of_alert, body = posts.get(alert_id, []), line["body"].encode()
            bodies = {post.body for post in of_alert} | {self.bodies.setdefault(alert_id, body), body}
            assert len(bodies) == 1, f"{alert_id} has {len(bodies)} different bodies"
            self.check_deliveries(alert_id, of_alert, line["deliveries"])

    def check_deliveries(self, alert_id, posts, waiting):
        assert not any(row["dead"] for row in waiting), f"{alert_id} is given up: {waiting}"
        taken = [post.life for post in posts if post.status == 204]
        if not waiting and not taken:
            raise Lost(f"{alert_id} is neither to be delivered nor was it", lost=1)
        for before, post in zip(posts, posts[1:]):
            if before.status == 204 and post.life == before.life:
                raise Lost(f"{alert_id} was posted again by the server that had the 2xx", doubled=1)
        known = self.settled.get(alert_id)
        if known is not None and (waiting or len(posts) > known):
            raise Lost(f"{alert_id} was delivered, and then posted again", doubled=1)
        if not waiting:
            self.settled[alert_id] = len(posts)

    def undelivered(self):
        return [line["id"] for line in self.dumped("alerts") if line["deliveries"]]
