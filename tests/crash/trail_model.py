"""A made-up organisation's calls, and what each of them must leave behind: written apart from the product.

Every call is of a kind whose answer is obvious, whatever came before it inside its day:
    inside    a Lambda function calls from AWS: it is learned, and never an alert
    theft     its token is used from a network outside: remote_service_token.suspicious, always (whoever uses that network
              raised an alert with it, so nobody ever makes it known)
    cli       aws-cli inside AWS: serverless_cli.unusual, always, for the same reason
    both      aws-cli from outside: both alerts
    console   the token is turned into a session of the console, inside AWS: misused_service_token.console, always
Half of the functions' tokens are proven by the event itself, half by the event that issued the key, which may come in another
request, before or after. Days are sent one after the other; a pair that hits again within five days raises nothing.
"""
import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

ACCOUNT = "111122223333"
FIRST_DAY = date(2025, 6, 1)
DAYS_MAX = 25                # ranges of FIRST_DAY stay fresh for 30 days
DEDUP_DAYS = 5
NETWORKS = 48
REMOTE, CLI, MISUSED = "remote_service_token", "serverless_cli", "misused_service_token"
CONSOLE = f"{MISUSED}.console"
AGENTS = {"boto3": "Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux#5.10.240 md/arch#x86_64 lang/python#3.12.11",
          "aws-cli": "aws-cli/2.36.32 md/awscrt#0.36.2 ua/2.1 os/linux#5.10.240 md/arch#x86_64 lang/python#3.14.7 "
                     "md/command#s3api.list-buckets"}


def prefix_of(network):
    return f"198.18.{network}.0/24"


def asn_of(network):
    return f"AS{64496 + network % 16}" if network < 16 else f"AS{65536 + network % 16}" if network < 32 else None


def write_address_files(folder):
    """-> TOML of [networks]. The first 32 networks are announced by a system each, the others are known as prefixes only."""
    ranges = folder / "ip-ranges.json"
    ranges.write_text(json.dumps({"syncToken": "1", "createDate": f"{FIRST_DAY}-00-00-00", "ipv6_prefixes": [], "prefixes": [
        {"ip_prefix": "192.0.2.0/24", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"}]}))
    asn = folder / "asn.csv"
    asn.write_text("".join(f"198.18.{n}.0,198.18.{n}.255,{asn_of(n)[2:]},Example Hosting {n}\n" for n in range(32)))
    return f'[networks]\naws_ranges = "{ranges}"\nasn = ["{asn}"]\n[detection]\nactivation_days = 0\n'


@dataclass
class Request:
    """What is posted at once, and what it must leave behind once it is acknowledged."""
    day: date
    body: bytes = b""
    valid: int = 0
    invalid: int = 0
    facts: set = field(default_factory=set)      # (kind, scope, value, day)
    hits: set = field(default_factory=set)       # (analytic, identity, network or tool, day)
    parts: set = field(default_factory=set)      # keys whose proof and use are in different requests: see Model
    answered: bool = False
    sent: bool = False


class Organisation:
    """Makes requests, day by day, from a seed."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._number = 0
        self._split = []       # records that wait for another request: the proof, or the use, of a key

    def request(self, day, records=4):
        request, texts = Request(day), []
        if self._split and self._random.random() < 0.7:
            text, part = self._split.pop(self._random.randrange(len(self._split)))
            request.parts.add(part)
            request.facts |= part.facts[len(part.halves)]
            part.halves.append(request)
            texts.append(text)
        for _ in range(records):
            texts += self._call(request)
        if self._random.random() < 0.08:
            texts.append(json.dumps(self._record(day, eventTime="yesterday")))
            request.invalid += 1
        request.valid = len(texts) - request.invalid
        self._random.shuffle(texts)
        request.body = ('{"Records":[' + ",".join(texts) + "]}").encode()
        return request

    def the_rest(self, day):
        """The other halves of all keys that wait for one."""
        out = []
        while self._split:
            out.append(self.request(day, records=0))
        return [request for request in out if request.valid]

    def _call(self, request):
        draw, day = self._random, request.day
        kind = draw.choices(("inside", "theft", "cli", "both", "console"), (55, 25, 10, 5, 5))[0]
        number = draw.randrange(60) if draw.random() < 0.5 else 1_000 + self._next()
        role, function = f"role-{number % 40}", f"fn-{number}"
        caller, identity = f"{ACCOUNT}/{role}", f"{ACCOUNT}/{role}/{function}"
        tool = "aws-cli" if kind in ("cli", "both") else "boto3"
        outside = kind in ("theft", "both")
        network = draw.randrange(NETWORKS)
        address = f"198.18.{network}.{draw.randrange(1, 255)}" if outside else f"192.0.2.{draw.randrange(1, 255)}"
        forms = [form for form in (asn_of(network), prefix_of(network)) if form] if outside else []

        anyway = {("account", ACCOUNT, "")}
        anyway |= {("network_identity", form, caller) for form in forms}
        proven = {("identity_network", identity, form) for form in forms}
        proven |= {("network_identity", form, identity) for form in forms}
        proven |= {("identity_other_call", identity, forms[0])} if outside else set()
        proven |= {("identity_tool", identity, tool), ("identity_runtime", identity, "linux ")}
        proven |= {("tool_identity", tool, identity)} if tool == "aws-cli" else set()
        hits = {(REMOTE, identity, forms[0], day)} if outside else set()
        hits |= {(CLI, identity, tool, day)} if tool == "aws-cli" else set()
        if kind == "console":
            proven.add(("identity_evidence", identity, "console"))
            hits.add((MISUSED, identity, CONSOLE, day))
        anyway, proven = ({(*fact, day) for fact in facts} for facts in (anyway, proven))

        key = f"ASIA{self._next():016d}"
        call = self._record(day, sourceIPAddress=address, userAgent=AGENTS[tool],
                            userIdentity=self._session(role, function, key))
        if kind == "console":
            call.update(eventSource="signin.amazonaws.com", eventName="GetSigninToken")
        if draw.random() < 0.5:
            call["userIdentity"]["inScopeOf"] = {
                "issuerType": "AWS::Lambda::Function",
                "credentialsIssuedTo": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"}
            request.facts |= anyway | proven
            request.hits |= hits
            return [json.dumps(call)]
        issue = self._issue(day, role, function, key)
        issued = {("account", ACCOUNT, "", day), ("role_service", caller, "lambda", day),
                  ("role_principal", caller, "lambda.amazonaws.com", day)}
        if draw.random() < 0.5:
            request.facts |= anyway | proven | issued
            request.hits |= hits
            return [json.dumps(issue), json.dumps(call)]
        halves = [(issue, issued), (call, anyway)]
        draw.shuffle(halves)
        part = SplitKey([half[1] for half in halves], proven, hits)
        request.parts.add(part)
        request.facts |= halves[0][1]
        part.halves.append(request)
        self._split.append((json.dumps(halves[1][0]), part))
        return [json.dumps(halves[0][0])]

    def _next(self):
        self._number += 1
        return self._number

    def _record(self, day, **fields):
        at = self._random.randrange(86_400)
        record = {"eventVersion": "1.11", "eventTime": f"{day}T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}Z",
                  "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "awsRegion": "us-east-1",
                  "sourceIPAddress": "192.0.2.9", "userAgent": AGENTS["boto3"], "eventType": "AwsApiCall",
                  "eventID": f"{self._next():08x}-0000-4000-8000-{self._random.randrange(1 << 48):012x}",
                  "recipientAccountId": ACCOUNT}
        return {**record, **fields}

    @staticmethod
    def _session(role, function, key):
        return {"type": "AssumedRole", "principalId": f"AROAEXAMPLE:{function}", "accountId": ACCOUNT, "accessKeyId": key,
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{function}",
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}}}

    def _issue(self, day, role, function, key):
        return self._record(
            day, eventSource="sts.amazonaws.com", eventName="AssumeRole", sourceIPAddress="lambda.amazonaws.com",
            userAgent="lambda.amazonaws.com", userIdentity={"type": "AWSService", "invokedBy": "lambda.amazonaws.com"},
            requestParameters={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "roleSessionName": function},
            responseElements={"credentials": {"accessKeyId": key}})


class SplitKey:
    """A key whose issue and use come in two requests: what it proves is certain when both are acknowledged."""

    def __init__(self, facts, proven, hits):
        self.facts, self.proven, self.hits = facts, proven, hits
        self.halves = []

    def state(self):
        if len(self.halves) < 2:
            return "none"
        return ("certain" if all(half.answered for half in self.halves) else
                "possible" if all(half.sent for half in self.halves) else "none")


class Model:
    """What must be, and what may be, on disk, from what was sent and what was acknowledged."""

    def __init__(self):
        self.requests = []
        self.fact_days = {}       # certain: (kind, scope, value) -> days
        self.possible = set()     # (kind, scope, value, day)
        self.alerts = set()       # certain: (analytic, identity, thing, day)
        self._hits, self._settled = set(), 0

    def note(self, request):
        self.requests.append(request)

    def update(self):
        """-> (hits that are certain, hits that are possible), all days so far."""
        certain, facts = set(), set()
        self.possible = set()
        possible_hits = set()
        for request in self.requests:
            if request.answered:
                facts |= request.facts
                certain |= request.hits
            if request.sent:
                self.possible |= request.facts
                possible_hits |= request.hits
            for part in request.parts:
                state = part.state()
                if state == "certain":
                    facts |= part.proven
                    certain |= part.hits
                if state != "none":
                    self.possible |= part.proven
                    possible_hits |= part.hits
        self.fact_days = {}
        for kind, scope, value, day in facts:
            self.fact_days.setdefault((kind, scope, value), set()).add(str(day))
        return certain, possible_hits

    @staticmethod
    def alerts_of(hits):
        """The alerts that these hits raise when their days come in order."""
        alerts, latest = set(), {}
        for hit in sorted(hits, key=lambda hit: hit[3]):
            pair, day = hit[:3], hit[3]
            if pair not in latest or day - latest[pair] >= timedelta(days=DEDUP_DAYS):
                latest[pair] = day
                alerts.add((*pair, str(day)))
        return alerts

    @staticmethod
    def campaigns_of(alerts):
        """-> {alert id: (subject, first day)}. Alerts are (id, subject, day), and days came in order: a campaign takes in the
        alerts of fewer than five days from its first."""
        campaigns, first = {}, {}
        for alert_id, subject, day in sorted(alerts, key=lambda alert: alert[2]):
            if subject not in first or day - first[subject] >= timedelta(days=DEDUP_DAYS):
                first[subject] = day
            campaigns[alert_id] = (subject, str(first[subject]))
        return campaigns

    @staticmethod
    def quarantine_of(hits):
        """(kind, scope, value, day) that these hits put into quarantine."""
        out = set()
        for analytic, identity, thing, day in hits:
            role = identity.rpartition("/")[0]
            if analytic == CLI:
                out.add(("quarantine_identity_tool", identity, thing, str(day)))
            elif analytic == MISUSED:
                out.add(("quarantine_identity_evidence", identity, "console", str(day)))
            else:
                out.add(("quarantine_identity_network", identity, thing, str(day)))
                out.add(("quarantine_network_role", thing, role, str(day)))
        return out
