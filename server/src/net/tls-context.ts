/**
 * The server's TLS: which certificate a client gets, with which parameters, and how that changes without a restart.
 *
 * Certificates are chosen by SNI: exact name before wildcard, and for each name the longest-lived ECDSA and RSA certificate together, so that OpenSSL
 * offers each client what it can verify. Unknown or absent names get the first certificate configured. Session tickets are sealed with one key on all
 * threads, so that a client resumes wherever it lands.
 *
 * RFC 8446 · RFC 5246 · RFC 6066 §3 · RFC 5077 · RFC 9325 (recommendations for TLS)
 */
import { randomBytes } from 'node:crypto';
import { createSecureContext, createServer, type SecureContext, type Server } from 'node:tls';
import { CertificateError, type CertificatePem, coversHost, type LoadedCertificate, loadCertificate } from './certificate.ts';

/** RFC 9325 §4.2: forward secrecy and AEAD only for 1.2; the suites of 1.3 are all good. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
/** Names whose context is remembered; names come from clients, so the memory is bounded. */
const REMEMBERED_NAMES = 1000;
const SESSION_TIMEOUT_S = 24 * 3600;

/** Octets of a ticket key: made once by the main thread, the same on every thread. */
export const TICKET_KEY_BYTES = 48;

export function makeTicketKeys(): Buffer {
  return randomBytes(TICKET_KEY_BYTES);
}

/** The oldest version that is spoken, as `[tls] minimum_version` has it. */
export type TlsVersion = '1.2' | '1.3';

export class TlsContexts {
  readonly #servers: Server[] = [];
  readonly #minVersion: TlsVersion;
  #ticketKeys: Buffer;
  #certificates: readonly LoadedCertificate[] = [];
  /** What a client without (known) server name gets. */
  #default: readonly LoadedCertificate[] = [];
  #byName = new Map<string, SecureContext | undefined>();
  #byCertificates = new Map<string, SecureContext>();

  /** Throws CertificateError. */
  constructor(certificates: readonly CertificatePem[], ticketKeys: Buffer = makeTicketKeys(), minVersion: TlsVersion = '1.2') {
    this.#minVersion = minVersion;
    this.#ticketKeys = ticketKeys;
    this.reload(certificates);
  }

  /** What is served now: names and dates for doctor, logs and renewal. */
  get certificates(): readonly LoadedCertificate[] {
    return this.#certificates;
  }

  /** Serves other certificates from the next handshake on. Throws CertificateError, and then everything stays as it was. */
  reload(certificates: readonly CertificatePem[], ticketKeys: Buffer = this.#ticketKeys): void {
    if (certificates.length === 0) throw new CertificateError('no certificate is configured');
    const loaded = certificates.map(loadCertificate);
    const byDefault = choose(loaded, loaded[0]?.names[0] ?? '');
    // All are tried before any is served.
    const contexts = new Map(loaded.map((certificate) => [keyOf([certificate]), makeContext([certificate], ticketKeys, this.#minVersion)]));
    contexts.set(keyOf(byDefault), makeContext(byDefault, ticketKeys, this.#minVersion));
    this.#ticketKeys = ticketKeys;
    this.#certificates = loaded;
    this.#default = byDefault;
    this.#byName = new Map();
    this.#byCertificates = contexts;
    for (const server of this.#servers) server.setSecureContext(contextOptions(byDefault, ticketKeys, this.#minVersion));
  }

  /** The context for a client that asked for `serverName`; undefined where it is the default one (not switching saves memory in every connection). */
  contextFor(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    if (this.#byName.has(name)) return this.#byName.get(name);
    const key = keyOf(choose(this.#certificates, name));
    const context = key === keyOf(this.#default) ? undefined : this.#contextOf(key, choose(this.#certificates, name));
    if (this.#byName.size >= REMEMBERED_NAMES) this.#byName.clear();
    this.#byName.set(name, context);
    return context;
  }

  /**
   * A TLS server that never listens: sockets are handed to it with `emit('connection', socket)`. With `protocol`, a client that offers protocols by ALPN
   * must offer this one (RFC 7301 §3.2; keeps a browser from being tricked into speaking to a mail port).
   */
  createServer(protocol?: string): Server {
    const server = createServer({
      ...contextOptions(this.#default, this.#ticketKeys, this.#minVersion),
      // The connection's own deadline ends a slow handshake.
      handshakeTimeout: 0,
      SNICallback: (serverName, done) => {
        try {
          done(null, this.contextFor(serverName));
        } catch (error) {
          done(error as Error);
        }
      },
      ...(protocol === undefined ? {} : { ALPNCallback: ({ protocols }: { protocols: string[] }) => (protocols.includes(protocol) ? protocol : undefined) }),
    });
    this.#servers.push(server);
    return server;
  }

  #contextOf(key: string, certificates: readonly LoadedCertificate[]): SecureContext {
    let context = this.#byCertificates.get(key);
    if (!context) {
      context = makeContext(certificates, this.#ticketKeys, this.#minVersion);
      this.#byCertificates.set(key, context);
    }
    return context;
  }
}

/** The certificates for a name: exact before wildcard before the first; the longest-lived of each kind of key. */
function choose(certificates: readonly LoadedCertificate[], name: string): readonly LoadedCertificate[] {
  let fitting = certificates.filter((certificate) => certificate.names.includes(name));
  if (fitting.length === 0) fitting = certificates.filter((certificate) => certificate.names.some((pattern) => coversHost(pattern, name)));
  if (fitting.length === 0) {
    const first = certificates[0];
    return first ? choose(certificates, first.names[0] ?? '') : [];
  }
  const chosen = new Map<string, LoadedCertificate>();
  for (const certificate of fitting) {
    const rival = chosen.get(certificate.keyType);
    if (!rival || rival.notAfterMs < certificate.notAfterMs) chosen.set(certificate.keyType, certificate);
  }
  return [...chosen.values()];
}

function keyOf(certificates: readonly LoadedCertificate[]): string {
  return certificates.map((certificate) => certificate.fingerprint).join();
}

function contextOptions(certificates: readonly LoadedCertificate[], ticketKeys: Buffer, minVersion: TlsVersion) {
  return {
    cert: certificates.map((certificate) => certificate.certificate),
    key: certificates.map((certificate) => certificate.key),
    minVersion: `TLSv${minVersion}` as const,
    ciphers: CIPHERS,
    ticketKeys,
    sessionIdContext: 'capri',
    sessionTimeout: SESSION_TIMEOUT_S,
  };
}

function makeContext(certificates: readonly LoadedCertificate[], ticketKeys: Buffer, minVersion: TlsVersion): SecureContext {
  try {
    return createSecureContext(contextOptions(certificates, ticketKeys, minVersion));
  } catch (cause) {
    const sources = certificates.map((certificate) => certificate.source).join(', ');
    throw new CertificateError(`${sources}: TLS refuses the certificate: ${(cause as Error).message}`, { cause });
  }
}
