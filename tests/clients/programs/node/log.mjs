// Logs each line of standard input through a library: log.mjs LIBRARY HOST PORT CA [TOKEN].
import fs from 'node:fs';
import net from 'node:net';
import readline from 'node:readline';

const [library, host, portText, authority, token] = process.argv.slice(2);
const port = Number(portText);
const say = (error) => console.error(`${error.name}: ${error.message}`);

async function winston(transport) {
  const { default: winston } = await import('winston');
  transport.on('error', say);
  transport.on('warn', say);
  const logger = winston.createLogger({ levels: winston.config.syslog.levels, transports: [transport] });
  logger.on('error', say);
  return { log: (line) => logger.info(line), end: () => logger.end() };
}

async function winstonSyslog(options) {
  const { Syslog } = await import('winston-syslog');
  return winston(new Syslog({ host, port, app_name: 'cloudtrail', ...options }));
}

async function winstonHttp(options) {
  const { default: library } = await import('winston');
  return winston(new library.transports.Http({ ssl: true, host, port, path: '/v1/events', auth: { bearer: token }, ...options }));
}

async function pino(transport) {
  const { default: pino } = await import('pino');
  const stream = pino.transport(transport);
  stream.on('error', say);
  const logger = pino(stream);
  return { log: (line) => logger.info(line), end: () => stream.end() };
}

const socketTo = (mode, more) => ({ target: 'pino-socket', options: { address: host, port, mode, ...more } });
const syslog = (options) => ({ target: 'pino-syslog', options: { enablePipelining: true, ...options } });

const libraries = {
  winston_syslog_tcp: () => winstonSyslog({ protocol: 'tcp4' }),
  winston_syslog_tcp_5424: () => winstonSyslog({ protocol: 'tcp4', type: '5424', eol: '\n' }),
  winston_syslog_udp: () => winstonSyslog({ protocol: 'udp4' }),
  winston_syslog_tls: () => winstonSyslog({ protocol: 'tls4', protocolOptions: { ca: fs.readFileSync(authority) } }),
  winston_http: () => winstonHttp({}),
  winston_http_batch: () => winstonHttp({ batch: true, batchCount: 100, batchInterval: 1000 }),
  pino_socket_tcp: () => pino(socketTo('tcp')),
  pino_socket_tcp_recovery: () => pino(socketTo('tcp', { recovery: true, reconnect: true })),
  pino_socket_udp: () => pino(socketTo('udp')),
  pino_syslog_tcp: () => pino({ pipeline: [syslog({}), socketTo('tcp')] }),
  pino_syslog_message: () => pino({ pipeline: [syslog({ messageOnly: true, newline: true }), socketTo('tcp')] }),
  pino_syslog_old: () => pino({ pipeline: [syslog({ modern: false, newline: true }), socketTo('tcp')] }),
  bunyan_socket: async () => {
    const { default: bunyan } = await import('bunyan');
    const stream = net.connect(port, host);
    stream.on('error', say);
    const logger = bunyan.createLogger({ name: 'cloudtrail', stream });
    return { log: (line) => logger.info(line), end: () => stream.end() };
  },
  syslog_client_tcp: () => syslogClient('Tcp'),
  syslog_client_udp: () => syslogClient('Udp'),
  log4js_tcp: async () => {
    const { default: log4js } = await import('log4js');
    log4js.configure({
      appenders: { out: { type: 'tcp', host, port, endMsg: '\n', layout: { type: 'messagePassThrough' } } },
      categories: { default: { appenders: ['out'], level: 'info' } },
    });
    const logger = log4js.getLogger();
    return { log: (line) => logger.info(line), end: () => log4js.shutdown() };
  },
};

async function syslogClient(transport) {
  const { default: library } = await import('syslog-client');
  const client = library.createClient(host, { port, transport: library.Transport[transport], rfc3164: false });
  client.on('error', say);
  let waiting = 0;
  let ending = false;
  const closeIfDone = () => { if (ending && waiting === 0) client.close(); };
  return {
    log: (line) => { waiting += 1; client.log(line, {}, (error) => { waiting -= 1; if (error) say(error); closeIfDone(); }); },
    end: () => { ending = true; closeIfDone(); },
  };
}

const chosen = await libraries[library]();
const input = readline.createInterface({ input: process.stdin });
input.on('line', (line) => chosen.log(line));
input.on('close', () => chosen.end());
