/**
 * Why mail is not taken, and what helps: one sentence of cause and one of remedy each, in the languages of the service: causes-english.ts and causes-polish.ts. Pure data.
 *
 * `{Server}` is the other side as the first words of a sentence: "The recipient's server (Gmail)". Remedies speak to the person who wrote the message, and name
 * the administrator where only that one can help.
 */

export type CauseId =
  // The address
  | 'no-such-user'
  | 'perhaps-no-such-user'
  | 'account-disabled'
  | 'mailbox-unavailable'
  | 'mailbox-full'
  | 'mailbox-busy'
  | 'moved'
  | 'bad-address'
  | 'no-such-domain'
  | 'null-mx'
  | 'recipient-refuses-sender'
  | 'members-only'
  | 'no-relaying'
  // The sender
  | 'unauthenticated'
  | 'dmarc-refused'
  | 'spf-refused'
  | 'dkim-refused'
  | 'sender-domain'
  | 'bad-sender'
  | 'no-reverse-name'
  | 'bad-helo'
  // Reputation
  | 'public-blocklist'
  | 'proofpoint-blocklist'
  | 'microsoft-blocklist'
  | 'microsoft-spamhaus'
  | 'microsoft-slowed'
  | 'microsoft-authentication'
  | 'gmail-slowed'
  | 'gmail-reputation'
  | 'yahoo-slowed'
  | 'yahoo-blocked'
  | 'yahoo-policy'
  | 'icloud-policy'
  | 'icloud-slowed'
  | 'onet-refused'
  | 'interia-reputation'
  | 'wp-refused'
  | 'blocked-address'
  | 'rate-limited'
  | 'greylisted'
  // The message
  | 'spam-content'
  | 'virus'
  | 'bad-links'
  | 'attachment-refused'
  | 'bad-format'
  | 'too-large'
  | 'too-many-recipients'
  | 'no-smtputf8'
  | 'conversion'
  // The way
  | 'server-busy'
  | 'server-full'
  | 'server-fault'
  | 'no-answer'
  | 'connection-broken'
  | 'dns-failure'
  | 'no-route'
  | 'loop'
  | 'protocol'
  | 'tls-failed'
  | 'tls-wanted'
  | 'mta-sts'
  | 'dane'
  | 'requiretls'
  | 'relay-sign-in'
  | 'too-late'
  | 'gave-up'
  | 'suppressed'
  | 'limited'
  | 'own-fault'
  // Nothing better is known
  | 'address-refused'
  | 'mailbox-refused'
  | 'policy-refused'
  | 'refused'
  | 'put-off';

export interface CauseText {
  readonly cause: string;
  readonly remedy: string;
}
