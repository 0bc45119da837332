/** TLSRPT records: where a domain wants its TLS reports. RFC 8460 §3 */
import { DnsError, type Resolver } from '#net/dns/resolver.ts';

export interface TlsReportRecord {
  /** `ok`; `none`: the domain wants none; `temperror`: the DNS could not say. */
  readonly result: 'ok' | 'none' | 'temperror';
  /** `rua=`, as written: `mailto:` and `https:`. */
  readonly uris: readonly string[];
}

const NONE: TlsReportRecord = { result: 'none', uris: [] };
const VERSION = /^v=TLSRPTv1[ \t]*(?:;|$)/;
const LONGEST = 4096;
const MOST_URIS = 10;

/** Never throws. */
export async function findTlsReportRecord(resolver: Resolver, domain: string): Promise<TlsReportRecord> {
  try {
    const { records } = await resolver.resolveTxt(`_smtp._tls.${domain}`);
    const found = records.filter((text) => text.length <= LONGEST && VERSION.test(text));
    const [record] = found;
    // More than one is as good as none.
    return record === undefined || found.length > 1 ? NONE : parse(record);
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return { result: 'temperror', uris: [] };
  }
}

function parse(record: string): TlsReportRecord {
  for (const field of record.split(';').slice(1)) {
    const match = /^[ \t]*rua[ \t]*=[ \t]*(.*?)[ \t]*$/.exec(field);
    if (match === null) continue;
    const uris = (match[1] ?? '')
      .split(',', MOST_URIS)
      .map((uri) => uri.trim())
      .filter((uri) => /^(?:mailto|https):[\x21-\x7e]+$/i.test(uri));
    return uris.length === 0 ? NONE : { result: 'ok', uris };
  }
  return NONE;
}
