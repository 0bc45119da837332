/**
 * The messages of SCRAM as the server reads them.
 *
 * RFC 5802 §5, §7 · RFC 7677 · RFC 9266 (tls-exporter) · RFC 5929 §4 (tls-server-end-point)
 */
import { decodeUtf8 } from '#core/bytes.ts';
import { decodeBase64 } from './base64.ts';
import { MalformedResponse } from './malformed.ts';

export interface ClientFirst {
  /** `n,,` or `p=tls-exporter,a=jan,`: what the client signs in its final message. */
  readonly gs2Header: string;
  /** `n`: the client cannot bind; `y`: it could and believes the server cannot; else the type of binding. */
  readonly binding: 'n' | 'y' | { readonly type: string };
  readonly authzid: string;
  /** The message without the GS2 header. */
  readonly bare: string;
  readonly name: string;
  readonly nonce: string;
}

export interface ClientFinal {
  /** GS2 header and binding data. */
  readonly channelBinding: Buffer;
  readonly nonce: string;
  readonly proof: Buffer;
  readonly withoutProof: string;
}

const SASLNAME = '[^\\0=,]|=2C|=3D';
// printable: %x21-2B / %x2D-7E. Extensions are only allowed behind, and a mandatory one (m=) is refused since we know none.
const FIRST = new RegExp(
  `^((n|y|p=([A-Za-z0-9.-]{1,40})),(?:a=((?:${SASLNAME})+))?,)(n=((?:${SASLNAME})+),r=([\\x21-\\x2b\\x2d-\\x7e]{8,256})((?:,[a-zA-Z]=[^\\0,]*)*))$`,
);
const FINAL = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[a-zA-Z]=[^\0,]*)*),p=([A-Za-z0-9+/=]+)$/;

/** Throws MalformedResponse. */
export function parseClientFirst(bytes: Uint8Array): ClientFirst {
  const text = bytes.length > 4096 ? undefined : decodeUtf8(bytes);
  const [, gs2Header, flag, type, authzid = '', bare, name, nonce] = FIRST.exec(text ?? '') ?? [];
  if (gs2Header === undefined || bare === undefined || name === undefined || nonce === undefined) throw new MalformedResponse();
  const binding = type !== undefined ? { type } : flag === 'y' ? 'y' : 'n';
  return { gs2Header, binding, authzid: unescapeName(authzid), bare, name: unescapeName(name), nonce };
}

/** Throws MalformedResponse. */
export function parseClientFinal(bytes: Uint8Array): ClientFinal {
  const text = bytes.length > 4096 ? undefined : decodeUtf8(bytes);
  const [, withoutProof, channelBinding, nonce, proof] = FINAL.exec(text ?? '') ?? [];
  if (withoutProof === undefined || channelBinding === undefined || nonce === undefined || proof === undefined) throw new MalformedResponse();
  return { channelBinding: decodeBase64(channelBinding), nonce, proof: decodeBase64(proof), withoutProof };
}

function unescapeName(name: string): string {
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
