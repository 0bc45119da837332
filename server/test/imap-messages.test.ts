/** Messages through the whole IMAP door: what goes in comes out, in any part and slice, and is found. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { ImapClient } from './support/imap-client.ts';
import { type ImapTestServer, openImapServer, PASSWORD } from './support/imap.ts';
import { conformance } from './support/outside.ts';

describe('messages over IMAP', () => {
  let server: ImapTestServer;
  let client: ImapClient;
  before(async () => {
    server = await openImapServer();
    client = await ImapClient.signIn(server.tlsPort, 'jan', PASSWORD);
  });
  after(async () => {
    client[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  async function mailbox(name: string, messages: readonly string[]): Promise<void> {
    await client.ok(`CREATE ${name}`);
    for (let at = 0; at < messages.length; at += 500) await client.append(name, messages.slice(at, at + 500));
    await client.ok(`SELECT ${name}`);
  }

  it('gives every message of the corpus back as it was appended, whole and in parts', async (t) => {
    const folder = conformance('mime');
    if (folder === undefined) {
      t.skip('no conformance data');
      return;
    }
    const texts = fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.eml') || name.endsWith('.msg') || name.endsWith('.txt'))
      .map((name) => fs.readFileSync(path.join(folder, name), 'latin1'))
      .filter((text) => text.length > 0 && text.length < 2_000_000 && !text.includes('\0'));
    assert.ok(texts.length > 100, 'the corpus is there');
    await client.ok('CREATE Corpus');
    for (const text of texts) await client.append('Corpus', [text]);
    await client.ok('SELECT Corpus');
    for (const [i, text] of texts.entries()) {
      const [reply = ''] = await client.ok(`FETCH ${i + 1} (RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT])`);
      assert.equal(ImapClient.literal(reply, 'BODY[]'), text);
      assert.equal(ImapClient.literal(reply, 'BODY[HEADER]') + ImapClient.literal(reply, 'BODY[TEXT]'), text);
      assert.ok(reply.includes(`RFC822.SIZE ${text.length} `));
    }
  });

  it('cuts partial ranges out of small and large messages', async () => {
    const small = 'Subject: small\r\n\r\nSome text.\r\n';
    const large = `Subject: large\r\n\r\n${randomBytes(2_000_000).toString('base64').replace(/.{76}/g, '$&\r\n')}`;
    await mailbox('Partial', [small, large]);
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.nat(),
        fc.integer({ min: 1, max: 400_000 }),
        fc.constantFrom('', 'TEXT', 'HEADER'),
        async (isLarge, offset, length, section) => {
          const text = isLarge ? large : small;
          const start = offset % (text.length + 10);
          const [reply = ''] = await client.ok(`FETCH ${isLarge ? 2 : 1} BODY.PEEK[${section}]<${start}.${length}>`);
          const end = text.indexOf('\r\n\r\n') + 4;
          const whole = section === '' ? text : section === 'TEXT' ? text.slice(end) : text.slice(0, end);
          assert.equal(ImapClient.literal(reply, `BODY[${section}]<${start}>`), whole.slice(start, start + length));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('streams and searches a message too large to be held whole, and decodes its parts', async () => {
    const binary = Buffer.concat([Buffer.of(0, 1, 2, 0xff), randomBytes(3_000_000)]);
    const words = `${'lorem ipsum dolor '.repeat(60)}\r\n`.repeat(2_000);
    const text = `${words}a needle in the hay\r\n`;
    const message =
      `Subject: large\r\nX-Tag: Rare\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--b\r\n` +
      `Content-Type: application/octet-stream; name=thing.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${binary.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n--b--\r\n`;
    await mailbox('Large', [message, 'Subject: small\r\n\r\nno such word\r\n']);
    const [whole = ''] = await client.ok('FETCH 1 BODY.PEEK[]');
    assert.equal(ImapClient.literal(whole, 'BODY[]'), message);
    const [decoded = ''] = await client.ok('FETCH 1 (BINARY.SIZE[2] BINARY.PEEK[2] BINARY.PEEK[2]<1.3>)');
    assert.ok(decoded.includes(`BINARY.SIZE[2] ${binary.length} `));
    assert.equal(ImapClient.literal(decoded, 'BINARY[2]'), binary.toString('latin1'));
    assert.equal(ImapClient.literal(decoded, 'BINARY[2]<1>'), '\x01\x02\xff');
    assert.ok(decoded.includes(`BINARY[2] ~{${binary.length}}`), 'NUL needs a literal8');
    for (const [query, hits] of [
      ['BODY "needle in the HAY"', '1'],
      ['TEXT rare', '1'],
      ['HEADER X-Tag rare BODY lorem', '1'],
      ['BODY thing.bin', '1'],
      ['NOT BODY needle', '2'],
      [`BODY ${binary.toString('base64', 0, 30)}`, ''],
    ] as const)
      assert.deepEqual(await client.ok(`SEARCH ${query}`), [`SEARCH${hits === '' ? '' : ` ${hits}`}`], query);
  });

  it('answers for header fields that are too many for the row', async () => {
    const padding = Array.from({ length: 700 }, (_, i) => `X-Padding-${i}: ${'x'.repeat(100)}\r\n`).join('');
    await mailbox('Headers', [`${padding}Subject: Far down\r\nTo: a@b\r\n\r\nhi\r\n`, 'Subject: Near\r\n\r\nhi\r\n']);
    const replies = await client.ok('FETCH 1:2 (UID BODY.PEEK[HEADER.FIELDS (Subject)])');
    assert.deepEqual(
      replies.map((reply) => ImapClient.literal(reply, 'BODY[HEADER.FIELDS (Subject)]')),
      ['Subject: Far down\r\n\r\n', 'Subject: Near\r\n\r\n'],
    );
    assert.deepEqual(await client.ok('SEARCH SUBJECT down'), ['SEARCH 1']);
    assert.deepEqual(await client.ok('SEARCH HEADER X-Padding-699 xxx'), ['SEARCH 1']);
    assert.deepEqual(await client.ok('SEARCH OR SUBJECT near TO a@b'), ['SEARCH 1 2']);
  });

  it('changes, moves and expunges thousands of messages in slices as if in one piece', async () => {
    const count = 2_500;
    await mailbox(
      'Many',
      Array.from({ length: count }, (_, i) => `Subject: ${i + 1}\r\n\r\nhi\r\n`),
    );
    const stored = await client.ok('STORE 1:* +FLAGS (\\Flagged $Many)');
    const lines = stored.filter((line) => line.includes('FETCH'));
    assert.equal(lines.length, count);
    assert.ok(lines.every((line, i) => line.startsWith(`${i + 1} FETCH (FLAGS (\\Flagged $Many`)));
    await client.ok('CREATE Target');
    const { tagged } = await client.command('COPY 1:* Target');
    assert.match(tagged, new RegExp(`^OK \\[COPYUID \\d+ 1:${count} 1:${count}\\]`));
    // Every second message: ranges of one.
    const every = Array.from({ length: count / 2 }, (_, i) => 2 * i + 1).join(',');
    const moved = await client.command(`MOVE ${every} Target`);
    assert.match(moved.untagged[0] ?? '', new RegExp(`^OK \\[COPYUID \\d+ 1,3,5,.*,${count - 1} ${count + 1}:${count + count / 2}\\]`));
    assert.deepEqual(
      moved.untagged.slice(1),
      Array.from({ length: count / 2 }, (_, i) => `${i + 1} EXPUNGE`),
    );
    assert.deepEqual(await client.ok('UID SEARCH RETURN (COUNT MIN MAX) ALL'), [
      `ESEARCH (TAG "t${client.tagNumber}") UID MIN 2 MAX ${count} COUNT ${count / 2}`,
    ]);
    // Ranges go over what is not there any more.
    await client.ok('STORE 1:* +FLAGS.SILENT (\\Deleted)');
    const expunged = await client.ok('EXPUNGE');
    assert.equal(expunged.length, count / 2);
    assert.deepEqual(await client.ok('SEARCH ALL'), ['SEARCH']);
  });

  it('finds what a reader would see, in any charset and encoding', async () => {
    const words = ['zażółć', 'Straße', 'kwiat', 'naïve', 'ЖУРНАЛ', 'simple'];
    const encode = (word: string, way: number): { subject: string; body: string } => {
      const bytes = Buffer.from(word);
      const quotedPrintable = [...bytes].map((octet) => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('');
      if (way === 0)
        return {
          subject: `=?UTF-8?B?${bytes.toString('base64')}?=`,
          body: `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${bytes.toString('base64')}\r\n`,
        };
      if (way === 1)
        return {
          subject: `=?utf-8?q?${quotedPrintable}?=`,
          body: `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>x <b>${quotedPrintable}</b>\r\n`,
        };
      return {
        subject: bytes.toString('latin1'),
        body: `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${bytes.toString('latin1')}\r\n`,
      };
    };
    const messages = words.flatMap((word) =>
      [0, 1, 2].map((way) => {
        const { subject, body } = encode(word, way);
        return `Subject: about ${subject}\r\nMIME-Version: 1.0\r\n${body}`;
      }),
    );
    await mailbox('Charsets', messages);
    const spellings: Readonly<Record<string, readonly string[]>> = {
      zażółć: ['ZAŻÓŁĆ', 'zazolc', 'żół'],
      Straße: ['STRASSE', 'straße'],
      kwiat: ['KWIAT', 'wia'],
      naïve: ['naive', 'NAÏVE'],
      ЖУРНАЛ: ['журнал'],
      simple: ['Simple'],
    };
    for (const [index, word] of words.entries()) {
      const expected = `SEARCH ${[1, 2, 3].map((way) => index * 3 + way).join(' ')}`;
      for (const spelling of spellings[word] ?? []) {
        const octets = Buffer.from(spelling).toString('latin1');
        for (const key of ['SUBJECT', 'BODY', 'TEXT', 'HEADER Subject'])
          assert.deepEqual(await client.ok(`SEARCH CHARSET UTF-8 ${key} {${octets.length}+}\r\n${octets}`), [expected], `${key} ${spelling}`);
      }
    }
  });

  it('refuses what goes over the quota before and after it is sent, and takes back a copy that fails', async () => {
    await server.addAccount('small', 400);
    using small = await ImapClient.signIn(server.tlsPort, 'small', PASSWORD);
    const message = `Subject: 1\r\n\r\n${'x'.repeat(126)}\r\n`;
    await small.append('INBOX', [message]);
    await small.append('INBOX', [message]);
    assert.match((await small.command(`APPEND INBOX {${message.length}}`)).tagged, /^NO \[OVERQUOTA\]/);
    assert.match((await small.command(`APPEND INBOX {100+}\r\n${'x'.repeat(100)} {100+}\r\n${'x'.repeat(100)}`)).tagged, /^NO \[OVERQUOTA\]/);
    await small.ok('SELECT INBOX');
    assert.match((await small.command('COPY 1:2 Archive')).tagged, /^NO \[OVERQUOTA\]/);
    assert.deepEqual(await small.ok('STATUS Archive (MESSAGES)'), ['STATUS "Archive" (MESSAGES 0)']);
    await small.ok('MOVE 1 Archive');
  });
});
