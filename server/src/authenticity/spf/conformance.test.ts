/** The RFC 7208 suite of the SPF community, asked over a real socket. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { conformance, conformanceData, needs } from '../../../test/support/outside.ts';
import { checkSpf } from './check-spf.ts';

type Entry = 'TIMEOUT' | Readonly<Record<string, unknown>>;

interface Group {
  readonly description: string;
  readonly tests: Readonly<Record<string, Case>>;
  readonly zonedata: Readonly<Record<string, readonly Entry[]>>;
}

interface Case {
  readonly helo: string;
  readonly host: string;
  readonly mailfrom: string;
  readonly result: string | readonly string[];
  readonly explanation?: string;
}

const TYPES = ['A', 'AAAA', 'MX', 'TXT', 'PTR'];

test('every case of the RFC 7208 suite has the result that the suite wants', needs(conformanceData('spf')), async () => {
  const groups = JSON.parse(fs.readFileSync(path.join(conformance('spf') ?? '', 'rfc7208-tests.json'), 'utf8')) as readonly Group[];
  const wrong: string[] = [];
  let count = 0;
  for (const { description, tests, zonedata } of groups) {
    const { zone, failing } = readZone(zonedata);
    await using dns = await FakeDns.start(zone, { failing });
    const resolver = dns.resolver();
    for (const [name, wanted] of Object.entries(tests)) {
      count++;
      const { result, explanation } = await checkSpf(resolver, {
        address: wanted.host,
        helo: wanted.helo,
        sender: sender(wanted.mailfrom),
        hostname: 'receiver.test',
      });
      const allowed = [wanted.result].flat();
      if (!allowed.includes(result)) wrong.push(`${description} / ${name}: ${result} instead of ${allowed.join(' or ')}`);
      // DEFAULT is what a receiver says where the domain says nothing.
      else if (wanted.explanation !== undefined && (explanation ?? 'DEFAULT') !== wanted.explanation)
        wrong.push(`${description} / ${name}: explained as ${explanation ?? 'DEFAULT'} instead of ${wanted.explanation}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal(count, 203);
});

function sender(mailFrom: string): { readonly localPart: string; readonly domain: string } | undefined {
  const at = mailFrom.lastIndexOf('@');
  return at < 0 ? undefined : { localPart: mailFrom.slice(0, at), domain: mailFrom.slice(at + 1) };
}

/** The suite's own conventions: an SPF record counts as TXT where there is no TXT (which may be NONE); TIMEOUT is for the types not listed. */
function readZone(data: Group['zonedata']): { readonly zone: Zone; readonly failing: readonly string[] } {
  const zone: Zone = {};
  const failing: string[] = [];
  for (const [mixedName, entries] of Object.entries(data)) {
    const name = mixedName.toLowerCase();
    const records: Record<string, unknown[]> = {};
    const add = (type: string, data_: unknown): void => void (records[type] ??= []).push(data_);
    const listed = entries.filter((entry) => entry !== 'TIMEOUT').flatMap((entry) => Object.entries(entry));
    const hasText = listed.some(([type]) => type === 'TXT');
    for (const [type, data_] of listed) {
      if (type === 'SPF' && !hasText) add('TXT', octets(data_));
      else if (type === 'TXT' && data_ !== 'NONE') add('TXT', octets(data_));
      else if (type === 'MX') add('MX', { preference: (data_ as [number, string])[0], exchange: (data_ as [number, string])[1] || '.' });
      else if (type !== 'SPF' && type !== 'TXT') add(type, data_);
    }
    zone[name] = records;
    if (entries.includes('TIMEOUT')) failing.push(...TYPES.filter((type) => records[type] === undefined).map((type) => `${type} ${name}`));
  }
  return { zone, failing };
}

function octets(data: unknown): readonly Buffer[] {
  return [data].flat().map((text) => Buffer.from(String(text), 'latin1'));
}
