/** Certificates that Capri makes itself: an authority and a server certificate in DIR/tls, for `capri dev`, and for `capri init` until there is a real one. */
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { coversHost, loadCertificate } from '#net/certificate.ts';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';

export interface OwnCertificate {
  /** What mail programs may be told to trust. */
  readonly authorityFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

const RENEW_BEFORE_MS = 30 * 24 * 3600 * 1000;

/** Makes what is missing, too old, or without one of the names; what is good stays as it is, so that programs that trust it go on trusting it. */
export function ensureOwnCertificate(dataDirectory: string, names: readonly string[], authorityName: string, nowMs: number): OwnCertificate {
  const directory = path.join(dataDirectory, 'tls');
  const files = {
    authorityFile: path.join(directory, 'authority.pem'),
    certificateFile: path.join(directory, 'server.pem'),
    keyFile: path.join(directory, 'server.key'),
  };
  const authorityKeyFile = path.join(directory, 'authority.key');
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isGoodAuthority(files.authorityFile, authorityKeyFile, nowMs)) {
    const authority = makeAuthority(authorityName, nowMs);
    write(authorityKeyFile, authority.key, 0o600);
    write(files.authorityFile, authority.certificate, 0o644);
  }
  if (!isGoodCertificate(files, names, nowMs)) {
    const authority = { certificate: fs.readFileSync(files.authorityFile, 'utf8'), key: fs.readFileSync(authorityKeyFile, 'utf8') };
    const issued = issueCertificate(authority, names, { nowMs });
    write(files.keyFile, issued.key, 0o600);
    write(files.certificateFile, issued.certificate, 0o644);
  }
  return files;
}

function isGoodAuthority(certificateFile: string, keyFile: string, nowMs: number): boolean {
  if (!fs.existsSync(certificateFile) || !fs.existsSync(keyFile)) return false;
  return new X509Certificate(fs.readFileSync(certificateFile)).validToDate.getTime() > nowMs + RENEW_BEFORE_MS;
}

function isGoodCertificate({ authorityFile, certificateFile, keyFile }: OwnCertificate, names: readonly string[], nowMs: number): boolean {
  if (!fs.existsSync(certificateFile) || !fs.existsSync(keyFile)) return false;
  const certificate = fs.readFileSync(certificateFile, 'utf8');
  const loaded = loadCertificate({ source: certificateFile, certificate, key: fs.readFileSync(keyFile, 'utf8') });
  const isSigned = new X509Certificate(certificate).checkIssued(new X509Certificate(fs.readFileSync(authorityFile)));
  return isSigned && loaded.notAfterMs > nowMs + RENEW_BEFORE_MS && names.every((name) => loaded.names.some((known) => coversHost(known, name)));
}

/** Whole or not at all, with its permissions from the first moment. */
function write(file: string, text: string, mode: number): void {
  const temporary = `${file}.new`;
  fs.rmSync(temporary, { force: true });
  fs.writeFileSync(temporary, text, { mode });
  fs.renameSync(temporary, file);
}
