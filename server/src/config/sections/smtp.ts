import { type Node, table } from '../node.ts';
import { duration, optionalHostname } from '../values.ts';

export interface SmtpConfig {
  readonly hostname: string | undefined;
  readonly timeoutMs: number;
}

export function smtpSection(): Node<SmtpConfig> {
  return table<SmtpConfig>('Receiving mail over SMTP and LMTP, and taking it from users.', {
    hostname: [
      'hostname',
      optionalHostname({ about: 'The name in greetings and Received fields. Not written: the hostname of [server].', example: 'mx.example.org' }),
    ],
    timeoutMs: [
      'timeout',
      duration({ about: 'How long to wait for a client that says nothing (RFC 5321 §4.5.3.2.7: 5 minutes).', standard: '5m', minimum: '1s' }),
    ],
  });
}
