// Forwards CloudTrail's files in S3 to straykey: messages of a queue name objects, and their records go out over HTTPS.
//
// Shape:  an object is streamed, unpacked and cut into its records; records of one or several objects go out together as
//         {"Records":[...]} in gzip. Runs on Lambda's Node.js runtime with the SDK that the runtime brings along.
// Order:  none. straykey takes events in any order, and an event that comes twice counts once.
// Durable: a message is done when straykey has answered 200 for all of its records. Any other is reported as a batch item
//         failure, so that SQS hands it out again, and puts it into the dead-letter queue when that was in vain too often.
// Bounds: BATCH_BYTES_MAX of records in memory and one piece of an object; a record over BATCH_BYTES_MAX fails its message.
'use strict';

const { GetObjectCommand, S3Client } = require('@aws-sdk/client-s3');
const { GetSecretValueCommand, SecretsManagerClient } = require('@aws-sdk/client-secrets-manager');
const { Readable, pipeline } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');
const { promisify } = require('node:util');
const zlib = require('node:zlib');

const gzip = promisify(zlib.gzip);
const URL_OF_STRAYKEY = process.env.STRAYKEY_URL;
const TOKEN_SECRET = process.env.TOKEN_SECRET_ARN;
const BATCH_BYTES_MAX = Number(process.env.BATCH_BYTES_MAX || 8 * 1024 * 1024);   // straykey's own: 32 MiB, 128 MiB unpacked
const TOKEN_MS_MAX = 5 * 60 * 1000;      // a new token is in use five minutes after it was stored
const ANSWER_MS_MAX = 60 * 1000;         // straykey's own deadline for an answer
const WAIT_MS_FIRST = 500, WAIT_MS_MAX = 15 * 1000;
const RESERVE_MS = 3000;                 // of the invocation's time: to say which messages failed
const NAMES_MAX = 50;                    // members of a file that are looked at to tell its kind, and bytes of their names

// What lies beside CloudTrail's files in a bucket of logs, by AWS's own layout of keys.
const OTHER_LOGS = /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]+\/)?\d{12}\/(?:CloudTrail-Digest|Config|vpcflowlogs|elasticloadbalancing)\//;

// This message cannot be taken; others can.
class MessageFailure extends Error {}
// Nothing gets through just now. The rest of this invocation's messages fail at once, and come again later.
class NothingGetsThrough extends Error {}

const s3 = new S3Client({});
const secrets = new SecretsManagerClient({});
let token = { text: null, until_ms: 0 };   // kept from one invocation to the next

async function bearer() {
  if (token.text === null || Date.now() >= token.until_ms) {
    const secret = await secrets.send(new GetSecretValueCommand({ SecretId: TOKEN_SECRET }));
    token = { text: token_of(secret.SecretString || ''), until_ms: Date.now() + TOKEN_MS_MAX };
  }
  return token.text;
}

// The secret is the token itself, or {"api_key":"..."}, the form that Firehose prescribes, so that both can share one.
function token_of(secret) {
  const text = secret.trim();
  return text.startsWith('{') ? JSON.parse(text).api_key : text;
}

// -> the objects that a message names, as S3 itself says it, or through EventBridge or SNS, or as CloudTrail says it to SNS.
function objects_of(text) {
  if (text === 'CloudTrail validation message.') return [];
  const notice = parsed(text);
  if (notice.Type === 'Notification' && typeof notice.Message === 'string') return objects_of(notice.Message);
  if (notice.Event === 's3:TestEvent') return [];
  if (Array.isArray(notice.Records) && notice.Records.every((record) => record.s3)) {
    return notice.Records.filter((record) => record.eventName.startsWith('ObjectCreated:'))
      .map(({ s3: { bucket, object } }) => ({ bucket: bucket.name, key: decodeURIComponent(object.key.replaceAll('+', ' ')) }));
  }
  if (notice['detail-type'] === 'Object Created') {
    return [{ bucket: notice.detail.bucket.name, key: notice.detail.object.key }];
  }
  if (notice.s3Bucket && Array.isArray(notice.s3ObjectKey)) {
    return notice.s3ObjectKey.map((key) => ({ bucket: notice.s3Bucket, key }));
  }
  throw new MessageFailure('the message is no notice of new objects in S3');
}

function parsed(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new MessageFailure('the message is no JSON');
  }
}

// Cuts the text of a CloudTrail file, which comes in pieces, into the values of its array "Records". It follows strings
// and brackets only: whether a record is one is for straykey to say, which counts and keeps what is not.
class RecordCutter {
  depth = 0;
  in_string = false;
  escaped = false;
  in_records = false;
  in_record = false;
  name = '';                  // of the last string of the outermost object: before a value, its member's name
  names = new Set();
  begun = [];                 // pieces of a record that is not complete
  begun_bytes = 0;

  *cut(piece) {
    let from = 0;             // where the record begins in this piece
    for (let at = 0; at < piece.length; ++at) {
      const byte = piece[at];
      if (this.in_string) {
        this.#string(byte);
      } else if (this.#between_records() && (byte === 0x2c || byte === 0x5d)) {          // , ]
        if (this.in_record) yield this.#record(piece.subarray(from, at));
        if (byte === 0x5d) this.#close();
      } else if (byte > 0x20) {
        if (this.#between_records() && !this.in_record) {
          this.in_record = true;
          from = at;
        }
        this.#outside(byte);
      }
    }
    if (this.in_record) this.#keep(piece.subarray(from));
  }

  // -> what the file is: "trail", or another product of AWS that is no trail.
  kind() {
    if (this.depth !== 0 || this.in_string) throw new MessageFailure('the object ends in the middle of its JSON');
    if (this.names.has('Records')) return 'trail';
    if (this.names.has('digestStartTime')) return 'digest';
    if (this.names.has('configurationItems') || this.names.has('configSnapshotId')) return 'config';
    throw new MessageFailure('the object is no file of CloudTrail: it has no member "Records"');
  }

  #between_records() {
    return this.in_records && this.depth === 2;
  }

  #string(byte) {
    if (this.escaped) this.escaped = false;
    else if (byte === 0x5c) this.escaped = true;       // \
    else if (byte === 0x22) this.in_string = false;    // "
    else if (this.depth === 1 && this.name.length < NAMES_MAX) this.name += String.fromCharCode(byte);
  }

  #outside(byte) {
    if (byte === 0x22) {
      this.in_string = true;
      if (this.depth === 1) this.name = '';
    } else if (byte === 0x3a) {                        // :
      if (this.depth === 1 && this.names.size < NAMES_MAX) this.names.add(this.name);
    } else if (byte === 0x7b || byte === 0x5b) {       // { [
      this.depth += 1;
      if (this.depth === 2 && byte === 0x5b && this.name === 'Records') this.in_records = true;
    } else if (byte === 0x7d || byte === 0x5d) {       // } ]
      this.#close();
    }
  }

  #close() {
    this.depth -= 1;
    if (this.depth < 2) this.in_records = false;
    if (this.depth < 0) throw new MessageFailure('the object is no JSON');
  }

  #keep(bytes) {
    this.begun.push(bytes);
    this.begun_bytes += bytes.length;
    if (this.begun_bytes > BATCH_BYTES_MAX) throw new MessageFailure(`a record is longer than ${BATCH_BYTES_MAX} bytes`);
  }

  #record(last) {
    this.#keep(last);
    const record = this.begun.length === 1 ? last : Buffer.concat(this.begun);
    this.begun = [];
    this.begun_bytes = 0;
    this.in_record = false;
    return record;
  }
}

// Gzip is told by its first byte, which no JSON begins with.
async function* text_of(body) {
  const pieces = body[Symbol.asyncIterator]();
  const first = await pieces.next();
  if (first.done) return;
  const all = Readable.from((async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => pieces };
  })());
  if (first.value[0] !== 0x1f) {
    yield* all;
    return;
  }
  const unpacked = zlib.createGunzip();
  pipeline(all, unpacked, () => {});       // an error of either ends `unpacked`, and so comes out of the loop below
  yield* unpacked;
}

// -> milliseconds, or null if there is none that can be read.
function retry_after_ms(response) {
  const said = response.headers.get('retry-after');
  if (said === null) return null;
  const ms = /^\d+$/.test(said.trim()) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

// The work of one invocation.
class Forwarding {
  failed = new Map();         // message id -> why
  batch = [];                 // {bytes, id}: a record and the message that it came by
  batch_bytes = 0;
  stopped = null;             // why nothing gets through
  counts = { messages: 0, objects: 0, skipped: 0, records: 0, requests: 0, retries: 0, splits: 0, accepted: 0, rejected: 0 };

  constructor(deadline_ms) {
    this.deadline_ms = deadline_ms;
  }

  async message({ messageId: id, body }) {
    this.counts.messages += 1;
    let object = null;
    try {
      for (object of objects_of(body)) await this.#object(object, id);
    } catch (error) {
      this.#fail([id], error, object);
    }
  }

  // Sends what is collected. What does not arrive fails the messages that it came by.
  async flush() {
    const batch = this.batch;
    this.batch = [];
    this.batch_bytes = 0;
    if (batch.length > 0) await this.#deliver(batch);
  }

  async #object({ bucket, key }, id) {
    this.#go_on();
    if (key.endsWith('/') || OTHER_LOGS.test(key) || key.endsWith('/ConfigWritabilityCheckFile')) return this.#skip(bucket, key, 'its name');
    const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const cutter = new RecordCutter();
    for await (const piece of text_of(answer.Body)) {
      for (const bytes of cutter.cut(piece)) await this.#record(bytes, id);
      this.#go_on();
    }
    const kind = cutter.kind();
    if (kind !== 'trail') return this.#skip(bucket, key, `its content: ${kind}`);
    this.counts.objects += 1;
  }

  #skip(bucket, key, because) {
    this.counts.skipped += 1;
    console.log(JSON.stringify({ level: 'info', message: 'object skipped', bucket, key, because }));
  }

  async #record(bytes, id) {
    if (this.batch.length > 0 && this.batch_bytes + bytes.length > BATCH_BYTES_MAX) await this.flush();
    this.batch.push({ bytes, id });
    this.batch_bytes += bytes.length + 1;
    this.counts.records += 1;
  }

  #go_on() {
    if (this.stopped === null && Date.now() > this.deadline_ms) this.stopped = 'the time of this invocation is over';
    if (this.stopped !== null) throw new NothingGetsThrough(this.stopped);
  }

  // Where the limits of straykey, or of a proxy in front of it, are lower than ours, halves are tried.
  async #deliver(batch) {
    try {
      const { status, text } = await this.#post(await body_of(batch));
      if (status === 200) return this.#count(text);
      if (status !== 413 || batch.length === 1) throw new MessageFailure(`straykey refuses it: ${status} ${text.slice(0, 300)}`);
    } catch (error) {
      this.#fail(new Set(batch.map(({ id }) => id)), error, null);
      return;
    }
    this.counts.splits += 1;
    await this.#deliver(batch.slice(0, batch.length / 2));
    await this.#deliver(batch.slice(batch.length / 2));
  }

  #count(text) {
    const { accepted, rejected } = JSON.parse(text);
    this.counts.accepted += accepted;
    this.counts.rejected += rejected;
  }

  // -> {status, text} of an answer that another attempt would not change.
  async #post(body) {
    let wait_ms = WAIT_MS_FIRST, asked_anew = false;
    for (;;) {
      this.#go_on();
      const { status, text, after_ms } = await this.#attempt(body);
      if (status === 401 && !asked_anew) {
        asked_anew = true;                 // the token may have been changed since it was fetched
        token.text = null;
        continue;
      }
      if (status === 200 || [400, 411, 413, 415, 417].includes(status)) return { status, text };
      if (status !== 0 && status !== 429 && status < 500) throw new NothingGetsThrough(`straykey answers ${status} ${text.slice(0, 300)}`);
      const pause_ms = after_ms === null ? wait_ms * (0.5 + Math.random() / 2) : after_ms;
      if (Date.now() + pause_ms > this.deadline_ms) throw new NothingGetsThrough(`straykey did not take it in time: ${status} ${text.slice(0, 300)}`);
      this.counts.retries += 1;
      await sleep(pause_ms);
      wait_ms = Math.min(2 * wait_ms, WAIT_MS_MAX);
    }
  }

  // -> an answer; status 0 and the reason if there is none.
  async #attempt(body) {
    const authorization = `Bearer ${await bearer()}`;
    this.counts.requests += 1;
    try {
      const response = await fetch(URL_OF_STRAYKEY, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', 'content-encoding': 'gzip', 'user-agent': 'straykey-forwarder' },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(Math.max(1, Math.min(ANSWER_MS_MAX, this.deadline_ms - Date.now()))),
      });
      return { status: response.status, text: await response.text(), after_ms: retry_after_ms(response) };
    } catch (error) {
      return { status: 0, text: String((error.cause && error.cause.message) || error.message), after_ms: null };
    }
  }

  #fail(ids, error, object) {
    if (error instanceof NothingGetsThrough) this.stopped = error.message;
    for (const id of ids) {
      if (this.failed.has(id)) continue;
      this.failed.set(id, error.message);
      console.error(JSON.stringify({ level: 'error', message: 'message failed', message_id: id, ...object, error: error.name, because: error.message }));
    }
  }
}

function body_of(batch) {
  const parts = [Buffer.from('{"Records":[')];
  batch.forEach(({ bytes }, at) => parts.push(Buffer.from(at === 0 ? '' : ','), bytes));
  parts.push(Buffer.from(']}'));
  return gzip(Buffer.concat(parts), { level: 1 });
}

exports.RecordCutter = RecordCutter;         // for its test
exports.handler = async (event, context) => {
  const forwarding = new Forwarding(Date.now() + context.getRemainingTimeInMillis() - RESERVE_MS);
  for (const message of event.Records) await forwarding.message(message);
  await forwarding.flush();
  console.log(JSON.stringify({ level: 'info', message: 'forwarded', ...forwarding.counts, failed: forwarding.failed.size }));
  return { batchItemFailures: [...forwarding.failed.keys()].map((itemIdentifier) => ({ itemIdentifier })) };
};
