/**
 * Quota: one root, the account, named "". It has a limit for STORAGE (in units of 1024 octets) where the administrator set one; SETQUOTA is refused.
 *
 * RFC 9208 §4.1, §4.2, §5
 */
import { type Command, ImapError } from '../command.ts';
import { mailboxNamed, parseMailbox } from '../mailboxes.ts';
import type { Session } from '../session.ts';

const ROOT = '';
const UNIT_BYTES = 1024;

export const getQuota: Command<string> = {
  name: 'GETQUOTA',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    cursor.space();
    const root = cursor.astring();
    cursor.end();
    return root;
  },
  run: async (session, root) => {
    if (root !== ROOT) throw new ImapError('NO', 'There is no such quota root', 'NONEXISTENT');
    session.untagged(await quotaLine(session));
  },
};

export const getQuotaRoot: Command<string> = {
  name: 'GETQUOTAROOT',
  states: ['authenticated', 'selected'],
  parse: parseMailbox,
  run: async (session, name) => {
    await mailboxNamed(session, name);
    session.untagged(`QUOTAROOT ${session.nameOnWire(name)} ""`);
    session.untagged(await quotaLine(session));
  },
};

export const setQuota: Command<void> = {
  name: 'SETQUOTA',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    cursor.space();
    cursor.astring();
    cursor.space();
    cursor.list(() => {
      cursor.atom();
      cursor.space();
      cursor.number64();
    }, true);
    cursor.end();
  },
  run: async () => {
    throw new ImapError('NO', 'Only the administrator sets quotas', 'NOPERM');
  },
};

async function quotaLine(session: Session): Promise<string> {
  const { limitBytes, usedBytes } = await session.services.directory.quota(session.account);
  const resources = limitBytes > 0 ? `STORAGE ${Math.ceil(usedBytes / UNIT_BYTES)} ${Math.floor(limitBytes / UNIT_BYTES)}` : '';
  return `QUOTA "" (${resources})`;
}
