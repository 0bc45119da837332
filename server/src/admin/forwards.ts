/** Operations on forwards: where mail for accounts and addresses goes on to. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { newConfirmationCode } from '#delivery/forwarding/confirmation-address.ts';
import { ForwardBook } from '#delivery/forwarding/forward-book.ts';
import { askForConfirmation } from '#delivery/forwarding/mails.ts';
import { DEFAULT_FORWARDING_SETTINGS } from '#delivery/forwarding/settings.ts';
import type { OwnMailServices } from '#delivery/send-own.ts';
import { type AccountInfo, findAccount } from '#directory/accounts.ts';
import { findDomain } from '#directory/domains.ts';
import {
  addForward,
  confirmForward,
  type Forward,
  type ForwardKey,
  forwardsOf,
  listForwards,
  removeForward,
  resumeForward,
  targetOf,
} from '#directory/forwards.ts';
import { domainKey, formatAddress, normalizeAddress } from '#directory/names.ts';
import { resolveAddress } from '#directory/resolve.ts';
import type { Store } from '#store/store.ts';
import { accountNamed, operation } from './define.ts';
import type { AdminServices, AnyOperation } from './operation.ts';

export interface ShownForward {
  readonly login: string;
  /** The address whose mail is forwarded; null: all mail of the account. */
  readonly address: string | null;
  readonly target: string;
  readonly keepsCopy: boolean;
  readonly state: Forward['state'];
  readonly confirmedAt: string | null;
  readonly pausedAt: string | null;
  /** Messages in a row that the target has refused. */
  readonly failures: number;
  readonly lastHost: string | null;
  readonly lastReply: string | null;
}

const shownForward: z.ZodType<ShownForward> = z.object({
  login: z.string(),
  address: z.string().nullable(),
  target: z.string(),
  keepsCopy: z.boolean(),
  state: z.enum(['pending', 'active', 'paused']),
  confirmedAt: z.string().nullable(),
  pausedAt: z.string().nullable(),
  failures: z.number(),
  lastHost: z.string().nullable(),
  lastReply: z.string().nullable(),
});

const DAY_MS = 24 * 3600 * 1000;
/** How long a target may take to agree. */
const CODE_LIFE_MS = 7 * DAY_MS;
const PAGE = 1000;

/** A login, or one of its addresses, and a target. */
const named = { source: z.string(), target: z.string() };

export const forwardOperations: readonly AnyOperation[] = [
  operation({
    name: 'forward.add',
    about: 'Forward the mail of an account (by its login) or of one address; the target is asked to agree',
    permission: 'admin',
    input: z.strictObject({ ...named, keepsCopy: z.boolean().optional(), isConfirmed: z.boolean().optional() }),
    output: shownForward,
    async run(services, { source, target, keepsCopy = true, isConfirmed = false }) {
      const { store, clock } = services;
      const nowMs = clock.nowMs();
      const { info, address } = await sourceNamed(store, source);
      const code = isConfirmed ? undefined : { text: newConfirmationCode(), untilMs: nowMs + CODE_LIFE_MS };
      const forward = await store.commit(addForward, { account: info.account, source: address, target, keepsCopy, code, nowMs });
      if (code !== undefined && forward.state === 'pending') {
        using forwards = new ForwardBook(store);
        const sent = await askForConfirmation(mailServices(services, forwards), { forward, code: code.text, untilMs: code.untilMs });
        if (sent === 'refused') {
          await store.commit(removeForward, keyOf(forward));
          throw new DomainError('address-not-found', `nobody has the address ${forward.target}`);
        }
      }
      return show(forward, info.login);
    },
  }),
  operation({
    name: 'forward.list',
    about: 'All forwards, or those of one account',
    permission: 'admin',
    input: z.strictObject({ login: z.string().optional() }),
    output: z.array(shownForward),
    async run({ store }, { login }) {
      if (login !== undefined) {
        const info = await store.query(accountNamed(login));
        return (await store.query(forwardsOf(info.account))).map((forward) => show(forward, info.login));
      }
      const shown: ShownForward[] = [];
      const logins = new Map<number, string>();
      for await (const forward of everyForward(store)) {
        const known = logins.get(forward.account) ?? (await store.query(findAccount(forward.account)))?.login ?? '';
        logins.set(forward.account, known);
        shown.push(show(forward, known));
      }
      return shown;
    },
  }),
  operation({
    name: 'forward.remove',
    about: 'End a forward',
    permission: 'admin',
    input: z.strictObject(named),
    output: z.object({ target: z.string() }),
    async run({ store }, input) {
      const { key } = await forwardNamed(store, input);
      await store.commit(removeForward, key);
      return { target: key.targetKey };
    },
  }),
  operation({
    name: 'forward.confirm',
    about: 'Say that the target agrees, with the code that it was sent',
    permission: 'admin',
    input: z.strictObject({ ...named, code: z.string() }),
    output: shownForward,
    async run({ store, clock }, { code, ...input }) {
      const { key, info } = await forwardNamed(store, input);
      return show(await store.commit(confirmForward, { code: code.trim(), key, nowMs: clock.nowMs() }), info.login);
    },
  }),
  operation({
    name: 'forward.resume',
    about: 'Let a forward run again that was paused because its target refused mail',
    permission: 'admin',
    input: z.strictObject(named),
    output: shownForward,
    async run({ store }, input) {
      const { key, info } = await forwardNamed(store, input);
      return show(await store.commit(resumeForward, key), info.login);
    },
  }),
];

interface NamedSource {
  readonly info: AccountInfo;
  /** In normal form; empty for the whole account. */
  readonly address: string;
}

/** A login stands for all mail of the account, an address for its own. */
async function sourceNamed(store: Store, name: string): Promise<NamedSource> {
  const info = await store.query(accountNamed(name));
  return { info, address: name.includes('@') ? formatAddress(normalizeAddress(name)) : '' };
}

async function forwardNamed(
  store: Store,
  { source, target }: { readonly source: string; readonly target: string },
): Promise<NamedSource & { readonly key: ForwardKey }> {
  const found = await sourceNamed(store, source);
  return { ...found, key: { account: found.info.account, source: found.address, targetKey: targetOf(target).targetKey } };
}

function keyOf({ account, source, targetKey }: Forward): ForwardKey {
  return { account, source, targetKey };
}

function mailServices({ store, clock, primaryDomain, site }: AdminServices, forwards: ForwardBook): OwnMailServices {
  return {
    store,
    clock,
    directory: {
      resolve: (localPart, domain) => store.query(resolveAddress(localPart, domain, clock.nowMs())),
      isLocalDomain: async (domain) => (await store.query(findDomain(domainKey(domain) ?? ''))) !== undefined,
    },
    forwards,
    settings: { hostname: site.mailHostname, forwarding: { ...DEFAULT_FORWARDING_SETTINGS, domain: primaryDomain } },
  };
}

async function* everyForward(store: Store): AsyncGenerator<Forward> {
  let after: ForwardKey | undefined;
  do {
    const page: readonly Forward[] = await store.query(listForwards(after === undefined ? { limit: PAGE } : { after, limit: PAGE }));
    yield* page;
    const last = page.at(-1);
    after = last === undefined || page.length < PAGE ? undefined : keyOf(last);
  } while (after !== undefined);
}

function show(forward: Forward, login: string): ShownForward {
  const { source, target, keepsCopy, state, confirmedAtMs, pausedAtMs, failures, lastHost = null, lastReply = null } = forward;
  const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  const address = source === '' ? null : source;
  return { login, address, target, keepsCopy, state, confirmedAt: time(confirmedAtMs), pausedAt: time(pausedAtMs), failures, lastHost, lastReply };
}
