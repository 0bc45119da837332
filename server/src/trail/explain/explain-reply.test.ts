import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CauseId } from './causes.ts';
import { ENGLISH } from './causes-english.ts';
import { POLISH } from './causes-polish.ts';
import { causeOf, explainReply } from './explain-reply.ts';
import { OWN_FINDINGS, REPLIES } from './replies.ts';

/** Replies as they are seen in the wild (addresses changed to documentation's), and what they mean. */
const GMAIL = 'gmail-smtp-in.l.google.com [142.250.1.26]';
const OUTLOOK = 'hotmail-com.olc.protection.outlook.com [104.47.66.33]';
const COMPANY = 'example-com.mail.protection.outlook.com';
const YAHOO = 'mta6.am0.yahoodns.net';
const ICLOUD = 'mx01.mail.icloud.com';
const ONET = 'mx.poczta.onet.pl [213.180.147.146]';
const WP = 'mx.wp.pl';
const O2 = 'mx.tlen.pl';
const INTERIA = 'mx.poczta.interia.pl';
const OTHER = 'mx.example.net [192.0.2.25]';

const SAMPLES: readonly (readonly [host: string | undefined, reply: string, cause: CauseId, status?: string])[] = [
  [
    GMAIL,
    '550-5.7.26 This mail has been blocked because the sender is unauthenticated. 550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp',
    'unauthenticated',
  ],
  [
    GMAIL,
    "550-5.7.26 Unauthenticated email from example.org is not accepted due to domain's 550-5.7.26 DMARC policy. Please contact the administrator of example.org domain if this was a legitimate mail. - gsmtp",
    'dmarc-refused',
  ],
  [
    GMAIL,
    '550 5.7.26 This message does not have authentication information or fails to pass authentication checks (SPF or DKIM). To best protect our users from spam, the message has been blocked.',
    'unauthenticated',
  ],
  [GMAIL, '550 5.7.26 This message fails to pass SPF checks for an SPF record with a hard fail policy (-all).', 'spf-refused'],
  [GMAIL, '421-4.7.26 Your email has been rate limited because this message fails to pass all DKIM checks.', 'unauthenticated'],
  [GMAIL, '421 4.7.27 Your email has been rate limited because SPF authentication did not pass for this message.', 'unauthenticated'],
  [
    GMAIL,
    '550-5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not match the sending IP.',
    'no-reverse-name',
  ],
  [GMAIL, '550 5.7.1 The sending address needs a PTR record. - gsmtp', 'no-reverse-name'],
  [GMAIL, '421 4.7.29 Your email has been rate limited because this message was not sent over a TLS connection.', 'tls-wanted'],
  [
    GMAIL,
    '421-4.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail originating from your IP address. To protect our users from spam, mail sent from your IP address has been temporarily rate limited.',
    'gmail-slowed',
  ],
  [GMAIL, '421 4.7.0 Mail sent from your IP address has been temporarily rate limited.', 'gmail-slowed'],
  [GMAIL, '421 4.7.28 Gmail has detected this message exceeded its quota for sending messages with the same Message-ID.', 'gmail-slowed'],
  [GMAIL, '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.', 'mailbox-busy'],
  [GMAIL, '450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time.', 'mailbox-busy'],
  [
    GMAIL,
    '550-5.7.1 [192.0.2.1 12] Our system has detected that this message is 550-5.7.1 likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked.',
    'gmail-reputation',
  ],
  [GMAIL, '550 5.7.1 Gmail has detected that this message is likely suspicious due to the very low reputation of the sending IP address.', 'gmail-reputation'],
  [GMAIL, '421 4.7.0 [192.0.2.1] this message has a very low reputation of the sending domain.', 'gmail-reputation'],
  [
    GMAIL,
    '421 4.7.0 [192.0.2.1] Our system has detected that this message is suspicious due to the nature of the content and/or the links within.',
    'gmail-reputation',
  ],
  [GMAIL, '550 5.7.1 The message violates our policies. - gsmtp', 'gmail-reputation'],
  [GMAIL, '552-5.7.0 This message was blocked because its content presents a potential security issue.', 'attachment-refused'],
  [
    GMAIL,
    '550-5.7.1 We are sorry to have to tell you that the group you are trying to contact (team) may not exist, or you may not have permission to post messages to the group.',
    'members-only',
  ],
  [GMAIL, '550-5.7.1 This message is not RFC 5322 compliant, the issue is: duplicate From headers.', 'bad-format'],
  [GMAIL, '550-5.7.1 Messages missing a valid Message-ID header are not accepted.', 'bad-format'],
  [GMAIL, "552 5.2.2 The recipient's inbox is out of storage space.", 'mailbox-full'],
  [GMAIL, '550 5.2.1 The email account that you tried to reach is disabled.', 'account-disabled'],
  [GMAIL, '550 5.2.1 The email account that you tried to reach is inactive.', 'account-disabled'],
  [
    GMAIL,
    "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos - gsmtp",
    'no-such-user',
  ],

  [
    OUTLOOK,
    "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140). You can also refer your provider to http://mail.live.com/mail/troubleshooting.aspx#errors.",
    'microsoft-blocklist',
  ],
  [OUTLOOK, '550 5.7.515 Access denied, sending domain example.org does not meet the required authentication level.', 'microsoft-authentication'],
  [
    OUTLOOK,
    '550 5.7.1 Unfortunately, messages from (192.0.2.1) on behalf of (example.org) could not be delivered due to domain owner policy restrictions. It did not pass DMARC.',
    'dmarc-refused',
  ],
  [COMPANY, '550 5.7.509 Access denied, sending domain example.org does not pass DMARC verification and has a DMARC policy of reject.', 'dmarc-refused'],
  [
    COMPANY,
    '550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/',
    'microsoft-blocklist',
  ],
  [COMPANY, '550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. (AS16012611)', 'microsoft-spamhaus'],
  [
    OUTLOOK,
    '451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://postmaster.live.com (S3114)',
    'microsoft-slowed',
  ],
  [OUTLOOK, '421 RP-001 (BAY004-MC1F1) Unfortunately, some messages from 192.0.2.1 weren’t sent. Please try again.', 'microsoft-slowed'],
  [OUTLOOK, '421 RP-002 (BAY004-MC1F1) Unfortunately, some messages from 192.0.2.1 were not sent.', 'microsoft-slowed'],
  [OUTLOOK, '421 RP-003 (BAY004-MC1F1) Unfortunately, some messages from 192.0.2.1 were not sent.', 'microsoft-slowed'],
  [COMPANY, '451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712344)', 'microsoft-slowed'],
  [OUTLOOK, "550 SC-001 (BAY004-MC4F49) Unfortunately, messages from 192.0.2.1 weren't sent.", 'microsoft-blocklist'],
  [OUTLOOK, "550 SC-002 (BAY004-MC4F49) Unfortunately, messages from 192.0.2.1 weren't sent.", 'microsoft-blocklist'],
  [OUTLOOK, "550 SC-003 (BAY004-MC4F49) Unfortunately, messages from 192.0.2.1 weren't sent.", 'microsoft-blocklist'],
  [OUTLOOK, "550 SC-004 (BAY004-MC4F49) Unfortunately, messages from 192.0.2.1 weren't sent.", 'microsoft-blocklist'],
  [OUTLOOK, "550 DY-001 (COL004-MC1F1) Unfortunately, messages from 192.0.2.1 weren't sent.", 'microsoft-blocklist'],
  [OUTLOOK, "550 DY-002 (COL004-MC1F1) Unfortunately, messages from 192.0.2.1 weren't sent.", 'microsoft-blocklist'],
  [OUTLOOK, "550 OU-001 (BAY004-MC1F1) Unfortunately, messages from 192.0.2.1 weren't sent.", 'spam-content'],
  [OUTLOOK, "550 OU-002 (BAY004-MC1F1) Unfortunately, messages from 192.0.2.1 weren't sent.", 'spam-content'],
  [COMPANY, '550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.', 'microsoft-blocklist'],
  [COMPANY, '550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [PR2FRA01FT009.eop-fra01.prod.protection.outlook.com]', 'perhaps-no-such-user'],
  [OUTLOOK, '550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).', 'perhaps-no-such-user'],
  [COMPANY, '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; sender not authenticated for group', 'members-only'],
  [COMPANY, '550 5.7.1 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized', 'members-only'],
  [COMPANY, '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup', 'no-such-user'],
  [COMPANY, '452 4.5.3 Recipient limit exceeded [mail]', 'mailbox-busy'],
  [COMPANY, '554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException', 'mailbox-full'],

  [
    YAHOO,
    '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes',
    'yahoo-slowed',
  ],
  [YAHOO, '421 Message from (192.0.2.1) temporarily deferred - 4.16.50', 'yahoo-slowed'],
  [YAHOO, '451 example.yahoo.com Resources temporarily unavailable. Please try again later [#4.16.1].', 'yahoo-slowed'],
  [YAHOO, '553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.', 'yahoo-blocked'],
  [
    YAHOO,
    '550 5.7.9 This mail has been blocked because the sender is unauthenticated. Yahoo requires all senders to authenticate with either SPF or DKIM.',
    'unauthenticated',
  ],
  [YAHOO, "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list", 'public-blocklist'],
  [YAHOO, "554 delivery error: dd This user doesn't have a yahoo.com account (jan@yahoo.com)", 'no-such-user'],
  [YAHOO, '554 delivery error: dd jan@yahoo.com is no longer valid.', 'account-disabled'],
  [YAHOO, '554 30 Sorry, your message to jan@aol.com cannot be delivered. This mailbox is disabled (554.30).', 'account-disabled'],
  [YAHOO, '552 1 Requested mail action aborted, mailbox not found', 'no-such-user'],
  [YAHOO, '554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes', 'yahoo-policy'],
  [YAHOO, '421 Max message per connection reached, closing transmission channel', 'rate-limited'],
  [YAHOO, '554 5.6.0 Message headers are not RFC compliant', 'bad-format'],

  [ICLOUD, '550 5.7.1 Your message was rejected due to example.org DMARC policy.', 'dmarc-refused'],
  [ICLOUD, '550 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137', 'icloud-policy'],
  [ICLOUD, '554 5.7.1 [CS01] Message rejected.', 'icloud-policy'],
  [ICLOUD, '554 5.7.1 [HM08] Message rejected. Please visit https://support.apple.com/en-us/HT204137', 'icloud-policy'],
  [ICLOUD, '421 4.7.1 Messages to jan@icloud.com deferred due to excessive volume. Try again later', 'icloud-slowed'],
  [ICLOUD, '451 4.7.1 Service unavailable - try again later', 'icloud-slowed'],
  [ICLOUD, '550 5.1.1 <jan@icloud.com>: inactive email address', 'account-disabled'],
  [ICLOUD, '550 5.1.1 unknown or illegal alias: jan@icloud.com', 'no-such-user'],
  [ICLOUD, '550 5.1.1 <jan@icloud.com>: user does not exist', 'no-such-user'],
  [ICLOUD, '550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL -- see https://www.spamhaus.org/dbl/', 'bad-links'],
  [ICLOUD, '550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.1', 'proofpoint-blocklist'],
  [ICLOUD, '550 5.7.1 Mail from IP 192.0.2.1 was rejected due to listing in Spamhaus PBL.', 'public-blocklist'],

  [ONET, '550 5.1.1 <jan@op.pl>: Recipient address rejected: User unknown', 'no-such-user'],
  [ONET, '554 5.7.1 <jan@op.pl>: Recipient address rejected: Spf check: fail', 'spf-refused'],
  [ONET, '554 5.7.1 Message rejected as spam', 'onet-refused'],
  [ONET, '554 5.7.1 rejected by DMARC policy', 'dmarc-refused'],
  [INTERIA, '550 5.1.1 Account not found', 'no-such-user'],
  [INTERIA, '550 5.2.1 Mailbox not available', 'mailbox-unavailable'],
  [INTERIA, "550 5.7.1 Recipient doesn't want your mail", 'recipient-refuses-sender'],
  [INTERIA, '550 5.7.0 [SPF] host 192.0.2.1 is not allowed to send mail from example.org', 'spf-refused'],
  [INTERIA, '550 5.7.1 Email rejected, see http://pomoc.poczta.interia.pl/antispam,ip,192.0.2.1', 'interia-reputation'],
  [WP, '554 5.7.1 Message rejected as spam', 'wp-refused'],
  [O2, '554 5.7.1 Message refused, DMARC', 'dmarc-refused'],
  [O2, '550 5.1.1 <jan@o2.pl>: user unknown', 'no-such-user'],

  [OTHER, '550 5.7.1 Blocked by Proofpoint', 'proofpoint-blocklist'],
  [OTHER, '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org', 'public-blocklist'],
  [OTHER, '554 Your access to this mail system is blocked using the list of example', 'public-blocklist'],
  [OTHER, '550 permanent failure; see http://www.barracudacentral.org/rbl', 'public-blocklist'],
  [OTHER, '554 5.7.1 rejected, see https://www.spamcop.net/bl.shtml?192.0.2.1', 'public-blocklist'],
  [OTHER, '550 5.7.1 your IP is in UCEPROTECT', 'public-blocklist'],
  [OTHER, '550 you are listed at bl.example.net', 'public-blocklist'],
  [OTHER, '550 rejected: dnsbl', 'public-blocklist'],
  [OTHER, '554 5.7.1 body contains a URIBL listed host', 'bad-links'],
  [OTHER, '554 5.7.1 SURBL', 'bad-links'],
  [OTHER, '550 5.7.1 rejected by DMARC policy for example.org', 'dmarc-refused'],
  [OTHER, '550 5.7.1 SPF fail', 'spf-refused'],
  [OTHER, '550 5.1.0 0bcW1i00G0jifNx01bcmHa blocked by SPF', 'spf-refused'],
  [OTHER, '550 SPF: 192.0.2.1 is not allowed to send mail from example.org', 'spf-refused'],
  [OTHER, '550 5.7.23 SPF: not authorized', 'spf-refused'],
  [OTHER, '550 5.7.20 DKIM signature failed', 'dkim-refused'],
  [OTHER, '550 the sender is unauthenticated', 'unauthenticated'],
  [OTHER, '450 4.1.8 <jan@example.org>: Sender address rejected: Domain not found', 'sender-domain'],
  [OTHER, '451 sender domain not found', 'sender-domain'],
  [OTHER, '550 5.1.0 <jan@example.org>: Sender address rejected: not for you', 'bad-sender'],
  [OTHER, '550 Sender verify failed', 'bad-sender'],
  [OTHER, '450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]', 'no-reverse-name'],
  [OTHER, '450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]', 'no-reverse-name'],
  [OTHER, '550 your reverse DNS is missing', 'no-reverse-name'],
  [OTHER, '450 4.7.1 Client host 192.0.2.1 has no PTR record (G1F)', 'no-reverse-name'],
  [OTHER, '550 set a PTR record first', 'no-reverse-name'],
  [OTHER, '504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname', 'bad-helo'],
  [OTHER, '550 invalid HELO', 'bad-helo'],
  [OTHER, '450 4.2.0 <jan@example.net>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/', 'greylisted'],
  [OTHER, '451 Graylisting in action', 'greylisted'],
  [OTHER, '451 4.7.1 you are grey-listed', 'greylisted'],
  [OTHER, '421 4.7.0 Too many connections', 'rate-limited'],
  [OTHER, '421 Too many concurrent connections from this client (G2)', 'rate-limited'],
  [OTHER, '451 4.7.1 Received too many messages from a new or untrusted IP (G28)', 'rate-limited'],
  [OTHER, '421 4.7.0 connection rate limit exceeded', 'rate-limited'],
  [OTHER, '450 4.7.1 rate limit', 'rate-limited'],
  [OTHER, '452 4.5.3 Error: too many recipients', 'too-many-recipients'],
  [OTHER, '552 5.2.2 mailbox full', 'mailbox-full'],
  [OTHER, '552 5.1.1 5.2.2 sorry, final recipient mailbox is full (chkuser)', 'mailbox-full'],
  [OTHER, '550 sorry, user over quota [mx1] (#5.1.1)', 'mailbox-full'],
  [OTHER, '554 5.2.2 overquota', 'mailbox-full'],
  [OTHER, '452 4.2.2 quota exceeded', 'mailbox-full'],
  [OTHER, '552 Requested mail action aborted: exceeded storage allocation', 'mailbox-full'],
  [OTHER, '552 5.3.4 Message size exceeds fixed limit', 'too-large'],
  [OTHER, '552 the message exceeds the maximum permitted size', 'too-large'],
  [OTHER, '552 5.3.4 message too large', 'too-large'],
  [OTHER, '552 message too big', 'too-large'],
  [OTHER, '550 5.1.1 <x@example.net>: Recipient address rejected: User unknown in virtual mailbox table', 'no-such-user'],
  [OTHER, '550 unknown user', 'no-such-user'],
  [OTHER, '550 No Such User Here', 'no-such-user'],
  [OTHER, '550 no such recipient', 'no-such-user'],
  [OTHER, '550 no such mailbox', 'no-such-user'],
  [OTHER, '550 user not found', 'no-such-user'],
  [OTHER, '550 user does not exist', 'no-such-user'],
  [OTHER, '550 account not found', 'no-such-user'],
  [OTHER, '550 mailbox not found', 'no-such-user'],
  [OTHER, '550 Unrouteable address', 'no-such-user'],
  [OTHER, '550 recipient not found', 'no-such-user'],
  [OTHER, '550 unknown recipient', 'no-such-user'],
  [OTHER, '550 recipient unknown', 'no-such-user'],
  [OTHER, '550 invalid recipient', 'no-such-user'],
  [OTHER, '550 mailbox unavailable', 'perhaps-no-such-user'],
  [OTHER, '550 5.2.1 mailbox disabled', 'account-disabled'],
  [OTHER, '550 account disabled', 'account-disabled'],
  [OTHER, '550 this account is disabled', 'account-disabled'],
  [OTHER, '550 5.7.1 : Recipient address rejected:  Inactive MailBox, not poped for more than 6 months', 'account-disabled'],
  [OTHER, '550 this account has been suspended', 'account-disabled'],
  [OTHER, '550 5.1.1 <jan@example.org> sender is blacklisted', 'recipient-refuses-sender'],
  [OTHER, "550 the recipient doesn't want your mail", 'recipient-refuses-sender'],
  [OTHER, '554 5.7.1 <x@example.net>: Relay access denied', 'no-relaying'],
  [OTHER, '550 relaying denied for <x@example.net>', 'no-relaying'],
  [OTHER, '550 5.7.1 Unable to relay', 'no-relaying'],
  [OTHER, '550 relay not permitted', 'no-relaying'],
  [OTHER, '554 5.7.1 Virus found: Eicar', 'virus'],
  [OTHER, '554 malware', 'virus'],
  [OTHER, '554 an attachment of this type is not allowed', 'attachment-refused'],
  [OTHER, '554 5.7.1 Spam message rejected', 'spam-content'],
  [OTHER, '550 unsolicited mail', 'spam-content'],
  [OTHER, '550 no bulk mail here', 'spam-content'],
  [OTHER, '550 5.7.1 you are on our blacklist', 'blocked-address'],
  [OTHER, '550 on the blocklist', 'blocked-address'],
  [OTHER, '554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied', 'blocked-address'],
  [OTHER, '554 bad reputation', 'blocked-address'],
  [OTHER, '554 IP with a poor reputation', 'blocked-address'],
  [OTHER, '530 5.7.0 Must issue a STARTTLS command first', 'tls-wanted'],
  [OTHER, '550 you must use TLS', 'tls-wanted'],
  [OTHER, '554 5.4.0 Error: too many hops', 'loop'],
  [OTHER, '554 5.4.6 mail loop detected', 'loop'],
  [OTHER, '554 mail for example.net loops back to myself', 'loop'],
  [OTHER, '452 4.3.1 Insufficient system storage', 'server-full'],

  // By codes alone
  [OTHER, '550 5.1.6 xyz', 'moved'],
  [OTHER, '554 5.3.0 xyz', 'server-fault'],
  [OTHER, '554 5.9.9 xyz', 'refused'],
  [OTHER, '550 5.6.7 xyz', 'no-smtputf8'],
  [OTHER, '550 5.7.30 xyz', 'requiretls'],
  [OTHER, '450 4.0.0 xyz', 'put-off'],
  [OTHER, '499 xyz', 'put-off'],
  [OTHER, '599 xyz', 'refused'],
  [OTHER, '421 xyz', 'server-busy'],

  // Our own
  [undefined, 'The domain dane-records.invalid does not exist', 'no-such-domain', '5.1.2'],
  [undefined, 'The domain example.com takes no mail (null MX)', 'null-mx', '5.1.10'],
  [undefined, 'The host mx.example.com has no address in the DNS', 'no-route', '5.4.4'],
  [undefined, 'DNS: no server answered', 'dns-failure', '4.4.3'],
  [undefined, 'mx.example.net: 192.0.2.1 port 25: connection refused', 'no-answer', '4.4.1'],
  [undefined, 'The conversation with mx.example.net broke off within the message: timed out', 'connection-broken', '4.4.2'],
  [undefined, 'mx.example.net: the certificate has expired', 'tls-failed', '4.7.5'],
  [undefined, 'mx.example.net: STARTTLS is not offered', 'tls-failed', '4.7.4'],
  [undefined, 'mx.example.net: the certificate has expired (its MTA-STS policy demands it)', 'mta-sts', '4.7.5'],
  [undefined, 'mx.example.net is no host that the MTA-STS policy of example.net allows', 'mta-sts', '4.7.5'],
  [undefined, 'The DANE records of mx.example.net cannot be had, or are forged', 'dane', '4.7.5'],
  [undefined, 'The message requires TLS, and nothing vouches for mx.example.net (neither DNSSEC nor MTA-STS)', 'requiretls', '5.7.30'],
  [undefined, 'mx.example.net does not take messages with internationalised addresses or headers (SMTPUTF8)', 'no-smtputf8', '5.6.7'],
  [undefined, 'The relay refused the sign-in', 'relay-sign-in', '4.7.8'],
  [
    undefined,
    'x@example.net is on the suppression list since 2026-11-01, because it refused mail for good several times (550 5.1.1 unknown)',
    'suppressed',
    '5.7.1',
  ],
  [undefined, 'The mail host mx.example.net is this server, which does not take mail for the domain', 'no-relaying', '5.4.6'],
  [undefined, 'The time in which the message was to be delivered is over', 'too-late', '5.4.7'],
  [undefined, 'mx.example.net does not promise delivery within a time (DELIVERBY)', 'too-late', '5.3.3'],
  [undefined, 'the message could not be signed', 'own-fault', '4.3.0'],
  [undefined, 'The message has 90000000 octets and mx.example.net takes 1000', 'too-large', '5.3.4'],
  [undefined, 'xyz', 'gave-up', '4.4.7'],
];

test('real replies are understood', () => {
  for (const [host, reply, cause, status] of SAMPLES) {
    const remote = { reply, host, ...(status !== undefined && { status }) };
    if (status === '4.4.7') assert.equal(explainReply(remote, 'en')?.cause, ENGLISH['gave-up'].cause);
    else assert.equal(causeOf(remote), cause, `${host}: ${reply}`);
  }
});

test('each row of the table has a sample for which it decides', () => {
  const idle = [...REPLIES, ...OWN_FINDINGS].filter(
    ({ cause, words, from }) =>
      !SAMPLES.some(
        ([host, reply, expected]) =>
          expected === cause &&
          (from === undefined || host !== undefined) &&
          words.every((word) =>
            reply
              .toLowerCase()
              .replaceAll(/\b[245]\d\d-|\b[245]\.\d{1,3}\.\d{1,3}\b/g, '')
              .replaceAll(/\s+/g, ' ')
              .includes(word),
          ),
      ),
  );
  assert.deepEqual(idle, []);
});

test('an explanation is a sentence of cause and one of remedy, in both languages', () => {
  const gmail = { host: GMAIL, reply: '550-5.7.26 This mail has been blocked because the sender is unauthenticated.' };
  assert.deepEqual(explainReply(gmail, 'en'), {
    cause: "The recipient's server (Gmail) could not see that the message really comes from your domain (SPF and DKIM).",
    remedy: 'The administrator of your domain should publish the DNS records that `capri domain dns` shows.',
  });
  assert.deepEqual(explainReply(gmail, 'pl'), {
    cause: 'Serwer adresata (Gmail) nie mógł stwierdzić, że wiadomość naprawdę pochodzi z Twojej domeny (SPF i DKIM).',
    remedy: 'Administrator Twojej domeny powinien opublikować rekordy DNS, które pokazuje `capri domain dns`.',
  });
  for (const texts of [ENGLISH, POLISH]) {
    for (const { cause, remedy } of Object.values(texts)) for (const text of [cause, remedy]) assert.match(text, /^[\p{Lu}{].+\.$/u);
  }
});

test('who is not tried any more is not told to wait', () => {
  const busy = { host: OTHER, reply: '421 4.7.0 Too many connections' };
  assert.match(explainReply(busy, 'en')?.remedy ?? '', /we try again/);
  const over = explainReply({ ...busy, status: '4.4.7' }, 'en');
  assert.equal(over?.cause, `${ENGLISH['gave-up'].cause} The recipient's server takes only so much mail from us at a time.`);
  assert.equal(over?.remedy, ENGLISH['gave-up'].remedy);
  const late = explainReply({ ...busy, status: '5.4.7' }, 'en');
  assert.equal(late?.cause, `${ENGLISH['too-late'].cause} The recipient's server takes only so much mail from us at a time.`);
  assert.equal(late?.remedy, ENGLISH['too-late'].remedy);
  assert.doesNotMatch(explainReply({ host: OTHER, reply: '550 5.7.1 rate limit' }, 'en')?.remedy ?? '', /we try again/);
});

test('what is no refusal is not explained', () => {
  assert.equal(explainReply({ host: OTHER, reply: '250 2.0.0 Ok' }, 'en'), undefined);
  assert.equal(explainReply({ host: OTHER, reply: '' }, 'en'), undefined);
  assert.equal(explainReply({ reply: 'constructor' }, 'en'), undefined);
  assert.equal(explainReply({ host: '__proto__', reply: 'x', status: '5.x.y' }, 'en'), undefined);
});

test('any text is answered or not, and its length costs nothing', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...SAMPLES.map(([, reply]) => reply))),
      fc.option(fc.oneof(fc.string(), fc.constantFrom(GMAIL, OUTLOOK, YAHOO)), { nil: undefined }),
      fc.option(fc.string(), { nil: undefined }),
      fc.option(fc.integer(), { nil: undefined }),
      (reply, host, status, code) => {
        const explained = explainReply({ reply, host, status, code }, 'pl');
        if (explained !== undefined) assert.doesNotMatch(explained.cause + explained.remedy, /\{/);
        // Nothing behind the first 2,000 characters is looked at.
        const filled = reply.slice(0, 100).padEnd(2000, ' ');
        assert.deepEqual(
          explainReply({ reply: `${filled}${'550 5.1.1 user unknown '.repeat(1000)}`, host, status, code }, 'en'),
          explainReply({ reply: filled, host, status, code }, 'en'),
        );
      },
    ),
  );
});
