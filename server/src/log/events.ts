/** Every event that can be logged, with what it means. Grouped by room; the documentation is made from this list. */
export const EVENTS = {
  // server
  'server.started': 'The server is ready and serves its listeners',
  'server.root': 'The server stays root, because its data belong to root: give them to a user of its own and set server.user',
  'server.stopping': 'The server has been asked to stop',
  'server.stopped': 'The server has stopped cleanly',
  'server.worker.died': 'A worker thread ended unexpectedly and is started again',
  'server.job.failed': 'Background work failed; it will be tried again',
  'server.bug': 'A programming error; the reference id was shown to the client',
  // net
  'net.listening': 'A listener is open',
  'net.disconnected': 'A connection ended',
  'net.refused': 'A connection was refused because of a limit',
  'net.tls.failed': 'A TLS handshake failed',
  'net.certificate.loaded': 'A certificate was loaded anew',
  'net.certificate.refused': 'A certificate could not be loaded anew; the old one stays',
  // directory
  'sign-in.accepted': 'A login signed in',
  'sign-in.refused': 'A sign-in was refused',
  // store
  'store.failed': 'A group of changes could not be made durable; all were refused',
  'store.compacted': 'A segment was compacted',
  'dkim.made': 'New DKIM keys were made for a domain; `capri domain dns` shows their records',
  'dkim.switched': 'The upcoming DKIM keys of a domain are used from now on',
  'dkim.unsigned': 'Mail leaves unsigned, because its domain has no key that can be used',
  // doors
  'smtp.accepted': 'A message was accepted',
  'smtp.refused': 'A command or message was refused',
  'imap.refused': 'A client of IMAP was sent away because of what it did',
  'pop3.refused': 'A client of POP3 was sent away because of what it did',
  'pop3.quit': 'A POP3 session ended and its deletions were made',
  // queue
  'queue.delivered': 'A message was handed to the other side',
  'queue.deferred': 'A delivery will be tried again',
  'queue.repeated': 'A message may arrive twice, because it is not known whether an attempt had succeeded',
  'queue.failed': 'The queue could not do its work and tries again',
  'sending.held': 'The sending of an account was put on hold, because it was unlike its owner; user and administrator have a mail',
  'queue.policy.failed': 'The MTA-STS policy of a domain could not be fetched',
  'reports.sent': 'A DMARC or TLS report was queued',
  'reports.posted': 'A TLS report was taken by an HTTPS server',
  'reports.read': 'A report of another server was read',
  'reports.failed': 'A report could not be sent or read',
  'queue.bounced': 'A delivery was given up and the sender told',
} as const;

export type EventName = keyof typeof EVENTS;
