import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ListenerName } from '#net/connection.ts';
import { type BodyFiles, diskFiles } from '#store/blobs/files.ts';
import { type MailHouse, type MailHouseOptions, openMailHouse } from '../../../test/support/mail-house.ts';
import { LineClient, type ServedDoor, serveDoor } from '../../../test/support/net.ts';
import { playTranscript, transcriptsOf } from '../../../test/support/transcript.ts';
import { serveSmtp } from './serve.ts';
import { DEFAULT_SMTP_SETTINGS, type SmtpSettings } from './session.ts';

for (const { name, text } of transcriptsOf('smtp')) {
  test(`transcript ${name}`, async () => {
    const listener = listenerOf(name);
    await using served = await serve(listener);
    await playTranscript(text, { port: served.door.port, implicitTls: listener === 'submissions' });
  });
}

test('only CR LF . CR LF ends a message, on every door', async () => {
  const endings = ['\n.\n', '\n.\r', '\r.\n', '\r.\r', '\n.\r\n', '\r.\r\n', '\r\n\0.\r\n', '\r\n.\r\r\n', '\r\r\n.\r\r\n', '\r\n.\n', '\r\n.\r', '\n\n.\r\n'];
  for (const listener of ['smtp', 'submissions', 'lmtp'] as const) {
    await using served = await serve(listener);
    using client = await greeted(served, listener);
    for (const ending of endings) {
      client.send('MAIL FROM:<jan@capri.example>\r\nRCPT TO:<anna@capri.example>\r\nDATA\r\n');
      await client.linesUntil((line) => line.startsWith('354'));
      const smuggled = 'MAIL FROM:<jan@capri.example>\r\nRCPT TO:<jan@capri.example>\r\nDATA\r\nSubject: smuggled\r\n\r\ninner\r\n.\r\n';
      client.send(`From: jan@capri.example\r\nSubject: outer\r\n\r\nouter${ending}${smuggled}NOOP\r\n`);
      match(await client.line(), /^550 5\.6\.0 /, JSON.stringify(ending));
      equal(await client.line(), '250 2.0.0 Ok');
    }
    deepEqual(await served.house.inbox(served.house.accounts.anna), []);
    deepEqual(await served.house.inbox(served.house.accounts.jan), []);
  }
});

test('a client that ends its message with bare line feeds gets its refusal without waiting for the long time-out', async () => {
  await using served = await serve('smtp', { settings: { timeoutMs: 400 } });
  using client = await greeted(served, 'smtp');
  client.send('MAIL FROM:<>\r\nRCPT TO:<jan@capri.example>\r\nDATA\r\n');
  await client.linesUntil((line) => line.startsWith('354'));
  client.send('Subject: unix\n\ntext\n.\n');
  match(await client.line(), /^550 5\.6\.0 /);
  equal(await client.rest(), '');
});

test('a client that says nothing is told so and let go', async () => {
  await using served = await serve('smtp', { settings: { timeoutMs: 150 } });
  using client = await LineClient.plain(served.door.port);
  match(await client.line(), /^220 /);
  equal(await client.line(), '421 4.4.2 mx.capri.example Timeout, closing connection');
  equal(await client.rest(), '');
});

test('a message that dribbles in is given up after its time, and leaves nothing', async () => {
  await using served = await serve('smtp', { settings: { messageTimeoutMs: 200 } });
  using client = await greeted(served, 'smtp');
  client.send('MAIL FROM:<>\r\nRCPT TO:<jan@capri.example>\r\nDATA\r\n');
  await client.linesUntil((line) => line.startsWith('354'));
  const dribble = setInterval(() => client.send('x'), 20);
  const reply = await client.line();
  clearInterval(dribble);
  match(reply, /^421 4\.4\.2 /);
  deepEqual(await served.house.inbox(served.house.accounts.jan), []);
});

test('a message that dribbles in by chunks is given up after its time too', async () => {
  await using served = await serve('smtp', { settings: { messageTimeoutMs: 200 } });
  using client = await greeted(served, 'smtp');
  client.send('MAIL FROM:<>\r\nRCPT TO:<jan@capri.example>\r\n');
  const dribble = setInterval(() => client.send('BDAT 1\r\nx'), 20);
  const lines = await client.linesUntil((line) => line.startsWith('4'));
  clearInterval(dribble);
  match(lines.at(-1) ?? '', /^421 4\.4\.2 /);
  deepEqual(await served.house.inbox(served.house.accounts.jan), []);
});

test('who does not sign in on submission in time is let go, however busy', async () => {
  await using served = await serve('submissions', { settings: { signInTimeoutMs: 200 } });
  using client = await greeted(served, undefined);
  const busy = setInterval(() => client.send('NOOP\r\n'), 20);
  const lines = await client.linesUntil((line) => !line.startsWith('250'));
  clearInterval(busy);
  match(lines.at(-1) ?? '', /^421 4\.4\.2 /);
});

test('an idle client hears 421 when the server stops', async () => {
  const served = await serve('smtp');
  await using _ = served;
  using client = await greeted(served, 'smtp');
  await served.door.close();
  equal(await client.line(), '421 4.3.2 mx.capri.example Service is shutting down, closing connection');
});

test('a message that is too large is refused as soon as that is known, and the conversation goes on', async () => {
  await using served = await serve('smtp', { house: { settings: { messageBytes: 100_000 } } });
  using client = await greeted(served, 'smtp');
  for (const size of [50_000, 150_000, 99_998, 100_001]) {
    client.send(`MAIL FROM:<>\r\nRCPT TO:<jan@capri.example>\r\nDATA\r\n`);
    await client.linesUntil((line) => line.startsWith('354'));
    client.send(`${'x'.repeat(size - 2)}\r\n.\r\n`);
    match(await client.line(), size > 100_000 ? /^552 5\.3\.4 / : /^250 2\.0\.0 /);
  }
});

test('many messages that stop in the middle make room for those that go on', async () => {
  await using served = await serve('smtp', { house: { settings: { heldBytes: 400 * 1024 } } });
  const begin = async (text: string): Promise<LineClient> => {
    const client = await greeted(served, 'smtp');
    client.send('MAIL FROM:<>\r\nRCPT TO:<jan@capri.example>\r\nDATA\r\n');
    await client.linesUntil((line) => line.startsWith('354'));
    client.send(text);
    return client;
  };
  // Each stands in the middle of its message: small ones that are held, and one that is streamed.
  const stalled = [await begin(`Subject: large\r\n\r\n${'x'.repeat(70_000)}`)];
  for (let count = 0; count < 60; count++) stalled.push(await begin('Subject: stalled\r\n\r\nx'));
  const [large, early] = stalled;
  using last = stalled.at(-1);
  using active = await begin('Subject: active\r\n\r\nx\r\n.\r\n');
  match(await active.line(), /^250 /);
  for (const client of [large, early]) {
    client?.send('more\r\n.\r\nNOOP\r\n');
    match((await client?.line()) ?? '', /^452 4\.3\.1 /);
    equal(await client?.line(), '250 2.0.0 Ok');
  }
  last?.send('\r\n.\r\n');
  match((await last?.line()) ?? '', /^250 /);
  for (const client of stalled) client[Symbol.dispose]();
  equal((await served.house.inbox(served.house.accounts.jan)).length, 2);
});

test('a large message that is refused at its end gives its room back, and the next one is taken', async () => {
  await using served = await serve('smtp');
  using client = await greeted(served, 'smtp');
  const received = 'Received: from a by b; Mon, 23 Nov 2026 12:00:00 +0000\r\n';
  const text = `${'x'.repeat(998)}\r\n`.repeat(200);
  for (const [hops, reply] of [
    [60, /^554 5\.4\.6 /],
    [1, /^250 /],
    [60, /^554 5\.4\.6 /],
  ] as const) {
    client.send('MAIL FROM:<>\r\nRCPT TO:<jan@capri.example>\r\nDATA\r\n');
    await client.linesUntil((line) => line.startsWith('354'));
    client.send(`${received.repeat(hops)}\r\n${text}.\r\n`);
    match(await client.line(), reply);
  }
  equal((await served.house.inbox(served.house.accounts.jan)).length, 1);
});

test('a full disk and a failing one are told as temporary, nothing is kept, and it goes on by itself', async () => {
  let fault: string | undefined;
  const files: BodyFiles = {
    ...diskFiles,
    sync: (descriptor) => {
      if (fault !== undefined) throw Object.assign(new Error('made by the test'), { code: fault });
      diskFiles.sync(descriptor);
    },
  };
  for (const [listener, copies] of [
    ['smtp', 1],
    ['lmtp', 2],
  ] as const) {
    await using served = await serve(listener, { house: { files, onError: () => undefined } });
    using client = await greeted(served, listener);
    for (const [code, reply] of [
      ['ENOSPC', /^452 4\.3\.1 /],
      ['EIO', /^451 4\.3\.0 /],
      [undefined, /^250 2\.0\.0 /],
    ] as const) {
      fault = code;
      client.send('MAIL FROM:<>\r\nRCPT TO:<jan@capri.example>\r\nRCPT TO:<anna@capri.example>\r\nDATA\r\n');
      await client.linesUntil((line) => line.startsWith('354'));
      client.send('Subject: x\r\n\r\n.\r\n');
      for (let copy = 0; copy < copies; copy++) match(await client.line(), reply);
    }
    equal((await served.house.inbox(served.house.accounts.jan)).length, 1);
  }
});

test('a line that never ends is refused once, in bounded memory', async () => {
  await using served = await serve('smtp');
  using client = await greeted(served, 'smtp');
  client.send(`NOOP ${'x'.repeat(100_000)}\r\nNOOP\r\n`);
  match(await client.line(), /^500 5\.5\.2 /);
  equal(await client.line(), '250 2.0.0 Ok');
});

test('HELP names only what works on the listener', async () => {
  for (const [listener, absent] of [
    ['smtp', /AUTH|LHLO/],
    ['lmtp', /AUTH|EHLO|STARTTLS/],
  ] as const) {
    await using served = await serve(listener);
    using client = await greeted(served, listener);
    client.send('HELP\r\n');
    const lines = await client.linesUntil((line) => line.startsWith('214 '));
    equal(
      lines.some((line) => absent.test(line)),
      false,
    );
    ok(lines.includes('214-2.0.0 RSET'));
  }
});

test('junk of every kind is answered line by line and never ends the server', async () => {
  await using served = await serve('smtp', { settings: { maxErrors: 1000 } });
  using client = await greeted(served, 'smtp');
  let seed = 7;
  for (let round = 0; round < 50; round++) {
    const junk = Buffer.alloc(200);
    for (let index = 0; index < junk.length; index++) junk[index] = (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16;
    client.sendBytes(Buffer.concat([junk, Buffer.from('\r\n')]));
  }
  client.send('NOOP\r\n');
  const lines = await client.linesUntil((line) => line === '250 2.0.0 Ok');
  ok(lines.slice(0, -1).every((line) => line.startsWith('500 ')));
});

test('every command of any sequence, sent at once, has one reply, in order', async () => {
  await using served = await serve('smtp', { settings: { maxErrors: 1_000_000, maxIdleCommands: 1_000_000 } });
  using client = await greeted(served, 'smtp');
  const sequence = fc.array(fc.constantFrom(...SOME_COMMANDS), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sequence, async (commands) => {
      client.send(`${commands.map((command) => `${command}\r\n`).join('')}HELP\r\n`.replaceAll('#\r\n', ''));
      const lines = await client.linesUntil((line) => line.startsWith('214 '));
      const replies = lines.filter((line) => line[3] === ' ' && !line.startsWith('214'));
      equal(replies.length, commands.length);
    }),
    { numRuns: 60 },
  );
});

test('many refused recipients of LMTP are not errors of the server that hands them on', async () => {
  await using served = await serve('lmtp');
  using client = await greeted(served, 'lmtp');
  client.send(`MAIL FROM:<>\r\n${'RCPT TO:<nobody@capri.example>\r\n'.repeat(100)}NOOP\r\n`);
  const lines = await client.linesUntil((line) => line === '250 2.0.0 Ok');
  equal(lines.length, 102);
});

test('recipients beyond the limit get 452 and the others keep their place', async () => {
  await using served = await serve('smtp', { house: { settings: { recipients: 2 } } });
  using client = await greeted(served, 'smtp');
  client.send('MAIL FROM:<>\r\nRCPT TO:<jan@capri.example>\r\nRCPT TO:<anna@capri.example>\r\nRCPT TO:<admin@capri.example>\r\nDATA\r\n');
  const lines = await client.linesUntil((line) => line.startsWith('354'));
  match(lines[3] ?? '', /^452 4\.5\.3 /);
  client.send('Subject: two\r\n\r\n.\r\n');
  match(await client.line(), /^250 /);
  equal((await served.house.inbox(served.house.accounts.anna)).length, 1);
});

/** What stands before \`#\` brings its own octets and has no line end behind them. */
const SOME_COMMANDS = [
  'NOOP',
  'RSET',
  'EHLO client.example',
  'HELO client.example',
  'MAIL FROM:<a@outside.example>',
  'MAIL FROM:<>',
  'MAIL FROM:<bad',
  'RCPT TO:<jan@capri.example>',
  'RCPT TO:<anna@capri.example>',
  'RCPT TO:<nobody@capri.example>',
  'BDAT 6\r\nab\r\nc\n#',
  'BDAT 4\r\nab\r\n#',
  'BDAT 4 LAST\r\ncd\r\n#',
  'BDAT 0 LAST',
  'VRFY jan',
  'FOO',
  'AUTH PLAIN =',
];

interface Served extends AsyncDisposable {
  readonly house: MailHouse;
  readonly door: ServedDoor;
}

async function serve(listener: ListenerName, options: { readonly settings?: Partial<SmtpSettings>; readonly house?: MailHouseOptions } = {}): Promise<Served> {
  const house = await openMailHouse(options.house);
  const settings: SmtpSettings = { hostname: 'mx.capri.example', ...DEFAULT_SMTP_SETTINGS, ...options.settings };
  const services = { delivery: house.delivery, directory: house.directory, log: house.log, settings };
  const door = await serveDoor((connection) => serveSmtp(connection, services), { name: listener, implicitTls: listener === 'submissions' });
  return {
    house,
    door,
    [Symbol.asyncDispose]: async () => {
      await door.close();
      await house[Symbol.asyncDispose]();
      deepEqual(
        house.log.lines.filter(({ level }) => level === 'error'),
        [],
      );
    },
  };
}

/** A client that has said hello, and on submission signed in as jan. Undefined: not said anything yet, on submissions. */
async function greeted(served: Served, listener: 'smtp' | 'lmtp' | 'submissions' | undefined): Promise<LineClient> {
  const client = listener === 'smtp' || listener === 'lmtp' ? await LineClient.plain(served.door.port) : await LineClient.tls(served.door.port);
  await client.line();
  if (listener === undefined) return client;
  client.send(`${listener === 'lmtp' ? 'LHLO' : 'EHLO'} client.example\r\n`);
  await client.linesUntil((line) => line[3] === ' ');
  if (listener === 'submissions') {
    client.send(`AUTH PLAIN ${Buffer.from('\0jan\0secret-word').toString('base64')}\r\n`);
    match(await client.line(), /^235 /);
  }
  return client;
}

function listenerOf(name: string): ListenerName {
  if (name.startsWith('submissions')) return 'submissions';
  if (name.startsWith('submission')) return 'submission';
  return name.startsWith('lmtp') ? 'lmtp' : 'smtp';
}
