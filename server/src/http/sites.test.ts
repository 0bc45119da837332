import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Log } from '#log/log.ts';
import { sites } from './sites.ts';

const TEXT = 'version: STSv1\r\nmode: enforce\r\nmx: mail.capri.test\r\nmax_age: 604800\r\n';

suite('what is served over HTTPS', () => {
  test('the MTA-STS policy of a domain here, as plain text', async () => {
    const answer = await ask('https://mta-sts.capri.test/.well-known/mta-sts.txt');
    assert.deepEqual([answer.status, answer.headers.get('content-type'), await answer.text()], [200, 'text/plain; charset=utf-8', TEXT]);
    const head = await ask('https://MTA-STS.capri.test:10443/.well-known/mta-sts.txt?x=1', 'HEAD');
    assert.deepEqual([head.status, await head.text()], [200, '']);
  });

  test('nothing else: no other domain, path, host or method', async () => {
    const statuses = await Promise.all(
      [
        'https://mta-sts.other.test/.well-known/mta-sts.txt',
        'https://mta-sts.capri.test/',
        'https://mta-sts.capri.test/.well-known/mta-sts.txt/',
        'https://mta-sts.capri.test/.well-known/../.well-known/mta-sts.TXT',
        'https://capri.test/.well-known/mta-sts.txt',
        'https://127.0.0.1/.well-known/mta-sts.txt',
        'https://mta-sts./.well-known/mta-sts.txt',
      ].map(async (url) => (await ask(url)).status),
    );
    assert.deepEqual(
      statuses,
      statuses.map(() => 404),
    );
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await ask('https://mta-sts.capri.test/.well-known/mta-sts.txt', method);
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD']);
    }
  });

  test('every answer says how little a browser may do with it', async () => {
    for (const url of ['https://mta-sts.capri.test/.well-known/mta-sts.txt', 'https://mta-sts.capri.test/none']) {
      const { headers } = await ask(url);
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.match(headers.get('strict-transport-security') ?? '', /^max-age=/);
    }
  });

  test('a failure is told with its reference and nothing else', async () => {
    const answer = await ask('https://mta-sts.broken.test/.well-known/mta-sts.txt');
    assert.deepEqual([answer.status, await answer.text()], [500, 'Internal error ref1\n']);
  });
});

async function ask(url: string, method: string = 'GET'): Promise<Response> {
  const isLocalDomain = async (domain: string): Promise<boolean> => {
    if (domain === 'broken.test') throw new Error('the store has failed');
    return await Promise.resolve(domain === 'capri.test');
  };
  return await sites({ log: quiet, policy: { text: TEXT, isLocalDomain } }).fetch(new Request(url, { method }));
}

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => 'ref1', with: () => quiet };
