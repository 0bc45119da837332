import type { Words } from './words.ts';

const place = (name: string, address: string): string => {
  if (address === '' || address === 'local') return name === '' ? 'this machine' : name;
  return name === '' ? address : `${name} (${address})`;
};
const actor = (name: string): string => (name === '' ? '' : ` by ${name}`);

export const ENGLISH: Words = {
  and: 'and',
  place,
  tls: (version, cipher) => ` over TLS ${version}${cipher === '' ? '' : ` (${cipher})`}`,
  inTheClear: ' in the clear',

  received: (from, line) => `Received from ${from}${line}.`,
  submitted: (login, from, line) => `Submitted by ${login} from ${from}${line}.`,
  made: 'Written by the server itself.',
  checks: (results) => `${results}.`,
  noDkim: 'no DKIM signature',
  toJunk: (reasons) => `Put into Junk: ${reasons}.`,
  wouldRefuse: (reasons) => `Would have been refused if decisions were enforced: ${reasons}.`,
  accepted: (reasons) => `Accepted: ${reasons}.`,
  reasons: {
    'author-passes': 'the author is proved (DMARC)',
    'no-policy': 'the author’s domain asks for nothing',
    'temporary-error': 'the DNS did not answer',
    arc: 'a trusted server has sealed that it passed there (ARC)',
    'policy-quarantine': 'the author’s domain asks to put what is not proved into Junk (DMARC)',
    'policy-reject': 'the author’s domain asks to refuse what is not proved (DMARC)',
    indirect: 'it came by a list or a forward',
    'dkim-survives': 'somebody’s signature is good',
    'spf-of-another': 'the server may send for the domain of the envelope',
    'nobody-vouches': 'nobody vouches for it',
    'spf-fail': 'the server may not send for the domain of the envelope (SPF)',
    'several-from': 'it names more than one author',
    'long-header': 'its header is too long to be checked',
  },
  filedFor: (mailbox, login, address) => `Delivered to ${login}'s ${mailbox}${address === '' ? '' : ` (${address})`}.`,
  refused: (from, reasons) => `Refused from ${from}${reasons === '' ? '' : `: ${reasons}`}.`,
  answered: (reply) => `We answered: ${reply}`,

  queued: (recipients) => `Queued for ${recipients}.`,
  delivered: (recipients, host, line) => `Delivered to ${recipients}${host === '' ? '' : ` by ${host}`}${line}.`,
  deferred: (recipients) => `Not delivered yet to ${recipients}.`,
  bounced: (recipients) => `Could not be delivered to ${recipients}.`,
  said: (host, reply) => `${host} said: ${reply}`,
  found: (text) => `We found: ${text}`,
  verified: {
    dane: 'server verified by DANE',
    'mta-sts': 'server verified as MTA-STS demands',
    route: 'server verified as the route demands',
    message: 'server verified as the message demands',
    none: 'server verified',
  },
  unverified: (problem) => (problem === '' ? 'server not verified' : `server not verified: ${problem}`),
  repeated: (recipients) => `May arrive twice at ${recipients}.`,
  becauseOf: (cause) => `Reason: ${cause}.`,
  suppressed: (recipients) => `Not sent to ${recipients}: the address is on the list of those that do not take mail.`,
  suppressedFrom: (recipients, bounces) => `From now on nothing is sent to ${recipients}${bounces === '' ? '' : `: ${bounces} refusals`}.`,
  noticed: {
    failed: (recipients) => `The sender was told of the failure (${recipients}).`,
    delayed: (recipients) => `The sender was told of the delay (${recipients}).`,
    relayed: (recipients) => `The sender was told that it was passed on (${recipients}).`,
    delivered: (recipients) => `The sender was told of the delivery (${recipients}).`,
  },

  held: (name) => `Held${actor(name)}.`,
  released: (name) => `Released${actor(name)}.`,
  retried: (name) => `Tried at once${actor(name)}.`,
  dropped: (name) => `Dropped${actor(name)}; the sender was not told.`,
  limited: 'Refused or slowed: the account has sent more than it may.',
  actors: { limit: 'the limits of the account', limits: 'the limits of the account', account: 'the hold of the account', administrator: 'the administrator' },

  forwarded: (from, to) => `Forwarded from ${from} to ${to}.`,
  kept: (from, to) => `Not forwarded from ${from} to ${to}; it is kept here.`,
  keptReasons: {
    junk: 'it was taken for spam',
    dmarc: 'the other side would have refused it, because nothing proves its author any more',
    forged: 'it claims to be from a domain of ours, and nothing proves it',
    loop: 'it came round in a circle',
    depth: 'it has been forwarded too often',
    unknown: 'the forward leads nowhere',
  },
  confirmed: (target) => `${target} has agreed to get forwarded mail.`,

  moved: (from, to) => `Moved from ${from} to ${to}`,
  copied: (from, to) => `Copied from ${from} to ${to}`,
  appended: (to) => `Put into ${to}`,
  marked: (mailbox) => `Marked as deleted in ${mailbox}`,
  deleted: (mailbox) => `Deleted from ${mailbox}`,
  deletedMailbox: (mailbox, messages) => `Deleted with the whole mailbox ${mailbox} (${messages} messages)`,
  by: (login, door, address) => ` by ${login} over ${door}${address === '' || address === 'local' ? '' : ` from ${address}`}`,
  withOthers: (others) => `, together with ${others} ${others === 1 ? 'other' : 'others'}`,

  unknown: (event) => `${event}.`,
  story: (messageId) => `Message ${messageId}`,
  noMessageId: 'without a Message-ID',
  queueId: 'id',
  from: 'From',
  to: 'To',
  nullSender: 'nobody (a notice)',
  nothing: 'Nothing is known of that.',
};
