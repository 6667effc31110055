"""The hostile table as data: what is sent, and what must come of it. Another row is another Row; hostile_test.py does the rest.

A row of HTTP expects one answer for each request in it: a status, or (status, code) of an error, or (200, accepted,
rejected) of /v1/events; ENDS is a connection that is closed without an answer. A row of syslog or RELP expects what the
counters grew by: events, rejects, framing errors (0 if left out). A row that needs more than bytes names the test that holds it, in `held_by`: (file, claim).
"""
import base64
import gzip
import json
import zlib
from dataclasses import dataclass, field

from installation import ADMIN_TOKEN, TOKEN

ENDS = "ends"
AUTH = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
RECORD = {"eventVersion": "1.11", "eventID": "00000000-0000-4000-8000-000000000001", "eventType": "AwsApiCall",
          "eventTime": "2025-06-01T10:00:00Z", "eventName": "ListBuckets", "eventSource": "s3.amazonaws.com",
          "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli/2.15.0",
          "recipientAccountId": "111122223333",
          "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "accessKeyId": "AKIAEXAMPLEEXAMPLE00",
                           "arn": "arn:aws:iam::111122223333:user/tests", "userName": "tests"}}


@dataclass
class Row:
    id: str
    says: str
    sends: list = field(default_factory=list)      # each of them must get `expects`
    expects: tuple = ()
    over: str = "http"                             # "http": HTTP and HTTPS; "plain": HTTP; "syslog", "relp", "udp"
    headless: bool = False                         # answers to HEAD
    whole_only: bool = False                       # its pieces would mean something else, or take minutes
    held_by: tuple = None


def record(**changes):
    return json.dumps({**RECORD, **changes}).encode()


def head(*lines, method=b"POST", target=b"/v1/events", version=b"HTTP/1.1", host=b"Host: localhost\r\n", auth=AUTH):
    return method + b" " + target + b" " + version + b"\r\n" + host + auth + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(body, *lines, **how):
    return head(b"Content-Length: %d" % len(body), *lines, **how) + body


def chunked(*chunks, end=b"0\r\n\r\n"):
    return head(b"Transfer-Encoding: chunked") + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + end


def nested(depth, inner=b"1"):
    return b"[" * depth + inner + b"]" * depth


def firehose(*datas):
    return json.dumps({"requestId": "r-1", "timestamp": 1, "records": [{"data": d} for d in datas]}).encode()


def base64_of(data):
    return base64.b64encode(data).decode()


def bomb(megabytes):
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = b"".join(squeezer.compress(b" " * (1 << 20)) for _ in range(megabytes))
    return out + squeezer.flush()


def counted(message):
    return b"%d %s" % (len(message), message)


def relp(number, command, data=b""):
    return b"%d %s %d" % (number, command, len(data)) + (b" " + data if data else b"") + b"\n"


ONE = record()
OK, BAD = (200, 1, 0), (200, 0, 1)
GZIP = gzip.compress(ONE, mtime=0)
OPEN = relp(1, b"open", b"relp_version=0\ncommands=syslog")

FRAMING = [
    Row("F01", "Content-Length and Transfer-Encoding, in either order",
        [head(b"Content-Length: 4", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
         head(b"Transfer-Encoding: chunked", b"Content-Length: 4") + b"0\r\n\r\n"], (400,)),
    Row("F02", "a transfer coding that is not just chunked",
        [head(b"Transfer-Encoding: " + word) for word in
         (b"gzip, chunked", b"xchunked", b"identity", b"chunked, identity", b"\x0bchunked", b"chunked;q=1", b"")], (400,)),
    Row("F03", "Transfer-Encoding twice", [head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked")], (400,)),
    Row("F04", "white space before a colon",
        [head(b"Content-Length : 2"), head(b"Transfer-Encoding\t: chunked")], ((400, "space_before_colon"),)),
    Row("F05", "HTTP/1.0 with chunks", [head(b"Transfer-Encoding: chunked", version=b"HTTP/1.0")], (400,)),
    Row("F06", "two Content-Length, alike or not",
        [head(b"Content-Length: 2", b"Content-Length: 2"), head(b"Content-Length: 2", b"Content-Length: 3"),
         head(b"Content-Length: 2, 2")], (400,)),
    Row("F07", "a Content-Length that is no plain decimal number",
        [head(b"Content-Length: " + word) for word in
         (b"+2", b"-2", b"0x2", b"2.0", b"1e1", b"", b"2 2", b"18446744073709551616", b"99999999999999999999999")], (400,)),
    Row("F07", "a Content-Length just below 2^64", [head(b"Content-Length: 18446744073709551615")], (413,)),
    Row("F08", "POST without a length", [head()], (411,)),
    Row("F09", "no Host, two, or a malformed one",
        [head(b"Content-Length: 2", host=host) for host in
         (b"", b"Host: a\r\nHost: a\r\n", b"Host: a, b\r\n", b"Host: a/b\r\n", b"Host: a@b\r\n")], (400,)),
    Row("F10", "bare LF, bare CR",
        [post(b"{}").replace(b"\r\n", b"\n"), head(b"A: b\rc", b"Content-Length: 0"), head(b"A: b\nC: d")], (400,)),
    Row("F11", "control bytes in the head",
        [head(b"A: b\0c"), head(b"A\x01: b"), head(b"A: b\x7f"), head(target=b"/v1/\0events")], (400,)),
    Row("F12", "a folded line", [head(b"A: b", b" c"), head(b" A: b"), head(b"A: b", b"\tContent-Length: 2")],
        ((400, "folded_line"),)),
    Row("F13", "a header name with an underscore", [post(ONE, b"Content_Length: 4")], ((400, "underscore_in_header"),)),
    Row("F13", "the same below Splunk's address, where senders send such", [
        post(b'{"event":%s}' % ONE, b"__splunk_app_name: x", target=b"/services/collector",
             auth=b"Authorization: Splunk " + TOKEN.encode() + b"\r\n")], (200,)),
    Row("F14", "65 header fields", [head(*[b"A%d: b" % n for n in range(63)], b"Content-Length: 2")],
        ((431, "too_many_headers"),)),
    Row("F15", "a header block of more than 8 KiB", [head(b"A: " + b"b" * 8_200, b"Content-Length: 2")],
        ((431, "head_too_large"),)),
    Row("F16", "a target that is too long", [head(target=b"/" + b"a" * 2_100)], (414,)),
    Row("F16", "a target with bytes of no URL",
        [head(target=target) for target in (b"/v1/\x80", b"/v1/%zz", b"/v1/%4", b"/v1/<a>", b'/"', b"/v1\\events")], (400,)),
    Row("F17", "a request for a proxy, or of no method of ours",
        [head(method=b"CONNECT", target=b"a:443"), head(target=b"http://localhost/v1/events"), head(method=b"TRACE"),
         head(method=b"DELETE"), head(method=b"PATCH")], (405,)),
    Row("F18", "the preface of HTTP/2", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], (505,)),
    Row("F19", "a TLS hello on a plain port", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x01" * 40],
        ((400, "tls_on_plain_port"),), over="plain"),
    Row("F20", "odd chunk sizes",
        [head(b"Transfer-Encoding: chunked") + chunk + b"\r\n{}\r\n0\r\n\r\n" for chunk in
         (b"-2", b"0x2", b"+2", b" 2", b"", b"g", b"fffffffffffffffff", b"2\n")], (400,)),
    Row("F20", "chunks parted by LF alone", [head(b"Transfer-Encoding: chunked") + b"2\n{}\n0\n\n"], (400,)),
    Row("F21", "a chunk extension of 20 MB",
        [head(b"Transfer-Encoding: chunked") + b"2;" + b"x" * (20 << 20)], (400,), whole_only=True),
    Row("F22", "a trailer of 100 KB", [chunked(ONE, end=b"0\r\nA: " + b"b" * 100_000 + b"\r\n\r\n")], (400,), whole_only=True),
    Row("F23", "chunks of one byte", [chunked(*[bytes([c]) for c in ONE])], (OK,)),
    Row("F24", "a thousand requests, one behind the other, before any answer",
        [post(ONE) * 1_000], (OK,) * 1_000, whole_only=True),
    Row("F25", "an expectation that is not 100-continue",
        [head(b"Content-Length: 2", b"Expect: " + word) for word in (b"200-ok", b"100-continue, x", b"")], (417,)),
    Row("F25", "100-continue with a token that is wrong: no body is asked for",
        [head(b"Content-Length: 2", b"Expect: 100-continue", auth=b"Authorization: Bearer x\r\n")], (401,)),
    Row("F26", "a request that is whole, then the end of sending", [post(ONE)], (OK,), over="plain"),
    Row("F27", "a body that ends before its length", [post(ONE)[:-1], chunked(ONE)[:-1], head(b"Content-Length: 9999")], (ENDS,)),
    Row("F28", "a head that ends in its middle", [b"POST", head()[:-2], b"\r\n\r"], (ENDS,)),
    Row("F29", "empty lines before a request: one is forgiven", [b"\r\n" + post(ONE)], (OK,)),
    Row("F29", "two are not", [b"\r\n\r\n" + post(ONE)], (400,)),
    Row("F30", "HEAD at an address that takes bodies", [head(method=b"HEAD")], (200,), headless=True),
    Row("F30", "a version that is no HTTP/1", [head(version=v) for v in (b"HTTP/1.2", b"HTTP/0.9", b"HTTP/3")], (505,)),
]


def bearer(token):
    return b"Authorization: Bearer " + token + b"\r\n"


T = TOKEN.encode()
AUTHENTICATION = [
    Row("A01", "no token", [post(ONE, auth=b"")], (401,)),
    Row("A02", "a token that is wrong", [post(ONE, auth=bearer(b"x" * len(T))), post(ONE, auth=bearer(b""))], (401,)),
    Row("A03", "a scheme that is none, or carries no token",
        [post(ONE, auth=b"Authorization: " + word + b"\r\n") for word in
         (b"Digest " + T, b"Bearer", T, b"Basic !!!!", b"Basic " + base64.b64encode(T), b"Negotiate YII=")], (401,)),
    Row("A04", "two Authorization headers, though one is right",
        [post(ONE, auth=AUTH + bearer(b"x")), post(ONE, auth=bearer(b"x") + AUTH), post(ONE, auth=AUTH + AUTH)],
        ((400, "two_credentials"),)),
    Row("A05", "a token off by one byte, at either end, longer, shorter, in capitals",
        [post(ONE, auth=bearer(token)) for token in (T[:-1], T[1:], T + b"x", b"x" + T, T[:-1] + b"x", b"x" + T[1:], T.upper())],
        (401,)),
    Row("A06", "a token of 4 KB", [post(ONE, auth=bearer(b"x" * 4_096))], (401,)),
    Row("A07", "a token in the query", [post(ONE, auth=b"", target=b"/v1/events?token=" + T + b"&access_token=" + T)], (401,)),
    Row("A08", "an admin token where events go", [post(ONE, auth=bearer(ADMIN_TOKEN.encode()))], ((403, "wrong_scope"),)),
    Row("A08", "an ingest token where metrics are, and a hundred bad ones in a second", held_by=(
        "tests/net/auth_test.cc", "more than 100 failures a second from one address get 429, from that address and in that second only")),
]

SEVERAL = b"\n".join([ONE] * 3)
ENCODINGS = [
    Row("Z01", "gzip that inflates to more than a request may hold", [post(bomb(160), b"Content-Encoding: gzip")], (413,),
        whole_only=True),
    Row("Z01", "the same inside of Firehose's base64: one record is lost, its neighbour is taken",
        [post(firehose(base64_of(bomb(160)), base64_of(ONE)), target=b"/firehose")], (200,), whole_only=True),
    Row("Z02", "gzip that ends in its middle", [post(GZIP[:-9], b"Content-Encoding: gzip"), post(GZIP[:12])],
        ((400, "bad_compression"),)),
    Row("Z03", "gzip with a wrong check sum", [post(GZIP[:-8] + b"\0\0\0\0" + GZIP[-4:], b"Content-Encoding: gzip")],
        ((400, "bad_compression"),)),
    Row("Z04", "gzip of several members", [post(GZIP * 3)], ((200, 3, 0),)),
    Row("Z05", "a Content-Encoding that the body belies: what is not compressed does not decompress",
        [post(ONE, b"Content-Encoding: gzip"), post(ONE, b"Content-Encoding: deflate")], ((400, "bad_compression"),)),
    Row("Z05", "what is compressed says so itself", [post(GZIP), post(GZIP, b"Content-Encoding: identity")], (OK,)),
    Row("Z06", "base64 that is none", [post(firehose("!!!!", base64_of(ONE)), target=b"/firehose")], (200,)),
    Row("Z07", "an encoding that nobody reads, or two headers",
        [post(ONE, b"Content-Encoding: br"), post(ONE, b"Content-Encoding: gzip, gzip"),
         post(GZIP, b"Content-Encoding: gzip", b"Content-Encoding: gzip")], (415,)),
]


def without(name):
    return json.dumps({k: v for k, v in RECORD.items() if k != name}).encode()


MEMBERS = ONE[:-1]
JSON = [
    Row("J01", "bytes that are no UTF-8", [post(record(eventName="X").replace(b'"X"', b'"' + bad + b'"')) for bad in
                                           (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc3")], (BAD,)),
    Row("J02", "a bad literal in a member that nothing reads",
        [post(MEMBERS + b',"z":' + word + b"}") for word in (b"tru", b"nul", b"01", b"+1", b".5", b"1.", b"NaN", b"'x'")], (BAD,)),
    Row("J03", "brackets that do not match", [post(MEMBERS + tail) for tail in (b"]", b',"z":[}', b',"z":{]}', b',"z":[1}')], (BAD,)),
    Row("J04", "a record that ends at any byte", [post(ONE[:size]) for size in range(1, len(ONE), 7)], (BAD,), whole_only=True),
    Row("J05", "a million brackets", [post(MEMBERS + b',"z":' + nested(1_000_000) + b"}")], (BAD,), whole_only=True),
    Row("J05", "a depth just beyond what is read", [post(MEMBERS + b',"z":' + nested(70) + b"}")], ((200, 0, 1),)),
    Row("J06", "numbers beyond any double", [post(MEMBERS + b',"z":%s}' % word) for word in (b"1e400", b"-1e400", b"1" * 400)], ((200, None, None),)),
    Row("J07", "a key that stands twice", [post(MEMBERS + b',"eventName":"Other"}')], ((200, 1, 0),)),
    Row("J08", "keys written with escapes", [post(ONE.replace(b'"eventName"', b'"\\u0065ventName"')),
                                             post(ONE.replace(b'"eventTime"', b'"event\\u0054ime"'))], (OK,)),
    Row("J09", "NUL in a value", [post(record(eventName="a\0b"))], (OK,)),
    Row("J09", "NUL in the text", [post(ONE.replace(b"ListBuckets", b"List\0Buckets"))], (BAD,)),
    Row("J10", "a Records that is no list of records",
        [post(b'{"Records":%s}' % value) for value in (b"1", b'"x"', b"{}", b"[1]", b'[[1]]', b'["x"]')], ((200, 0, None),)),
    Row("J11", "a member that decides, of a wrong type", [
        post(record(**{name: value})) for name in ("eventTime", "eventName", "eventSource", "userIdentity", "recipientAccountId",
                                                   "sourceIPAddress", "userAgent") for value in (True, [], ["x"], {"x": 1})
        if (name, value) != ("userIdentity", {"x": 1})
    ], (BAD,), whole_only=True),
    Row("J11", "an account number that is a number is one", [post(record(recipientAccountId=111122223333))], (OK,)),
    Row("J12", "a hundred thousand keys", [post(MEMBERS + b"".join(b',"k%d":%d' % (n, n) for n in range(100_000)) + b"}")],
        ((200, None, None),), whole_only=True),
    Row("J13", "999 good ones and a bad one", [post(b"\n".join([ONE] * 999 + [without("eventTime")]))], ((200, 999, 1),), whole_only=True),
    Row("J14", "texts that end at the end of a page", held_by=("tests/core/record_walk_test.cc", "")),
    Row("J15", "shapes that cost more than their bytes", held_by=("tests/core/payload_work_test.cc", "")),
]

HOSTILE_TEXTS = ["a\r\nX: y", "\x1b]0;x\x07\x1b[2J", "\u202ecod.exe", "<script>alert(1)</script>", "${jndi:ldap://x/}", "=cmd()",
                 "%n%s%x", "'; DROP TABLE x;--", "../../../etc/passwd", "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace")]
MEANING = [
    Row("C01", "an event from the far future is taken, judged as of now", [post(record(eventTime="2098-01-01T00:00:00Z"))], (OK,)),
    Row("C02", "times that are none", [post(record(eventTime=time)) for time in
                                       ("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-06-01T10:00",
                                        "2025-06-01T25:00:00Z", "", "x" * 10_000, "-0001-01-01T00:00:00Z")], (BAD,)),
    Row("C03", "hits that are four and five days apart", held_by=(
        "tests/core/dedup_test.cc", "dedup: an alert takes in hits less than five days away on both sides")),
    Row("C04", "a second 60", [post(record(eventTime="2025-06-30T23:59:60Z"))], (OK,)),
    Row("C05", "one eventID for two events", [post(ONE + b"\n" + record(eventName="Other"))], ((200, 2, 0),)),
    Row("C06", "the events of a day in any order", held_by=("tests/core/invariance_test.cc", "the order inside a day changes no alert")),
    Row("C07", "access keys of any kind", [
        post(record(userIdentity={**RECORD["userIdentity"], "accessKeyId": key})) for key in ("", "A" * 10_000, "../../x", "ASIA\0", "%s%n")
    ], (OK,)),
    Row("C08", "user agents that would be something else elsewhere", [post(record(userAgent=text)) for text in HOSTILE_TEXTS], (OK,)),
    Row("C09", "source addresses that are none", [
        post(record(sourceIPAddress=text)) for text in ("", "999.1.1.1", "::1%eth0", "0x7f.1", "1" * 5_000, "192.0.2.1, 10.0.0.1", "a b")
    ], (OK,)),
    Row("C10", "identity types that nobody knows", [post(record(userIdentity={"type": text})) for text in ["", "Root", *HOSTILE_TEXTS]], (OK,)),
    Row("C11", "digests and Insights are neither accepted nor rejected",
        [post(record(eventCategory="Insight", insightDetails={"state": "Start"}))], ((200, 0, 0),)),
    Row("C12", "fifty million access keys", held_by=("tests/storage/bounds.cc", "")),
    Row("C13", "keys chosen to collide", held_by=("tests/core/hash_test.cc", "")),
    Row("C14", "a record that crashes the process", held_by=("tests/crash/poison_test.py", "test_in_the_parser")),
    Row("C14", "a thing that is new each day", held_by=("tests/core/learned_facts_test.cc", "")),
]

M = b"<14>1 2026-01-01T00:00:00Z edge trail 77 - - " + ONE
ROWS_OF_SYSLOG = [
    Row("L01", "an octet count of 0, or with a sign, is a line", [b"0 " + M + b"\n", b"-5 " + M + b"\n"], (1, 0), over="syslog"),
    Row("L02", "a count that is too large ends the connection", [b"99999999999 " + M], (0, 0, 1), over="syslog"),
    Row("L03", "a count of 2^64 and more", [b"18446744073709551617 " + M], (0, 0, 1), over="syslog"),
    Row("L03", "forty digits are no count: it is a line", [b"9" * 40 + b" " + M], (1, 0), over="syslog"),
    Row("L05", "a megabyte and more without LF", [b"<14>x " + b"a" * (1_100_000) + b"\n" + M + b"\n"], (1, 1), over="syslog", whole_only=True),
    Row("L06", "both framings in turn", [counted(M) + M + b"\n" + counted(M) + M + b"\0" + M + b"\r\n"], (5, 0), over="syslog"),
    Row("L07", "a PRI that is odd", [b"<" + pri + b">x " + ONE + b"\n" for pri in (b"", b"999", b"-1", b"1" * 30, b"a")], (1, 0), over="syslog"),
    Row("L07", "structured data that does not end", [b'<14>1 - - - - - [a b="c ' + ONE + b"\n"], (1, 0), over="syslog"),
    Row("L08", "a datagram as large as they come", [b"<14>x " + record(z="a" * 64_000)[:64_400]], (0, 1), over="udp", whole_only=True),
    Row("L08", "datagrams that are empty, or no syslog", [b"\0", b"\xff" * 100], (0, 1), over="udp", whole_only=True),
    Row("L10", "a sender that only writes and closes, over TLS", held_by=("tests/net/syslog_tls_test.cc", "")),
    Row("L04", "a message that stalls", held_by=("tests/net/syslog_session_test.cc", "")),
    Row("L11", "RELP: a message before open is answered, and not taken", [relp(1, b"syslog", M)], (0, 0), over="relp"),
    Row("L11", "RELP: what is no frame ends the connection", [b"x y z\n", b"1 open 99999999999\n", b"1 open -5 x\n"], (0, 0, 1), over="relp"),
    Row("L12", "RELP: bad records are answered and counted", [OPEN + relp(2, b"syslog", b"<14>x {") + relp(3, b"syslog", M) + relp(4, b"close")],
        (1, 1), over="relp"),
]

ELSEWHERE = [
    Row("W01", "a webhook that redirects to metadata", held_by=(
        "tests/net/webhook_sender_test.cc", "a redirect is a failure to be repeated, and nobody goes where it points")),
    Row("W02", "an endless answer", held_by=("tests/net/outgoing_request_test.cc", "an endless reply is judged by its status line and left")),
    Row("W03", "an answer that drips", held_by=("tests/net/outgoing_request_test.cc", "a reply that never ends its header runs into the time limit")),
    Row("W04", "bad certificates", held_by=("tests/net/outgoing_request_test.cc", "a bad certificate is refused before a byte of the alert is sent")),
    Row("W05", "Retry-After at its extremes", held_by=("tests/net/retry_schedule_test.cc", "Retry-After lengthens a wait up to an hour and never shortens one")),
    Row("W06", "410", held_by=("tests/net/webhook_sender_test.cc", "410 pauses the endpoint, keeps what waits, and resume() goes on")),
    Row("W07", "a name that leads to private addresses", held_by=(
        "tests/net/outgoing_request_test.cc", "a name that leads inside is refused, also when only one of its addresses does")),
    Row("W08", "a name that turns inside later", held_by=(
        "tests/net/outgoing_request_test.cc", "each attempt looks the name up anew, so that a name which turns inside later is refused later")),
    Row("W09", "secrets that an endpoint reflects", held_by=(
        "tests/net/webhook_sender_test.cc", "neither URL nor secret nor what an endpoint answers reaches the log")),
    Row("W10", "down for a week", held_by=("tests/net/retry_schedule_test.cc", "the waits are those of the schedule, then hourly for ever")),
    Row("S01", "the report as a page", held_by=("tests/tools/replay_report_test.cc", "")),
    Row("S02", "the API", held_by=("tests/core/operator_json_test.cc", "")),
    Row("S03", "CSV of networks", held_by=("tests/tools/asn_rows_test.cc", "")),
    Row("S04", "the log", held_by=("tests/core/log_test.cc", "log: what could end the line or fool a terminal is written as bytes")),
    Row("S05", "metrics and webhooks", held_by=("tests/net/metrics_text_test.cc", "")),
    Row("S06", "what commands print", held_by=(
        "tests/core/terminal_text_test.cc", "terminal text: every character that a terminal obeys is escaped, in text and in JSON")),
    Row("B01", "shares of memory, connections and descriptors", held_by=(
        "tests/e2e/connections_test.py", "test_silent_connections_stop_neither_senders_nor_operators_nor_webhooks")),
    Row("D08", "start and stop with a backlog", held_by=(
        "tests/crash/backlog_test.py", "test_start_and_stop_are_bounded_and_every_alert_comes_once")),
]

TABLE = FRAMING + AUTHENTICATION + ENCODINGS + JSON + MEANING + ROWS_OF_SYSLOG + ELSEWHERE
