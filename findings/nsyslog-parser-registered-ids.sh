#!/usr/bin/env bash
# nsyslog-parser takes the structured data that logger, rsyslog and syslog-ng write for the beginning of the message, or
# loses the message.
#
# Guess:  a message of RFC 5424 comes out with its text whole, whatever structured data stands before it.
# Seen:   an element whose name holds an "@" (example@32473) is read well. The names that the RFC registers
#         (timeQuality, origin, meta) hold none, and just those are what real senders write: with one of them the
#         message begins with the rest of the element, 'sequenceId="1"] {"eventVersion"...', and is no JSON any more.
#         With two elements the message is gone altogether.
# Why:    util-linux logger (--rfc5424) writes timeQuality into every message by default, syslog-ng's syslog() writes
#         meta: a trail that such a sender forwards into a Node.js collector built on this parser loses every record,
#         while the collector's own tests, whose examples hold "@", pass. Detectors that take a collector's output must
#         expect text before the record's brace.
# Peers:  nsyslog-parser 0.10.1 (npm), Node 20
# Seen on: 2026-11-30
# Run:    findings/nsyslog-parser-registered-ids.sh     (node, npm; a few seconds)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund nsyslog-parser@0.10.1

cat >parse.mjs <<'JS'
import parse from "nsyslog-parser";

const record = '{"eventVersion":"1.08","eventSource":"sts.amazonaws.com","eventName":"GetCallerIdentity"}';
for (const [name, data] of [
  ["none", "-"],
  ["private", '[example@32473 sequenceId="1"]'],
  ["meta", '[meta sequenceId="1"]'],
  ["timeQuality", '[timeQuality tzKnown="1" isSynced="1"]'],
  ["two", '[timeQuality tzKnown="1" isSynced="1"][meta sequenceId="1"]'],
]) {
  const parsed = parse(`<134>1 2026-11-28T11:00:00.000000Z host forwarder 1 - ${data} ${record}`);
  console.log(name, parsed.type, parsed.message === record ? "whole" : parsed.message.replace(record, "{...}"));
}
JS
timeout 30 node parse.mjs | tee seen
cat >stated <<'TEXT'
none RFC5424 whole
private RFC5424 whole
meta RFC5424 sequenceId="1"] {...}
timeQuality RFC5424 tzKnown="1" isSynced="1"] {...}
two RFC5424 tzKnown="1" isSynced="1"]
TEXT
if ! diff stated seen; then
    echo "CHANGED: what the parser makes of structured data is not what this finding states"
    exit 1
fi
echo "as stated: registered names of structured data spoil the message, two elements lose it"
