import assert from 'node:assert/strict';
import { request } from 'node:https';
import { suite, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { Hono } from 'hono';
import type { Log } from '#log/log.ts';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import { type Listener, openListener } from '#net/listener.ts';
import { TlsContexts } from '#net/tls-context.ts';
import { HttpServer } from './serve.ts';

const authority = makeAuthority('HTTP test', Date.now());
const first = issueCertificate(authority, ['mta-sts.one.test'], { nowMs: Date.now() });
const second = issueCertificate(authority, ['mta-sts.two.test'], { nowMs: Date.now() });

suite('HTTP over a listener', () => {
  test('answers, with the certificate of the name that is asked for', async () => {
    await using door = await open();
    for (const host of ['mta-sts.one.test', 'mta-sts.two.test']) assert.deepEqual(await get(door.port, host), { status: 200, text: `host ${host}` });
  });

  test('answers several requests on one connection', async () => {
    await using door = await open();
    const client = await dial(door.port);
    client.write('GET / HTTP/1.1\r\nHost: mta-sts.one.test\r\n\r\nGET / HTTP/1.1\r\nHost: mta-sts.one.test\r\nConnection: close\r\n\r\n');
    assert.equal((await all(client)).match(/HTTP\/1\.1 200/g)?.length, 2);
  });

  test('refuses what is no request, has no host, or is too long', async () => {
    await using door = await open();
    for (const [text, status] of [
      ['EHLO x\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
      ['GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc', 400],
    ] as const) {
      const client = await dial(door.port);
      client.write(text);
      assert.match(await all(client), new RegExp(`^HTTP/1\\.1 ${status} `), text.slice(0, 40));
    }
  });

  test('does not wait for ever for a header that comes an octet at a time', { timeout: 20_000 }, async () => {
    await using door = await open({ headersTimeoutMs: 200 });
    for (const start of ['', 'GET / HTTP/1.1\r\nHost: a\r\nX: ']) {
      const client = await dial(door.port);
      client.write(start);
      const dripping = setInterval(() => client.write(start === '' ? '' : 'x'), 50);
      const text = await all(client);
      clearInterval(dripping);
      assert.match(text, /^HTTP\/1\.1 408 /);
    }
  });

  test('a client that only waits does not hold up the end of the server', async () => {
    const door = await open();
    const client = await dial(door.port);
    client.write('GET / HTTP/1.1\r\nHost: mta-sts.one.test\r\n\r\n');
    await new Promise((resolve) => client.once('data', resolve));
    const ended = new Promise((resolve) => client.once('close', resolve));
    await door[Symbol.asyncDispose]();
    await ended;
  });
});

async function open(times: { readonly headersTimeoutMs?: number } = {}): Promise<AsyncDisposable & { readonly port: number; readonly listener: Listener }> {
  const app = new Hono();
  app.get('/', (context) => context.text(`host ${new URL(context.req.url).hostname}`));
  const http = new HttpServer(app, times);
  const tls = new TlsContexts([
    { source: 'one', ...first },
    { source: 'two', ...second },
  ]);
  const listener = await openListener({
    name: 'https',
    address: '127.0.0.1',
    port: 0,
    implicitTls: true,
    alpn: 'http/1.1',
    tls,
    log: quiet,
    door: (connection) => http.serve(connection),
  });
  return {
    port: listener.port,
    listener,
    async [Symbol.asyncDispose]() {
      await listener.close();
      http[Symbol.dispose]();
    },
  };
}

function get(port: number, host: string): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, servername: host, headers: { Host: host }, ca: authority.certificate, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

function dial(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'mta-sts.one.test', ca: authority.certificate, ALPNProtocols: ['h2', 'http/1.1'] }, () =>
      resolve(socket),
    );
    socket.once('error', reject);
  });
}

function all(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => '', with: () => quiet };
