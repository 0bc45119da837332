/** Outside validators: dkimpy and OpenDKIM take what we sign and seal, and we take what they sign. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { before, test } from 'node:test';
import { sealArc } from '#authenticity/arc/seal.ts';
import { dkimDnsRecord, generateDkimKeys, readSigningKey, type SigningKey } from '#authenticity/dkim/keys.ts';
import { hashWholeBody, signDkim } from '#authenticity/dkim/sign.ts';
import type { ArcResult } from '#authenticity/results.ts';
import { asSent, splitMessage, TxtResolver, verifyMessage } from '#authenticity/signed-mail.fixture.ts';
import { conformance, conformanceData, needs, program, run } from '../support/outside.ts';

const PYTHON = '/usr/bin/python3';
const dkimpy = {
  name: 'python3-dkim',
  isThere: fs.existsSync('/usr/lib/python3/dist-packages/dkim') && fs.existsSync('/usr/lib/python3/dist-packages/authres'),
};
const openDkim = { name: 'opendkim', isThere: program('opendkim').isThere || fs.existsSync('/usr/sbin/opendkim') };
const NONE: ArcResult = { result: 'none', instances: 0, sealers: [] };
const MESSAGE = Buffer.from(
  [
    'From: "Zażółć" <a@example.org>',
    'To: b@example.com,',
    '\tc@example.com',
    'Subject: hello  there\t',
    'Date: Mon, 23 Nov 2026 12:00:00 +0000',
    'Message-ID: <x@example.org>',
    'Authentication-Results: example.org; arc=none; spf=pass smtp.mailfrom=a@example.org',
    '',
    ' some  text\t here ',
    '',
    '\t',
    '.dot',
    'the  end',
    '',
    '',
    '',
  ].join('\r\n'),
);

let rsa: SigningKey;
let ed25519: SigningKey;
let zone: Readonly<Record<string, string>>;

before(async () => {
  const [first, second] = await generateDkimKeys();
  rsa = readSigningKey({ domain: 'example.org', selector: 'rsa', pem: first?.pem ?? '' });
  ed25519 = readSigningKey({ domain: 'example.org', selector: 'ed', pem: second?.pem ?? '' });
  zone = Object.fromEntries([rsa, ed25519].map(({ selector, domain, privateKey }) => [`${selector}._domainkey.${domain}`, dkimDnsRecord(privateKey).text]));
});

test('dkimpy verifies our RSA and Ed25519 signatures over the whole MIME corpus', needs(dkimpy, conformanceData('mime')), async () => {
  const folder = conformance('mime') ?? '';
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(eml|txt|msg)$/.test(file));
  const messages = files.map((file) => signed(asSent(fs.readFileSync(path.join(folder, file)))));
  const answers = await askDkimpy([signed(MESSAGE), ...messages].map((message) => ({ work: 'verify', message, signatures: 2 })));
  deepEqual(answers[0], { answer: [true, true] });
  const refused = files.flatMap((file, index) =>
    JSON.stringify(answers[index + 1]) === '{"answer":[true,true]}' ? [] : [`${file}: ${JSON.stringify(answers[index + 1])}`],
  );
  // Lines that are no header field, and white space before a colon: dkimpy does not read such messages at all.
  const unreadable = ['error_emails__multiple_references_with_one_invalid', 'plain_emails__raw_email_incorrect_header', 'rfc2822__example13'];
  deepEqual(refused.map((line) => /^ruby-mail\/(\w+)\.eml: \{"error":"MessageFormatError: /.exec(line)?.[1] ?? line).toSorted(), unreadable);
});

test('dkimpy verifies chains of two hops that we sealed', needs(dkimpy), async () => {
  const once = await sealed(signed(MESSAGE), rsa, NONE);
  const twice = await sealed(once, rsa, (await verify(once)).arc);
  deepEqual(await askDkimpy([once, twice].map((message) => ({ work: 'verify-arc', message }))), [
    { answer: ['pass', 'success'] },
    { answer: ['pass', 'success'] },
  ]);
});

test('we verify what dkimpy signs and seals, in every canonicalization', needs(dkimpy), async () => {
  const forms = ['relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple'];
  const jobs = forms.flatMap((canonicalization) => [rsa, ed25519].map((key) => ({ work: 'sign', message: MESSAGE, canonicalization, ...keyForDkimpy(key) })));
  const results: string[] = [];
  for (const { answer, error } of await askDkimpy(jobs)) {
    const { dkim } = await verify(Buffer.concat([Buffer.from(typeof answer === 'string' ? answer : ''), MESSAGE]));
    results.push(`${dkim[0]?.algorithm} ${dkim[0]?.result} ${error ?? dkim[0]?.reason ?? ''}`.trim());
  }
  deepEqual(
    results,
    forms.flatMap(() => ['rsa-sha256 pass', 'ed25519-sha256 pass']),
  );

  const ours = await sealed(MESSAGE, rsa, NONE);
  const reported = Buffer.from(ours.toString('latin1').replace('example.org; arc=none', 'example.org; arc=pass'), 'latin1');
  const [first, second] = await askDkimpy([MESSAGE, reported].map((message) => ({ work: 'seal', message, server: 'example.org', ...keyForDkimpy(rsa) })));
  for (const [answer, message, instances] of [
    [first?.answer, MESSAGE, 1],
    [second?.answer, reported, 2],
  ] as const) {
    ok(typeof answer === 'string', JSON.stringify([first, second]));
    const { arc } = await verify(Buffer.concat([Buffer.from(answer), message]));
    deepEqual([arc.result, arc.instances, arc.reason], ['pass', instances, undefined]);
  }
});

test('OpenDKIM verifies our RSA and Ed25519 signatures, and not what was changed', needs(openDkim), async () => {
  using folder = openFolder();
  fs.writeFileSync(
    path.join(folder.path, 'keys'),
    Object.entries(zone)
      .map((entry) => `${entry.join(' ')}\n`)
      .join(''),
  );
  fs.writeFileSync(path.join(folder.path, 'verify.conf'), `Mode v\nTestPublicKeys ${folder.path}/keys\nSyslog no\nUserID ${os.userInfo().username}\n`);
  for (const key of [rsa, ed25519]) {
    const message = signed(MESSAGE, [key]);
    const changed = Buffer.from(message.toString('latin1').replace('the  end', 'no end'), 'latin1');
    match(await folder.openDkim('verify.conf', message), /verification \(s=(rsa|ed), d=example\.org, .*\) succeeded/);
    match(await folder.openDkim('verify.conf', changed), /verification .* failed|bad signature|body hash/);
  }
});

test('we verify what OpenDKIM signs', needs(openDkim), async () => {
  using folder = openFolder();
  for (const key of [rsa, ed25519]) {
    // OpenDKIM 2.11 folds a field with an Ed25519 signature anew after it has hashed it, so that with simple headers nobody can verify it.
    for (const canonicalization of ['relaxed/relaxed', 'relaxed/simple', ...(key === rsa ? ['simple/simple'] : [])]) {
      fs.writeFileSync(path.join(folder.path, 'key.pem'), key.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      const lines = [
        'Mode s',
        `Domain ${key.domain}`,
        `Selector ${key.selector}`,
        `KeyFile ${folder.path}/key.pem`,
        'RequireSafeKeys no',
        `SignatureAlgorithm ${key.algorithm}`,
        `Canonicalization ${canonicalization}`,
        'InternalHosts 0.0.0.0/0',
        'Syslog no',
        `UserID ${os.userInfo().username}`,
      ];
      fs.writeFileSync(path.join(folder.path, 'sign.conf'), `${lines.join('\n')}\n`);
      const output = await folder.openDkim('sign.conf', MESSAGE);
      const field = /^DKIM-Signature: [^]*?\n(?![ \t])/m.exec(output)?.[0].replace(/\r?\n/g, '\r\n') ?? '';
      const { dkim } = await verify(Buffer.concat([Buffer.from(field), MESSAGE]));
      deepEqual(
        dkim.map(({ algorithm, result, reason }) => [algorithm, result, reason]),
        [[key.algorithm, 'pass', undefined]],
        `${canonicalization}: ${output}`,
      );
    }
  }
});

function signed(message: Buffer, keys: readonly SigningKey[] = [rsa, ed25519]): Buffer {
  const { header, body } = splitMessage(message);
  return Buffer.concat([signDkim({ header, bodyHash: hashWholeBody(body), keys, signedAtMs: Date.now() }), message]);
}

async function sealed(message: Buffer, key: SigningKey, chain: ArcResult): Promise<Buffer> {
  const { header, body } = splitMessage(message);
  const authenticationResults = `Authentication-Results: ${key.domain};\r\n\tarc=${chain.result};\r\n\tdkim=pass header.d=example.org\r\n`;
  const fields = await sealArc({ header, body: [body], key, authenticationResults, chain, sealedAtMs: Date.now() });
  ok(fields !== undefined);
  return Buffer.concat([fields, message]);
}

async function verify(message: Buffer): ReturnType<typeof verifyMessage> {
  const resolver = new TxtResolver(Object.fromEntries(Object.entries(zone).map(([name, text]) => [name, [text]])));
  return await verifyMessage(resolver, message, { nowMs: Date.now() });
}

type Answer = { readonly answer?: unknown; readonly error?: string };

async function askDkimpy(
  jobs: ReadonlyArray<{ readonly work: string; readonly message: Buffer; readonly [name: string]: unknown }>,
): Promise<readonly Answer[]> {
  const input = JSON.stringify({ zone, jobs: jobs.map((job) => ({ ...job, message: job.message.toString('base64') })) });
  const { status, output } = await run(PYTHON, [path.join(import.meta.dirname, 'signatures.py')], { input });
  equal(status, 0, output);
  return JSON.parse(output) as readonly Answer[];
}

/** dkimpy takes RSA keys in PKCS #1, and of Ed25519 the seed alone. */
function keyForDkimpy({ domain, selector, algorithm, privateKey }: SigningKey): Readonly<Record<string, string>> {
  return {
    domain,
    selector,
    algorithm,
    key: algorithm === 'rsa-sha256' ? pkcs1(privateKey) : privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32).toString('base64'),
  };
}

function pkcs1(key: KeyObject): string {
  return String(key.export({ type: 'pkcs1', format: 'pem' }));
}

interface Folder extends Disposable {
  readonly path: string;
  openDkim(configuration: string, message: Buffer): Promise<string>;
}

/** A folder for OpenDKIM's files; the filter judges one message in its test mode, without a milter. */
function openFolder(): Folder {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-opendkim-'));
  return {
    path: folder,
    async openDkim(configuration: string, message: Buffer): Promise<string> {
      fs.writeFileSync(path.join(folder, 'message.eml'), message);
      const { output } = await run('/usr/sbin/opendkim', ['-x', path.join(folder, configuration), '-t', path.join(folder, 'message.eml'), '-v']);
      return output;
    },
    [Symbol.dispose](): void {
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}
