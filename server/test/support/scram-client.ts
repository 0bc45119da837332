/** A client's side of SCRAM-SHA-256, written from the RFC and not from our server. RFC 5802 §3, §5, §7 · RFC 7677 */
import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

export interface ScramClientOptions {
  readonly name: string;
  readonly password: string;
  readonly authzid?: string;
  /** `n`, `y`, or a channel binding. */
  readonly binding?: 'n' | 'y' | { readonly type: string; readonly data: Uint8Array };
  readonly nonce?: string;
}

export class ScramClient {
  readonly #options: ScramClientOptions;
  readonly #header: string;
  readonly #bare: string;
  readonly #nonce: string;
  #serverSignature = '';

  constructor(options: ScramClientOptions) {
    this.#options = options;
    const { binding = 'n', authzid } = options;
    this.#nonce = options.nonce ?? randomBytes(12).toString('base64');
    this.#header = `${typeof binding === 'object' ? `p=${binding.type}` : binding},${authzid === undefined ? '' : `a=${escapeName(authzid)}`},`;
    this.#bare = `n=${escapeName(options.name)},r=${this.#nonce}`;
  }

  first(): Buffer {
    return Buffer.from(this.#header + this.#bare);
  }

  /** The final message, for the server's first. */
  final(serverFirst: Uint8Array): Buffer {
    const text = Buffer.from(serverFirst).toString();
    const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(text) ?? assert.fail(`not a server-first-message: ${text}`);
    assert.ok(nonce.startsWith(this.#nonce) && nonce.length > this.#nonce.length);
    assert.ok(Number(iterations) >= 4096);
    const { binding = 'n', password } = this.#options;
    const bindingData = typeof binding === 'object' ? binding.data : new Uint8Array();
    const withoutProof = `c=${Buffer.concat([Buffer.from(this.#header), bindingData]).toString('base64')},r=${nonce}`;
    const message = `${this.#bare},${text},${withoutProof}`;
    const salted = pbkdf2Sync(password.normalize('NFKC'), Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
    const proof = clientKey.map((octet, index) => octet ^ (signature[index] ?? 0));
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), message).toString('base64');
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`);
  }

  /** Whether the server proved that it knows the keys. */
  verify(serverFinal: Uint8Array): boolean {
    return Buffer.from(serverFinal).toString() === `v=${this.#serverSignature}`;
  }
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function escapeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}
