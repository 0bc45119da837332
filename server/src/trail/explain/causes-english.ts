/** Causes and remedies in English. */
import type { CauseId, CauseText } from './causes.ts';

const CHECK_ADDRESS = 'Check the address for typing errors, or ask the recipient for the right one.';
const NOTHING_TO_DO = 'You need not do anything: we try again.';

export const ENGLISH: Readonly<Record<CauseId, CauseText>> = {
  'no-such-user': { cause: 'There is no such address.', remedy: CHECK_ADDRESS },
  'perhaps-no-such-user': { cause: '{Server} does not take mail for this address; most often that means that it does not exist.', remedy: CHECK_ADDRESS },
  'account-disabled': {
    cause: 'The mailbox of the recipient is disabled, or has not been used for too long.',
    remedy: 'Reach the recipient in another way and ask for an address that is in use.',
  },
  'mailbox-unavailable': {
    cause: 'The mailbox cannot take mail: the address is wrong, the mailbox is full, or it has been suspended.',
    remedy: 'Check the address; if it is right, reach the recipient in another way.',
  },
  'mailbox-full': { cause: 'The mailbox of the recipient is full.', remedy: 'Let the recipient know in another way, and send the message again later.' },
  'mailbox-busy': { cause: 'The recipient gets more mail at the moment than {server} lets through.', remedy: NOTHING_TO_DO },
  moved: { cause: 'The recipient has moved and left no new address.', remedy: 'Ask the recipient for the new address in another way.' },
  'bad-address': { cause: 'The address is not one that the server of the recipient understands.', remedy: CHECK_ADDRESS },
  'no-such-domain': { cause: 'The part of the address behind the @ does not exist.', remedy: 'Check the address for typing errors behind the @.' },
  'null-mx': { cause: 'The domain of the address takes no mail at all.', remedy: 'Ask the recipient for another address.' },
  'recipient-refuses-sender': { cause: 'The recipient does not want mail from your address.', remedy: 'Reach the recipient in another way, if you may.' },
  'members-only': {
    cause: 'This address takes mail only from certain senders, such as the members of a group.',
    remedy: 'Ask the recipient to let your address in.',
  },
  'no-relaying': {
    cause: 'The server that the domain names for its mail does not know that domain.',
    remedy: 'Check the address; if it is right, tell the recipient that the mail of the domain is set up wrongly.',
  },
  unauthenticated: {
    cause: '{Server} could not see that the message really comes from your domain (SPF and DKIM).',
    remedy: 'The administrator of your domain should publish the DNS records that `capri domain dns` shows.',
  },
  'dmarc-refused': {
    cause: 'Your domain asks others (DMARC) to refuse mail that does not prove where it comes from, and this message did not prove it.',
    remedy: 'Send it through the mail service of your own domain; its administrator should check SPF and DKIM with `capri domain dns`.',
  },
  'spf-refused': {
    cause: 'The SPF record of your domain does not allow our server to send its mail.',
    remedy: 'The administrator of your domain should add our server to the SPF record; `capri domain dns` shows it.',
  },
  'dkim-refused': {
    cause: '{Server} did not accept the DKIM signature of the message.',
    remedy: 'The administrator should compare the published DKIM keys with `capri domain dns`.',
  },
  'sender-domain': {
    cause: '{Server} cannot find your domain in the DNS, or no server that takes mail for it.',
    remedy: 'The administrator of your domain should check its MX and address records with `capri domain dns`.',
  },
  'bad-sender': { cause: '{Server} does not accept your address as a sender.', remedy: 'Check the sender address in your mail program.' },
  'no-reverse-name': {
    cause: 'The address of our server has no name in the DNS that leads back to it (PTR).',
    remedy: 'The administrator should ask the provider of the server for a PTR record; `capri doctor` checks it.',
  },
  'bad-helo': {
    cause: '{Server} does not accept the name by which our server introduces itself.',
    remedy: 'The administrator should set server.hostname to a name that leads to the server.',
  },
  'public-blocklist': {
    cause: 'The address or the domain of our server is on a public blocklist that {server} uses.',
    remedy: 'The administrator should find the reason, stop it, and ask the list named below to remove the entry.',
  },
  'proofpoint-blocklist': {
    cause: 'The address of our server is on the blocklist of Proofpoint, which {server} uses.',
    remedy: 'The administrator should ask for its removal at https://ipcheck.proofpoint.com.',
  },
  'microsoft-blocklist': {
    cause: 'The address of our server, or of its neighbours, is on a blocklist of Microsoft (outlook.com, hotmail.com).',
    remedy: 'The administrator should ask for its removal at https://olcsupport.office.com (mailboxes at companies: https://sender.office.com).',
  },
  'microsoft-spamhaus': {
    cause: 'Microsoft refuses mail from our server because it is listed by Spamhaus.',
    remedy: 'The administrator should ask for its removal at https://check.spamhaus.org.',
  },
  'microsoft-slowed': {
    cause: 'Microsoft takes little mail from our server at a time because it does not know it well or has had complaints.',
    remedy:
      'You need not do anything: we try again; the administrator can see at https://sendersupport.olc.protection.outlook.com/snds what is held against the server.',
  },
  'microsoft-authentication': {
    cause: 'Microsoft wants SPF, DKIM and DMARC from domains that send much mail, and yours does not pass all three.',
    remedy: 'The administrator of your domain should publish the DNS records that `capri domain dns` shows.',
  },
  'gmail-slowed': {
    cause: 'Gmail has seen unusually much mail, or mail that was not wanted, from our server and takes less of it for now.',
    remedy: 'You need not do anything: we try again; the administrator can see the reasons at https://postmaster.google.com.',
  },
  'gmail-reputation': {
    cause: 'Gmail took the message for spam because of our server, the domain or what is in it.',
    remedy: 'Write to the recipient in another way; the administrator can see the reasons at https://postmaster.google.com.',
  },
  'yahoo-slowed': {
    cause: 'Yahoo (also AOL) has seen unusually much mail or complaints from our server and puts mail off for now.',
    remedy: 'You need not do anything: we try again; the administrator finds help at https://senders.yahooinc.com.',
  },
  'yahoo-blocked': {
    cause: 'Yahoo (also AOL) takes no mail from our server any more.',
    remedy: 'The administrator should find the reason, stop it, and write to Yahoo at https://senders.yahooinc.com/contact.',
  },
  'yahoo-policy': {
    cause: 'Yahoo (also AOL) refused the message because of what is in it or where it comes from.',
    remedy: 'Leave out links and attachments that look suspicious; the administrator finds help at https://senders.yahooinc.com.',
  },
  'icloud-policy': {
    cause: 'Apple (iCloud) took the message or our server for a source of spam.',
    remedy: 'Write to the recipient in another way; the administrator can write to icloudadmin@apple.com with the words of the refusal.',
  },
  'icloud-slowed': { cause: 'Apple (iCloud) has had too much mail from our server in a short time and puts it off.', remedy: NOTHING_TO_DO },
  'onet-refused': {
    cause: 'Onet took the message for spam, or does not trust our server enough.',
    remedy: 'The administrator should check SPF, DKIM and DMARC and register the domain with Onet ("Zweryfikowany Nadawca", https://pomoc.poczta.onet.pl).',
  },
  'interia-reputation': {
    cause: 'Interia refuses mail from our server because its users have marked much of it as spam.',
    remedy: 'The administrator should check SPF and PTR and follow https://pomoc.poczta.interia.pl.',
  },
  'wp-refused': {
    cause: 'Wirtualna Polska (WP, o2) took the message for spam, or does not trust our server enough.',
    remedy: 'The administrator should check SPF, DKIM and DMARC and write to kontakt@pomoc.wp.pl with the words of the refusal.',
  },
  'blocked-address': {
    cause: '{Server} takes no mail from the address of our server.',
    remedy: 'The administrator should ask the administrator of the other server for the reason, with the words of the refusal.',
  },
  'rate-limited': { cause: '{Server} takes only so much mail from us at a time.', remedy: NOTHING_TO_DO },
  greylisted: { cause: '{Server} puts off mail from senders that it meets for the first time.', remedy: NOTHING_TO_DO },
  'spam-content': {
    cause: '{Server} took the message for spam.',
    remedy: 'Write it in other words and with fewer links, or reach the recipient in another way.',
  },
  virus: {
    cause: '{Server} found something dangerous in the message or its attachments.',
    remedy: 'Check your computer, and send the message without the attachment.',
  },
  'bad-links': {
    cause: 'There is a link in the message to a site that is known for spam or fraud.',
    remedy: 'Leave the link out and send the message again.',
  },
  'attachment-refused': { cause: '{Server} does not take attachments of this kind.', remedy: 'Send a link to the file instead, or pack it in another way.' },
  'bad-format': {
    cause: 'The message is not built as {server} wants it (its header has something missing, twice or malformed).',
    remedy: 'Send it with another mail program; the words of the server say what is wrong.',
  },
  'too-large': { cause: 'The message is too large for {server}.', remedy: 'Send smaller attachments, or a link to the files.' },
  'too-many-recipients': { cause: 'The message has more recipients than {server} takes at once.', remedy: 'Send it to fewer people at a time.' },
  'no-smtputf8': {
    cause: '{Server} does not take addresses or headers with letters beyond ASCII.',
    remedy: 'Send it to, and from, an address without accented letters.',
  },
  conversion: { cause: 'The message has contents that {server} cannot take.', remedy: 'Send it as plain text, or without the attachment.' },
  'server-busy': { cause: '{Server} is busy or out of service for the moment.', remedy: NOTHING_TO_DO },
  'server-full': { cause: '{Server} has no room for mail at the moment.', remedy: NOTHING_TO_DO },
  'server-fault': { cause: '{Server} has a fault.', remedy: 'Reach the recipient in another way, and let them know that their mail does not work.' },
  'no-answer': {
    cause: 'The server of the recipient does not answer.',
    remedy: 'You need not do anything while we try; if it lasts, reach the recipient in another way.',
  },
  'connection-broken': { cause: 'The connection to the server of the recipient broke off.', remedy: NOTHING_TO_DO },
  'dns-failure': {
    cause: 'The DNS did not tell where mail for this domain goes.',
    remedy: 'You need not do anything while we try; if it lasts, the administrator of the domain must mend its DNS.',
  },
  'no-route': {
    cause: 'The domain of the address names no server that can be reached.',
    remedy: 'Check the address; if it is right, tell the recipient that the DNS of the domain is set up wrongly.',
  },
  loop: {
    cause: 'The message goes round in circles between servers.',
    remedy: 'Tell the recipient: most likely two addresses forward their mail to each other.',
  },
  protocol: {
    cause: '{Server} and ours did not understand each other.',
    remedy: 'The administrator should look at the words of the other server in `capri trail`.',
  },
  'tls-failed': {
    cause: 'No protected connection (TLS) to the server of the recipient came about.',
    remedy: 'The administrator of the other server must mend its certificate or TLS settings; ours sees the details in `capri trail`.',
  },
  'tls-wanted': {
    cause: '{Server} takes mail only over a protected connection (TLS).',
    remedy: 'The administrator should check the TLS settings of the route.',
  },
  'mta-sts': {
    cause: 'The domain of the recipient demands a verified server (MTA-STS), and the one that answered is none.',
    remedy: 'Nothing was sent to it; the administrator of that domain must mend its certificate or its MTA-STS policy.',
  },
  dane: {
    cause: 'The domain of the recipient publishes which certificate its server has (DANE), and the one that answered has another.',
    remedy: 'Nothing was sent to it; the administrator of that domain must mend its TLSA records or its certificate.',
  },
  requiretls: {
    cause: 'You asked that the message goes over protected connections only (REQUIRETLS), and {server} cannot promise that.',
    remedy: 'Send it without that demand, if its contents allow it.',
  },
  'relay-sign-in': {
    cause: 'The relay that takes our mail refused our sign-in, or wants one.',
    remedy: 'The administrator should check login and password_file of the smarthost or route.',
  },
  'too-late': { cause: 'The message could not be delivered within the time that you set.', remedy: 'Send it again with more time, if it is still of use.' },
  'gave-up': {
    cause: 'We have tried for as long as mail is kept, and the server of the recipient did not take the message.',
    remedy: 'Check the address, and reach the recipient in another way.',
  },
  suppressed: {
    cause: 'The address is on our list of addresses that do not take mail, so nothing was sent.',
    remedy: 'If it is right and works again, ask the administrator to take it off the list.',
  },
  limited: {
    cause: 'Your account has sent more than it may for now.',
    remedy: 'Wait, or ask the administrator; if you have not sent this mail, change your password at once.',
  },
  'own-fault': {
    cause: 'Our own server could not handle the message at the moment.',
    remedy: 'You need not do anything while we try; if it lasts, tell the administrator.',
  },
  'address-refused': { cause: '{Server} does not accept the address.', remedy: CHECK_ADDRESS },
  'mailbox-refused': { cause: 'The mailbox of the recipient cannot take the message.', remedy: 'Reach the recipient in another way.' },
  'policy-refused': {
    cause: '{Server} refused the message because of its rules.',
    remedy: 'The words of the server may say which; reach the recipient in another way.',
  },
  refused: { cause: '{Server} refused the message.', remedy: 'The words of the server may say why; check the address first.' },
  'put-off': { cause: '{Server} cannot take the message at the moment.', remedy: NOTHING_TO_DO },
};
