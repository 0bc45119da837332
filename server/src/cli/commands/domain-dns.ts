import { adviceWords, type AdviceLanguage, purposeText, statusText } from '#admin/dns-advice/texts.ts';
import type { ShownKey, ShownRecord } from '#admin/domain-dns.ts';
import { callOperation, report } from '../call.ts';
import type { Command } from '../command.ts';
import { LANG_OPTION, languageOf } from '../language.ts';

export const domainDnsCommands: readonly Command[] = [
  {
    name: 'domain dns',
    about: 'Show the DNS records that a domain should have, and whether they are there',
    operands: ['DOMAIN'],
    options: { lang: LANG_OPTION },
    async run(invocation) {
      const language = languageOf(invocation);
      const records = await callOperation<readonly ShownRecord[]>(invocation, 'domain.dns', { domain: invocation.operands[0] });
      report(invocation, records, () => records.map((record) => recordText(record, language)).join('\n'));
    },
  },
  {
    name: 'domain rotate-keys',
    about: 'Make new DKIM keys for a domain; they are used once their records have been seen in the DNS',
    operands: ['DOMAIN'],
    options: { 'at-once': { about: 'use the new keys now, without waiting for their records' } },
    async run(invocation) {
      const input = { domain: invocation.operands[0], ...(invocation.has('at-once') && { atOnce: true }) };
      report(invocation, await callOperation<readonly ShownKey[]>(invocation, 'domain.rotateKeys', input), keysText);
    },
  },
];

function recordText({ purpose, line, importance, status, found, until }: ShownRecord, language: AdviceLanguage): string {
  const words = adviceWords(language);
  const lines = [`[${statusText(status, language)}] ${line}`, `    ${words.importance[importance]}: ${purposeText(purpose, language)}`];
  if (status === 'different' || (purpose === 'address' && found.length > 0)) {
    for (const text of found) lines.push(purpose === 'address' ? `    ${text}` : `    ${words.found}: ${text}`);
  }
  if (until !== null) lines.push(`    ${words.until} ${until.slice(0, 10)}`);
  return `${lines.join('\n')}\n`;
}

function keysText(keys: readonly ShownKey[]): string {
  return keys.map(({ state, line }) => `[${state}] ${line}\n`).join('\n');
}
