import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { yieldToLoop } from '#core/async.ts';
import { setState } from '#directory/accounts.ts';
import { setPassword } from '#directory/credentials.ts';
import { SignInRefused } from '#directory/directory.ts';
import { hashPassword } from '#directory/password.ts';
import type { TlsFacts } from '#net/connection.ts';
import { all, sql } from '#store/sql.ts';
import { addTestAccount, openTestDirectory, signInFrom, type TestDirectory } from '../../test/support/directory.ts';
import { ScramClient } from '../../test/support/scram-client.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { authenticate, findMechanism, mechanisms, offeredMechanisms, SaslCancelled } from './exchange.ts';
import { parseClientFinal, parseClientFirst } from './scram-messages.ts';

const BINDING = Buffer.from('what both ends of this TLS connection know');
const TLS: TlsFacts = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  serverName: undefined,
  channelBinding: (type) => (type === 'tls-exporter' ? BINDING : undefined),
};
const TLS_UNBOUND: TlsFacts = { ...TLS, channelBinding: () => undefined };

test('no mechanism is offered without TLS, and -PLUS only where there is something to bind to', async () => {
  await using place = await openTestDirectory();
  const names = (tls: TlsFacts | undefined): string[] => offeredMechanisms(tls, place.people).map(({ name }) => name);
  await addTestAccount(place, 'gen', { generated: true });
  await yieldToLoop();
  assert.deepEqual(names(undefined), []);
  assert.deepEqual(names(TLS), ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN']);
  assert.deepEqual(names(TLS_UNBOUND), ['SCRAM-SHA-256', 'PLAIN', 'LOGIN']);
  assert.equal(findMechanism('plain', undefined), undefined);
  assert.equal(findMechanism('pLaIn', TLS)?.name, 'PLAIN');
});

test('SCRAM is shown only while every enabled account has keys, and accepted at any time', async () => {
  await using place = await openTestDirectory();
  const isShown = async (): Promise<boolean> => {
    // The directory hears of a change on the next turn.
    await yieldToLoop();
    return offeredMechanisms(TLS, place.people).some(({ needsScramKeys }) => needsScramKeys);
  };
  assert.equal(await isShown(), false);
  const gen = await addTestAccount(place, 'gen', { generated: true });
  assert.equal(await isShown(), true);
  const chosen = await addTestAccount(place, 'chosen');
  assert.equal(await isShown(), false);
  assert.equal(await scram(place, { name: 'gen', password: 'gen-password', binding: 'y' }), 'gen');
  await place.store.commit(setState, { account: chosen, state: 'disabled' });
  assert.equal(await isShown(), true);
  await assert.rejects(scram(place, { name: 'gen', password: 'gen-password', binding: 'y' }), SignInRefused);
  await place.store.commit(setPassword, { account: gen, passwordHash: await hashPassword('chosen now') });
  assert.equal(await isShown(), false);
});

test('PLAIN signs in with and without an initial response, as oneself only', async () => {
  await using place = await people();
  assert.equal(await say(place, 'PLAIN', '\0jan\0jan-password'), 'jan');
  assert.equal(await say(place, 'PLAIN', undefined, '\0jan\0jan-password'), 'jan');
  assert.equal(await say(place, 'PLAIN', 'JAN\0jan@capri.example\0jan-password'), 'jan');
  assert.equal(await say(place, 'PLAIN', 'jan@capri.example\0jan@capri.example\0jan-password'), 'jan');
  for (const message of ['anna\0jan\0jan-password', '\0jan\0wrong', 'jan\0jan-password', '\0jan\0jan-password\0', '\0\0x', '\0jan\0', '', '\xff\0jan\0x']) {
    await assert.rejects(say(place, 'PLAIN', message), SignInRefused, JSON.stringify(message));
  }
});

test('LOGIN asks for the name, unless it came already, and the password', async () => {
  await using place = await people();
  assert.equal(await say(place, 'LOGIN', undefined, 'jan', 'jan-password'), 'jan');
  assert.equal(await say(place, 'LOGIN', 'jan', 'jan-password'), 'jan');
  await assert.rejects(say(place, 'LOGIN', 'jan', 'wrong'), SignInRefused);
  await assert.rejects(say(place, 'LOGIN', '', 'wrong'), SignInRefused);
});

test('what is malformed and who asks to be another are refused as late as a wrong password, and nothing of it counts as a sign-in', async () => {
  await using place = await people({ refusalMs: 200 });
  const mechanism = findMechanism('PLAIN', TLS) ?? assert.fail();
  const plain = (message: string): string => Buffer.from(message).toString('base64');
  const attempts = [
    ['not base64', 'malformed'],
    [plain('jan'), 'malformed'],
    [plain('anna\0jan\0jan-password'), 'other-identity'],
    // Now the password is known to be right.
    [plain('anna\0jan\0jan-password'), 'other-identity'],
    [plain('\0jan\0wrong'), 'wrong-password'],
  ] as const;
  for (const [initialResponse, cause] of attempts) {
    const startMs = performance.now();
    const ask = () => assert.fail('no question was due');
    await assert.rejects(authenticate({ mechanism, context: contextOf(place, TLS), initialResponse, ask }), { cause_: cause });
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs > 195, `${cause} took ${tookMs} ms`);
  }
  const startMs = performance.now();
  await assert.rejects(scram(place, { name: 'gen', password: 'gen-password', authzid: 'jan' }), { cause_: 'other-identity' });
  assert.ok(performance.now() - startMs > 195);
  await place.people.flush();
  assert.deepEqual(await place.store.query(all(sql`SELECT network FROM known_network`)), []);
  assert.deepEqual(await place.store.query(all(sql`SELECT outcome FROM sign_in WHERE outcome = 'accepted'`)), []);
});

test('an exchange that the client ends with * is cancelled, and base64 is read strictly', async () => {
  await using place = await people();
  const mechanism = findMechanism('LOGIN', TLS) ?? assert.fail();
  const run = (initialResponse: string | undefined, answer: string) =>
    authenticate({ mechanism, context: contextOf(place, TLS), initialResponse, ask: () => Promise.resolve(answer) });
  await assert.rejects(run(undefined, '*'), SaslCancelled);
  for (const line of ['amFu ', 'amFuYQ', 'amFuYQ=', 'amF\nu', 'amF-', 'amFuYR==', 'x'.repeat(20_000)])
    await assert.rejects(run('amFu', line), SignInRefused, line.slice(0, 20));
});

test('SCRAM-SHA-256 signs in with a generated password, and each end proves itself', async () => {
  await using place = await people();
  for (const name of ['gen', 'GEN', 'gen@capri.example']) assert.equal(await scram(place, { name, password: 'gen-password' }), 'gen');
  assert.equal(await scram(place, { name: 'gen', password: 'gen-password', authzid: 'gen' }), 'gen');
  await assert.rejects(scram(place, { name: 'gen', password: 'gen-password', authzid: 'jan' }), SignInRefused);
  await assert.rejects(scram(place, { name: 'gen', password: 'wrong' }), SignInRefused);
  await assert.rejects(scram(place, { name: 'jan', password: 'jan-password' }), SignInRefused);
  await assert.rejects(scram(place, { name: 'no,bo=dy', password: 'x' }), SignInRefused);
});

test('SCRAM-SHA-256-PLUS binds to the channel, and whoever took it off the list is found out', async () => {
  await using place = await people();
  const bound = { type: 'tls-exporter', data: BINDING } as const;
  const gen = { name: 'gen', password: 'gen-password' };
  assert.equal(await scram(place, { ...gen, binding: bound }, 'SCRAM-SHA-256-PLUS'), 'gen');
  await assert.rejects(scram(place, { ...gen, binding: { ...bound, data: Buffer.from('another line') } }, 'SCRAM-SHA-256-PLUS'), SignInRefused);
  await assert.rejects(scram(place, { ...gen, binding: { ...bound, type: 'tls-unique' } }, 'SCRAM-SHA-256-PLUS'), SignInRefused);
  await assert.rejects(scram(place, { ...gen, binding: 'n' }, 'SCRAM-SHA-256-PLUS'), SignInRefused);
  await assert.rejects(scram(place, { ...gen, binding: bound }, 'SCRAM-SHA-256'), SignInRefused);
  assert.equal(await scram(place, { ...gen, binding: 'y' }, 'SCRAM-SHA-256', TLS_UNBOUND), 'gen');
});

test('the example of RFC 7677 is read as it stands there', () => {
  const first = parseClientFirst(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'));
  assert.deepEqual(first, { gs2Header: 'n,,', binding: 'n', authzid: '', bare: 'n=user,r=rOprNGfwEbeRWgbNEkqO', name: 'user', nonce: 'rOprNGfwEbeRWgbNEkqO' });
  const final = parseClientFinal(Buffer.from('c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='));
  assert.equal(final.nonce, 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0');
  assert.equal(final.withoutProof, 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0');
  assert.equal(parseClientFirst(Buffer.from('p=tls-exporter,a=x=2Cy=3Dz,n=n,r=12345678,x=y')).authzid, 'x,y=z');
});

test('whatever a client sends, a mechanism answers with a step or its own refusal, in bounded time', async () => {
  await using place = await people();
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ maxLength: 200 }).map((text) => Buffer.from(text)),
    fc.stringMatching(/^[nyp=,arc0-9A-Za-z+/-]{0,120}$/).map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...mechanisms),
      fc.array(fc.option(noise, { nil: undefined }), { minLength: 1, maxLength: 3 }),
      async (mechanism, messages) => {
        const exchange = mechanism.start(contextOf(place, TLS));
        try {
          for (const message of messages) assert.equal((await exchange.next(message)).kind, 'challenge');
        } catch (error) {
          assert.ok(error instanceof SignInRefused, String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('base64 that was written is read back, and nothing else is read', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(new Uint8Array(decodeBase64(encodeBase64(bytes))), bytes)));
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.equal(encodeBase64(decodeBase64(text)), text);
      } catch (error) {
        assert.ok(error instanceof SignInRefused);
      }
    }),
  );
});

async function people({ refusalMs = 1 } = {}): Promise<TestDirectory> {
  const place = await openTestDirectory({ refusalMs });
  await addTestAccount(place, 'jan');
  await addTestAccount(place, 'anna');
  await addTestAccount(place, 'gen', { generated: true });
  return place;
}

function contextOf(place: TestDirectory, tls: TlsFacts) {
  return { ...signInFrom(), directory: place.people, tls };
}

/** Runs a mechanism with these messages; the first is the initial response. Returns the login. */
async function say(place: TestDirectory, name: string, initial: string | undefined, ...answers: readonly string[]): Promise<string> {
  const mechanism = findMechanism(name, TLS) ?? assert.fail();
  const waiting = [...answers];
  const identity = await authenticate({
    mechanism,
    context: contextOf(place, TLS),
    initialResponse: initial === undefined ? undefined : Buffer.from(initial, 'latin1').toString('base64') || '=',
    ask: () => Promise.resolve(Buffer.from(waiting.shift() ?? assert.fail('one question too many')).toString('base64')),
  });
  assert.deepEqual(waiting, []);
  return identity.login;
}

async function scram(place: TestDirectory, options: ConstructorParameters<typeof ScramClient>[0], name = 'SCRAM-SHA-256', tls = TLS): Promise<string> {
  const client = new ScramClient(options);
  const mechanism = findMechanism(name, tls) ?? assert.fail();
  let round = 0;
  const identity = await authenticate({
    mechanism,
    context: contextOf(place, tls),
    initialResponse: client.first().toString('base64'),
    ask: (challenge) => {
      const data = Buffer.from(challenge, 'base64');
      if (round++ === 0) return Promise.resolve(client.final(data).toString('base64'));
      assert.ok(client.verify(data));
      return Promise.resolve('');
    },
  });
  assert.equal(round, 2);
  return identity.login;
}
