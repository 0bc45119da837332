/**
 * The DNS records that a domain should have so that its mail arrives and is believed.
 *
 * RFC 5321 §5.1 (MX) · RFC 7208 (SPF) · RFC 6376 §3.6.2 (DKIM) · RFC 9989 §4 (DMARC) · RFC 8461 §3.1 (MTA-STS) · RFC 8460 §3 (TLS-RPT) · RFC 6186, RFC 8314 §5.1 (SRV)
 */
import type { DkimKeyInfo } from '#directory/dkim-keys.ts';
import { dkimRecordName } from '#directory/dkim-keys-published.ts';
import type { Site } from '../operation.ts';

export type Purpose = 'mx' | 'address' | 'ptr' | 'spf' | 'spf-helo' | 'dkim' | 'dkim-upcoming' | 'dkim-retired' | 'dmarc' | 'mta-sts' | 'tls-rpt' | 'service';

/** One record as it should be. */
export interface AdvisedRecord {
  readonly purpose: Purpose;
  readonly type: 'MX' | 'A/AAAA' | 'PTR' | 'TXT' | 'SRV';
  /** The owner, without the final dot; of PTR what it should lead to is `value` and the address stands here. */
  readonly name: string;
  /** As text; of TXT the whole text. */
  readonly value: string;
  /** `needed`: without it mail does not work. `recommended`: without it others trust it less. `optional`: makes setting up easier. `remove`: no longer after a date. */
  readonly importance: 'needed' | 'recommended' | 'optional' | 'remove';
  /** When a retired key's record may go. */
  readonly untilMs?: number | undefined;
}

/** Where reports about the domain are sent: these addresses are there in every domain, and what comes to them is read (docs/reports.md). */
const DMARC_REPORTS = 'dmarc-reports';
const TLS_REPORTS = 'tls-reports';

export interface AdvisedDomain {
  readonly domain: string;
  readonly keys: readonly DkimKeyInfo[];
  readonly site: Site;
}

/** Everything but PTR records: whose addresses these are only the DNS knows. */
export function adviseRecords({ domain, keys, site }: AdvisedDomain): readonly AdvisedRecord[] {
  const { mailHostname } = site;
  return [
    { purpose: 'mx', type: 'MX', name: domain, value: `10 ${mailHostname}.`, importance: 'needed' },
    { purpose: 'address', type: 'A/AAAA', name: mailHostname, value: '', importance: 'needed' },
    // Not -all: some refuse for it before they look at DKIM and DMARC, and forwarded mail would be lost (RFC 9989 §7.1).
    { purpose: 'spf', type: 'TXT', name: domain, value: 'v=spf1 mx ~all', importance: 'recommended' },
    ...(mailHostname === domain
      ? []
      : [{ purpose: 'spf-helo', type: 'TXT', name: mailHostname, value: 'v=spf1 a -all', importance: 'recommended' } satisfies AdvisedRecord]),
    ...keys.map((key) => dkimRecord(key, site)),
    {
      purpose: 'dmarc',
      type: 'TXT',
      name: `_dmarc.${domain}`,
      value: `v=DMARC1; p=quarantine; rua=mailto:${DMARC_REPORTS}@${domain}`,
      importance: 'recommended',
    },
    ...(site.stsRecord === undefined
      ? []
      : [
          { purpose: 'mta-sts', type: 'TXT', name: `_mta-sts.${domain}`, value: site.stsRecord, importance: 'recommended' } satisfies AdvisedRecord,
          // Where the policy is fetched.
          { purpose: 'address', type: 'A/AAAA', name: `mta-sts.${domain}`, value: '', importance: 'recommended' } satisfies AdvisedRecord,
        ]),
    { purpose: 'tls-rpt', type: 'TXT', name: `_smtp._tls.${domain}`, value: `v=TLSRPTv1; rua=mailto:${TLS_REPORTS}@${domain}`, importance: 'recommended' },
    ...services(domain, site),
  ];
}

function dkimRecord(key: DkimKeyInfo, { keepRetiredMs }: Site): AdvisedRecord {
  const record = { type: 'TXT', name: dkimRecordName(key), value: key.record } as const;
  switch (key.state) {
    case 'active':
      return { ...record, purpose: 'dkim', importance: 'recommended' };
    case 'upcoming':
      return { ...record, purpose: 'dkim-upcoming', importance: 'recommended' };
    case 'retired':
      return { ...record, purpose: 'dkim-retired', importance: 'remove', untilMs: (key.retiredAtMs ?? 0) + keepRetiredMs };
  }
}

/** In the order in which programs should prefer them. */
const SERVICES = ['submissions', 'submission', 'imaps', 'imap', 'pop3s', 'pop3'] as const;

function services(domain: string, { ports, hostname }: Site): readonly AdvisedRecord[] {
  return SERVICES.flatMap((service, index): readonly AdvisedRecord[] => {
    const port = ports.get(service);
    if (port === undefined) return [];
    return [{ purpose: 'service', type: 'SRV', name: `_${service}._tcp.${domain}`, value: `${index} 1 ${port} ${hostname}.`, importance: 'optional' }];
  });
}

/** The record as a line of a zone file. */
export function zoneLine({ name, type, value }: Pick<AdvisedRecord, 'name' | 'type' | 'value'>): string {
  return `${name}. ${type} ${type === 'TXT' ? quoted(value) : value}`.trimEnd();
}

/** A TXT record's text in strings of at most 255 octets. RFC 1035 §3.3.14 */
function quoted(text: string): string {
  const strings: string[] = [];
  for (let at = 0; at < text.length; at += STRING_OCTETS) strings.push(`"${text.slice(at, at + STRING_OCTETS)}"`);
  return strings.join(' ');
}

const STRING_OCTETS = 255;
