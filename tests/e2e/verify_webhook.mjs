// Verifies what webhook_sample signs with the npm package `standardwebhooks`: verify_webhook.mjs PROGRAM
// Runs in the folder that holds node_modules. Ends with 1 at the first claim that does not hold.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { Webhook } = createRequire(join(process.cwd(), 'package.json'))('standardwebhooks');

const program = process.argv[2];
assert.ok(program, 'usage: verify_webhook.mjs PROGRAM');

const secret = (size) => 'whsec_' + randomBytes(size).toString('base64');

function sample(timestamp, secrets) {
  const output = execFileSync(program, [String(timestamp), ...secrets], { encoding: 'utf8' });
  return output.trim().split('\n').map((line) => JSON.parse(line));
}

const headersOf = (message) => ({
  'webhook-id': message.id,
  'webhook-timestamp': message.timestamp,
  'webhook-signature': message.signature,
});

let verified = 0;
const now = Math.floor(Date.now() / 1000);
for (const size of [24, 25, 26, 32, 63, 64]) {
  const [old, fresh] = [secret(size), secret(size)];
  for (const secrets of [[old], [old, fresh]]) {
    const messages = sample(now, secrets);
    assert.equal(messages.length, 4);
    for (const message of messages) {
      for (const each of secrets) {
        const content = new Webhook(each).verify(message.body, headersOf(message));
        assert.deepEqual(content, JSON.parse(message.body));
        ++verified;
      }
      // What must not verify: another secret, another body, another id, another time.
      assert.throws(() => new Webhook(secret(size)).verify(message.body, headersOf(message)));
      assert.throws(() => new Webhook(old).verify(message.body + ' ', headersOf(message)));
      assert.throws(() => new Webhook(old).verify(message.body, headersOf({ ...message, id: message.id + '0' })));
      assert.throws(() => new Webhook(old).verify(message.body, headersOf({ ...message, timestamp: String(now - 1) })));
    }
  }
}
const [stale] = sample(now - 3600, [secret(32)]);
assert.throws(() => new Webhook(secret(32)).verify(stale.body, headersOf(stale)));
assert.equal(verified, 6 * (4 + 8));
console.log(`${verified} signatures verified by standardwebhooks`);
