import { type Node, table, tables } from '../node.ts';
import { choice, file } from '../values.ts';

export interface CertificateConfig {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface TlsConfig {
  readonly minimumVersion: '1.2' | '1.3';
  readonly certificates: readonly CertificateConfig[];
}

export function tlsSection(base: string): Node<TlsConfig> {
  return table<TlsConfig>('Certificates and versions of TLS. No password and no mailbox is ever shown without TLS.', {
    minimumVersion: ['minimum_version', choice(['1.2', '1.3'], { about: 'The oldest version of TLS that is spoken.', standard: '1.2' })],
    certificates: [
      'certificates',
      tables(
        'A certificate with its key. The client chooses by name (SNI); the first one serves those that name none. Read again on SIGHUP.',
        table<CertificateConfig>('', {
          certificateFile: [
            'certificate',
            file({ about: 'The certificate and its chain, in PEM.', example: '/etc/letsencrypt/live/mail.example.org/fullchain.pem' }, base),
          ],
          keyFile: ['key', file({ about: 'The private key, in PEM.', example: '/etc/letsencrypt/live/mail.example.org/privkey.pem' }, base)],
        }),
      ),
    ],
  });
}
