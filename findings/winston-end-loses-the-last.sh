#!/usr/bin/env bash
# winston's logger.end() loses the messages behind the last multiple of sixteen, in the way its manual shows for ending.
#
# Guess:  logger.end() and its event "finish", which the manual says comes "when all logs have flushed to all transports",
#         hand every message to every transport.
# Seen:   of 100 messages logged at once the Http transport sends 96, of 40 it sends 32, of 20 it sends 16, of 10 all.
#         The rest is lost, with one "write after end". Any transport whose log() calls back later, as most that use the
#         network do, loses the same; one that calls back at once loses nothing. A pause before end() helps.
# Why:    end() ends the transports while up to 16 messages still wait in the logger's own stream. Programs that log and
#         exit (a job, a Lambda function) lose their last lines, which tell how it ended; a number that is no multiple
#         of 16 is the sign. Reported as winston's issue 2219 in 2022 without the number; still so in the newest version.
# Peers:  winston 3.19.0, winston-transport 4.9.0 (npm), Node 20; the receiver is a server of this script
# Seen on: 2026-11-30
# Run:    findings/winston-end-loses-the-last.sh     (node and npm; about 10 s)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts winston@3.19.0 winston-transport@4.9.0

cat >session.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import winston from 'winston';
import Transport from 'winston-transport';

const arrived = new Set();
const server = http.createServer((request, answer) => {
  let body = '';
  request.on('data', (piece) => { body += piece; });
  request.on('end', () => { arrived.add(JSON.parse(body).message); answer.end(); });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

class Own extends Transport {
  log(info, callback) {
    arrived.add(info.message);
    if (this.later) setImmediate(callback); else callback();
  }
}

async function session(name, transport, count, waits) {
  arrived.clear();
  let errors = 0;
  const logger = winston.createLogger({ transports: [transport] });
  logger.on('error', () => { errors += 1; });
  for (let message = 0; message < count; message += 1) logger.info(`message ${message}`);
  if (waits) await pause(300);
  await new Promise((resolve) => { logger.on('finish', resolve); logger.end(); });
  await pause(500);
  const first = [...Array(arrived.size).keys()].every((message) => arrived.has(`message ${message}`));
  console.log(`${name}, ${count}: the first ${first ? arrived.size : '?'}, errors ${errors}`);
}

const overHttp = () => new winston.transports.Http({ host: '127.0.0.1', port: server.address().port });
for (const count of [10, 20, 40, 100]) await session('Http', overHttp(), count);
await session('Http, a pause before end()', overHttp(), 100, true);
await session('calls back later', Object.assign(new Own(), { later: true }), 100);
await session('calls back at once', new Own(), 100);
process.exit(0);
JS
node session.mjs | tee seen
cat >stated <<'TEXT'
Http, 10: the first 10, errors 0
Http, 20: the first 16, errors 1
Http, 40: the first 32, errors 1
Http, 100: the first 96, errors 1
Http, a pause before end(), 100: the first 100, errors 0
calls back later, 100: the first 96, errors 1
calls back at once, 100: the first 100, errors 0
TEXT
if ! diff stated seen; then
    echo "CHANGED: what winston's end() loses is not what this finding states"
    exit 1
fi
echo "as stated: what is behind the last multiple of sixteen is lost"
