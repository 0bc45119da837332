/** Operations on forwards: where mail for accounts and addresses goes on to. */
import { yieldToLoop } from '#core/async.ts';
import { z } from 'zod';
import { type AccountInfo, findAccount } from '#directory/accounts.ts';
import { confirmForward, type Forward, type ForwardKey, forwardsOf, listForwards, removeForward, resumeForward, targetOf } from '#directory/forwards.ts';
import { formatAddress, normalizeAddress } from '#directory/names.ts';
import type { Store } from '#store/store.ts';
import { beginForward } from './begin-forward.ts';
import { accountNamed, operation } from './define.ts';
import type { AnyOperation } from './operation.ts';
import { showForward, type ShownForward, shownForward } from './shown-forward.ts';

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
      const { info, address } = await sourceNamed(services.store, source);
      return showForward(await beginForward(services, { account: info.account, source: address, target, keepsCopy, isConfirmed }), info.login);
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
        return (await store.query(forwardsOf(info.account))).map((forward) => showForward(forward, info.login));
      }
      const shown: ShownForward[] = [];
      const logins = new Map<number, string>();
      for await (const forward of everyForward(store)) {
        const known = logins.get(forward.account) ?? (await store.query(findAccount(forward.account)))?.login ?? '';
        logins.set(forward.account, known);
        shown.push(showForward(forward, known));
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
      return showForward(await store.commit(confirmForward, { code: code.trim(), key, nowMs: clock.nowMs() }), info.login);
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
      return showForward(await store.commit(resumeForward, key), info.login);
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

async function* everyForward(store: Store): AsyncGenerator<Forward> {
  let after: ForwardKey | undefined;
  do {
    await yieldToLoop();
    const page: readonly Forward[] = await store.query(listForwards(after === undefined ? { limit: PAGE } : { after, limit: PAGE }));
    yield* page;
    const last = page.at(-1);
    after = last === undefined || page.length < PAGE ? undefined : keyOf(last);
  } while (after !== undefined);
}
