import { optionalTable, type Node } from '../node.ts';
import { file } from '../values.ts';

export interface LmtpConfig {
  readonly socket: string;
}

export function lmtpSection(base: string): Node<LmtpConfig | undefined> {
  return optionalTable<LmtpConfig>('Taking mail from another mail server on this machine over LMTP (RFC 2033). Closed when this table is not here.', {
    socket: ['socket', file({ about: 'The local socket; whoever may write to it may deliver.', example: '/run/capri/lmtp.sock' }, base)],
  });
}
