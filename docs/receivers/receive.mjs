#!/usr/bin/env node
// Takes straykey's webhooks: receive.mjs PORT SECRET_FILE. Node.js 18 or newer, nothing besides.
// SECRET_FILE has one whsec_ secret a line. While one replaces another, have both.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const CLOCK_DIFFERENCE_S_MAX = 300;
const BODY_BYTES_MAX = 256 * 1024;
const IDS_MAX = 100_000;

const [port, secretFile] = process.argv.slice(2);
const secrets = readFileSync(secretFile, 'ascii').split('\n').map((line) => line.trim()).filter(Boolean)
  .map((line) => Buffer.from(line.replace(/^whsec_/, ''), 'base64'));
const taken = new Set(); // ids that came; yours belong into your database, so that a restart does not forget them

// body: the bytes as they came. Whoever parses them first checks something else.
function isGenuine(headers, body) {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  if (!id || !/^[0-9]+$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > CLOCK_DIFFERENCE_S_MAX) return false; // an old message, sent again
  const expected = secrets.map((secret) => createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest());
  return (headers['webhook-signature'] ?? '').split(' ').some((word) => {
    const [version, value] = word.split(',');
    const sent = Buffer.from(value ?? '', 'base64');
    return version === 'v1' && expected.some((each) => sent.length === each.length && timingSafeEqual(sent, each));
  });
}

// What you want done. Be quick: straykey waits 15 s.
function take(message) {
  const { id, severity = '', title = '' } = message.data;
  console.log(message.type, id, severity, title);
}

const answer = (response, status) => response.writeHead(status, { 'content-length': 0 }).end();

createServer(async (request, response) => {
  try {
    if (request.method !== 'POST') return answer(response, 405);
    const pieces = [];
    let bytes = 0;
    for await (const piece of request) {
      bytes += piece.length;
      if (bytes > BODY_BYTES_MAX) return answer(response, 413);
      pieces.push(piece);
    }
    const body = Buffer.concat(pieces);
    if (!isGenuine(request.headers, body)) return answer(response, 401);
    const id = request.headers['webhook-id'];
    if (!taken.has(id)) {
      take(JSON.parse(body));
      taken.add(id);
      if (taken.size > IDS_MAX) taken.delete(taken.values().next().value);
    }
    return answer(response, 204); // only now: after any other answer, or none, it comes again
  } catch {
    return response.destroy();
  }
}).listen(Number(port), '127.0.0.1');
