/** Tools for tests of signatures: a resolver with a table of TXT records, and a message verified whole. */
import { findHeaderEnd } from '#message/header-end.ts';
import { Header } from '#message/header.ts';
import { type DnsAnswer, DnsError, type Resolver } from '#net/dns/resolver.ts';
import { type SignatureResults, SignatureVerifier } from './signature-verifier.ts';

/** TXT records by name in lower case; `failing` names get no answer. Everything else does not exist. */
export class TxtResolver implements Resolver {
  readonly zone: Readonly<Record<string, readonly string[]>>;
  readonly failing: readonly string[];
  readonly asked: string[] = [];

  constructor(zone: Readonly<Record<string, readonly string[]>>, failing: readonly string[] = []) {
    this.zone = zone;
    this.failing = failing;
  }

  async resolveTxt(name: string): Promise<DnsAnswer<string>> {
    this.asked.push(name);
    await Promise.resolve();
    if (this.failing.includes(name)) throw new DnsError('timeout', 'no answer');
    const records = this.zone[name];
    return records === undefined ? NOTHING : { status: 'found', records, isAuthentic: false };
  }

  resolveMx(): Promise<DnsAnswer<never>> {
    return Promise.resolve(NOTHING);
  }

  resolveAddresses(): Promise<DnsAnswer<never>> {
    return Promise.resolve(NOTHING);
  }

  resolveTlsa(): Promise<DnsAnswer<never>> {
    return Promise.resolve(NOTHING);
  }

  resolvePtr(): Promise<DnsAnswer<never>> {
    return Promise.resolve(NOTHING);
  }
}

const NOTHING: DnsAnswer<never> = { status: 'no-domain', records: [], isAuthentic: false };

/** A message cut where its header ends. */
export function splitMessage(message: Buffer): { readonly header: Header; readonly body: Buffer } {
  const end = findHeaderEnd(message);
  return { header: new Header(message.subarray(0, end)), body: message.subarray(end) };
}

/** The signatures of a message, its body given in pieces of `chunk` octets. */
export async function verifyMessage(
  resolver: Resolver,
  message: Buffer,
  { nowMs = Date.UTC(2026, 10, 23), chunk = Infinity }: { readonly nowMs?: number; readonly chunk?: number } = {},
): Promise<SignatureResults> {
  const { header, body } = splitMessage(message);
  const verifier = new SignatureVerifier(resolver, { header, nowMs });
  for (let at = 0; at < body.length; at += chunk) verifier.body(body.subarray(at, at + chunk));
  return await verifier.finish();
}

/** As the sender of a file would send it: LF made CRLF, the last line ended. */
export function asSent(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/\r?\n/g, '\r\n');
  return Buffer.from(text.endsWith('\r\n') || text === '' ? text : `${text}\r\n`, 'latin1');
}
