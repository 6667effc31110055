// The forwarder's RecordCutter gives the same records wherever the pieces of a file end: `node cut_everywhere.js HANDLER`.
'use strict';

const assert = require('node:assert');
const { RecordCutter } = require(process.argv[2]);

const ODD = [{ a: '}],{"' }, { b: 'quote \\" and \\\\' }, [1, [2]], 'text, with ]', 17, null, true, {}, [], { Records: [{ deep: 1 }] }];

function cut(bytes, piece_bytes) {
  const cutter = new RecordCutter(), records = [];
  for (let at = 0; at < bytes.length; at += piece_bytes) {
    for (const record of cutter.cut(bytes.subarray(at, at + piece_bytes))) records.push(JSON.parse(record));
  }
  return { records, kind: cutter.kind() };
}

function same_everywhere(text, records, kind) {
  const bytes = Buffer.from(text);
  for (let piece_bytes = 1; piece_bytes <= bytes.length; ++piece_bytes) assert.deepStrictEqual(cut(bytes, piece_bytes), { records, kind });
}

same_everywhere(JSON.stringify({ Records: ODD }), ODD, 'trail');
same_everywhere(JSON.stringify({ Records: ODD }, null, 2) + '\n', ODD, 'trail');
same_everywhere(JSON.stringify({ first: 'Records', other: [1], Records: ODD, last: { Records: [2] } }), ODD, 'trail');
same_everywhere('{"Records":[]}', [], 'trail');
same_everywhere('{"Records":[{"a":1}]}\n{"Records":[{"a":2}]}', [{ a: 1 }, { a: 2 }], 'trail');
same_everywhere(JSON.stringify({ awsAccountId: '111122223333', digestStartTime: '2025-06-30T12:00:00Z', logFiles: [{ Records: [1] }] }), [], 'digest');
same_everywhere(JSON.stringify({ fileVersion: '1.0', configurationItems: [{ Records: [1] }] }), [], 'config');
for (const [text, words] of [['{"Records":[{"a":1}', /middle/], ['{"Records":[{"a":"', /middle/], ['[{"a":1}]', /no file of CloudTrail/],
  ['2 111122223333 eni-1 192.0.2.1', /no file of CloudTrail/], ['', /no file of CloudTrail/], ['{"a":1}}', /no JSON/]]) {
  assert.throws(() => cut(Buffer.from(text), 3), words, text);
}
