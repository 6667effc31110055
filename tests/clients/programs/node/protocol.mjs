// Sends each line of a file by the protocol of another product: protocol.mjs LIBRARY HOST PORT TOKEN FILE. Exit code 1 if the
// library says that something went wrong.
import fs from 'node:fs';

const [library, host, port, token, file] = process.argv.slice(2);
const site = `https://${host}:${port}`;
const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
const fail = (error) => {
  console.error(`${error.statusCode ?? error.code ?? ''} ${error.name}: ${error.message}`);
  process.exitCode = 1;
};

async function elasticsearch() {
  const { Client } = await import('@elastic/elasticsearch');
  return new Client({ node: site, auth: { username: 'any', password: token }, maxRetries: 20 });
}

async function otlp(exporter) {
  const { LoggerProvider, BatchLogRecordProcessor } = await import('@opentelemetry/sdk-logs');
  const { diag, DiagConsoleLogger, DiagLogLevel } = await import('@opentelemetry/api');
  const seen = new DiagConsoleLogger();
  diag.setLogger({ ...seen, error: (...said) => fail(new Error(said.join(' '))), warn: () => {}, info: () => {}, debug: () => {}, verbose: () => {} }, DiagLogLevel.ERROR);
  const processor = new BatchLogRecordProcessor({ exporter, maxQueueSize: 4096, maxExportBatchSize: 500 });
  const provider = new LoggerProvider({ processors: [processor] });
  const logger = provider.getLogger('cloudtrail');
  for (const body of lines) logger.emit({ body });
  await provider.shutdown();
}

const otlpOptions = { url: `${site}/v1/logs`, headers: { Authorization: `Bearer ${token}` } };

const libraries = {
  elasticsearch_bulk: async () => {
    const client = await elasticsearch();
    const answer = await client.bulk({ index: 'trail', operations: lines.flatMap((line) => [{ create: {} }, JSON.parse(line)]) });
    console.log(`errors ${answer.errors}, items ${answer.items.length}`);
    if (answer.errors) process.exitCode = 1;
  },
  elasticsearch_helper: async () => {
    const client = await elasticsearch();
    const done = await client.helpers.bulk({
      datasource: lines.map((line) => JSON.parse(line)), flushBytes: 262144, wait: 500,
      onDocument: () => ({ create: { _index: 'trail' } }),
    });
    console.log(`total ${done.total}, failed ${done.failed}, retry ${done.retry}`);
    if (done.failed > 0) process.exitCode = 1;
  },
  splunk_logging: async () => {
    const { default: splunk } = await import('splunk-logging');
    const logger = new splunk.Logger({ token, url: site, maxBatchCount: 100, maxRetries: 20 });
    logger.requestOptions.strictSSL = true;
    logger.error = fail;
    for (const line of lines) logger.send({ message: JSON.parse(line) });
    await new Promise((resolve) => { logger.flush((error) => { if (error) fail(error); resolve(); }); });
  },
  otlp_json: async () => {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-http');
    await otlp(new OTLPLogExporter(otlpOptions));
  },
  otlp_protobuf: async () => {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
    await otlp(new OTLPLogExporter(otlpOptions));
  },
  otlp_protobuf_gzip: async () => {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
    await otlp(new OTLPLogExporter({ ...otlpOptions, compression: 'gzip' }));
  },
};

await libraries[library]().catch(fail);
