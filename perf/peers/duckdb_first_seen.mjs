// First-seen of each role and address in .json.gz files. duckdb_first_seen.mjs GLOB detect|named
// Prints {"pairs", "passed", "cpu_s"}; cpu_s is the query's alone. Runs in the folder that holds node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { DuckDBInstance } = createRequire(join(process.cwd(), 'package.json'))('@duckdb/node-api');
const [glob, columns] = process.argv.slice(2);
const named = `, columns = {Records: 'STRUCT(eventTime VARCHAR, sourceIPAddress VARCHAR, userIdentity STRUCT(type VARCHAR,
  sessionContext STRUCT(sessionIssuer STRUCT(arn VARCHAR))))[]'}`;
const connection = await (await DuckDBInstance.create(':memory:')).connect();

const before = process.cpuUsage();
const reader = await connection.runAndReadAll(`
  SELECT r.userIdentity.sessionContext.sessionIssuer.arn AS role, r.sourceIPAddress AS address,
         min(r.eventTime) AS first_seen, count(*)::INTEGER AS events
  FROM (SELECT unnest(Records) AS r
        FROM read_json('${glob}', maximum_object_size = 134217728 ${columns === 'named' ? named : ''}))
  WHERE r.userIdentity.type = 'AssumedRole' GROUP BY role, address`);
const used = process.cpuUsage(before);
const rows = reader.getRows();
const passed = rows.reduce((sum, row) => sum + row[3], 0);
console.log(JSON.stringify({ pairs: rows.length, passed, cpu_s: (used.user + used.system) / 1e6 }));
