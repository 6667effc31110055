// A plain HTTP server: receive, JSON.parse, filter, count the addresses of each role. http_server.mjs PORT
// Takes {"Records":[...]} or one record, plain or gzip. GET tells how many records passed the filter.
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

const addresses = new Map();  // role -> Set
let passed = 0;

function take(record) {
  const identity = record.userIdentity;
  if (identity.type !== 'AssumedRole') return;
  const role = identity.sessionContext.sessionIssuer.arn;
  let seen = addresses.get(role);
  if (seen === undefined) addresses.set(role, seen = new Set());
  seen.add(record.sourceIPAddress);
  ++passed;
}

createServer((request, response) => {
  if (request.method === 'GET') return response.end(JSON.stringify({ passed }));
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    let body = Buffer.concat(chunks);
    if (request.headers['content-encoding'] === 'gzip') body = gunzipSync(body);
    const document = JSON.parse(body.toString());
    const records = document.Records ?? [document];
    for (const record of records) take(record);
    response.end(JSON.stringify({ accepted: records.length, rejected: 0 }));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
