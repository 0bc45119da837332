/** Our own MTA-STS policy, as the servers of others fetch it: with the code that fetches theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchStsPolicy, type PolicyError } from '#queue/transport-security/fetch-policy.ts';
import { FakeDns } from '../support/dns.ts';
import { startServer } from '../support/server.ts';

test('a domain here serves its policy, and capri domain dns names the record that announces it', async () => {
  await using server = await startServer({ config: '[mta_sts]\nmode = "enforce"\nmx = ["mx1.capri.test", "mx2.capri.test"]\nmax_age = "7d"\n' });
  await using dns = await FakeDns.start({ 'mta-sts.capri.test': { A: ['127.0.0.1'] }, 'mta-sts.other.test': { A: ['127.0.0.1'] } });
  const fetcher = { resolver: dns.resolver(), isAllowed: () => true, port: server.ports.https, ca: server.ca, timeoutMs: 20_000 };
  const { signal } = new AbortController();
  const { mode, mx, maxAgeS } = await fetchStsPolicy(fetcher, 'capri.test', signal);
  assert.deepEqual({ mode, mx, maxAgeS }, { mode: 'enforce', mx: ['mx1.capri.test', 'mx2.capri.test'], maxAgeS: 604_800 });
  // A certificate for another name is none, and a stranger's policy is not fetched from here.
  await assert.rejects(fetchStsPolicy(fetcher, 'other.test', signal), (error: PolicyError) => error.type === 'sts-webpki-invalid');
  const shown = await server.capri('domain', 'dns', 'capri.test', '--json');
  assert.match(shown.output, /v=STSv1; id=[0-9a-f]{20};/);
  assert.match(shown.output, /"mta-sts\.capri\.test"/);
});
