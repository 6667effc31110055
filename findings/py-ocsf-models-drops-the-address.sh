#!/usr/bin/env bash
# py-ocsf-models refuses an AWS account that is known by its number alone, and drops the address from a finding's
# evidence without a word.
#
# Guess:  a Detection Finding that OCSF 1.3 allows is read and written again as it was; what the models do not know
#         raises an error or is kept.
# Seen:   OCSF asks of an account and of an analytic for a name or a uid, and only recommends an account's type_id. The
#         models demand uid, name and type_id of an account, and a uid of an analytic that has its name. With all
#         these given the finding is read, but what is written again has lost, of its evidence, the src_endpoint and
#         the actor, while the call (api) beside them is kept.
# Why:    CloudTrail gives the number of an account and never its name, so who builds findings from its events has to
#         invent one. Where a stolen key is reported, the address that used it is the evidence; whatever passes findings
#         through these models forwards them without it, and without an error. Observables are kept: put the address
#         there as well.
# Peers:  py-ocsf-models 0.10.0, pydantic 2 (PyPI), Python 3.11; the names are those of the schema's release 1.3.0
# Seen on: 2026-12-01
# Run:    findings/py-ocsf-models-drops-the-address.sh     (python3; a quarter of a minute)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install py-ocsf-models==0.10.0

cat >pass.py <<'PY'
import copy, json

import pydantic
from py_ocsf_models.events.findings.detection_finding import DetectionFinding

finding = {
    "metadata": {"version": "1.3.0", "product": {"name": "example", "vendor_name": "example"}},
    "category_uid": 2, "class_uid": 2004, "activity_id": 1, "type_uid": 200401, "severity_id": 4, "time": 1798761600000,
    "finding_info": {"uid": "finding-1", "title": "a key is used elsewhere", "analytic": {"type_id": 1, "name": "new-network"}},
    "cloud": {"provider": "AWS", "region": "us-east-1", "account": {"uid": "111122223333"}},
    "evidences": [{"api": {"operation": "ListBuckets"}, "src_endpoint": {"ip": "192.0.2.10"}, "actor": {"user": {"name": "example"}}}],
    "observables": [{"name": "evidences.src_endpoint.ip", "type_id": 2, "value": "192.0.2.10"}],
}


def lost(before, after, path=""):
    if isinstance(before, dict):
        for name, value in before.items():
            if name in after:
                yield from lost(value, after[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(before, list):
        for one, other in zip(before, after):
            yield from lost(one, other, path + "[]")


try:
    DetectionFinding.model_validate(finding)
    print("read as it is")
except pydantic.ValidationError as error:
    for one in error.errors():
        print("refused:", ".".join(one["loc"]), one["type"])
full = copy.deepcopy(finding)
full["cloud"]["account"].update(name="invented", type_id=10)
full["finding_info"]["analytic"]["uid"] = "invented"
written = json.loads(DetectionFinding.model_validate(full).model_dump_json(exclude_none=True))
for path in lost(full, written):
    print("lost:", path)
print("kept:", written["observables"][0]["value"], written["evidences"][0]["api"])
PY
timeout 60 venv/bin/python pass.py | tee seen
cat >stated <<'TEXT'
refused: finding_info.analytic.uid missing
refused: cloud.account.name missing
refused: cloud.account.type_id missing
lost: .evidences[].src_endpoint
lost: .evidences[].actor
kept: 192.0.2.10 {'operation': 'ListBuckets'}
TEXT
if ! diff stated seen; then
    echo "CHANGED: what the models refuse or drop is not what this finding states"
    exit 1
fi
echo "as stated: an account without a name is refused, and the address in the evidence is dropped"
