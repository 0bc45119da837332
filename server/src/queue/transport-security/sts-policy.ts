/**
 * A policy as its domain serves it: which hosts take its mail, and whether a sender must insist on TLS with them.
 *
 * RFC 8461 §3.2 (form), §4.1 (matching)
 */
import { coversHost } from '#net/certificate.ts';

export type StsMode = 'enforce' | 'testing' | 'none';

export interface StsPolicy {
  readonly mode: StsMode;
  /** Lower case, without the final dot; may begin with `*.` in place of one label. Empty only with `none`. */
  readonly mx: readonly string[];
  readonly maxAgeS: number;
  /** As they were read, without line ends: for reports. */
  readonly lines: readonly string[];
}

/** RFC 8461 §3.2: "about a year". */
const LONGEST_AGE_S = 31_557_600;
const MOST_LINES = 1000;
const MOST_HOSTS = 200;
/** Octets of the lines that are kept. */
const KEPT_LINES = 8 * 1024;

const HOST = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Undefined where it is no policy. Of a key that is given twice the first one counts, except mx (RFC 8461 §3.2); unknown keys are let pass. */
export function parseStsPolicy(text: string): StsPolicy | undefined {
  const lines = text.split(/\r?\n/, MOST_LINES + 1);
  if (lines.length > MOST_LINES) return undefined;
  const values = new Map<string, string>();
  const mx: string[] = [];
  for (const line of lines) {
    if (line.trim() === '') continue;
    const match = /^[ \t]*([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:(.*)$/.exec(line);
    if (!match) return undefined;
    const [, key = '', rest = ''] = match;
    const value = rest.trim();
    if (key === 'mx') {
      const host = value.toLowerCase().replace(/\.$/, '');
      if (host.length > 255 || !HOST.test(host) || mx.length >= MOST_HOSTS) return undefined;
      mx.push(host);
    } else if (!values.has(key)) values.set(key, value);
  }
  const mode = values.get('mode');
  const maxAge = values.get('max_age') ?? '';
  if (values.get('version') !== 'STSv1' || !isMode(mode) || !/^\d{1,10}$/.test(maxAge)) return undefined;
  if (mx.length === 0 && mode !== 'none') return undefined;
  return { mode, mx, maxAgeS: Math.min(Number(maxAge), LONGEST_AGE_S), lines: keptLines(lines) };
}

/** The text that `parseStsPolicy` reads. */
export function formatStsPolicy({ mode, mx, maxAgeS }: Pick<StsPolicy, 'mode' | 'mx' | 'maxAgeS'>): string {
  return ['version: STSv1', `mode: ${mode}`, ...mx.map((host) => `mx: ${host}`), `max_age: ${maxAgeS}`, ''].join('\r\n');
}

/** Whether mail may go to a host. RFC 8461 §4.1 */
export function allowsHost({ mx }: Pick<StsPolicy, 'mx'>, host: string): boolean {
  return mx.some((pattern) => coversHost(pattern, host));
}

function isMode(word: string | undefined): word is StsMode {
  return word === 'enforce' || word === 'testing' || word === 'none';
}

function keptLines(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let size = 0;
  for (const line of lines) {
    const text = line.replace(/[^ -~]/g, '?').trim();
    size += text.length;
    if (text !== '' && size <= KEPT_LINES) kept.push(text);
  }
  return kept;
}
