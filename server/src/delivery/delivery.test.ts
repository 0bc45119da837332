import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { setDomain } from '#directory/domains.ts';
import { removeAccount, updateAccount } from '#directory/accounts.ts';
import { prepareMessage } from '#message/prepare.ts';
import { all, sql } from '#store/sql.ts';
import { findTrail } from '#trail/find.ts';
import { deliver as deliverLetter, type Letter, NO_PARAMETERS, PLAIN, pathOf, signedIn, stranger } from '../../test/support/deliver.ts';
import { type MailHouse, openMailHouse } from '../../test/support/mail-house.ts';
import { accept, internalDetails } from './accept.ts';
import { deliverLocal } from './deliver-local.ts';
import { type Accepted, Refusal } from './delivery.ts';

test('a message gets its trace fields: one body for all, a prefix for each recipient', async () => {
  await using house = await openMailHouse();
  const { id } = await deliver(house, { to: ['jan+bills@capri.example', 'anna@CAPRI.example'], message: 'Subject: hello\r\n\r\ntext\r\n' });
  const trace = `Received: from client.example ([192.0.2.7])\r\n\tby mx.capri.example with ESMTP id ${id};\r\n\tMon, 23 Nov 2026 12:00:00 +0000\r\n`;
  const body = `${trace}Subject: hello\r\n\r\ntext\r\n`;
  deepEqual(await house.inbox(house.accounts.jan), [`Return-Path: <a@outside.example>\r\nDelivered-To: jan+bills@capri.example\r\n${body}`]);
  deepEqual(await house.inbox(house.accounts.anna), [`Return-Path: <a@outside.example>\r\nDelivered-To: anna@capri.example\r\n${body}`]);
});

test('a single recipient is named in Received, and the line says how it was protected', async () => {
  await using house = await openMailHouse();
  const peer = { ...stranger, address: '2001:db8::7', protocol: 'ESMTPS', tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' } };
  const { id } = await deliver(house, { peer, from: undefined, to: ['jan@capri.example'], message: '\r\nx\r\n' });
  deepEqual(await house.inbox(house.accounts.jan), [
    `Return-Path: <>\r\nDelivered-To: jan@capri.example\r\nReceived: from client.example ([IPv6:2001:db8::7])\r\n\tby mx.capri.example with ESMTPS id ${id}\r\n` +
      '\tfor <jan@capri.example>\r\n\ttls TLS_AES_256_GCM_SHA384;\r\n\tMon, 23 Nov 2026 12:00:00 +0000\r\n\r\nx\r\n',
  ]);
});

test('a priority that was asked for is told in Received and in the trail', async () => {
  await using house = await openMailHouse();
  const { id } = await deliver(house, { parameters: { ...PLAIN, mtPriority: -3 }, to: ['jan@capri.example'], message: '\r\nx\r\n' });
  const [stored = ''] = await house.inbox(house.accounts.jan);
  match(stored, new RegExp(`with ESMTP id ${id}\r\n\tfor <jan@capri\\.example>\r\n\tPRIORITY -3;\r\n`));
  const [row] = await house.store.query(all<{ details: string }>(sql`SELECT details FROM trail WHERE event = 'received'`));
  match(row?.details ?? '', /"priority":-3/);
});

test('recipients that lead to one account get one copy; each is answered for', async () => {
  await using house = await openMailHouse();
  const { recipients } = await deliver(house, { to: ['jan@capri.example', 'jan.kowalski@capri.example', 'JAN+x@capri.example', 'anna@capri.example'] });
  deepEqual(recipients, [undefined, undefined, undefined, undefined]);
  equal((await house.inbox(house.accounts.jan)).length, 1);
  equal((await house.inbox(house.accounts.anna)).length, 1);
});

test('a catch-all gets what nobody else has, and hides nobody', async () => {
  await using house = await openMailHouse();
  await house.store.commit(setDomain, { domain: 'capri.example', catchAll: house.accounts.anna });
  await deliver(house, { to: ['whoever@capri.example', 'jan@capri.example'] });
  match((await house.inbox(house.accounts.anna))[0] ?? '', /^Delivered-To: whoever@capri\.example\r$/m);
  equal((await house.inbox(house.accounts.jan)).length, 1);
});

test('a large message is streamed and comes out as it went in', async () => {
  await using house = await openMailHouse();
  const message = `Subject: large\r\n\r\n${'0123456789abcdef'.repeat(4)}\r\n`.repeat(4000);
  await deliver(house, { to: ['jan@capri.example', 'anna@capri.example'], message, chunk: 10_000 });
  for (const account of [house.accounts.jan, house.accounts.anna]) {
    const [stored = ''] = await house.inbox(account);
    ok(stored.endsWith(`+0000\r\n${message}`));
  }
});

test('what was begun and given up leaves nothing', async () => {
  await using house = await openMailHouse();
  for (const size of [100, 200_000]) {
    const envelope = await house.delivery.begin(stranger, pathOf('a@outside.example'), PLAIN);
    await envelope.recipient(pathOf('jan@capri.example'), NO_PARAMETERS);
    const sink = envelope.open();
    await sink.write(Buffer.alloc(size, 'x'));
    await sink.abort();
    await sink.abort();
  }
  deepEqual(await house.inbox(house.accounts.jan), []);
});

test('a size that is announced too large is refused at MAIL, one that would not fit the mailbox at RCPT', async () => {
  await using house = await openMailHouse();
  await rejects(house.delivery.begin(stranger, undefined, { ...PLAIN, sizeBytes: 60 * 2 ** 20 }), refusal(552, '5.3.4'));
  const envelope = await house.delivery.begin(stranger, undefined, PLAIN);
  await rejects(envelope.recipient(pathOf('full@capri.example'), NO_PARAMETERS), refusal(452, '4.2.2'));
});

test('postmaster is reached also while the mailbox of the administrator is full', async () => {
  await using house = await openMailHouse();
  await house.store.commit(updateAccount, { account: house.accounts.admin, quotaBytes: 1 });
  const envelope = await house.delivery.begin(stranger, undefined, { ...PLAIN, sizeBytes: 100 });
  await envelope.recipient({ localPart: 'Postmaster', domain: '' }, NO_PARAMETERS);
  await envelope.recipient(pathOf('postmaster@capri.example'), NO_PARAMETERS);
  await rejects(envelope.recipient(pathOf('admin@capri.example'), NO_PARAMETERS), refusal(452, '4.2.2'));
});

test('an account whose mail is gone by the end of data is left out where each recipient is answered for; else the client must come again', async () => {
  await using house = await openMailHouse();
  const bytes = Buffer.from('Subject: late\r\n\r\n');
  const none = 4711 as AccountId;
  const commit = (isEachTold: boolean, ...accounts: readonly AccountId[]): Promise<readonly AccountId[]> => {
    const local = accounts.map((account) => ({ account, address: 'x@capri.example' }));
    const origin = { id: 'A', sender: '', messageId: undefined, details: internalDetails(bytes.length), submitter: undefined };
    return house.store.commit(
      accept,
      { account: accounts[0], message: prepareMessage(bytes), local, isEachTold, outgoing: [], origin, notice: undefined, nowMs: house.clock.nowMs() },
      [{ bytes }],
    );
  };
  await rejects(commit(false, house.accounts.anna, none), (error) => error instanceof DomainError && error.code === 'mailbox-not-found');
  equal((await house.inbox(house.accounts.anna)).length, 0);
  deepEqual(await commit(true, none, house.accounts.anna), [none]);
  equal((await house.inbox(house.accounts.anna)).length, 1);
  await rejects(commit(true, none), (error) => error instanceof DomainError && error.code === 'account-not-found');
});

test('submission: only own addresses in the envelope and in every field that names an author', async () => {
  await using house = await openMailHouse();
  const peer = await signedIn(house, 'jan');
  const good = ['jan@capri.example', 'jan.kowalski@capri.example', 'jan+list@capri.example', 'JAN@Capri.Example'];
  for (const from of good) await deliver(house, { peer, from, message: `From: Jan <${from}>\r\n\r\n` });
  await deliver(house, { peer, from: undefined, message: 'From: jan@capri.example\r\n\r\n' });
  for (const from of ['anna@capri.example', 'jan@elsewhere.example', 'postmaster@capri.example']) {
    await rejects(house.delivery.begin(peer, pathOf(from), PLAIN), refusal(553, '5.7.1'), from);
  }
  const forbidden = [
    'From: anna@capri.example',
    'From: jan@capri.example, anna@capri.example',
    'From: jan@capri.example\r\nSender: anna@capri.example',
    'From: jan@capri.example\r\nResent-From: anna@capri.example',
    'From: jan@capri.example\r\nResent-Sender: anna@capri.example',
    'From: jan@capri.example\r\nResent-From: jan@capri.example\r\nResent-From: anna@capri.example',
    'From: "jan@capri.example" <anna@capri.example>',
  ];
  for (const header of forbidden) await rejects(deliver(house, { peer, message: `${header}\r\n\r\n` }), refusal(550, '5.7.1'), header);
  const malformed = [
    'Subject: none',
    'From: jan@capri.example\r\nFrom: jan@capri.example',
    'From: jan@capri.example\r\nfrom : anna@capri.example',
    'From : jan@capri.example',
    'From: jan@capri.example\r\nno field at all\r\nX: y',
    ' From: anna@capri.example\r\nFrom: jan@capri.example',
    'From: jan@capri.example\r\nSender: jan@capri.example\r\nSender: jan@capri.example',
    'From: jan@capri.example\r\nSender: jan@capri.example, jan.kowalski@capri.example',
    'From: Group: jan@capri.example;',
    'From: <jan@capri.example> <anna@capri.example>',
    'From: jan@capri.example anna@capri.example',
    'From: <@elsewhere.example:jan@capri.example>',
    'From: anna@capri.example (<jan@capri.example>',
    'From:',
    'From: Jan',
  ];
  for (const header of malformed) await rejects(deliver(house, { peer, message: `${header}\r\n\r\n` }), refusal(550, '5.6.0'), header);
});

test('submission: From of another provider becomes the own reverse-path, and what was written stays readable', async () => {
  await using house = await openMailHouse();
  const peer = await signedIn(house, 'jan');
  await deliver(house, {
    peer,
    from: 'jan.kowalski@capri.example',
    message: 'From: "Jan, at work" <jan@elsewhere.example>\r\nX-Original-From: forged\r\nTo: anna@capri.example\r\n\r\ntext\r\n',
  });
  const [stored = ''] = await house.inbox(house.accounts.anna);
  match(stored, /\r\nFrom: "Jan, at work" <jan\.kowalski@capri\.example>\r\n/);
  match(stored, /\r\nX-Original-From: "Jan, at work" <jan@elsewhere\.example>\r\n/);
  equal(stored.match(/From:/g)?.length, 2);
  for (const message of [
    'From: jan@elsewhere.example, ceo@elsewhere.example',
    'From: jan@elsewhere.example\r\nSender: anna@capri.example',
    'From: jan@elsewhere.example\r\nSender: ceo@elsewhere.example',
  ]) {
    await rejects(deliver(house, { peer, message: `${message}\r\n\r\n` }), refusal(550, '5.7.1'), message);
  }
  await rejects(deliver(house, { peer, from: undefined, message: 'From: jan@elsewhere.example\r\n\r\n' }), refusal(550, '5.7.1'));
});

test('submission: Date and Message-ID are added when missing, Bcc goes, the client is not told about', async () => {
  await using house = await openMailHouse();
  const peer = { ...(await signedIn(house, 'jan')), protocol: 'ESMTPSA' };
  const { id } = await deliver(house, {
    peer,
    message: 'From: jan@capri.example\r\nBcc: secret@capri.example,\r\n other@capri.example\r\nTo: anna@capri.example\r\n\r\nBcc: text\r\n',
  });
  const [stored = ''] = await house.inbox(house.accounts.anna);
  match(
    stored,
    new RegExp(
      `^Return-Path: <jan@capri\\.example>\r\nDelivered-To: anna@capri\\.example\r\nReceived: by mx\\.capri\\.example with ESMTPSA id ${id}\r\n\tfor <anna@capri\\.example>;\r\n` +
        '\tMon, 23 Nov 2026 12:00:00 \\+0000\r\nDate: Mon, 23 Nov 2026 12:00:00 \\+0000\r\nMessage-ID: <[A-Za-z0-9]{16}@mx\\.capri\\.example>\r\nFrom: jan@capri\\.example\r\n' +
        'To: anna@capri\\.example\r\n\r\nBcc: text\r\n$',
    ),
  );
  const whole = 'From: jan@capri.example\r\nDate: Sun, 22 Nov 2026 12:00:00 +0100\r\nMessage-ID: <a@b>\r\n\r\ntext\r\n';
  await deliver(house, { peer, message: whole });
  ok((await house.inbox(house.accounts.anna))[1]?.endsWith(`+0000\r\n${whole}`));
});

test('submission: large messages are checked and completed before the first octet is stored', async () => {
  await using house = await openMailHouse();
  const peer = await signedIn(house, 'jan');
  const text = `${'x'.repeat(70)}\r\n`.repeat(3000);
  await rejects(deliver(house, { peer, message: `From: anna@capri.example\r\n\r\n${text}`, chunk: 1000 }), refusal(550, '5.7.1'));
  await rejects(deliver(house, { peer, message: `From: jan@capri.example\r\n${'X: y\r\n'.repeat(60_000)}\r\n`, chunk: 10_000 }), refusal(552, '5.3.4'));
  await deliver(house, { peer, message: `From: jan@capri.example\r\nBcc: x@y.example\r\nTo: anna@capri.example\r\n\r\n${text}`, chunk: 1000 });
  const [stored = ''] = await house.inbox(house.accounts.anna);
  match(stored, /\r\nFrom: jan@capri\.example\r\nTo: anna@capri\.example\r\n\r\n/);
  ok(stored.endsWith(`\r\n\r\n${text}`));
});

test('submission: a header that is not ASCII needs SMTPUTF8', async () => {
  await using house = await openMailHouse();
  const peer = await signedIn(house, 'jan');
  const message = 'From: jan@capri.example\r\nSubject: żółw\r\n\r\n';
  await rejects(deliver(house, { peer, message }), refusal(550, '5.6.7'));
  await deliver(house, { peer, message, parameters: { ...PLAIN, smtpUtf8: true } });
});

test('submission: credentials that have changed since sign-in are asked for again', async () => {
  await using house = await openMailHouse();
  const peer = await signedIn(house, 'jan');
  await house.store.commit(removeAccount, { account: house.accounts.jan, nowMs: house.clock.nowMs() });
  await rejects(house.delivery.begin(peer, pathOf('jan@capri.example'), PLAIN), refusal(421, '4.7.0'));
});

test('a message for recipients here and elsewhere is filed and queued in one go', async () => {
  await using house = await openMailHouse();
  const peer = { ...(await signedIn(house, 'jan')), protocol: 'UTF8SMTPSA' };
  const parameters = { ...PLAIN, smtpUtf8: true, ret: 'HDRS', envelopeId: 'e1' } as const;
  const { id } = await deliver(house, {
    peer,
    to: ['anna@capri.example', 'x@Elsewhere.example', 'X@elsewhere.example', 'x@elsewhere.example', 'ż@gęś.example', '"a b"@[192.0.2.1]'],
    message: 'From: jan@capri.example\r\nTo: ż@gęś.example\r\n\r\ntext\r\n',
    parameters,
    recipientParameters: { notify: ['FAILURE', 'DELAY'], originalRecipient: 'rfc822;x@y' },
  });
  equal((await house.inbox(house.accounts.anna)).length, 1);
  const queued = await house.store.query(all(sql`SELECT * FROM queue_message`));
  deepEqual(
    queued.map(({ queue_id, account, sender, eight_bit, smtp_utf8, ret, envelope_id, recipients }) => [
      queue_id,
      account,
      sender,
      eight_bit,
      smtp_utf8,
      ret,
      envelope_id,
      recipients,
    ]),
    [[id, house.accounts.jan, 'jan@capri.example', 1, 1, 'HDRS', 'e1', 4]],
  );
  const recipients = await house.store.query(all(sql`SELECT local_part, domain, notify, original FROM queue_recipient ORDER BY n`));
  deepEqual(
    recipients.map(({ local_part, domain, notify, original }) => [local_part, domain, notify, original]),
    [
      ['x', 'elsewhere.example', 'FAILURE,DELAY', 'rfc822;x@y'],
      ['X', 'elsewhere.example', 'FAILURE,DELAY', 'rfc822;x@y'],
      ['ż', 'xn--g-1ia2r.example', 'FAILURE,DELAY', 'rfc822;x@y'],
      ['a b', '[192.0.2.1]', 'FAILURE,DELAY', 'rfc822;x@y'],
    ],
  );
});

test('the trail tells, in the same mutation, what became of a message', async () => {
  await using house = await openMailHouse();
  const message = 'From: jan@capri.example\r\nMessage-ID: <m1@capri.example>\r\n\r\n';
  const { id } = await deliver(house, { peer: await signedIn(house, 'jan'), to: ['anna+x@capri.example', 'x@elsewhere.example'], message });
  const span = { fromMs: house.clock.nowMs() - 1000, toMs: house.clock.nowMs() };
  for (const key of [id, 'm1@capri.example', 'jan@capri.example', 'x@elsewhere.example']) {
    const entries = await findTrail(house.store, key, span);
    deepEqual(
      entries.map(({ event, queueId, messageId, by, recipients }) => [event, queueId, messageId, by, recipients.map(({ address }) => address)]),
      [
        ['received', id, '<m1@capri.example>', house.accounts.jan, ['anna+x@capri.example', 'x@elsewhere.example']],
        ['queued', id, '<m1@capri.example>', house.accounts.jan, ['x@elsewhere.example']],
      ],
      key,
    );
  }
});

test('submission: who asks for it is told of a delivery here, in the same mutation', async () => {
  await using house = await openMailHouse();
  const peer = await signedIn(house, 'jan');
  const parameters = { ...PLAIN, envelopeId: 'e1' };
  const recipientParameters = { notify: ['SUCCESS', 'FAILURE'], originalRecipient: 'rfc822;anna+2Bx@capri.example' };
  await deliver(house, {
    peer,
    to: ['anna@capri.example', 'x@elsewhere.example'],
    message: 'From: jan@capri.example\r\nSubject: told\r\n\r\nsecret\r\n',
    parameters,
    recipientParameters,
  });
  const [notice = ''] = await house.inbox(house.accounts.jan);
  match(notice, /^Return-Path: <>\r\nDelivered-To: jan@capri\.example\r\n/);
  match(notice, /\r\nOriginal-Envelope-Id: e1\r\n/);
  match(
    notice,
    /\r\nOriginal-Recipient: rfc822; anna\+x@capri\.example\r\nFinal-Recipient: rfc822; anna@capri\.example\r\nAction: delivered\r\nStatus: 2\.1\.5\r\n/,
  );
  match(notice, /\r\nSubject: told\r\n/);
  equal(notice.includes('secret') || notice.includes('elsewhere'), false);
  for (const from of [undefined, 'jan@capri.example']) {
    const notify = { ...recipientParameters, notify: from === undefined ? ['SUCCESS'] : ['FAILURE'] };
    await deliver(house, { peer, from, message: 'From: jan@capri.example\r\n\r\n', recipientParameters: notify });
  }
  equal((await house.inbox(house.accounts.jan)).length, 1);
});

test('SMTPUTF8 is asked of the next server only where the message needs it', async () => {
  await using house = await openMailHouse();
  const peer = await signedIn(house, 'jan');
  const parameters = { ...PLAIN, smtpUtf8: true, body: '8BITMIME' } as const;
  await deliver(house, { peer, to: ['x@elsewhere.example'], message: 'From: jan@capri.example\r\n\r\nplain\r\n', parameters });
  const [row] = await house.store.query(all(sql`SELECT eight_bit, smtp_utf8, prefix FROM queue_message`));
  deepEqual([row?.eight_bit, row?.smtp_utf8, row?.prefix], [0, 0, Buffer.alloc(0)]);
});

test('mail of the server itself goes to an address here past its quota, and to nobody else', async () => {
  await using house = await openMailHouse();
  const notice = Buffer.from('From: postmaster@capri.example\r\nSubject: notice\r\n\r\n');
  equal(await deliverLocal(house.services, pathOf('full+x@capri.example'), notice), house.accounts.full);
  equal((await house.inbox(house.accounts.full))[1], `Return-Path: <>\r\nDelivered-To: full+x@capri.example\r\n${notice.toString()}`);
  for (const nobody of ['nobody@capri.example', 'gone@capri.example', 'x@elsewhere.example', 'x@[192.0.2.1]']) {
    equal(await deliverLocal(house.services, pathOf(nobody), notice), undefined, nobody);
  }
});

/** As in `test/support/deliver.ts`, from and to the people of these tests. */
function deliver(house: MailHouse, letter: Letter): Promise<Accepted> {
  const from = letter.peer?.identity === undefined ? 'a@outside.example' : 'jan@capri.example';
  return deliverLetter(house, { from, to: ['anna@capri.example'], ...letter });
}

function refusal(code: number, enhanced: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code && error.enhanced === enhanced;
}
