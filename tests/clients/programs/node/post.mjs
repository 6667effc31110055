// Posts a file with a library: post.mjs LIBRARY URL TOKEN FILE. Prints the status and the answer; exit code 1 unless 200.
import fs from 'node:fs';
import https from 'node:https';
import { Readable } from 'node:stream';

const [library, url, token, file] = process.argv.slice(2);
const body = fs.readFileSync(file);
const headers = { Authorization: `Bearer ${token}` };

const posts = {
  https: () => new Promise((resolve, reject) => {
    const request = https.request(url, { method: 'POST', headers }, (answer) => {
      let text = '';
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => resolve([answer.statusCode, text]));
    });
    request.on('error', reject);
    request.end(body);
  }),
  fetch: async () => {
    const answer = await fetch(url, { method: 'POST', headers, body });
    return [answer.status, await answer.text()];
  },
  fetch_stream: async () => {
    const answer = await fetch(url, { method: 'POST', headers, body: Readable.toWeb(fs.createReadStream(file)), duplex: 'half' });
    return [answer.status, await answer.text()];
  },
  axios: async () => {
    const { default: axios } = await import('axios');
    const answer = await axios.post(url, body, { headers });
    return [answer.status, JSON.stringify(answer.data)];
  },
  got: async () => {
    const { default: got } = await import('got');
    const answer = await got.post(url, { headers, body });
    return [answer.statusCode, answer.body];
  },
  got_retry: async () => {
    const { default: got } = await import('got');
    const answer = await got.post(url, { headers, body, retry: { limit: 20, methods: ['POST'] } });
    return [answer.statusCode, answer.body];
  },
  undici: async () => {
    const { request } = await import('undici');
    const answer = await request(url, { method: 'POST', headers, body });
    return [answer.statusCode, await answer.body.text()];
  },
  undici_retry: async () => {
    const { Agent, RetryAgent, request } = await import('undici');
    const dispatcher = new RetryAgent(new Agent(), { maxRetries: 20, methods: ['POST'], statusCodes: [503] });
    const answer = await request(url, { method: 'POST', headers, body, dispatcher });
    return [answer.statusCode, await answer.body.text()];
  },
  superagent: async () => {
    const { default: superagent } = await import('superagent');
    const answer = await superagent.post(url).set(headers).type('application/x-ndjson').send(body.toString());
    return [answer.status, answer.text];
  },
};

try {
  const [status, text] = await posts[library]();
  console.log(`${status} ${text.trim()}`);
  process.exitCode = status === 200 ? 0 : 1;
} catch (error) {
  console.log(`${error.name}: ${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
  process.exitCode = 1;
}
