#!/usr/bin/env bash
# A CloudTrail record that goes through syslog-ng's json-parser() and $(format-json) comes out as another record.
#
# Guess:  the two are each other's inverse: the record comes out equal but for the order of its keys.
# Seen:   with "@version: 3.38", the version that Debian 12 ships and its configuration names, every value becomes a
#         text: readOnly is "false", responseElements null is "", and each array is one text of JSON, so that
#         resources[].ARN is gone as a path. An empty object is left out, an empty array is "". A key with dots is split
#         into nested objects ("app.kubernetes.io/name", as in EKS and tagging calls, becomes app -> kubernetes ->
#         "io/name"). With "@version: 4.0" the types stay, but the keys are still split and the empty object is still
#         lost.
# Why:    this pair is how people filter a trail in syslog-ng before they forward it. Nothing looks damaged: it is valid
#         JSON with all of CloudTrail's names. A detector that asks whether readOnly is true, or walks resources,
#         misjudges every such record in silence.
# Peers:  syslog-ng-core 3.38.1-5+deb12u1 (Debian 12)
# Seen on: 2026-11-30
# Run:    findings/syslog-ng-rewrites-records.sh     (Debian 12 on amd64, python3; nothing is installed on the machine;
#         about 15 s)
set -euo pipefail

folder=$(mktemp -d)
daemon=
cleanup() { [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$folder"; }
trap cleanup EXIT
cd "$folder"

apt-get -qq -o APT::Sandbox::User=root download \
    syslog-ng-core=3.38.1-5+deb12u1 libivykis0=0.42.4-1 libjson-c5=0.16-2 libnet1=1.1.6+dfsg-3.2 libpcre3=2:8.39-15 libwrap0=7.6.q-32
for package in *.deb; do dpkg -x "$package" root; done
root=$folder/root

cat >record.json <<'JSON'
{"eventVersion":"1.08","eventTime":"2026-11-28T11:00:00Z","eventSource":"eks.amazonaws.com","eventName":"TagResource","requestParameters":{"tags":{"app.kubernetes.io/name":"web"},"filters":[],"options":{}},"responseElements":null,"readOnly":false,"resources":[{"ARN":"arn:aws:eks:us-east-1:111122223333:cluster/example","accountId":"111122223333"}],"recipientAccountId":"111122223333"}
JSON

through() {
    cat >syslog-ng.conf <<CONF
@version: $1
source record { file("$folder/record.json" flags(no-parse) read-old-records(yes)); };
parser json { json-parser(prefix("ct.")); };
destination keep { file("$folder/out-$1.json" template("\$(format-json ct.* --rekey ct.* --shift-levels 1)\n")); };
log { source(record); parser(json); destination(keep); };
CONF
    LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu:$root/usr/lib/syslog-ng "$root/usr/sbin/syslog-ng" -F --no-caps \
        -f syslog-ng.conf --module-path "$root/usr/lib/syslog-ng/3.38" -R "persist-$1" -p "$folder/pid" -c "$folder/control" >"log-$1" 2>&1 &
    daemon=$!
    for _ in $(seq 50); do [ -s "out-$1.json" ] && break; sleep 0.2; done
    kill "$daemon" && wait "$daemon" || true
    daemon=
}
through 3.38
through 4.0

cat >compare.py <<'PY'
import json


def paths(value, path=""):
    """Each leaf of a record by its path: what a reader that walks the record finds there."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from paths(child, f"{path}|{key}")
    else:
        yield path, json.dumps(value, separators=(",", ":"))


given = dict(paths(json.load(open("record.json"))))
for version in ["3.38", "4.0"]:
    got = dict(paths(json.load(open(f"out-{version}.json"))))
    for path in sorted(given.keys() | got.keys()):
        if given.get(path) != got.get(path):
            print(version, path, "given", given.get(path, "nothing"), "got", got.get(path, "nothing"))
PY
python3 compare.py | tee seen
cat >stated <<'TEXT'
3.38 |readOnly given false got "false"
3.38 |requestParameters|filters given [] got ""
3.38 |requestParameters|options given {} got nothing
3.38 |requestParameters|tags|app.kubernetes.io/name given "web" got nothing
3.38 |requestParameters|tags|app|kubernetes|io/name given nothing got "web"
3.38 |resources given [{"ARN":"arn:aws:eks:us-east-1:111122223333:cluster/example","accountId":"111122223333"}] got "[{\"ARN\":\"arn:aws:eks:us-east-1:111122223333:cluster\\/example\",\"accountId\":\"111122223333\"}]"
3.38 |responseElements given null got ""
4.0 |requestParameters|options given {} got nothing
4.0 |requestParameters|tags|app.kubernetes.io/name given "web" got nothing
4.0 |requestParameters|tags|app|kubernetes|io/name given nothing got "web"
TEXT
if ! diff stated seen; then
    echo "CHANGED: what syslog-ng makes of a record is not what this finding states"
    exit 1
fi
echo "as stated: the record that comes out of json-parser() and format-json is not the record that went in"
