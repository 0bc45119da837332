/**
 * What users do with their forwards themselves. The rules are those of the administrator's: the target agrees, or nothing happens. What users have not: forwards
 * whose target is not asked; and the question itself counts as a mail of theirs, so that a stolen account cannot write to the world through it.
 */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import type { AccountInfo } from '#directory/accounts.ts';
import { findOwner } from '#directory/addresses.ts';
import { confirmForward, findForward, type ForwardKey, forwardsOf, removeForward, resumeForward, targetOf } from '#directory/forwards.ts';
import { formatAddress, normalizeAddress } from '#directory/names.ts';
import { countQuestion } from '#queue/limits/count-question.ts';
import { recipientHash } from '#queue/limits/known-recipients.ts';
import type { Program } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { beginForward } from './begin-forward.ts';
import { ownOperation } from './define.ts';
import type { AnyOperation } from './operation.ts';
import { showForward, shownForward } from './shown-forward.ts';

/** Of what the mail is: the login, or nothing, for all of the account; else one of its addresses. */
const source = z.string().optional();
const named = { source, target: z.string() };

export const ownForwardOperations: readonly AnyOperation[] = [
  ownOperation({
    name: 'own.forward.list',
    about: 'Own forwards',
    permission: 'user',
    input: z.strictObject({}),
    output: z.array(shownForward),
    run: async ({ store }, _input, { account, login }) => (await store.query(forwardsOf(account))).map((forward) => showForward(forward, login)),
  }),
  ownOperation({
    name: 'own.forward.add',
    about: 'Forward all own mail, or that of one own address; the target is asked to agree',
    permission: 'user',
    input: z.strictObject({ ...named, keepsCopy: z.boolean().optional() }),
    output: shownForward,
    async run(services, { source: wanted, target, keepsCopy = true }, own) {
      const { store, clock, sending: limits } = services;
      const key = await ownKey(store, own, { source: wanted, target });
      if ((await store.query(findForward(key)))?.state !== 'active')
        await store.commit(countQuestion, { account: own.account, hash: recipientHash(key.targetKey), limits, nowMs: clock.nowMs() });
      return showForward(await beginForward(services, { account: own.account, source: key.source, target, keepsCopy, isConfirmed: false }), own.login);
    },
  }),
  ownOperation({
    name: 'own.forward.confirm',
    about: 'Say that the target agrees, with the code that it was sent',
    permission: 'user',
    input: z.strictObject({ ...named, code: z.string() }),
    output: shownForward,
    async run({ store, clock }, { code, ...input }, own) {
      const key = await ownKey(store, own, input);
      return showForward(await store.commit(confirmForward, { code: code.trim(), key, nowMs: clock.nowMs() }), own.login);
    },
  }),
  ownOperation({
    name: 'own.forward.resume',
    about: 'Let an own forward run again that was paused because its target refused mail',
    permission: 'user',
    input: z.strictObject(named),
    output: shownForward,
    run: async ({ store }, input, own) => showForward(await store.commit(resumeForward, await ownKey(store, own, input)), own.login),
  }),
  ownOperation({
    name: 'own.forward.remove',
    about: 'End an own forward',
    permission: 'user',
    input: z.strictObject(named),
    output: z.object({ target: z.string() }),
    async run({ store }, input, own) {
      const key = await ownKey(store, own, input);
      await store.commit(removeForward, key);
      return { target: key.targetKey };
    },
  }),
];

interface Named {
  readonly source?: string | undefined;
  readonly target: string;
}

async function ownKey(store: Store, own: AccountInfo, { source: name, target }: Named): Promise<ForwardKey> {
  return { account: own.account, source: await store.query(ownSource(own, name)), targetKey: targetOf(target).targetKey };
}

/** Throws `address-not-found` for whatever is not of this account, whether somebody else has it or nobody. */
function* ownSource({ account, login }: AccountInfo, name: string | undefined): Program<string> {
  if (name === undefined || name.toLowerCase() === login) return '';
  const address = name.includes('@') ? normalizeAddress(name) : undefined;
  if (address === undefined || (yield* findOwner(address)) !== account) throw new DomainError('address-not-found', `${name} is not an address of this account`);
  return formatAddress(address);
}
