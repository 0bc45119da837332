/** The certificate files of the configuration, read and checked before any port opens: every fault is one clear line that names the file. */
import fs from 'node:fs';
import type { TlsConfig } from '#config/sections/tls.ts';
import { CertificateError, type CertificatePem, loadCertificate } from '#net/certificate.ts';

/** Reads all certificates. Throws CertificateError. */
export function readCertificates(config: TlsConfig): readonly CertificatePem[] {
  if (config.certificates.length === 0) {
    throw new CertificateError('no certificate is configured, and nothing works without TLS; add one under [[tls.certificates]], or let `capri init` make one');
  }
  return config.certificates.map(({ certificateFile, keyFile }) => {
    const pem = { source: certificateFile, certificate: readFile(certificateFile, 'certificate'), key: readFile(keyFile, 'private key') };
    loadCertificate(pem);
    return pem;
  });
}

function readFile(file: string, what: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT') throw new CertificateError(`the ${what} ${file} does not exist; set its path under [[tls.certificates]]`);
    if (code === 'EACCES') throw new CertificateError(`the ${what} ${file} cannot be read by this user; change its permissions or start Capri as root`);
    throw new CertificateError(`the ${what} ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
