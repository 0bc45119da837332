/**
 * What people outside the project wrote: ARC's public test suite, and signed messages of SpamAssassin, MimeKit and mailauth. The misses, each with its RFC
 * paragraph, are in docs/authenticity.md.
 */
import { deepEqual, equal, match } from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { conformance, conformanceData, needs } from '../../test/support/outside.ts';
import { asSent, TxtResolver, verifyMessage } from './signed-mail.fixture.ts';

interface ArcGroup {
  readonly description: string;
  readonly tests: Readonly<Record<string, { readonly message: string; readonly cv: 'None' | 'Pass' | 'Fail' | '' }>>;
  readonly 'txt-records': Readonly<Record<string, string>>;
}

test('all 171 cases of the ARC suite come out as it says', needs(conformanceData('arc')), async () => {
  const groups = JSON.parse(fs.readFileSync(path.join(conformance('arc') ?? '', 'arc-validation.json'), 'utf8')) as readonly ArcGroup[];
  const wrong: string[] = [];
  let count = 0;
  for (const group of groups) {
    const zone = Object.fromEntries(Object.entries(group['txt-records']).map(([name, text]) => [name.toLowerCase(), [text]]));
    for (const [name, { message, cv }] of Object.entries(group.tests)) {
      count++;
      const { arc } = await verifyMessage(new TxtResolver(zone), asSent(Buffer.from(message)));
      // An empty cv stands for a chain that a sealer has marked as failed: RFC 8617 §5.2 step 2 calls it failed.
      const wanted = cv === '' ? 'fail' : cv.toLowerCase();
      if (arc.result !== wanted) wrong.push(`${group.description}, ${name}: ${arc.result} (${arc.reason})`);
    }
  }
  deepEqual(wrong, []);
  equal(count, 171);
});

test('every signed message of MimeKit and mailauth passes', needs(conformanceData('dkim')), async () => {
  const results: Record<string, readonly string[]> = {};
  for (const file of [
    'mailauth-ec/signed.eml',
    'mimekit/gmail.msg',
    'mimekit/multipart-no-end-boundary.msg',
    'mimekit/related.msg',
    'mimekit/rfc8463-example.msg',
  ]) {
    const { dkim } = await verifyMessage(new TxtResolver(publishedKeys()), readMessage(file));
    results[file] = dkim.map(({ algorithm, result }) => `${algorithm} ${result}`);
  }
  deepEqual(results, {
    'mailauth-ec/signed.eml': ['ed25519-sha256 pass', 'rsa-sha256 pass'],
    'mimekit/gmail.msg': ['rsa-sha256 pass'],
    'mimekit/multipart-no-end-boundary.msg': ['rsa-sha256 pass'],
    'mimekit/related.msg': ['rsa-sha256 pass'],
    'mimekit/rfc8463-example.msg': ['ed25519-sha256 pass', 'rsa-sha256 pass'],
  });
});

test("SpamAssassin's messages signed with its key of 768 bits verify, and do not count: RFC 8301", needs(conformanceData('dkim')), async () => {
  const resolver = new TxtResolver({ 't0768._domainkey.sa-test.spamassassin.org': [T0768] });
  const expected: Readonly<Record<string, RegExp>> = {
    // §3.1: "MUST NOT be used for signing or verifying"; §3.2: "MUST NOT consider signatures using RSA keys of less than 1024 bits as valid".
    'test-pass-01.msg': /^fail rsa-sha1/,
    ...Object.fromEntries(['02', '03', '04', '05', '06', '07', '08', '17'].map((number) => [`test-pass-${number}.msg`, /^policy the key has only 768 bits/])),
    'arc/ko01.eml': /^policy/,
    'arc/ok01.eml': /^policy/,
    'test-fail-02.msg': /^fail the signature does not fit/,
    'test-fail-03.msg': /^fail the signature does not fit/,
    'test-fail-04.msg': /^fail the signature does not fit/,
    'test-fail-05.msg': /^permerror no key/,
    'test-fail-06.msg': /^permerror no key/,
    'test-fail-07.msg': /^fail the (signature does not fit|body was changed)/,
    'test-fail-09.msg': /^permerror no key/,
  };
  for (const [file, pattern] of Object.entries(expected)) {
    const { dkim } = await verifyMessage(resolver, readMessage(`spamassassin/${file}`));
    match(`${dkim[0]?.result} ${dkim[0]?.reason}`, pattern, file);
    equal(dkim.length, 1, file);
  }
});

test("of SpamAssassin's messages whose keys are not there, the body's hash is right and nothing passes", needs(conformanceData('dkim')), async () => {
  const files = ['09', '10', '11', '12', '13', '14', '15', '16', '18', '19', '20', '21', '22', '23'].map((number) => `test-pass-${number}.msg`);
  const selectors = ['t0512', 't0640', 't1024a', 't1024b', 't1024c', 't1024d', 't1280', 't1536', 't2048a', 't2048b'];
  // A key of somebody else: what is reached with it is the signature, behind the body's hash.
  const resolver = new TxtResolver(
    Object.fromEntries(selectors.map((selector) => [`${selector}._domainkey.sa-test.spamassassin.org`, [pemRecord('mimekit/gmail.pub')]])),
  );
  for (const file of [...files, 'test-fail-08.msg']) {
    const { dkim } = await verifyMessage(resolver, readMessage(`spamassassin/${file}`));
    deepEqual(
      dkim.map(({ result, reason }) => `${result}: ${reason}`),
      ['fail: the signature does not fit the header and the key'],
      file,
    );
  }
});

test("SpamAssassin's messages about sender practices have no signature", needs(conformanceData('dkim')), async () => {
  const folder = path.join(conformance('dkim') ?? '', 'spamassassin');
  const files = fs.readdirSync(folder).filter((file) => file.startsWith('test-adsp-') || file === 'test-fail-01.msg');
  equal(files.length, 13);
  for (const file of files) deepEqual((await verifyMessage(new TxtResolver({}), readMessage(`spamassassin/${file}`))).dkim, []);
});

function readMessage(file: string): Buffer {
  return asSent(fs.readFileSync(path.join(conformance('dkim') ?? '', file)));
}

function pemRecord(file: string): string {
  const pem = fs.readFileSync(path.join(conformance('dkim') ?? '', file), 'utf8');
  return `v=DKIM1; k=rsa; p=${pem.replace(/-----[^-]*-----|\s/g, '')}`;
}

function publishedKeys(): Record<string, readonly string[]> {
  const dns = JSON.parse(fs.readFileSync(path.join(conformance('dkim') ?? '', 'mailauth-ec/dns.json'), 'utf8')) as Record<string, { TXT: readonly string[][] }>;
  return {
    ...Object.fromEntries(Object.entries(dns).map(([name, { TXT }]) => [name, TXT.map((strings) => strings.join(''))])),
    '20120113._domainkey.gmail.com': [pemRecord('mimekit/gmail.pub')],
  };
}

/** The public key is not among the data: this modulus is the common divisor of what two of the signatures (test-pass-02 and -03) allow, and all others fit it. */
const T0768 = ((): string => {
  const n = Buffer.from(
    'd768ba4d79cf2d720ad0c32a031e2e63deebf9c20799f7f3e8fa5d61d042137c16eb54f2758b9cea23fc332dca1bc921' +
      '064d734fad84b2a29e0cb2b2a12c7ba4d8c50ac1311c88f1d0bc881a57a923efc1f0a116067eb6e712ff0972f75a74ad',
    'hex',
  );
  const key = createPublicKey({ key: { kty: 'RSA', e: 'AQAB', n: n.toString('base64url') }, format: 'jwk' });
  return `v=DKIM1; k=rsa; p=${key.export({ type: 'spki', format: 'der' }).toString('base64')}`;
})();
