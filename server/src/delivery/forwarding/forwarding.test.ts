import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { generateDkimKeys, dkimDnsRecord, readSigningKey, type SigningKey } from '#authenticity/dkim/keys.ts';
import { signDkim } from '#authenticity/dkim/sign.ts';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { addAccount, removeAccount } from '#directory/accounts.ts';
import { addAlias, removeAlias } from '#directory/addresses.ts';
import { setDomain } from '#directory/domains.ts';
import { forwardMark, type ForwardOutcome, noteForwardOutcome, untoldForwards } from '#directory/forward-outcomes.ts';
import { forwardSecrets, rotateForwardSecrets } from '#directory/forward-secrets.ts';
import { addForward, type Forward, forwardsOf } from '#directory/forwards.ts';
import { Header } from '#message/header.ts';
import type { OutgoingRecipient } from '#queue/enqueue.ts';
import type { Mutation } from '#store/mutation.ts';
import { all, sql } from '#store/sql.ts';
import { findTrail } from '#trail/find.ts';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { type MailHouse, type MailHouseOptions, openMailHouse, PASSWORD } from '../../../test/support/mail-house.ts';
import { type Path, type Peer, type RecipientParameters, Refusal, type SenderParameters } from '../delivery.ts';
import { sendOwn, type OwnMailServices } from '../send-own.ts';
import { confirmationLocalPart } from './confirmation-address.ts';
import { ForwardBook } from './forward-book.ts';
import { askForConfirmation, tellOfForwards } from './mails.ts';
import { forwardedSender } from './rewriting.ts';
import { DEFAULT_FORWARDING_SETTINGS } from './settings.ts';

const PLAIN: SenderParameters = { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined };
const SETTINGS = { forwarding: { ...DEFAULT_FORWARDING_SETTINGS, domain: 'capri.example' } };
const MESSAGE = 'From: Ann <ann@outside.example>\r\nSubject: =?utf-8?q?za=C5=BC=C3=B3=C5=82=C4=87?=\r\n\r\ntext\r\n';

test('what is forwarded keeps a copy here and leaves under a sender of ours, octet for octet behind its trace fields', async () => {
  await using house = await open();
  await forward(house, 'jan', 'jan@gmail.example');
  const { id } = await deliver(house, { to: ['jan+bills@capri.example', 'anna@capri.example'] });
  const [copy = ''] = await house.inbox(house.accounts.jan);
  const [message, ...others] = await queued(house);
  deepEqual(others, []);
  match(message?.sender ?? '', /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=outside\.example=ann@capri\.example$/);
  equal(
    message?.text,
    `Delivered-To: jan+bills@capri.example\r\nX-Forwarded-For: jan+bills@capri.example jan@gmail.example\r\n${copy.slice(copy.indexOf('Received:'))}`,
  );
  ok(message?.text.endsWith(MESSAGE));
  // The sender's mail has arrived here: what becomes of the forward is not the sender's concern.
  deepEqual(message?.recipients, [{ localPart: 'jan', domain: 'gmail.example', notify: ['NEVER'], originalRecipient: undefined }]);
  const steps = (await trail(house, id)).filter(({ event }) => event === 'forwarded');
  deepEqual(
    steps.map(({ recipients, details }) => [recipients, details]),
    [
      [
        [{ address: 'jan+bills@capri.example', account: house.accounts.jan, email: undefined }],
        { to: 'jan@gmail.example', id: message?.queueId, sender: message?.sender },
      ],
    ],
  );
});

test('without a copy nothing stays here, and the notices that the sender asked for go along', async () => {
  await using house = await open();
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  await deliver(house, {});
  deepEqual(await house.inbox(house.accounts.jan), []);
  const peer = await signedIn(house, 'anna');
  const asked = { notify: ['SUCCESS', 'FAILURE'], originalRecipient: 'rfc822;jan+40home' };
  await deliver(house, {
    peer,
    from: 'anna@capri.example',
    message: 'From: anna@capri.example\r\n\r\n',
    recipientParameters: asked,
    parameters: { ...PLAIN, ret: 'HDRS', envelopeId: 'e1' },
  });
  const [first, second] = await queued(house);
  deepEqual(first?.recipients, [{ localPart: 'jan', domain: 'gmail.example', notify: undefined, originalRecipient: 'rfc822;jan@capri.example' }]);
  deepEqual(second?.recipients, [{ localPart: 'jan', domain: 'gmail.example', ...asked }]);
  // Our own domain's SPF names us already, and its bounces are ours.
  deepEqual([second?.sender, second?.ret, second?.envelopeId, second?.account], ['anna@capri.example', 'HDRS', 'e1', house.accounts.anna]);
  // It is not delivered yet: no notice says so.
  deepEqual(await house.inbox(house.accounts.anna), []);
});

test('of several targets without a copy the sender hears that the message was expanded, and no more successes', async () => {
  await using house = await open();
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  await forward(house, 'jan', 'jan@work.example', { keepsCopy: false });
  const peer = await signedIn(house, 'anna');
  const asked = { notify: ['SUCCESS'], originalRecipient: undefined };
  await deliver(house, { peer, from: 'anna@capri.example', message: 'From: anna@capri.example\r\n\r\n', recipientParameters: asked });
  deepEqual((await queued(house)).map(({ recipients }) => recipients.map(({ domain, notify }) => `${domain} ${notify?.join()}`).join()).toSorted(), [
    'gmail.example NEVER',
    'work.example NEVER',
  ]);
  match((await house.inbox(house.accounts.anna))[0] ?? '', /^Action: expanded\r$/m);
});

test('a copy stays where one forward wants it, and where one of them could not pass the message on', async () => {
  await using house = await open();
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  await forward(house, 'jan', 'jan@work.example');
  await deliver(house, {});
  equal((await house.inbox(house.accounts.jan)).length, 1);
  await forward(house, 'anna', 'nobody@capri.example', { keepsCopy: false });
  await deliver(house, { to: ['anna@capri.example'] });
  equal((await house.inbox(house.accounts.anna)).length, 1);
});

test('a forward of one address takes only the mail of that address', async () => {
  await using house = await open();
  await forward(house, 'jan', 'jan@gmail.example', { source: 'jan.kowalski@capri.example' });
  await deliver(house, { to: ['jan@capri.example'] });
  deepEqual(await queued(house), []);
  await deliver(house, { to: ['jan@capri.example', 'Jan.Kowalski+x@capri.example'] });
  equal((await queued(house)).length, 1);
  equal((await house.inbox(house.accounts.jan)).length, 2);
});

test('a forward that is not confirmed, and one whose account or address has gone, do nothing', async () => {
  await using house = await open();
  await forward(house, 'jan', 'jan@gmail.example', { isPending: true });
  await deliver(house, {});
  deepEqual(await queued(house), []);
});

test('a target here gets the message in its mailbox, and its own forwards follow; nobody gets it twice', async () => {
  await using house = await open();
  await forward(house, 'jan', 'anna+from-jan@capri.example', { keepsCopy: false });
  await forward(house, 'anna', 'anna@gmail.example');
  await forward(house, 'anna', 'jan@capri.example', { keepsCopy: false });
  await deliver(house, { to: ['jan@capri.example'] });
  deepEqual(await house.inbox(house.accounts.jan), []);
  const [copy = '', ...more] = await house.inbox(house.accounts.anna);
  deepEqual(more, []);
  match(copy, /^Return-Path: <ann@outside\.example>\r\nDelivered-To: anna\+from-jan@capri\.example\r\n/);
  const [message, ...others] = await queued(house);
  deepEqual(others, []);
  match(
    message?.text ?? '',
    /^Delivered-To: anna\+from-jan@capri\.example\r\nDelivered-To: jan@capri\.example\r\nX-Forwarded-For: anna\+from-jan@capri\.example anna@gmail\.example\r\nReceived/,
  );
  await deliver(house, { to: ['jan@capri.example', 'anna@capri.example'] });
  equal((await house.inbox(house.accounts.anna)).length + (await house.inbox(house.accounts.jan)).length, 2);
});

test('forwards in a circle lose nothing, whoever of it is written to', async () => {
  await using house = await open();
  await forward(house, 'jan', 'anna@capri.example', { keepsCopy: false });
  await forward(house, 'anna', 'admin@capri.example', { keepsCopy: false });
  await forward(house, 'admin', 'jan@capri.example', { keepsCopy: false });
  const copies = async (): Promise<number> =>
    (await Promise.all([house.accounts.jan, house.accounts.anna, house.accounts.admin].map((account) => house.inbox(account)))).flat().length;
  let expected = 0;
  for (const to of [['jan'], ['anna'], ['jan', 'anna'], ['admin', 'anna', 'jan']]) {
    await deliver(house, { to: to.map((login) => `${login}@capri.example`) });
    ok((await copies()) > expected, to.join());
    expected = await copies();
  }
});

test('a chain of forwards ends after ten steps, with the message in the mailbox there', async () => {
  await using house = await open();
  const accounts: AccountId[] = [];
  for (let n = 0; n < 14; n++) {
    accounts.push(await house.store.commit(addAccount, { login: `n${n}`, addresses: [`n${n}@capri.example`], passwordHash: '', nowMs: house.clock.nowMs() }));
  }
  for (let n = 0; n < 13; n++) await add(house, accounts[n] as AccountId, `n${n + 1}@capri.example`, { keepsCopy: false });
  await deliver(house, { to: ['n0@capri.example'] });
  const counts = await Promise.all(accounts.map(async (account) => (await house.inbox(account)).length));
  deepEqual(counts, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
});

test('what has been at the target already stays here: a circle over another server ends', async () => {
  await using house = await open();
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  const { id } = await deliver(house, { message: `Delivered-To: Jan@gmail.example\r\n${MESSAGE}` });
  deepEqual(await queued(house), []);
  equal((await house.inbox(house.accounts.jan)).length, 1);
  deepEqual((await trail(house, id)).find(({ event }) => event === 'kept')?.details, { to: 'jan@gmail.example', reason: 'loop' });
});

test('the null reverse-path stays null', async () => {
  await using house = await open();
  await forward(house, 'jan', 'jan@gmail.example');
  await deliver(house, { from: undefined });
  equal((await queued(house))[0]?.sender, '');
});

test('under a DMARC policy only what the author has signed is forwarded; the rest is kept and the user told once a day', async () => {
  await using dns = await FakeDns.start(zone);
  await using house = await open({ resolver: dns.resolver() });
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  const key = await signingKey('strict.example', dns);
  const unsigned = 'From: "Ann, Nowak" <ann@strict.example>\r\nSubject: unsigned\r\n\r\ntext\r\n';
  const { id } = await deliver(house, { from: 'ann@strict.example', message: unsigned });
  deepEqual(await queued(house), []);
  equal((await house.inbox(house.accounts.jan)).length, 1);
  deepEqual((await trail(house, id)).find(({ event }) => event === 'kept')?.details, { to: 'jan@gmail.example', reason: 'dmarc' });
  await deliver(house, { from: 'ann@strict.example', message: unsigned });
  const own = ownMail(house);
  equal(await tellOfForwards(own), 1);
  equal(await tellOfForwards(own), 0);
  const told = (await house.inbox(house.accounts.jan)).filter((text) => text.includes('Auto-Submitted'));
  deepEqual(told, []);
  // The user reads elsewhere: that is where the mail about it goes.
  const [notice] = await queued(house);
  match(
    notice?.text ?? '',
    /^Delivered-To: jan@capri\.example\r\n[^]*Subject: Not forwarded, but kept for you: mail from strict\.example\r\n[^]*ann@strict\.example/,
  );
  deepEqual([notice?.sender, notice?.recipients[0]?.domain], ['', 'gmail.example']);
  await deliver(house, { from: 'ann@strict.example', message: await signed(unsigned, key) });
  const [, letter] = await queued(house);
  match(letter?.text ?? '', /DKIM-Signature: [^]*Subject: unsigned/);
  house.clock.advance(25 * 3600 * 1000);
  await deliver(house, { from: 'ann@strict.example', message: unsigned });
  equal(await tellOfForwards(own), 1);
});

test('who claims to be from here without proof does not become genuine by being forwarded', async () => {
  await using dns = await FakeDns.start({ ...zone, 'capri.example': { TXT: ['v=spf1 ip4:203.0.113.5 ip4:192.0.2.99 -all'] } });
  await using house = await open({ resolver: dns.resolver() });
  await forward(house, 'jan', 'jan@gmail.example');
  const claims = { message: 'From: Boss <anna@capri.example>\r\nSubject: pay this\r\n\r\n' };
  for (const from of ['anna@capri.example', 'a@outside.example', undefined]) {
    const { id } = await deliver(house, { ...claims, from });
    deepEqual((await trail(house, id)).find(({ event }) => event === 'kept')?.details, { to: 'jan@gmail.example', reason: 'forged' });
  }
  deepEqual(await queued(house), []);
  equal(await tellOfForwards(ownMail(house)), 1);
  match((await house.inbox(house.accounts.jan)).join(), /Subject: Not forwarded: mail that claims to be from capri\.example/);
  // Notices of the server itself, which come from here, are forwarded.
  equal((await queued(house)).length, 1);
  await deliver(house, { ...claims, from: 'anna@capri.example', peer: { ...stranger, address: '192.0.2.99' } });
  equal((await queued(house)).length, 2);
  const rewritten = await rewrittenOf(house, 'ann@outside.example');
  await rejects(deliver(house, { ...claims, from: undefined, to: [rewritten] }), refusal(550, '5.7.1'));
});

test('who forges many names does not fill a mailbox with notices', async () => {
  await using dns = await FakeDns.start(zone);
  await using house = await open({ resolver: dns.resolver() });
  await forward(house, 'jan', 'jan@gmail.example');
  for (let n = 0; n < 15; n++) {
    dns.zone[`d${n}.example`] = { TXT: ['v=spf1 ip4:192.0.2.0/24 -all'] };
    dns.zone[`_dmarc.d${n}.example`] = { TXT: ['v=DMARC1; p=reject'] };
    await deliver(house, { from: `a@d${n}.example`, message: `From: a@d${n}.example\r\n\r\n` });
  }
  equal((await house.store.query(untoldForwards())).length, 10);
});

test('what goes to Junk is never forwarded', async () => {
  await using dns = await FakeDns.start({ ...zone, '_dmarc.careful.example': { TXT: ['v=DMARC1; p=quarantine'] } });
  await using house = await open({ resolver: dns.resolver() });
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  const { id } = await deliver(house, { message: 'From: ann@careful.example\r\n\r\n' });
  deepEqual(await queued(house), []);
  equal((await house.mailbox(house.accounts.jan, 'Junk')).length, 1);
  deepEqual((await trail(house, id)).find(({ event }) => event === 'kept')?.details, { to: 'jan@gmail.example', reason: 'junk' });
  equal((await house.store.query(untoldForwards())).length, 0);
});

test('mail for a rewritten sender goes to the true one, a forged or old one to nobody', async () => {
  await using house = await open();
  const rewritten = await rewrittenOf(house, 'Ann@outside.example');
  await deliver(house, { from: undefined, to: [rewritten], message: 'Subject: bounce\r\n\r\n' });
  const [bounce] = await queued(house);
  deepEqual([bounce?.sender, bounce?.recipients[0]?.localPart, bounce?.recipients[0]?.domain], ['', 'Ann', 'outside.example']);
  // Who writes there by hand comes under a sender of ours too.
  await deliver(house, { from: 'x@third.example', to: [rewritten], message: 'Subject: reply\r\n\r\n' });
  match((await queued(house))[1]?.sender ?? '', /^SRS0=[^=]+=[^=]+=third\.example=x@capri\.example$/);
  for (const forged of [
    rewritten.replace('outside', 'victim'),
    rewritten.replace(/=[a-z2-7]{8}=/, '=aaaaaaaa='),
    'SRS0=x=y=victim.example=a@capri.example',
    'SRS1=aaaaaaaa=victim.example==a=b@capri.example',
  ]) {
    await rejects(deliver(house, { from: undefined, to: [forged] }), refusal(550, '5.1.1'), forged);
  }
  house.clock.advance(30 * 24 * 3600 * 1000);
  await rejects(deliver(house, { from: undefined, to: [rewritten] }), refusal(550, '5.1.1'));
});

test('the domain of rewritten senders may be one of its own', async () => {
  await using house = await open({ settings: { forwarding: { domain: 'capri.example', srsDomain: 'fwd.capri.example', srsDays: 21 } } });
  await forward(house, 'jan', 'jan@gmail.example');
  await deliver(house, {});
  const sender = (await queued(house))[0]?.sender ?? '';
  match(sender, /@fwd\.capri\.example$/);
  await deliver(house, { from: undefined, to: [sender], message: 'Subject: bounce\r\n\r\n' });
  equal((await queued(house))[1]?.recipients[0]?.domain, 'outside.example');
  await rejects(deliver(house, { from: undefined, to: ['somebody@fwd.capri.example'] }), refusal(550, '5.7.1'));
  await rejects(deliver(house, { from: undefined, to: ['SRS0=aaaaaaaa=aa=victim.example=a@fwd.capri.example'] }), refusal(550, '5.1.1'));
});

test('mail of the server for a rewritten sender leaves for the true one', async () => {
  await using house = await open();
  const [localPart = '', domain = ''] = (await rewrittenOf(house, 'ann@outside.example')).split('@');
  equal(await sendOwn(ownMail(house), { localPart, domain }, Buffer.from('Subject: notice\r\n\r\n')), 'delivered');
  equal((await queued(house))[0]?.recipients[0]?.domain, 'outside.example');
  equal(await sendOwn(ownMail(house), { localPart: localPart.replace('ann', 'eve'), domain }, Buffer.from('Subject: notice\r\n\r\n')), 'refused');
});

test('a target agrees by answering: once, in time, and not by machine', async () => {
  await using house = await open();
  const pending = await forward(house, 'jan', 'jan@gmail.example', { isPending: true });
  await house.store.commit(addForward, {
    account: pending.account,
    source: '',
    target: pending.target,
    keepsCopy: true,
    code: { text: CODE, untilMs: house.clock.nowMs() + 1000 },
    nowMs: house.clock.nowMs(),
  });
  const untilMs = Date.UTC(2026, 11, 1);
  equal(await askForConfirmation(ownMail(house), { forward: pending, code: CODE, untilMs }), 'delivered');
  const [question] = await queued(house);
  match(question?.text ?? '', new RegExp(`^From: Capri <forward-confirm\\+${CODE}@capri\\.example>\\r\\nTo: jan@gmail\\.example\\r\\n`));
  equal(question?.sender, '');
  const answer = {
    from: 'jan@gmail.example',
    to: [`${confirmationLocalPart(CODE).toUpperCase()}@capri.example`],
    message: 'From: jan@gmail.example\r\nSubject: Re: yes\r\n\r\n',
  };
  await rejects(deliver(house, { ...answer, from: undefined }), refusal(550, '5.7.1'));
  await rejects(deliver(house, { ...answer, message: `Auto-Submitted: auto-replied\r\n${answer.message}` }), refusal(550, '5.7.1'));
  await rejects(deliver(house, { ...answer, to: [`${confirmationLocalPart('a'.repeat(16))}@capri.example`] }), refusal(550, '5.1.1'));
  equal((await forwards(house))[0]?.state, 'pending');
  const { id } = await deliver(house, answer);
  equal((await forwards(house))[0]?.state, 'active');
  deepEqual(
    (await trail(house, id)).map(({ event }) => event),
    ['received', 'confirmed'],
  );
  await rejects(deliver(house, answer), refusal(550, '5.1.1'));
  await deliver(house, {});
  equal((await queued(house)).length, 2);
});

test('a code is good for its time only', async () => {
  await using house = await open();
  await house.store.commit(addForward, {
    account: house.accounts.jan,
    source: '',
    target: 'jan@gmail.example',
    keepsCopy: true,
    code: { text: CODE, untilMs: house.clock.nowMs() + 1000 },
    nowMs: house.clock.nowMs(),
  });
  house.clock.advance(1000);
  await rejects(deliver(house, { to: [`${confirmationLocalPart(CODE)}@capri.example`] }), refusal(550, '5.1.1'));
});

test('an address beyond ASCII asks for SMTPUTF8 of the next server, and nothing else does', async () => {
  await using house = await open();
  await forward(house, 'jan', 'żółw@gmail.example');
  await forward(house, 'anna', 'anna@gmail.example');
  await deliver(house, { to: ['jan@capri.example'] });
  await deliver(house, { to: ['anna@capri.example'], message: 'Subject: za\xbf\r\n\r\n' });
  const rows = await house.store.query(
    all<{ readonly smtp_utf8: number }>(sql`SELECT smtp_utf8 FROM queue_message JOIN queue_recipient USING (queue_id) ORDER BY local_part`),
  );
  deepEqual(
    rows.map(({ smtp_utf8 }) => smtp_utf8),
    [0, 1],
  );
});

test('a catch-all does not get what is sent to forged rewritten senders', async () => {
  await using house = await open();
  await house.store.commit(setDomain, { domain: 'capri.example', catchAll: house.accounts.anna });
  await rejects(deliver(house, { from: undefined, to: ['SRS0=aaaaaaaa=aa=victim.example=a@capri.example'] }), refusal(550, '5.1.1'));
  await house.store.commit(addAlias, { account: house.accounts.jan, address: 'srs0-team@capri.example', nowMs: house.clock.nowMs() });
  await deliver(house, { to: ['SRS0-team@capri.example'] });
  equal((await house.inbox(house.accounts.jan)).length, 1);
});

test('a target here that has gone keeps the mail, and pauses its forward before long', async () => {
  await using house = await open();
  await forward(house, 'jan', 'nobody@capri.example', { keepsCopy: false });
  for (let n = 0; n < 4; n++) await deliver(house, {});
  equal((await house.inbox(house.accounts.jan)).length, 4);
  equal((await forwards(house))[0]?.state, 'paused');
  equal((await house.store.query(untoldForwards())).length, 1);
});

test('with an address or an account go its forwards', async () => {
  await using house = await open();
  await forward(house, 'jan', 'a@gmail.example', { source: 'jan.kowalski@capri.example' });
  await forward(house, 'jan', 'b@gmail.example');
  await house.store.commit(removeAlias, { address: 'jan.kowalski@capri.example', nowMs: house.clock.nowMs() });
  deepEqual(
    (await forwards(house)).map(({ target }) => target),
    ['b@gmail.example'],
  );
  await house.store.commit(removeAccount, { account: house.accounts.jan, nowMs: house.clock.nowMs() });
  deepEqual(await forwards(house), []);
});

test('a forward leads from the own addresses only, to others, and to not too many', async () => {
  await using house = await open();
  await rejects(forward(house, 'jan', 'x@gmail.example', { source: 'anna@capri.example' }), DomainError);
  await rejects(forward(house, 'jan', 'jan@capri.example'), DomainError);
  await rejects(forward(house, 'jan', 'jan@capri.example', { source: 'jan@capri.example' }), DomainError);
  for (const target of ['no address', 'x@', '@x.example', 'x y@z.example', 'x@[192.0.2.1]']) await rejects(forward(house, 'jan', target), DomainError, target);
  for (let n = 0; n < 20; n++) await forward(house, 'jan', `x${n}@gmail.example`);
  await rejects(forward(house, 'jan', 'x20@gmail.example'), DomainError);
  await forward(house, 'jan', 'X3@GMAIL.example', { keepsCopy: false });
  equal((await forwards(house)).length, 20);
});

test('secrets of rewritten senders are followed by others, and taken until nothing of theirs can come back', async () => {
  await using house = await open();
  const DAY_MS = 24 * 3600 * 1000;
  const rotate = (octet: number): Promise<boolean> =>
    house.store.commit(rotateForwardSecrets, { secret: Buffer.alloc(32, octet), validMs: 21 * DAY_MS, nowMs: house.clock.nowMs() });
  house.clock.advance(Math.max(0, Date.now() - house.clock.nowMs()));
  equal(await rotate(1), false);
  const old = await rewrittenOf(house, 'ann@outside.example');
  house.clock.advance(91 * DAY_MS);
  equal(await rotate(2), true);
  equal((await house.store.query(forwardSecrets())).length, 2);
  equal(await rotate(3), false);
  house.clock.advance(22 * DAY_MS);
  await rotate(4);
  deepEqual(
    (await house.store.query(forwardSecrets())).map((secret) => secret[0]),
    [2],
  );
  await rejects(deliver(house, { from: undefined, to: [old] }), refusal(550, '5.1.1'));
});

test('a target that is here is asked in its own language', async () => {
  await using house = await open();
  const pl = await house.store.commit(addAccount, {
    login: 'ola',
    language: 'pl',
    addresses: ['ola@capri.example'],
    passwordHash: '',
    nowMs: house.clock.nowMs(),
  });
  const pending = await forward(house, 'jan', 'ola@capri.example', { isPending: true });
  await askForConfirmation(ownMail(house), { forward: pending, code: CODE, untilMs: house.clock.nowMs() });
  match((await house.inbox(pl))[0] ?? '', /Je=C5=9Bli si=C4=99 na to zgadzasz|Jeśli się na to zgadzasz/);
});

test('a target that refuses mail after mail is paused, and the user told in the words of the other server', async () => {
  await using house = await open({ mutations: [outcome] });
  const active = await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  const mark = forwardMark(active);
  const gone = {
    isDelivered: false,
    status: '5.1.1',
    host: 'gmail-smtp-in.l.google.com',
    reply: '550-5.1.1 The email account that you tried to reach does not exist.',
  };
  const note = (result: typeof gone): Promise<void> => house.store.commit(outcome, { mark, result, nowMs: house.clock.nowMs() });
  await note(gone);
  await note(gone);
  await note({ ...gone, isDelivered: true });
  await note(gone);
  await note(gone);
  equal((await forwards(house))[0]?.state, 'active');
  await note(gone);
  equal((await forwards(house))[0]?.state, 'paused');
  await deliver(house, {});
  deepEqual(await queued(house), []);
  equal(await tellOfForwards(ownMail(house)), 1);
  const [, notice = ''] = await house.inbox(house.accounts.jan);
  match(notice, /Subject: Forwarding to jan@gmail\.example is paused\r\n[^]*The email account that you tried to reach does not exist/);
});

const CODE = 'abcdefgh234567ab';

const zone: Zone = {
  '7.2.0.192.in-addr.arpa': { PTR: ['client.example'] },
  'outside.example': { TXT: ['v=spf1 ip4:192.0.2.0/24 -all'] },
  'strict.example': { TXT: ['v=spf1 ip4:192.0.2.0/24 -all'] },
  '_dmarc.strict.example': { TXT: ['v=DMARC1; p=reject'] },
};

const stranger: Peer = { connectionId: 'c1', address: '192.0.2.7', helo: 'client.example', protocol: 'ESMTP', tls: undefined, identity: undefined };

const outcome = {
  name: 'test.outcome',
  program: function* (tx, { mark, result, nowMs }) {
    yield* noteForwardOutcome(tx, mark, result, nowMs);
  },
} satisfies Mutation<{ readonly mark: string; readonly result: ForwardOutcome; readonly nowMs: number }, void>;

function open(options: MailHouseOptions = {}): Promise<MailHouse> {
  return openMailHouse({ settings: SETTINGS, ...options });
}

function ownMail({ store, directory, clock, services }: MailHouse): OwnMailServices {
  return { store, directory, clock, settings: services.settings, forwards: new ForwardBook(store) };
}

interface ForwardOptions {
  readonly source?: string;
  readonly keepsCopy?: boolean;
  readonly isPending?: boolean;
}

function forward(house: MailHouse, login: 'jan' | 'anna' | 'admin', target: string, options: ForwardOptions = {}): Promise<Forward> {
  return add(house, house.accounts[login], target, options);
}

function add(
  { store, clock }: MailHouse,
  account: AccountId,
  target: string,
  { source = '', keepsCopy = true, isPending = false }: ForwardOptions,
): Promise<Forward> {
  const nowMs = clock.nowMs();
  const code = isPending ? { text: 'zzzzzzzzzzzzzzzz', untilMs: nowMs + 1000 } : undefined;
  return store.commit(addForward, { account, source, target, keepsCopy, code, nowMs });
}

function forwards({ store, accounts }: MailHouse): Promise<readonly Forward[]> {
  return store.query(forwardsOf(accounts.jan));
}

async function trail({ store }: MailHouse, id: string): ReturnType<typeof findTrail> {
  return (await findTrail(store, id, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })).filter(({ queueId }) => queueId === id);
}

async function rewrittenOf(house: MailHouse, sender: string): Promise<string> {
  const rewritten = await forwardedSender(ownMail(house), address(sender));
  return `${rewritten?.localPart}@${rewritten?.domain}`;
}

async function signedIn({ directory }: MailHouse, login: string): Promise<Peer> {
  const identity = await directory.signInWithPassword(login, PASSWORD, { listener: 'submissions', remoteAddress: '127.0.0.1', connectionId: 't' });
  return { ...stranger, protocol: 'ESMTPSA', identity };
}

interface Queued {
  readonly queueId: string;
  readonly account: number | undefined;
  readonly sender: string;
  readonly ret: string | undefined;
  readonly envelopeId: string | undefined;
  readonly recipients: readonly OutgoingRecipient[];
  /** Whole, as it leaves. */
  readonly text: string;
}

interface MessageRow {
  readonly queue_id: string;
  readonly account: number | null;
  readonly sender: string;
  readonly ret: string | null;
  readonly envelope_id: string | null;
  readonly blob: number;
  readonly body_size: number;
  readonly prefix: Uint8Array;
}

interface RecipientRow {
  readonly domain: string;
  readonly local_part: string;
  readonly notify: string | null;
  readonly original: string | null;
}

async function queued({ store }: MailHouse): Promise<readonly Queued[]> {
  const messages = await store.query(
    all<MessageRow>(sql`SELECT queue_id, account, sender, ret, envelope_id, blob, body_size, prefix FROM queue_message ORDER BY created_at, queue_id`),
  );
  return await Promise.all(
    messages.map(async (row) => {
      const recipients = await store.query(
        all<RecipientRow>(sql`SELECT domain, local_part, notify, original FROM queue_recipient WHERE queue_id = ${row.queue_id} ORDER BY n`),
      );
      const body = await store.readBlob(row.blob as never, 0, row.body_size);
      return {
        queueId: row.queue_id,
        account: row.account ?? undefined,
        sender: row.sender,
        ret: row.ret ?? undefined,
        envelopeId: row.envelope_id ?? undefined,
        recipients: recipients.map(({ domain, local_part, notify, original }) => ({
          localPart: local_part,
          domain,
          notify: notify?.split(','),
          originalRecipient: original ?? undefined,
        })),
        text: Buffer.concat([row.prefix, body]).toString('utf8'),
      };
    }),
  );
}

async function signingKey(domain: string, dns: FakeDns): Promise<SigningKey> {
  const [generated] = await generateDkimKeys();
  const pem = generated?.pem ?? '';
  const key = readSigningKey({ domain, selector: 's1', pem });
  dns.zone[`s1._domainkey.${domain}`] = { TXT: [dkimDnsRecord(key.privateKey).strings] };
  return key;
}

async function signed(message: string, key: SigningKey): Promise<string> {
  const end = message.indexOf('\r\n\r\n') + 4;
  const fields = await signDkim({
    header: new Header(Buffer.from(message.slice(0, end))),
    body: [Buffer.from(message.slice(end))],
    keys: [key],
    signedAtMs: Date.UTC(2026, 10, 23),
  });
  return fields.toString('latin1') + message;
}

async function deliver(
  house: MailHouse,
  options: {
    readonly peer?: Peer;
    readonly from?: string | undefined;
    readonly to?: readonly string[];
    readonly message?: string;
    readonly parameters?: SenderParameters;
    readonly recipientParameters?: RecipientParameters;
  },
): Promise<{ readonly id: string }> {
  const { peer = stranger, to = ['jan@capri.example'], message = MESSAGE } = options;
  const from = 'from' in options ? options.from : 'ann@outside.example';
  const envelope = await house.delivery.begin(peer, from === undefined ? undefined : address(from), options.parameters ?? PLAIN);
  for (const recipient of to) await envelope.recipient(address(recipient), options.recipientParameters ?? { notify: undefined, originalRecipient: undefined });
  const sink = envelope.open();
  try {
    await sink.write(Buffer.from(message));
    return await sink.finish();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

function address(text: string): Path {
  const at = text.lastIndexOf('@');
  return { localPart: text.slice(0, at), domain: text.slice(at + 1) };
}

function refusal(code: number, enhanced: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code && error.enhanced === enhanced;
}
