/**
 * Signing in: limits, caches, argon2id, and one answer for every refusal.
 *
 * Every refusal says the same and comes at the same time: not before `refusalMs` after the attempt began, and after that at its multiples; a name that nobody
 * has goes through the same hash. The true cause is in the account's own list and in the log.
 */
import { sleep, Semaphore } from '#core/async.ts';
import type { Clock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import type { Log } from '#log/log.ts';
import { limitKey } from '#net/address.ts';
import { one, type Program, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { type Identity, type ScramKeys, type SignInContext, SignInRefused } from './directory.ts';
import { preparePassword, verifyPassword } from './password.ts';
import { fakeScramKeys } from './scram-keys.ts';
import { type SharedSignInState, SignInDigest } from './shared-sign-in.ts';
import { SharedTable } from './shared-table.ts';
import { SignInCache } from './sign-in-cache.ts';
import { type Attempt, isTrusted, neighbourhood, type Refund, SignInGate, type SignInLimits } from './sign-in-limits.ts';
import { SignInRecorder, type SignInOutcome } from './sign-in-record.ts';
import { findSubject, type Subject, type SubjectAccount, toIdentity } from './sign-in-subject.ts';

export interface SignInOptions {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly shared: SharedSignInState;
  readonly limits?: SignInLimits;
  /** Refusals come at multiples of this. */
  readonly refusalMs?: number;
  /** Password hashes that this thread works on at a time: each takes a core for 25 ms and 19 MiB. */
  readonly hashesAtOnce?: number;
  /** Named in every refusal. */
  readonly helpUrl?: string | undefined;
}

/** Strangers' attempts that may be under way on one thread, delayed or waiting for a hash; beyond, they are refused. */
const STRANGERS_LIMIT = 400;

/** What was tried, and when it began. */
interface AttemptFacts {
  readonly name: string;
  readonly context: SignInContext;
  readonly startMs: number;
}

export class SignIn implements AsyncDisposable {
  readonly #store: Store;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #digest: SignInDigest;
  readonly #gate: SignInGate;
  readonly #cache: SignInCache;
  readonly #recorder: SignInRecorder;
  /** Strangers have a queue of their own, so that a flood of guesses does not hold up who is at home. */
  readonly #hashing: { readonly trusted: Semaphore; readonly strangers: Semaphore };
  #strangers = 0;
  readonly #refusalMs: number;
  readonly #helpUrl: string | undefined;
  /** Attempts under way with the same name, password and address: the first one does the work. */
  readonly #underWay = new Map<string, Promise<SignInOutcome>>();

  constructor(options: SignInOptions) {
    const { store, log, clock, shared } = options;
    this.#store = store;
    this.#log = log;
    this.#clock = clock;
    this.#digest = new SignInDigest(shared.key);
    this.#gate = new SignInGate(new SharedTable(shared.limits), this.#digest, options.limits);
    this.#cache = new SignInCache(new SharedTable(shared.successes), new SharedTable(shared.failures));
    this.#recorder = new SignInRecorder(store, log);
    const { hashesAtOnce = 2 } = options;
    this.#hashing = { trusted: new Semaphore(hashesAtOnce), strangers: new Semaphore(Math.max(1, hashesAtOnce - 1)) };
    this.#refusalMs = options.refusalMs ?? 500;
    this.#helpUrl = options.helpUrl;
  }

  async withPassword(name: string, password: string, context: SignInContext): Promise<Identity> {
    const startMs = performance.now();
    const subject = await this.#find(name, context);
    const prepared = preparePassword(password);
    if (prepared === undefined) return this.#refuse(subject, 'malformed', { name, context, startMs });
    const known = this.#recall(subject, prepared, context);
    if (known === 'accepted' && subject.account) return this.#proven(subject, subject.account, { name, context, startMs });
    const outcome = known ?? (await this.#check(subject, prepared, context));
    if (outcome !== 'accepted') return this.#refuse(subject, outcome, { name, context, startMs });
    // Read again: the password or the state may have changed while the hash was made.
    const { account, obstacle } = await this.#find(name, context);
    if (account && obstacle === undefined && account.credential_version === subject.account?.credential_version)
      return this.#proven(subject, account, { name, context, startMs });
    return this.#refuse(subject, obstacle ?? 'wrong-password', { name, context, startMs });
  }

  /** The keys of a name; a stable fake for one that has none. The same work is done for both. */
  async scramKeys(name: string, context: SignInContext): Promise<ScramKeys> {
    const { account } = await this.#find(name, context);
    const keys = await this.#store.query(storedScramKeys(account?.account ?? NOBODY));
    const fake = fakeScramKeys(await this.#store.query(fakeSecret()), nameKey(name));
    return { ...(keys ?? fake), login: name, account: keys === undefined ? undefined : account?.account };
  }

  async finishScram(keys: ScramKeys, isProven: boolean, context: SignInContext): Promise<Identity> {
    const startMs = performance.now();
    const name = keys.login;
    const subject = await this.#find(name, context);
    const ticket = this.#gate.enter(attemptOf(subject, context), this.#clock.nowMs());
    if (ticket === undefined) return this.#refuse(subject, 'limited', { name, context, startMs });
    if (ticket.delayMs > 0) await sleep(ticket.delayMs);
    // Read again: the keys may have been replaced since they were handed out.
    const current = await this.#find(name, context);
    const stored = current.account && (await this.#store.query(storedScramKeys(current.account.account)));
    const isCurrent = stored !== undefined && keys.account === current.account?.account && Buffer.compare(stored.storedKey, keys.storedKey) === 0;
    if (!isProven || !isCurrent || current.account === undefined || current.obstacle !== undefined) {
      const cause = current.obstacle ?? (stored === undefined ? 'app-password-required' : 'wrong-password');
      return this.#refuse(subject, cause, { name, context, startMs });
    }
    ticket.refund();
    return this.#proven(current, current.account, { name, context, startMs });
  }

  /** What is no message of its mechanism names nobody: it is only logged, and refused like all else. */
  async refuseMalformed(context: SignInContext, startMs: number): Promise<never> {
    return await this.#refuse(undefined, 'malformed', { name: '', context, startMs });
  }

  /** Writes the sign-ins that are still only in memory. */
  async flush(): Promise<void> {
    await this.#recorder.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#recorder[Symbol.asyncDispose]();
  }

  #find(name: string, context: SignInContext): Promise<Subject> {
    return this.#store.query(findSubject(name, neighbourhood(context.remoteAddress), this.#clock.nowMs()));
  }

  /** What is known about this password from a short while ago; undefined where it must be checked. */
  #recall(subject: Subject, prepared: string, context: SignInContext): SignInOutcome | undefined {
    const { account, obstacle, key } = subject;
    const nowMs = this.#clock.nowMs();
    // Who has used up the attempts may not go on guessing at the caches.
    if (!this.#gate.isOpen(attemptOf(subject, context), nowMs)) return undefined;
    const cacheKey = this.#digest.of(key, prepared);
    const version = account?.credential_version ?? 0;
    if (account && obstacle === undefined && this.#cache.isKnownRight(cacheKey, account.account, version, nowMs)) return 'accepted';
    return this.#cache.isKnownWrong(cacheKey, version, nowMs) ? (obstacle ?? 'wrong-password') : undefined;
  }

  /** Checks the password; attempts that are the same share the work. */
  #check(subject: Subject, prepared: string, context: SignInContext): Promise<SignInOutcome> {
    const { high, low } = this.#digest.of(subject.key, prepared);
    const flight = `${high} ${low} ${subject.account?.credential_version ?? 0} ${limitKey(context.remoteAddress)}`;
    let work = this.#underWay.get(flight);
    if (work === undefined) {
      work = this.#verify(subject, prepared, attemptOf(subject, context)).finally(() => this.#underWay.delete(flight));
      this.#underWay.set(flight, work);
    }
    return work;
  }

  async #verify(subject: Subject, prepared: string, attempt: Attempt): Promise<SignInOutcome> {
    const isStranger = !isTrusted(attempt);
    if (isStranger && this.#strangers >= STRANGERS_LIMIT) return 'limited';
    const ticket = this.#gate.enter(attempt, this.#clock.nowMs());
    if (ticket === undefined) return 'limited';
    if (isStranger) this.#strangers++;
    try {
      if (ticket.delayMs > 0) await sleep(ticket.delayMs);
      return await this.#hashing[isStranger ? 'strangers' : 'trusted'].use(() => this.#compare(subject, prepared, ticket.refund));
    } finally {
      if (isStranger) this.#strangers--;
    }
  }

  async #compare({ account, obstacle, key }: Subject, prepared: string, refund: Refund): Promise<SignInOutcome> {
    const isRight = await verifyPassword(prepared, account?.password ?? '');
    const version = account?.credential_version ?? 0;
    const cacheKey = this.#digest.of(key, prepared);
    if (account && isRight && obstacle === undefined) {
      refund();
      this.#cache.rememberRight(cacheKey, account.account, version, this.#clock.nowMs());
      return 'accepted';
    }
    if (!isRight) this.#cache.rememberWrong(cacheKey, version, this.#clock.nowMs());
    return obstacle ?? 'wrong-password';
  }

  /** The password was right; whether the client may be whom it asks to be is the last question. RFC 4422 §3.4.1 */
  async #proven(subject: Subject, account: SubjectAccount, facts: AttemptFacts): Promise<Identity> {
    const { name, context } = facts;
    const wanted = nameKey(context.actAs ?? '');
    if (wanted !== '' && wanted !== account.login && wanted !== nameKey(name)) return this.#refuse(subject, 'other-identity', facts);
    return this.#accept(account, context);
  }

  #accept(account: SubjectAccount, context: SignInContext): Identity {
    this.#record(account, 'accepted', context);
    this.#log.info('sign-in.accepted', { login: account.login, address: context.remoteAddress, listener: context.listener, connection: context.connectionId });
    return toIdentity(account);
  }

  async #refuse(subject: Subject | undefined, cause: SignInRefused['cause_'], { name, context, startMs }: AttemptFacts): Promise<never> {
    if (subject?.account) this.#record(subject.account, cause, context);
    this.#log.info('sign-in.refused', {
      login: subject?.account?.login ?? name.slice(0, 80),
      cause,
      address: context.remoteAddress,
      listener: context.listener,
      connection: context.connectionId,
    });
    const elapsedMs = performance.now() - startMs;
    const answerMs = Math.max(1, Math.ceil(elapsedMs / this.#refusalMs)) * this.#refusalMs;
    await sleep(answerMs - elapsedMs);
    throw new SignInRefused(cause, this.#helpUrl);
  }

  #record(account: SubjectAccount, outcome: SignInOutcome, context: SignInContext): void {
    const { remoteAddress, listener } = context;
    this.#recorder.add({
      account: account.account,
      address: remoteAddress,
      network: neighbourhood(remoteAddress),
      listener,
      outcome,
      atMs: this.#clock.nowMs(),
    });
  }
}

function attemptOf(subject: Subject, context: SignInContext): Attempt {
  return { subject: subject.key, address: context.remoteAddress, isFamiliar: subject.isFamiliar };
}

function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** Ids begin at 1. */
const NOBODY = 0 as AccountId;

type StoredKeys = Pick<ScramKeys, 'salt' | 'iterations' | 'storedKey' | 'serverKey'>;

function* storedScramKeys(account: AccountId): Program<StoredKeys | undefined> {
  return yield* one<StoredKeys>(sql`SELECT salt, iterations, stored_key AS storedKey, server_key AS serverKey FROM scram_key WHERE account = ${account}`);
}

function* fakeSecret(): Program<Uint8Array> {
  const row = yield* one<{ readonly secret: Uint8Array }>(sql`SELECT secret FROM directory_state WHERE id = 1`);
  if (row === undefined) throw new Error('the directory has no state row');
  return row.secret;
}
