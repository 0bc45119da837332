/** The large mail services, by the names of their servers. Pure data. */

export type Provider = 'gmail' | 'microsoft' | 'yahoo' | 'icloud' | 'onet' | 'wp' | 'interia';

/** As people know them. */
export const PROVIDER_NAMES: Readonly<Record<Provider, string>> = {
  gmail: 'Gmail',
  microsoft: 'Microsoft',
  yahoo: 'Yahoo',
  icloud: 'iCloud',
  onet: 'Onet',
  wp: 'WP / o2',
  interia: 'Interia',
};

/** Ends of host names. o2 and tlen belong to Wirtualna Polska. */
const SUFFIXES: readonly (readonly [suffix: string, provider: Provider])[] = [
  ['google.com', 'gmail'],
  ['googlemail.com', 'gmail'],
  ['gmail.com', 'gmail'],
  ['smtp.goog', 'gmail'],
  ['outlook.com', 'microsoft'],
  ['hotmail.com', 'microsoft'],
  ['office365.us', 'microsoft'],
  ['mx.microsoft', 'microsoft'],
  ['yahoodns.net', 'yahoo'],
  ['yahoo.com', 'yahoo'],
  ['aol.com', 'yahoo'],
  ['icloud.com', 'icloud'],
  ['apple.com', 'icloud'],
  ['onet.pl', 'onet'],
  ['wp.pl', 'wp'],
  ['o2.pl', 'wp'],
  ['tlen.pl', 'wp'],
  ['interia.pl', 'interia'],
];

/** Of a host as the queue names it: `mx.example.net`, with an address behind it or not. */
export function providerOf(host: string): Provider | undefined {
  const name = (/^[A-Za-z0-9._-]{1,255}/.exec(host)?.[0] ?? '').toLowerCase().replace(/\.$/, '');
  return SUFFIXES.find(([suffix]) => name === suffix || name.endsWith(`.${suffix}`))?.[1];
}
