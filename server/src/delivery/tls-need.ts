/** What a message asks of the lines it travels on. RFC 8689 §2 (REQUIRETLS), §3 (TLS-Required) */
import { asBuffer } from '#core/bytes.ts';
import type { TlsNeed } from '#queue/transport.ts';
import type { SenderParameters } from './delivery.ts';

const FIELD = /^tls-required[ \t]*:(?:[ \t]|\r?\n[ \t])*no[ \t]*\r?$/im;

/** The option goes before the field, which is ignored beside it (RFC 8689 §4.1). */
export function tlsNeedOf(parameters: SenderParameters, header: Uint8Array): TlsNeed | undefined {
  if (parameters.requireTls === true) return 'required';
  return FIELD.test(asBuffer(header).toString('latin1')) ? 'optional' : undefined;
}
