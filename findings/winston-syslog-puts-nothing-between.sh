#!/usr/bin/env bash
# winston-syslog over TCP puts nothing between two messages, unless it is told what.
#
# Guess:  over TCP each message is framed as syslog's RFCs have it, by a line feed behind it or by its length before it,
#         as other syslog clients for Node do.
# Seen:   with protocol tcp4, in both of its formats, the messages follow each other without a byte between: records on
#         one line each are read as a single line without an end. Only the option eol, empty by default, puts a line feed behind each. A message that
#         has line feeds itself keeps them in every case. syslog-client and its fork write a line feed unasked.
# Why:    a receiver that goes by line feeds cannot know where a message ends: it has to wait for as long as the
#         connection stands, and what it then has is no JSON. The client reports no error. Set eol: "\n" and log each
#         record on one line.
# Peers:  winston-syslog 2.7.1, winston 3.19.0, syslog-client 1.1.1, @n8n/syslog-client 1.11.0 (npm), Node 20
# Seen on: 2026-12-01
# Run:    findings/winston-syslog-puts-nothing-between.sh     (node, npm; a quarter of a minute)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund winston@3.19.0 winston-syslog@2.7.1 syslog-client@1.1.1 @n8n/syslog-client@1.11.0

cat >send.mjs <<'JS'
import net from "node:net";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const winston = require("winston");
const { Syslog } = require("winston-syslog");
const records = ['{"eventName":"GetCallerIdentity"}', '{"eventName":"ListBuckets"}', '{\n"eventName":"GetObject"\n}'];

async function tell(name, send) {
  const chunks = [];
  const server = net.createServer((socket) => socket.on("data", (chunk) => chunks.push(chunk)).on("error", () => {}));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  await send(server.address().port);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const text = Buffer.concat(chunks).toString();
  const between = text.split(/<134>/).slice(1).map((part) => JSON.stringify(part.slice(part.lastIndexOf("}") + 1)));
  console.log(`${name}: ${between.length} messages, behind them ${between.join(" ")}, ${text.split("\n").length - 1} line feeds in all`);
}

for (const type of ["BSD", "RFC5424"]) {
  for (const eol of [undefined, "\n"]) {
    await tell(`winston-syslog ${type} eol ${JSON.stringify(eol) ?? "unset"}`, async (port) => {
      const format = winston.format.printf((info) => info.message);
      const transport = new Syslog({ host: "127.0.0.1", port, protocol: "tcp4", type, app_name: "app", localhost: "host", format, eol });
      const logger = winston.createLogger({ levels: winston.config.syslog.levels, transports: [transport] });
      records.forEach((record) => logger.info(record));
    });
  }
}
for (const name of ["syslog-client", "@n8n/syslog-client"]) {
  await tell(name, async (port) => {
    const module = require(name);
    const client = module.createClient("127.0.0.1", { port, transport: module.Transport.Tcp, syslogHostname: "host", rfc3164: false });
    for (const record of records) await new Promise((resolve) => client.log(record, {}, resolve));
  });
}
process.exit(0);
JS
timeout 60 node send.mjs | tee seen
cat >stated <<'TEXT'
winston-syslog BSD eol unset: 3 messages, behind them "" "" "", 2 line feeds in all
winston-syslog BSD eol "\n": 3 messages, behind them "\n" "\n" "\n", 5 line feeds in all
winston-syslog RFC5424 eol unset: 3 messages, behind them "" "" "", 2 line feeds in all
winston-syslog RFC5424 eol "\n": 3 messages, behind them "\n" "\n" "\n", 5 line feeds in all
syslog-client: 3 messages, behind them "\n" "\n" "\n", 5 line feeds in all
@n8n/syslog-client: 3 messages, behind them "\n" "\n" "\n", 5 line feeds in all
TEXT
if ! diff stated seen; then
    echo "CHANGED: what stands between the messages is not what this finding states"
    exit 1
fi
echo "as stated: nothing stands between two messages of winston-syslog unless eol is set"
