/**
 * kill -9 at random moments while mail is delivered, moved, flagged, expunged and downloaded: every acknowledged change is there after the restart, nothing
 * acknowledged came twice, a message to several accounts reached all of them or none, and the checker finds nothing.
 *
 * CAPRI_TEST_KILLS sets how often (25; `npm run test:crash` 1,000), CAPRI_TEST_SEED the random choices.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { mulberry } from '../support/random.ts';
import { startServer } from '../support/server.ts';
import { Ledger } from './ledger.ts';
import { ACCOUNTS, inventory, runWorkload, type Target } from './workload.ts';

const kills = Number(process.env['CAPRI_TEST_KILLS'] ?? 25);
const seed = Number(process.env['CAPRI_TEST_SEED'] ?? Date.now() % 1_000_000);

test(`nothing acknowledged is lost or doubled in ${kills} kills (seed ${seed})`, { timeout: 30_000 + kills * 20_000 }, async (t) => {
  const random = mulberry(seed);
  const server = await startServer({ accounts: Object.values(ACCOUNTS) });
  const target: Target = {
    smtpPort: server.ports.smtp,
    imapsPort: server.ports.imaps,
    pop3sPort: server.ports.pop3s,
    domain: server.domain,
    password: server.password,
  };
  const ledger = new Ledger();
  for (let round = 1; round <= kills; round++) {
    const stop = new AbortController();
    const work = runWorkload(target, ledger, random, stop.signal);
    await pause(100 + random() * 700);
    await server.kill();
    stop.abort();
    await work;
    // Every tenth time the store is checked as the crash left it; the others go through what starting mends.
    if (round % 10 === 0) assert.deepEqual(await server.check(), [], `the checker after kill ${round}`);
    await server.start();
    const problems: string[] = [];
    for (const account of Object.values(ACCOUNTS)) problems.push(...ledger.reconcile(account, await inventory(target, account)));
    problems.push(...ledger.reconcileGroups());
    assert.deepEqual(problems, [], `after kill ${round} of seed ${seed}; the data are kept in ${server.directory}`);
    if (round % 100 === 0) t.diagnostic(`${round} kills, ${ledger.acknowledged} acknowledged changes`);
  }
  await server[Symbol.asyncDispose]();
  t.diagnostic(`${kills} kills, ${ledger.acknowledged} acknowledged changes, seed ${seed}`);
  assert.ok(ledger.acknowledged > kills * 10, `only ${ledger.acknowledged} changes were acknowledged: the test proves little`);
});
