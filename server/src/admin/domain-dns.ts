/** Operations on what a domain publishes: its DNS records and its DKIM keys. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { makeDkimKeys } from '#directory/dkim-keys-make.ts';
import { type DkimKeyInfo, type DkimKeyState, listDkimKeys, switchDkimKeys } from '#directory/dkim-keys.ts';
import { findDomain } from '#directory/domains.ts';
import { normalizeDomain } from '#directory/names.ts';
import type { Store } from '#store/store.ts';
import { operation } from './define.ts';
import { type AdvisedRecord, adviseRecords, type Purpose, zoneLine } from './dns-advice/advice.ts';
import { advisePointers, lookUp, type RecordStatus } from './dns-advice/look.ts';
import type { AnyOperation } from './operation.ts';

export interface ShownRecord {
  readonly purpose: Purpose;
  readonly type: AdvisedRecord['type'];
  readonly name: string;
  readonly value: string;
  /** As it stands in a zone file. */
  readonly line: string;
  readonly importance: AdvisedRecord['importance'];
  readonly status: RecordStatus;
  readonly found: readonly string[];
  /** ISO 8601; when a retired key's record may go. */
  readonly until: string | null;
}

const shownRecord: z.ZodType<ShownRecord> = z.object({
  purpose: z.enum(['mx', 'address', 'ptr', 'spf', 'spf-helo', 'dkim', 'dkim-upcoming', 'dkim-retired', 'dmarc', 'mta-sts', 'tls-rpt', 'service']),
  type: z.enum(['MX', 'A/AAAA', 'PTR', 'TXT', 'SRV']),
  name: z.string(),
  value: z.string(),
  line: z.string(),
  importance: z.enum(['needed', 'recommended', 'optional', 'remove']),
  status: z.enum(['there', 'missing', 'different', 'unknown']),
  found: z.array(z.string()).readonly(),
  until: z.string().nullable(),
});

export interface ShownKey {
  readonly selector: string;
  readonly algorithm: string;
  readonly state: DkimKeyState;
  /** ISO 8601; null while its record has not been seen. */
  readonly publishedAt: string | null;
  readonly line: string;
}

const shownKey: z.ZodType<ShownKey> = z.object({
  selector: z.string(),
  algorithm: z.string(),
  state: z.enum(['upcoming', 'active', 'retired']),
  publishedAt: z.string().nullable(),
  line: z.string(),
});

export const domainDnsOperations: readonly AnyOperation[] = [
  operation({
    name: 'domain.dns',
    about: 'The DNS records that a domain should have, and whether it has them',
    permission: 'admin',
    input: z.strictObject({ domain: z.string() }),
    output: z.array(shownRecord),
    async run({ store, site, resolver: open, clock }, { domain: given }) {
      const domain = await knownDomain(store, given);
      const resolver = await open();
      const keys = await keysOf(store, domain, clock.nowMs());
      const pointers = await advisePointers(resolver, site.mailHostname);
      const records: AdvisedRecord[] = adviseRecords({ domain, keys, site }).flatMap((record) =>
        record.purpose === 'address' && record.name === site.mailHostname ? [record, ...pointers] : [record],
      );
      return await Promise.all(
        records.map(async (record) => {
          const { status, found } = await lookUp(resolver, record, site.mailHostname);
          const { purpose, type, name, value, importance, untilMs } = record;
          const until = untilMs === undefined ? null : new Date(untilMs).toISOString();
          return { purpose, type, name, value, line: zoneLine(record), importance, status, found, until };
        }),
      );
    },
  }),
  operation({
    name: 'domain.rotateKeys',
    about: 'New DKIM keys for a domain: made now, used once their records have been seen; or used at once',
    permission: 'admin',
    input: z.strictObject({ domain: z.string(), atOnce: z.boolean().optional() }),
    output: z.array(shownKey),
    async run({ store, clock }, { domain: given, atOnce = false }) {
      const domain = await knownDomain(store, given);
      const nowMs = clock.nowMs();
      const before = await keysOf(store, domain, nowMs);
      // What waits already is taken into use; only where nothing waits are new ones made.
      if (!before.some(({ state }) => state === 'upcoming')) await makeDkimKeys(store, { domain, as: 'next', nowMs });
      if (atOnce) await store.commit(switchDkimKeys, { domain, nowMs });
      return (await store.query(listDkimKeys(domain))).map(showKey);
    },
  }),
];

/** The domain in normal form. Throws `domain-not-found`, `bad-request`. */
async function knownDomain(store: Store, given: string): Promise<string> {
  const domain = normalizeDomain(given);
  if ((await store.query(findDomain(domain))) === undefined)
    throw new DomainError('domain-not-found', `there is no domain ${given}; \`capri domain list\` shows them all`);
  return domain;
}

/** The keys of a domain; its first are made where it has none. */
async function keysOf(store: Store, domain: string, nowMs: number): Promise<readonly DkimKeyInfo[]> {
  const keys = await store.query(listDkimKeys(domain));
  if (keys.length > 0 || !(await makeDkimKeys(store, { domain, as: 'first', nowMs }))) return keys;
  return await store.query(listDkimKeys(domain));
}

function showKey(key: DkimKeyInfo): ShownKey {
  const { selector, domain, algorithm, state, publishedAtMs, record } = key;
  return {
    selector,
    algorithm,
    state,
    publishedAt: publishedAtMs === undefined ? null : new Date(publishedAtMs).toISOString(),
    line: zoneLine({ name: `${selector}._domainkey.${domain}`, type: 'TXT', value: record }),
  };
}
