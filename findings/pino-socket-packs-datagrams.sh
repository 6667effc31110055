#!/usr/bin/env bash
# pino-socket over UDP puts as many log lines into one datagram as were logged at once, and nothing arrives of a burst.
#
# Guess:  each line is a datagram; one that is too long is lost, those around it are sent.
# Seen:   20 lines of 970 bytes logged 20 ms apart are 20 datagrams. The same 20 logged at once are 1 datagram. 100 logged
#         at once (97 KB) are none: the datagram would be longer than UDP takes, the transport's worker ends with EMSGSIZE,
#         and every line logged later is lost too. With maxUdpPacketSize, which is there against EMSGSIZE, the
#         worker lives on, and the burst is dropped whole without any word.
# Why:    pino hands its transport the bytes that have gathered, not lines, and pino-socket sends what it is handed. UDP
#         loses "a message now and then" in everyone's mind; here the busiest moment is lost as a whole, by the sender. A
#         receiver must take many lines out of a datagram; and such a sender wants TCP.
# Peers:  pino 10.4.0, pino-socket 8.0.0 (npm), Node 20; the receiver is a socket of this script
# Seen on: 2026-11-30
# Run:    findings/pino-socket-packs-datagrams.sh     (node and npm; about 15 s)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts pino@10.4.0 pino-socket@8.0.0

cat >session.mjs <<'JS'
import dgram from 'node:dgram';
import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';

const receiver = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
let datagrams = 0;
let lines = 0;
receiver.on('message', (message) => {
  datagrams += 1;
  lines += message.toString().split('\n').filter(Boolean).length;
});
await new Promise((resolve) => receiver.bind(0, '127.0.0.1', resolve));

async function session(name, more) {
  const options = { address: '127.0.0.1', port: receiver.address().port, mode: 'udp', ...more };
  const transport = pino.transport({ target: 'pino-socket', options });
  let told = 'no error';
  transport.on('error', (error) => { if (told === 'no error') told = error.message; });
  const logger = pino(transport);
  await new Promise((resolve) => transport.on('ready', resolve));
  const log = async (count, apart) => {
    datagrams = 0;
    lines = 0;
    for (let line = 0; line < count; line += 1) {
      logger.info('x'.repeat(900));
      if (apart) await pause(20);
    }
    await pause(1000);
    console.log(`${name}, ${count} ${apart ? '20 ms apart' : 'at once'}: ${lines} lines in ${datagrams} datagrams, ${told}`);
  };
  await log(20, true);
  await log(20, false);
  await log(100, false);
  await log(20, true);
}

await session('as it is', {});
await session('maxUdpPacketSize', { maxUdpPacketSize: 65507 });
process.exit(0);
JS
node session.mjs | tee seen
cat >stated <<'TEXT'
as it is, 20 20 ms apart: 20 lines in 20 datagrams, no error
as it is, 20 at once: 20 lines in 1 datagrams, no error
as it is, 100 at once: 0 lines in 0 datagrams, send EMSGSIZE
as it is, 20 20 ms apart: 0 lines in 0 datagrams, send EMSGSIZE
maxUdpPacketSize, 20 20 ms apart: 20 lines in 20 datagrams, no error
maxUdpPacketSize, 20 at once: 20 lines in 1 datagrams, no error
maxUdpPacketSize, 100 at once: 0 lines in 0 datagrams, no error
maxUdpPacketSize, 20 20 ms apart: 20 lines in 20 datagrams, no error
TEXT
if ! diff stated seen; then
    echo "CHANGED: what pino-socket sends of a burst is not what this finding states"
    exit 1
fi
echo "as stated: lines logged at once share a datagram, and a burst beyond its limit is lost whole"
