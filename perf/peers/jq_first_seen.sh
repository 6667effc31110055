# How often each role and address are in .json.gz files: "COUNT ROLE ADDRESS" lines. jq_first_seen.sh FOLDER
set -euo pipefail
export LC_ALL=C
find "$1" -name '*.json.gz' -print0 | xargs -0 zcat |
  jq -r '.Records[] | select(.userIdentity.type == "AssumedRole") |
         .userIdentity.sessionContext.sessionIssuer.arn + " " + .sourceIPAddress' |
  sort | uniq -c
