// Invokes a Lambda handler as the runtime does, on this machine: `node invoke.js HANDLER`. Each line of the input is an
// invocation, {"event":..., "remaining_ms":...}; each answer is a line that begins with ANSWER. What the handler logs goes
// out between them.
'use strict';

const { createInterface } = require('node:readline');
const { handler } = require(process.argv[2]);

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { event, remaining_ms: remaining_ms } = JSON.parse(line);
    const end_ms = Date.now() + remaining_ms;
    const answer = await handler(event, { getRemainingTimeInMillis: () => end_ms - Date.now() });
    console.log(`ANSWER ${JSON.stringify(answer)}`);
  }
}

main();
