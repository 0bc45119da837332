import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '#config/read.ts';
import { silentLog } from '#log/pino-log.ts';
import { openListener } from '#net/listener.ts';
import { SharedCounts } from '#net/rate-limit.ts';
import { freePort } from '../../test/support/free-port.ts';
import { LineClient, testTls } from '../../test/support/net.ts';
import { portListener } from './doors.ts';
import { makeSharedMemory } from './shared-memory.ts';
import type { ThreadServices } from './services.ts';

test('the time-outs of the configuration hold at the doors', async () => {
  const port = await freePort();
  const config = parseConfig(
    `[server]\nhostname = "mail.capri.test"\ndomain = "capri.test"\ndata_directory = "/nowhere"\n[limits]\nhandshake_time = "1s"\nwrite_timeout = "7s"\n`,
    'capri.toml',
  );
  const options = portListener(
    { name: 'imaps', address: '127.0.0.1', port, proxyFrom: [] },
    {
      config,
      shared: makeSharedMemory(1),
      tls: testTls(),
      log: silentLog,
      counts: new SharedCounts(),
      // Nobody gets so far.
      services: new Promise<ThreadServices>(() => undefined),
    },
  );
  assert.deepEqual(options.timeouts, { handshakeMs: 1000, writeMs: 7000 });
  await using _listener = await openListener(options);
  using client = await LineClient.plain(port);
  assert.equal(await client.rest(), '');
});
