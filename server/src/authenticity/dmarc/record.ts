/**
 * DMARC records as text.
 *
 * Strict about the version, which must come first and as it is written; forgiving after it: unknown tags and values that cannot be read count as absent,
 * as the RFC wants it.
 *
 * RFC 9989 §4.6, §4.7, §4.8 · RFC 3986 §3 (URIs) · RFC 6068 §2 (mailto)
 */
import { domainToName } from '../domain-name.ts';
import type { DmarcPolicy } from '../results.ts';

export interface DmarcRecord {
  /** Undefined where the tag is absent or cannot be read. */
  readonly p: DmarcPolicy | undefined;
  readonly sp: DmarcPolicy | undefined;
  readonly np: DmarcPolicy | undefined;
  /** `sp=` or `np=` is there and is no policy: the record asks for nothing but reports (§4.10.1). */
  readonly hasBadSubdomainPolicy: boolean;
  readonly adkim: 'r' | 's';
  readonly aspf: 'r' | 's';
  readonly isTesting: boolean;
  readonly psd: 'y' | 'n' | 'u';
  readonly rua: readonly ReportUri[];
}

export interface ReportUri {
  /** Without the obsolete `!size`. */
  readonly uri: string;
  /** The domain of a `mailto:`, as `domainToName` gives it; undefined for another scheme, and where there is no domain. */
  readonly host: string | undefined;
}

const VERSION = /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/i;
const EXACT_VERSION = /^[^=]*=[ \t]*DMARC1/;
const TAG = /^[ \t]*([a-z]+)[ \t]*=(.*)$/is;
const POLICY = /^(?:none|quarantine|reject)$/;
const URI = /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i;
const MAILTO = /^mailto:[^@?]+@([^@?]+)(?:\?|$)/i;
const OBSOLETE_SIZE = /!\d{1,20}[kmgt]?$/i;
const LONGEST_RECORD = 65_535;
const MOST_TAGS = 100;
const MOST_URIS = 20;

/** Undefined for what is no DMARC record. */
export function parseDmarcRecord(text: string): DmarcRecord | undefined {
  if (text.length > LONGEST_RECORD || !VERSION.test(text) || !EXACT_VERSION.test(text)) return undefined;
  const tags = new Map<string, string>();
  for (const part of text.split(';', MOST_TAGS).slice(1)) {
    const match = TAG.exec(part);
    const name = match?.[1]?.toLowerCase();
    // Of a tag that is there twice, the first counts.
    if (name !== undefined && !tags.has(name)) tags.set(name, (match?.[2] ?? '').trim());
  }
  const value = (name: string): string | undefined => tags.get(name)?.toLowerCase();
  const policy = (name: string): DmarcPolicy | undefined => {
    const text_ = value(name);
    return text_ !== undefined && POLICY.test(text_) ? (text_ as DmarcPolicy) : undefined;
  };
  const sp = policy('sp');
  const np = policy('np');
  const psd = value('psd');
  return {
    p: policy('p'),
    sp,
    np,
    hasBadSubdomainPolicy: (sp === undefined && tags.has('sp')) || (np === undefined && tags.has('np')),
    adkim: value('adkim') === 's' ? 's' : 'r',
    aspf: value('aspf') === 's' ? 's' : 'r',
    isTesting: value('t') === 'y',
    psd: psd === 'y' || psd === 'n' ? psd : 'u',
    rua: readReportUris(tags.get('rua') ?? ''),
  };
}

/** One URI of `rua=`, with or without its obsolete size; undefined for what is none. */
export function readReportUri(text: string): ReportUri | undefined {
  const uri = text.trim().replace(OBSOLETE_SIZE, '');
  if (!URI.test(uri)) return undefined;
  if (!/^mailto:/i.test(uri)) return { uri, host: undefined };
  const host = domainToName(MAILTO.exec(uri)?.[1] ?? '');
  return host === undefined ? undefined : { uri, host };
}

function readReportUris(text: string): readonly ReportUri[] {
  return text
    .split(',', MOST_URIS)
    .map(readReportUri)
    .filter((uri) => uri !== undefined);
}
