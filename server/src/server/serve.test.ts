import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '#config/read.ts';
import { configExample } from '#config/render.ts';
import { toToml } from '#config/values.ts';
import { silentLog } from '#log/pino-log.ts';
import { freePort } from '../../test/support/free-port.ts';
import { ensureOwnCertificate } from './own-certificate.ts';
import { startServer } from './serve.ts';

test('when the writer dies the server says that it cannot go on, and can be taken down and started anew', { timeout: 60_000 }, async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-writer-'));
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
  const writer = new URL('../../test/support/mortal-writer.ts', import.meta.url);
  const parts = { config, log: silentLog, isAnnounced: false, files: { writer } };
  try {
    for (let round = 0; round < 2; round++) {
      await using server = await startServer(parts);
      await server.call('domain.add', { domain: `d${round}.example` });
      fs.writeFileSync(path.join(directory, 'die-writer'), '');
      assert.match((await server.failed).message, /died as it was told/);
      await assert.rejects(server.call('domain.add', { domain: 'lost.example' }));
    }
    await using server = await startServer(parts);
    assert.deepEqual(
      ((await server.call('domain.list', {})) as ReadonlyArray<{ domain: string }>).map(({ domain }) => domain),
      ['d0.example', 'd1.example'],
    );
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});
