import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { conformance, conformanceData, needs } from '../../../test/support/outside.ts';
import { asSent, splitMessage, TxtResolver, verifyMessage } from '../signed-mail.fixture.ts';
import { dkimDnsRecord, generateDkimKeys, readSigningKey, type SigningKey } from './keys.ts';
import { hashBody, hashWholeBody, signDkim } from './sign.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const MESSAGE = 'From: A <a@example.org>\r\nTo: b@example.com\r\nSubject: hello  there\r\nList-Id: <x.example.org>\r\nX-Other: 1\r\n\r\nsome text\r\n';

let keys: readonly SigningKey[] = [];
let resolver: TxtResolver;

before(async () => {
  keys = (await generateDkimKeys()).map(({ algorithm, pem }) => readSigningKey({ domain: 'example.org', selector: algorithm.slice(0, 3), pem }));
  resolver = new TxtResolver(
    Object.fromEntries(keys.map(({ selector, privateKey }) => [`${selector}._domainkey.example.org`, [dkimDnsRecord(privateKey).text]])),
  );
});

test('a message is signed with each key, and both signatures verify', async () => {
  const message = sign(Buffer.from(MESSAGE));
  deepEqual(await results(message), ['rsa-sha256 pass', 'ed25519-sha256 pass']);
});

test('fields that matter are named once more than they are there, and others not at all', async () => {
  const fields = sign(Buffer.from(MESSAGE)).toString().slice(0, -MESSAGE.length);
  const names = (/h=([^;]*);/.exec(fields)?.[1] ?? '').replace(/\s/g, '').split(':');
  deepEqual(names, [
    'from',
    'from',
    'to',
    'to',
    'cc',
    'subject',
    'subject',
    'date',
    'message-id',
    'reply-to',
    'sender',
    'in-reply-to',
    'references',
    'mime-version',
    'content-type',
    'content-transfer-encoding',
    'list-id',
    'list-id',
  ]);
});

test('a field added on the way breaks the signature where it would mislead a reader, and only there', async () => {
  const message = sign(Buffer.from(MESSAGE)).toString('latin1');
  for (const field of [
    'From: x@example.net',
    'To: c',
    'Cc: c',
    'Subject: x',
    'Date: x',
    'Reply-To: x',
    'Sender: x',
    'Message-ID: <x>',
    'Content-Type: text/html',
    'MIME-Version: 1.0',
    'List-Id: <x>',
  ]) {
    deepEqual(await results(Buffer.from(`${field}\r\n${message}`)), ['rsa-sha256 fail', 'ed25519-sha256 fail'], field);
  }
  for (const field of ['Received: from x', 'Return-Path: <x>', 'X-Other: 2', 'List-Unsubscribe: <x>', 'Authentication-Results: x']) {
    deepEqual(await results(Buffer.from(`${field}\r\n${message}`)), ['rsa-sha256 pass', 'ed25519-sha256 pass'], field);
  }
});

test('lines stay under 78 columns and end with CRLF', async () => {
  const many = `List-Unsubscribe: x\r\n`.repeat(60) + MESSAGE;
  for (const message of [MESSAGE, many]) {
    const fields = sign(Buffer.from(message)).toString().slice(0, -message.length);
    ok(fields.endsWith('\r\n'));
    for (const line of fields.split('\r\n')) ok(line.length < 78 && !line.endsWith(' ') && !line.includes('\n'), line);
    equal(fields.match(/^DKIM-Signature: v=1;/gm)?.length, 2);
    deepEqual(await results(Buffer.from(fields + message)), ['rsa-sha256 pass', 'ed25519-sha256 pass']);
  }
});

test('the time of signing is told, and the time it expires where one is wanted', async () => {
  const { header, body } = splitMessage(Buffer.from(MESSAGE));
  const without = signDkim({ header, bodyHash: hashWholeBody(body), keys, signedAtMs: NOW_MS }).toString();
  match(without, new RegExp(`t=${NOW_MS / 1000};`));
  equal(without.includes('x='), false);
  const field = signDkim({ header, bodyHash: hashWholeBody(body), keys, signedAtMs: NOW_MS, expiresAtMs: NOW_MS + 86_400_000 });
  match(field.toString(), new RegExp(`t=${NOW_MS / 1000};\\s+x=${NOW_MS / 1000 + 86_400};`));
  const message = Buffer.concat([field, Buffer.from(MESSAGE)]);
  deepEqual(await results(message), ['rsa-sha256 pass', 'ed25519-sha256 pass']);
  const { dkim } = await verifyMessage(resolver, message, { nowMs: NOW_MS + 2 * 86_400_000 });
  deepEqual(
    dkim.map(({ reason }) => reason),
    ['the signature has expired', 'the signature has expired'],
  );
});

test('a streamed body gives the same hash as one in memory', async () => {
  const text = Buffer.from(`${'line  with \t blanks \r\n'.repeat(9000)}\r\n\r\n`);
  async function* streamed(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < text.length; at += 1013) {
      await Promise.resolve();
      yield new Uint8Array(text.subarray(at, at + 1013));
    }
  }
  deepEqual(await hashBody(streamed()), hashWholeBody(text));
});

test('a body that cannot be read to its end has no hash', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('x'));
    throw new Error('the disk is gone');
  }
  await rejects(hashBody(broken()), /the disk is gone/);
});

test('without keys there is nothing to add', () => {
  const { header, body } = splitMessage(Buffer.from(MESSAGE));
  equal(signDkim({ header, bodyHash: hashWholeBody(body), keys: [], signedAtMs: NOW_MS }).length, 0);
});

test('every message of the MIME corpus is signed and verified, and fails after one octet has changed', needs(conformanceData('mime')), async () => {
  const folder = conformance('mime') ?? '';
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(eml|txt|msg)$/.test(file));
  ok(files.length > 100, `${files.length} messages`);
  for (const file of files) {
    const message = asSent(fs.readFileSync(path.join(folder, file)));
    const signed = sign(message);
    deepEqual(await results(signed, 4096), ['rsa-sha256 pass', 'ed25519-sha256 pass'], file);
    const start = signed.length - message.length;
    const { header, body } = splitMessage(message);
    const changedBody = Buffer.from(signed);
    // A letter in the body that is no white space, so that relaxed sees it.
    const inBody = body.findIndex((octet) => octet > 0x20);
    if (inBody >= 0) {
      flip(changedBody, signed.length - body.length + inBody);
      deepEqual(await results(changedBody), ['rsa-sha256 fail', 'ed25519-sha256 fail'], `${file}: body`);
    }
    const subject = Array.from({ length: header.count }, (_, i) => i).find((i) => header.nameAt(i) === 'subject' && header.valueAt(i).length > 1);
    if (subject !== undefined) {
      const raw = header.rawAt(subject);
      const at = raw.findIndex((octet, index) => octet > 0x20 && index > raw.indexOf(0x3a));
      const changedHeader = Buffer.from(signed);
      flip(changedHeader, start + raw.byteOffset - header.bytes.byteOffset + at);
      deepEqual(await results(changedHeader), ['rsa-sha256 fail', 'ed25519-sha256 fail'], `${file}: header`);
    }
  }
});

test('any header and body can be signed, and verify as signed', async () => {
  const name = fc.constantFrom('From', 'from', 'To', 'Subject', 'Content-Type', 'Content-X;y', 'List-Id', 'X', 'DKIM-Signature');
  const line = fc.tuple(name, fc.stringMatching(/^[ -~\t\x80-\xff]{0,60}$/)).map(([field, value]) => `${field}:${value}\r\n`);
  const [, ed25519] = keys;
  if (ed25519 === undefined) throw new Error('no key');
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 15 }), fc.string({ unit: 'binary' }), async (lines, text) => {
      const message = Buffer.from(`${lines.filter((one) => !one.startsWith('DKIM')).join('')}\r\n${text}`, 'latin1');
      const { header, body } = splitMessage(message);
      const field = signDkim({ header, bodyHash: hashWholeBody(body), keys: [ed25519], signedAtMs: NOW_MS });
      deepEqual(await results(Buffer.concat([field, message])), ['ed25519-sha256 pass']);
    }),
    { numRuns: 200 },
  );
});

function sign(message: Buffer): Buffer {
  const { header, body } = splitMessage(message);
  return Buffer.concat([signDkim({ header, bodyHash: hashWholeBody(body), keys, signedAtMs: NOW_MS }), message]);
}

/** What our two signatures (the topmost) come to. */
async function results(message: Buffer, chunk: number = Infinity): Promise<readonly string[]> {
  const { dkim } = await verifyMessage(resolver, message, { nowMs: NOW_MS, chunk });
  return dkim.filter(({ domain }) => domain === 'example.org').map(({ algorithm, result }) => `${algorithm} ${result}`);
}

function flip(message: Buffer, at: number): void {
  const octet = message[at] ?? 0;
  message[at] = octet ^ (octet === 0x21 ? 2 : 1);
  // Neither into white space nor, in a name, into the other case.
  notEqual(message[at], octet);
}
