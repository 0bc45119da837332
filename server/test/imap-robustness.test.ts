/** Whatever a client sends, the door answers or says goodbye; it never fails by a bug, and nobody else notices. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { ImapServices } from '#imap/services.ts';
import { type ImapTestServer, openImapServer } from './support/imap.ts';
import { LineClient } from './support/net.ts';

const SETS = words('1 1:* * 2:4 3,1 $ 5:9 1:3,6');
const ITEMS = words(
  'FLAGS UID ENVELOPE BODYSTRUCTURE BODY[] BODY.PEEK[TEXT]<1.5> BODY[HEADER] BODY[1] BINARY[1] RFC822.SIZE MODSEQ PREVIEW EMAILID ALL SAVEDATE',
);
const KEYS = [
  'ALL',
  'SEEN',
  'NOT DELETED',
  'OR SEEN FLAGGED',
  'SUBJECT a',
  'TEXT hi',
  '1:2',
  'UID 3:*',
  '$',
  'SINCE 1-Jan-2020',
  '(UNSEEN)',
  'HEADER Subject ""',
];
const FLAGS = ['\\Seen', '(\\Deleted)', '(\\Flagged x)', '()', '$Work'];
const BOXES = ['INBOX', 'Trash', 'Nowhere', '"New box"', 'A/B', 'inbox'];
const FRAGMENTS = [
  ...words('FETCH STORE SEARCH COPY MOVE UID APPEND LIST STATUS SELECT EXPUNGE ENABLE CREATE RENAME DELETE SORT AUTHENTICATE PLAIN = LOGIN'),
  ...words('0 4294967295 ( ) () (FLAGS) +FLAGS BODY[ BODY[HEADER.FIELDS NOT OR RETURN (SAVE) CHARSET "quoted" " \\ "" % &- & {99999999+} {2 (QRESYNC'),
  '{3+}\r\nabc',
  '{0+}\r\n',
  '{2}\r\n',
  '~{1+}\r\nx',
  '\xff',
  '\0',
];
const MESSAGE = 'Subject: a\r\n\r\nhi\r\n';

describe('IMAP under bad input', () => {
  let server: ImapTestServer;
  before(async () => {
    server = await openImapServer();
  });
  after(() => server[Symbol.asyncDispose]());

  it('answers commands in any order, sensible or not', { timeout: 120_000 }, async () => {
    const line = fc.oneof({ arbitrary: sensible(), weight: 12 }, { arbitrary: fragments(), weight: 2 }, { arbitrary: garbage(), weight: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 10, maxLength: 40 }), async (lines) => {
        using client = await LineClient.tls(server.tlsPort);
        await client.line();
        client.send('a LOGIN jan secret\r\nb SELECT INBOX\r\n');
        await client.linesUntil((reply) => reply.startsWith('b '));
        client.send(lines.map((text, index) => `t${index} ${text}\r\n`).join(''));
        client.send('\r\nDONE\r\nz1 NOOP\r\nz2 LOGOUT\r\n');
        client.end();
        await client.rest();
        assert.deepEqual(bugs(server), []);
      }),
      { numRuns: 80 },
    );
  });

  it('answers anything before sign-in', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(sensible(), fragments(), garbage()), { maxLength: 9 }), async (lines) => {
        using client = await LineClient.tls(server.tlsPort);
        await client.line();
        client.send(lines.map((text, index) => `t${index} ${text}\r\n`).join(''));
        client.end();
        await client.rest();
        assert.deepEqual(bugs(server), []);
      }),
      { numRuns: 40 },
    );
  });

  it('answers a line that is too long, and goes on', async () => {
    using client = await LineClient.tls(server.tlsPort);
    await client.line();
    client.send(`a NOOP ${'x'.repeat(100_000)}\r\nb NOOP\r\n`);
    assert.match(await client.line(), /^\* BAD /);
    assert.equal(await client.line(), 'b OK NOOP completed');
  });

  it('answers a bug with a reference that the log has too', async () => {
    const broken = (services: ImapServices): ImapServices => ({
      ...services,
      directory: { ...services.directory, quota: () => Promise.reject(new Error('a bug')) },
    });
    await using other = await openImapServer({}, broken);
    using client = await LineClient.tls(other.tlsPort);
    await client.line();
    client.send('a LOGIN jan secret\r\n');
    await client.line();
    client.send('b GETQUOTA ""\r\nc NOOP\r\n');
    assert.match(await client.line(), /^b NO \[SERVERBUG\] Internal error, reference \w+$/);
    assert.equal(await client.line(), 'c OK NOOP completed');
    assert.deepEqual(bugs(other).length, 1);
  });
});

function bugs(server: ImapTestServer): readonly unknown[] {
  return server.log.lines.filter(({ level }) => level === 'error');
}

function words(text: string): string[] {
  return text.split(' ');
}

/** A command that is well formed, with arguments that may make no sense. */
function sensible(): fc.Arbitrary<string> {
  const set = fc.constantFrom(...SETS);
  const item = fc.constantFrom(...ITEMS);
  const key = fc.constantFrom(...KEYS);
  const flags = fc.constantFrom(...FLAGS);
  const box = fc.constantFrom(...BOXES);
  const uid = fc.constantFrom('', 'UID ');
  const oneOf = (text: string): fc.Arbitrary<string> => fc.constantFrom(...text.split('|'));
  return fc.oneof(
    fc
      .tuple(uid, set, item, item, oneOf('| (CHANGEDSINCE 3)'))
      .map(([u, s, a, b, m]) => `${u}FETCH ${s} ${m === '' || a === 'ALL' || b === 'ALL' ? a : `(${a} ${b})`}${m}`),
    fc.tuple(uid, set, oneOf('FLAGS|+FLAGS|-FLAGS.SILENT|(UNCHANGEDSINCE 9) +FLAGS'), flags).map(([u, s, how, f]) => `${u}STORE ${s} ${how} ${f}`),
    fc.tuple(uid, oneOf('|RETURN (SAVE) |RETURN (MIN COUNT) |RETURN () '), key, key).map(([u, r, a, b]) => `${u}SEARCH ${r}${a} ${b}`),
    fc.tuple(uid, oneOf('COPY|MOVE'), set, box).map(([u, verb, s, b]) => `${u}${verb} ${s} ${b}`),
    fc.tuple(box, fc.constantFrom('(\\Seen)', '(x)', '()')).map(([b, f]) => `APPEND ${b} ${f} {${MESSAGE.length}+}\r\n${MESSAGE}`),
    fc.tuple(oneOf('SELECT|EXAMINE|SELECT|CREATE|DELETE|SUBSCRIBE|UNSUBSCRIBE|GETQUOTAROOT'), box).map(([verb, b]) => `${verb} ${b}`),
    fc.tuple(box, box).map(([a, b]) => `RENAME ${a} ${b}`),
    box.map((b) => `STATUS ${b} (MESSAGES UNSEEN SIZE HIGHESTMODSEQ RECENT)`),
    fc.tuple(oneOf('*|%|I*|(Tr* A/%)'), oneOf('| RETURN (SUBSCRIBED STATUS (MESSAGES))')).map(([p, r]) => `LIST "" ${p}${r}`),
    oneOf('EXPUNGE|CLOSE|NOOP|CHECK|UID EXPUNGE 1:*|IDLE\r\nDONE|ENABLE QRESYNC|ENABLE UTF8=ACCEPT|ENABLE IMAP4rev2|LSUB "" *'),
  );
}

function fragments(): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...FRAGMENTS, ...SETS, ...ITEMS), { minLength: 1, maxLength: 7 }).map((parts) => parts.join(' '));
}

function garbage(): fc.Arbitrary<string> {
  return fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 });
}
