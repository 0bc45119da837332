/** nodemailer sends, imapflow reads: the libraries behind many webmails and mail programs written in JavaScript. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapFlow, type ImapFlowOptions } from 'imapflow';
import { simpleParser } from 'mailparser';
import { createTransport } from 'nodemailer';
import { SmtpClient } from '../support/line-client.ts';
import { plainMessage } from '../support/mail-sides.ts';
import { startServer, type TestServer } from '../support/server.ts';

const PROMPT_MS = 2000;

test('nodemailer sends over pooled connections, and imapflow reads the same back', { timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['ala', 'olek'] });
  const files = [
    { filename: 'zażółć gęślą.bin', content: randomBytes(300_000) },
    { filename: 'plain.txt', content: Buffer.from('.\r\n..\r\nFrom here\r\n') },
  ];
  const count = 60;
  for (const port of [server.ports.submission, server.ports.submissions]) {
    const transport = createTransport({
      host: 'localhost',
      port,
      secure: port === server.ports.submissions,
      requireTLS: true,
      pool: true,
      maxConnections: 4,
      maxMessages: 10,
      auth: { user: 'ala@capri.test', pass: server.password },
      tls: { ca: server.ca },
    });
    const sent = await Promise.all(
      Array.from({ length: count / 2 }, (_, number) =>
        transport.sendMail({
          from: { name: 'Ala Zażółć', address: 'ala@capri.test' },
          to: [{ name: 'Olek „Ósmy”', address: 'olek@capri.test' }],
          subject: `Łódź ${port} ${number}`,
          text: 'Pchnąć w tę łódź jeża.\r\n.\r\n',
          html: '<p>Pchnąć w tę <b>łódź</b> jeża.</p>',
          textEncoding: number % 2 === 0 ? 'quoted-printable' : 'base64',
          attachments: number % 10 === 0 ? files : [],
        }),
      ),
    );
    assert.ok(sent.every(({ accepted, response }) => accepted[0] === 'olek@capri.test' && response.startsWith('250 2.0.0 Ok')));
    transport.close();
  }

  await using client = await connect(server, 'olek');
  await client.mailboxOpen('INBOX', { readOnly: true });
  const subjects = new Set<string>();
  let attached = 0;
  for await (const message of client.fetch('1:*', { source: true, envelope: true, bodyStructure: true, size: true })) {
    const source = message.source ?? assert.fail('no source');
    const parsed = await simpleParser(source);
    assert.equal(message.size, source.length);
    assert.equal(parsed.subject, message.envelope?.subject);
    assert.deepEqual(message.envelope?.from, [{ name: 'Ala Zażółć', address: 'ala@capri.test' }]);
    assert.deepEqual(message.envelope?.to, [{ name: 'Olek „Ósmy”', address: 'olek@capri.test' }]);
    assert.equal(parsed.text?.trimEnd(), 'Pchnąć w tę łódź jeża.\n.');
    assert.equal(parsed.html, '<p>Pchnąć w tę <b>łódź</b> jeża.</p>');
    subjects.add(parsed.subject ?? '');
    if (parsed.attachments.length > 0) {
      attached++;
      assert.deepEqual(
        parsed.attachments.map(({ filename, content }) => ({ filename, content })),
        files,
      );
      assert.equal(message.bodyStructure?.type, 'multipart/mixed');
      assert.deepEqual(
        message.bodyStructure?.childNodes?.slice(1).map(({ dispositionParameters }) => dispositionParameters?.['filename']),
        files.map(({ filename }) => filename),
      );
    }
  }
  assert.equal(subjects.size, count);
  assert.equal(attached, count / 10);
  const uid = (await client.search({ subject: 'łódź', larger: 100_000 }, { uid: true })) || [];
  assert.equal(uid.length, attached);
  const { content } = await client.download(String(uid[0]), '2', { uid: true });
  const chunks: Buffer[] = [];
  for await (const chunk of content ?? assert.fail('no content')) chunks.push(chunk as Buffer);
  assert.deepEqual(Buffer.concat(chunks), files[0]?.content);
});

test('nodemailer: what is refused is told as it is', { timeout: 60_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'] });
  const transport = (user: string, pass: string): ReturnType<typeof createTransport> =>
    createTransport({ host: 'localhost', port: server.ports.submissions, secure: true, auth: { user, pass }, tls: { ca: server.ca } });
  const mail = { from: 'ala@capri.test', to: 'ala@capri.test', subject: 'x', text: 'x' };
  await assert.rejects(transport('ala', 'wrong').sendMail(mail), { code: 'EAUTH', responseCode: 535 });
  await assert.rejects(transport('ala', server.password).sendMail({ ...mail, from: 'boss@capri.test' }), { code: 'EENVELOPE', responseCode: 553 });
  await assert.rejects(transport('ala', server.password).sendMail({ ...mail, to: 'nobody@capri.test' }), { code: 'EENVELOPE', responseCode: 550 });
  const partly = await transport('ala', server.password).sendMail({ ...mail, to: 'ala@capri.test, nobody@capri.test' });
  assert.deepEqual([partly.accepted, partly.rejected], [['ala@capri.test'], ['nobody@capri.test']]);
  const plain = createTransport({ host: 'localhost', port: server.ports.submission, ignoreTLS: true, auth: { user: 'ala', pass: server.password } });
  await assert.rejects(plain.sendMail(mail));
});

test('imapflow: mailboxes, IDLE, flags, moves, and catching up after it was away', { timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'] });
  const client = await connect(server, 'ala', { qresync: true });
  for (const capability of ['IMAP4rev1', 'IDLE', 'CONDSTORE', 'QRESYNC', 'MOVE', 'UIDPLUS', 'SPECIAL-USE', 'LIST-STATUS', 'OBJECTID'])
    assert.ok(client.capabilities.has(capability), capability);
  await client.mailboxCreate(['Praca', 'zażółć']);
  const listed = await client.list({ statusQuery: { messages: true, uidNext: true } });
  assert.deepEqual(listed.map(({ path }) => path).toSorted(), ['Archive', 'Drafts', 'INBOX', 'Junk', 'Praca', 'Praca/zażółć', 'Sent', 'Trash'].toSorted());
  assert.equal(listed.find(({ path }) => path === 'Sent')?.specialUse, '\\Sent');

  for (let number = 0; number < 50; number++) {
    const appended =
      (await client.append('INBOX', plainMessage(`flow-${number}`), number % 2 === 0 ? ['\\Seen', '$Forwarded'] : [])) || assert.fail('not appended');
    assert.equal(appended.uid, number + 1);
  }
  await client.mailboxOpen('INBOX');

  // Mail that comes while the client waits.
  const arrival = new Promise<number>((resolve) => client.once('exists', ({ count }: { count: number }) => resolve(count)));
  const idling = client.idle();
  await sleep(200);
  const smtp = await SmtpClient.connect(server.ports.smtp, { tls: false });
  assert.ok((await smtp.deliver('x@outside.example', ['ala@capri.test'], 'Subject: now\r\n\r\nnow')).isOk);
  const deliveredMs = performance.now();
  assert.equal(await arrival, 51);
  assert.ok(performance.now() - deliveredMs < PROMPT_MS);
  smtp.close();
  await client.noop();
  await idling;

  await client.messageFlagsAdd({ seq: '1:10' }, ['\\Flagged', 'praca']);
  await client.messageFlagsRemove('2', ['\\Flagged'], { uid: true });
  await client.messageFlagsSet('3', ['\\Answered'], { uid: true });
  assert.deepEqual((await client.search({ flagged: true }, { uid: true })) || [], [1, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual((await client.search({ keyword: 'praca', seen: false }, { uid: true })) || [], [2, 4, 6, 8, 10]);
  const moved = (await client.messageMove('20:24', 'Praca/zażółć', { uid: true })) || assert.fail('not moved');
  assert.deepEqual(
    [...(moved.uidMap ?? [])],
    [20, 21, 22, 23, 24].map((uid, index) => [uid, index + 1]),
  );
  const copied = (await client.messageCopy('30', 'Archive', { uid: true })) || assert.fail('not copied');
  assert.deepEqual([...(copied.uidMap ?? [])], [[30, 1]]);
  assert.equal(((await client.status('INBOX', { messages: true, unseen: true })) || undefined)?.messages, 46);

  // Away: what another program does meanwhile is all that is told on coming back.
  const known = client.mailbox || assert.fail('no mailbox');
  const { uidValidity } = known;
  const highestModseq = ((await client.status('INBOX', { highestModseq: true })) || undefined)?.highestModseq ?? assert.fail('no modseq');
  client.close();
  await using other = await connect(server, 'ala');
  await other.mailboxOpen('INBOX');
  await other.messageDelete('40:42', { uid: true });
  await other.messageFlagsAdd('45', ['\\Flagged'], { uid: true });
  const late = (await other.append('INBOX', plainMessage('late'))) || assert.fail('not appended');

  await using back = await connect(server, 'ala', { qresync: true });
  const vanished: Array<number | undefined> = [];
  const changed: Array<number | undefined> = [];
  back.on('expunge', ({ uid, vanished: isVanished }) => void (isVanished && vanished.push(uid)));
  back.on('flags', ({ uid }) => void changed.push(uid));
  await back.mailboxOpen('INBOX', { changedSince: highestModseq, uidValidity });
  assert.deepEqual(vanished, [40, 41, 42]);
  assert.deepEqual(changed, [45, late.uid]);
  const since = await back.fetchAll('1:*', { flags: true, uid: true }, { changedSince: highestModseq });
  assert.deepEqual(
    since.map(({ uid }) => uid),
    [45, late.uid],
  );
  // Nothing has changed since the last look: nothing is told.
  const { highestModseq: now } = back.mailbox || assert.fail('no mailbox');
  assert.deepEqual(await back.fetchAll('1:*', { flags: true }, { changedSince: now }), []);
});

async function connect(server: TestServer, login: string, more: Partial<ImapFlowOptions> = {}): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: 'localhost',
    port: server.ports.imaps,
    secure: true,
    auth: { user: `${login}@${server.domain}`, pass: server.password },
    tls: { ca: server.ca },
    logger: false,
    disableAutoIdle: true,
    ...more,
  });
  await client.connect();
  return client;
}
