import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { configExample } from '#config/render.ts';
import { parseConfig } from '#config/read.ts';
import { toToml } from '#config/values.ts';
import { silentLog } from '#log/pino-log.ts';
import { makeTicketKeys } from '#net/tls-context.ts';
import { startWriter } from '#store/sqlite/start-writer.ts';
import { freePort } from '../../test/support/free-port.ts';
import { readCertificates } from './certificates.ts';
import { ensureOwnCertificate } from './own-certificate.ts';
import { bindings } from './ports.ts';
import { startProtocolThreads } from './protocol-threads.ts';
import { makeSharedMemory } from './shared-memory.ts';

test('a protocol thread that dies is replaced, and the others go on meanwhile', { timeout: 60_000 }, async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-threads-'));
  const port = await freePort();
  const { certificateFile, keyFile } = ensureOwnCertificate(directory, ['localhost'], 'Test', Date.now());
  const values = new Map(
    Object.entries({
      'server.hostname': 'mail.capri.test',
      'server.domain': 'capri.test',
      'server.data_directory': directory,
      'tls.certificates.certificate': certificateFile,
      'tls.certificates.key': keyFile,
      'listeners.imap.addresses': ['127.0.0.1'],
      'listeners.imap.port': port,
      'log.level': 'error',
    }).map(([key, value]) => [key, toToml(value)]),
  );
  const config = parseConfig(configExample(values, new Set(['imap'])), 'capri.toml');
  const writer = await startWriter({ file: new URL('./writer-thread.ts', import.meta.url), directory, onFailure: assert.fail });
  const threads = await startProtocolThreads({
    count: 2,
    data: { config, bindings: bindings(config), shared: makeSharedMemory(2), certificates: readCertificates(config.tls), ticketKeys: makeTicketKeys() },
    log: silentLog,
    file: new URL('../../test/support/mortal-thread.ts', import.meta.url),
  });
  try {
    await threads.open(() => writer.connect());
    // The thread in the first place dies each time this file comes; the second one never does.
    const trigger = path.join(directory, 'die-0');
    for (let round = 0; round < 2; round++) {
      fs.writeFileSync(trigger, '');
      while (fs.existsSync(trigger)) await greeting(port);
    }
    // A client that the dying thread had taken is lost; soon none is.
    for (let inARow = 0; inARow < 20; ) inARow = (await greeting(port)).startsWith('* OK ') ? inARow + 1 : 0;
  } finally {
    await threads.stop();
    await writer[Symbol.asyncDispose]();
    fs.rmSync(directory, { recursive: true });
  }
});

/** What a client is greeted with; empty where the thread that took it died first. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('data', (bytes: Buffer) => {
      resolve(bytes.toString());
      socket.destroy();
    });
    socket.once('error', () => resolve(''));
    socket.once('close', () => resolve(''));
  });
}
