/** Whether a server has proved to be the one meant, and if not, why, in words for the log and in the word for TLS reports. RFC 8460 §4.3 · RFC 9525 (names) · RFC 7672 §3.2 */
import { certificateNames, coversHost } from '#net/certificate.ts';
import type { OutgoingTls } from '#net/outgoing-connection.ts';
import type { TlsFailureType } from '#queue/transport-security/result-types.ts';
import type { SessionTls } from '#queue/transport.ts';
import { matchDane } from './dane.ts';
import type { TlsDemand } from './demand.ts';

export interface Verification {
  readonly facts: SessionTls;
  /** Undefined: it has proved itself in the way that is asked for. */
  readonly type: TlsFailureType | undefined;
}

export function verifyServer(tls: OutgoingTls, demand: TlsDemand, nowMs: number): Verification {
  const { version, cipher, chain } = tls;
  const common = { version, cipher, policy: demand.policy };
  if (demand.check === 'dane') {
    const match = matchDane(demand.records, chain, demand.names, nowMs);
    if (match) return { facts: { ...common, isVerified: true, problem: undefined, check: match.check }, type: undefined };
    const problem = 'the certificate is none that its DANE records name';
    return { facts: { ...common, isVerified: false, problem, check: 'none' }, type: 'tlsa-invalid' };
  }
  const failure = webPkiFailure(tls, demand.names);
  if (!failure) return { facts: { ...common, isVerified: true, problem: undefined, check: 'web-pki' }, type: undefined };
  return { facts: { ...common, isVerified: false, problem: failure.problem, check: 'none' }, type: failure.type };
}

function webPkiFailure(
  { chain, chainProblem }: OutgoingTls,
  names: readonly string[],
): { readonly type: TlsFailureType; readonly problem: string } | undefined {
  if (chainProblem === 'CERT_HAS_EXPIRED') return { type: 'certificate-expired', problem: 'the certificate has expired' };
  if (chainProblem !== undefined) return { type: 'certificate-not-trusted', problem: `the certificate cannot be trusted (${chainProblem})` };
  const [leaf] = chain;
  const found = leaf ? certificateNames(leaf) : [];
  if (found.some((pattern) => names.some((name) => coversHost(pattern, name)))) return undefined;
  return {
    type: 'certificate-host-mismatch',
    problem: `the certificate is for ${shown(found)}, not for ${names[0] ?? 'this host'}`,
  };
}

/** A stranger's certificate can name anything. */
function shown(names: readonly string[]): string {
  const text = names
    .slice(0, 3)
    .map((name) => name.slice(0, 60))
    .join(', ')
    .replaceAll(/[^ -~]/g, '?');
  return text === '' ? 'nobody' : text;
}
