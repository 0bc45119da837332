/**
 * Why mail is not taken, and what helps: one sentence of cause and one of remedy each, in the languages of the service. Pure data.
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

const CHECK_ADDRESS = 'Check the address for typing errors, or ask the recipient for the right one.';
const NOTHING_TO_DO = 'You need not do anything: we try again.';
const CHECK_ADDRESS_PL = 'Sprawdź, czy w adresie nie ma literówki, albo zapytaj adresata o właściwy adres.';
const NOTHING_TO_DO_PL = 'Nie musisz nic robić: próbujemy ponownie.';

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

export const POLISH: Readonly<Record<CauseId, CauseText>> = {
  'no-such-user': { cause: 'Taki adres nie istnieje.', remedy: CHECK_ADDRESS_PL },
  'perhaps-no-such-user': { cause: '{Server} nie przyjmuje poczty dla tego adresu; najczęściej znaczy to, że adres nie istnieje.', remedy: CHECK_ADDRESS_PL },
  'account-disabled': {
    cause: 'Skrzynka adresata jest wyłączona albo zbyt długo nikt z niej nie korzystał.',
    remedy: 'Skontaktuj się z adresatem inaczej i poproś o adres, którego używa.',
  },
  'mailbox-unavailable': {
    cause: 'Skrzynka nie przyjmuje poczty: adres jest błędny, skrzynka przepełniona albo zawieszona.',
    remedy: 'Sprawdź adres; jeśli jest właściwy, skontaktuj się z adresatem inaczej.',
  },
  'mailbox-full': { cause: 'Skrzynka adresata jest pełna.', remedy: 'Daj o tym znać adresatowi w inny sposób i wyślij wiadomość później.' },
  'mailbox-busy': { cause: 'Adresat dostaje teraz więcej poczty, niż {server} przepuszcza.', remedy: NOTHING_TO_DO_PL },
  moved: { cause: 'Adresat zmienił adres i nie podał nowego.', remedy: 'Zapytaj adresata o nowy adres w inny sposób.' },
  'bad-address': { cause: 'Serwer adresata nie rozumie tego adresu.', remedy: CHECK_ADDRESS_PL },
  'no-such-domain': { cause: 'Część adresu za znakiem @ nie istnieje.', remedy: 'Sprawdź, czy za znakiem @ nie ma literówki.' },
  'null-mx': { cause: 'Domena tego adresu w ogóle nie przyjmuje poczty.', remedy: 'Zapytaj adresata o inny adres.' },
  'recipient-refuses-sender': { cause: 'Adresat nie chce poczty z Twojego adresu.', remedy: 'Jeśli możesz, skontaktuj się z adresatem inaczej.' },
  'members-only': {
    cause: 'Ten adres przyjmuje pocztę tylko od wybranych nadawców, na przykład członków grupy.',
    remedy: 'Poproś adresata, aby dopuścił Twój adres.',
  },
  'no-relaying': {
    cause: 'Serwer wskazany dla poczty tej domeny jej nie obsługuje.',
    remedy: 'Sprawdź adres; jeśli jest właściwy, daj znać adresatowi, że poczta domeny jest źle ustawiona.',
  },
  unauthenticated: {
    cause: '{Server} nie mógł stwierdzić, że wiadomość naprawdę pochodzi z Twojej domeny (SPF i DKIM).',
    remedy: 'Administrator Twojej domeny powinien opublikować rekordy DNS, które pokazuje `capri domain dns`.',
  },
  'dmarc-refused': {
    cause: 'Twoja domena prosi innych (DMARC), aby odrzucali pocztę, która nie dowodzi swego pochodzenia, a ta wiadomość go nie dowiodła.',
    remedy: 'Wyślij ją przez serwer poczty swojej domeny; jej administrator powinien sprawdzić SPF i DKIM za pomocą `capri domain dns`.',
  },
  'spf-refused': {
    cause: 'Rekord SPF Twojej domeny nie pozwala naszemu serwerowi wysyłać jej poczty.',
    remedy: 'Administrator Twojej domeny powinien dodać nasz serwer do rekordu SPF; pokazuje go `capri domain dns`.',
  },
  'dkim-refused': {
    cause: '{Server} nie uznał podpisu DKIM tej wiadomości.',
    remedy: 'Administrator powinien porównać opublikowane klucze DKIM z tym, co pokazuje `capri domain dns`.',
  },
  'sender-domain': {
    cause: '{Server} nie znajduje w DNS Twojej domeny albo serwera, który przyjmuje jej pocztę.',
    remedy: 'Administrator Twojej domeny powinien sprawdzić jej rekordy MX i adresów za pomocą `capri domain dns`.',
  },
  'bad-sender': { cause: '{Server} nie uznaje Twojego adresu jako nadawcy.', remedy: 'Sprawdź adres nadawcy w swoim programie pocztowym.' },
  'no-reverse-name': {
    cause: 'Adres naszego serwera nie ma w DNS nazwy, która prowadzi z powrotem do niego (PTR).',
    remedy: 'Administrator powinien poprosić dostawcę serwera o rekord PTR; sprawdza go `capri doctor`.',
  },
  'bad-helo': {
    cause: '{Server} nie uznaje nazwy, którą przedstawia się nasz serwer.',
    remedy: 'Administrator powinien ustawić w server.hostname nazwę, która prowadzi do serwera.',
  },
  'public-blocklist': {
    cause: 'Adres lub domena naszego serwera jest na publicznej czarnej liście, z której korzysta {server}.',
    remedy: 'Administrator powinien znaleźć i usunąć przyczynę, a potem poprosić wskazaną niżej listę o wykreślenie.',
  },
  'proofpoint-blocklist': {
    cause: 'Adres naszego serwera jest na czarnej liście Proofpoint, z której korzysta {server}.',
    remedy: 'Administrator powinien poprosić o wykreślenie na https://ipcheck.proofpoint.com.',
  },
  'microsoft-blocklist': {
    cause: 'Adres naszego serwera lub jego sąsiadów jest na czarnej liście Microsoftu (outlook.com, hotmail.com).',
    remedy: 'Administrator powinien poprosić o wykreślenie na https://olcsupport.office.com (dla skrzynek w firmach: https://sender.office.com).',
  },
  'microsoft-spamhaus': {
    cause: 'Microsoft odrzuca pocztę z naszego serwera, ponieważ jest on na liście Spamhaus.',
    remedy: 'Administrator powinien poprosić o wykreślenie na https://check.spamhaus.org.',
  },
  'microsoft-slowed': {
    cause: 'Microsoft przyjmuje od naszego serwera niewiele poczty naraz, bo mało go zna albo miał na niego skargi.',
    remedy: 'Nie musisz nic robić: próbujemy ponownie; administrator zobaczy na https://sendersupport.olc.protection.outlook.com/snds, co zarzucono serwerowi.',
  },
  'microsoft-authentication': {
    cause: 'Microsoft wymaga SPF, DKIM i DMARC od domen, które wysyłają dużo poczty, a Twoja nie spełnia wszystkich trzech.',
    remedy: 'Administrator Twojej domeny powinien opublikować rekordy DNS, które pokazuje `capri domain dns`.',
  },
  'gmail-slowed': {
    cause: 'Gmail zauważył wyjątkowo dużo poczty z naszego serwera albo pocztę niechcianą i na razie przyjmuje jej mniej.',
    remedy: 'Nie musisz nic robić: próbujemy ponownie; administrator znajdzie przyczyny na https://postmaster.google.com.',
  },
  'gmail-reputation': {
    cause: 'Gmail uznał wiadomość za spam z powodu naszego serwera, domeny albo treści.',
    remedy: 'Skontaktuj się z adresatem inaczej; administrator znajdzie przyczyny na https://postmaster.google.com.',
  },
  'yahoo-slowed': {
    cause: 'Yahoo (także AOL) zauważyło wyjątkowo dużo poczty albo skargi na nasz serwer i na razie ją odkłada.',
    remedy: 'Nie musisz nic robić: próbujemy ponownie; administrator znajdzie pomoc na https://senders.yahooinc.com.',
  },
  'yahoo-blocked': {
    cause: 'Yahoo (także AOL) nie przyjmuje już poczty z naszego serwera.',
    remedy: 'Administrator powinien znaleźć i usunąć przyczynę, a potem napisać do Yahoo: https://senders.yahooinc.com/contact.',
  },
  'yahoo-policy': {
    cause: 'Yahoo (także AOL) odrzuciło wiadomość z powodu jej treści albo pochodzenia.',
    remedy: 'Usuń podejrzane odnośniki i załączniki; administrator znajdzie pomoc na https://senders.yahooinc.com.',
  },
  'icloud-policy': {
    cause: 'Apple (iCloud) uznało wiadomość albo nasz serwer za źródło spamu.',
    remedy: 'Skontaktuj się z adresatem inaczej; administrator może napisać na icloudadmin@apple.com, podając słowa odmowy.',
  },
  'icloud-slowed': { cause: 'Apple (iCloud) dostało od naszego serwera zbyt dużo poczty w krótkim czasie i odkłada ją na później.', remedy: NOTHING_TO_DO_PL },
  'onet-refused': {
    cause: 'Onet uznał wiadomość za spam albo nie ufa wystarczająco naszemu serwerowi.',
    remedy: 'Administrator powinien sprawdzić SPF, DKIM i DMARC oraz zgłosić domenę w usłudze „Zweryfikowany Nadawca” (https://pomoc.poczta.onet.pl).',
  },
  'interia-reputation': {
    cause: 'Interia odrzuca pocztę z naszego serwera, ponieważ jej użytkownicy oznaczyli dużą jej część jako spam.',
    remedy: 'Administrator powinien sprawdzić SPF i PTR oraz wskazówki na https://pomoc.poczta.interia.pl.',
  },
  'wp-refused': {
    cause: 'Wirtualna Polska (WP, o2) uznała wiadomość za spam albo nie ufa wystarczająco naszemu serwerowi.',
    remedy: 'Administrator powinien sprawdzić SPF, DKIM i DMARC oraz napisać na kontakt@pomoc.wp.pl, podając słowa odmowy.',
  },
  'blocked-address': {
    cause: '{Server} nie przyjmuje poczty z adresu naszego serwera.',
    remedy: 'Administrator powinien zapytać o przyczynę administratora tamtego serwera, podając słowa odmowy.',
  },
  'rate-limited': { cause: '{Server} przyjmuje od nas naraz tylko ograniczoną ilość poczty.', remedy: NOTHING_TO_DO_PL },
  greylisted: { cause: '{Server} odkłada na później pocztę od nadawców, których spotyka po raz pierwszy.', remedy: NOTHING_TO_DO_PL },
  'spam-content': {
    cause: '{Server} uznał wiadomość za spam.',
    remedy: 'Napisz ją innymi słowami i z mniejszą liczbą odnośników albo skontaktuj się z adresatem inaczej.',
  },
  virus: { cause: '{Server} znalazł w wiadomości lub załącznikach coś niebezpiecznego.', remedy: 'Sprawdź swój komputer i wyślij wiadomość bez załącznika.' },
  'bad-links': {
    cause: 'W wiadomości jest odnośnik do strony znanej ze spamu lub oszustw.',
    remedy: 'Usuń odnośnik i wyślij wiadomość jeszcze raz.',
  },
  'attachment-refused': { cause: '{Server} nie przyjmuje załączników tego rodzaju.', remedy: 'Wyślij zamiast tego odnośnik do pliku albo spakuj go inaczej.' },
  'bad-format': {
    cause: 'Wiadomość nie jest zbudowana tak, jak tego chce {server} (w nagłówku czegoś brakuje, coś jest podwójne albo błędne).',
    remedy: 'Wyślij ją innym programem pocztowym; słowa serwera mówią, co jest nie tak.',
  },
  'too-large': { cause: 'Wiadomość jest za duża: {server} takich nie przyjmuje.', remedy: 'Wyślij mniejsze załączniki albo odnośnik do plików.' },
  'too-many-recipients': { cause: 'Wiadomość ma więcej adresatów, niż {server} przyjmuje naraz.', remedy: 'Wyślij ją do mniejszej liczby osób.' },
  'no-smtputf8': {
    cause: '{Server} nie przyjmuje adresów ani nagłówków z literami spoza ASCII.',
    remedy: 'Użyj adresu bez polskich i innych znaków diakrytycznych, swojego i adresata.',
  },
  conversion: { cause: 'Wiadomość ma zawartość, której {server} nie może przyjąć.', remedy: 'Wyślij ją jako zwykły tekst albo bez załącznika.' },
  'server-busy': { cause: '{Server} jest w tej chwili zajęty lub nieczynny.', remedy: NOTHING_TO_DO_PL },
  'server-full': { cause: '{Server} nie ma w tej chwili miejsca na pocztę.', remedy: NOTHING_TO_DO_PL },
  'server-fault': { cause: '{Server} ma awarię.', remedy: 'Skontaktuj się z adresatem inaczej i daj mu znać, że jego poczta nie działa.' },
  'no-answer': {
    cause: 'Serwer adresata nie odpowiada.',
    remedy: 'Nie musisz nic robić, dopóki próbujemy; jeśli to potrwa, skontaktuj się z adresatem inaczej.',
  },
  'connection-broken': { cause: 'Połączenie z serwerem adresata zostało przerwane.', remedy: NOTHING_TO_DO_PL },
  'dns-failure': {
    cause: 'DNS nie powiedział, dokąd idzie poczta tej domeny.',
    remedy: 'Nie musisz nic robić, dopóki próbujemy; jeśli to potrwa, administrator tamtej domeny musi naprawić jej DNS.',
  },
  'no-route': {
    cause: 'Domena tego adresu nie wskazuje serwera, z którym można się połączyć.',
    remedy: 'Sprawdź adres; jeśli jest właściwy, daj znać adresatowi, że DNS domeny jest źle ustawiony.',
  },
  loop: {
    cause: 'Wiadomość krąży w kółko między serwerami.',
    remedy: 'Daj znać adresatowi: najpewniej dwa adresy przekazują pocztę jeden drugiemu.',
  },
  protocol: {
    cause: '{Server} i nasz nie zrozumiały się.',
    remedy: 'Administrator powinien spojrzeć na słowa drugiego serwera w `capri trail`.',
  },
  'tls-failed': {
    cause: 'Nie udało się nawiązać chronionego połączenia (TLS) z serwerem adresata.',
    remedy: 'Administrator tamtego serwera musi naprawić certyfikat lub ustawienia TLS; nasz zobaczy szczegóły w `capri trail`.',
  },
  'tls-wanted': {
    cause: '{Server} przyjmuje pocztę tylko przez połączenie chronione (TLS).',
    remedy: 'Administrator powinien sprawdzić ustawienia TLS trasy.',
  },
  'mta-sts': {
    cause: 'Domena adresata wymaga sprawdzonego serwera (MTA-STS), a ten, który odpowiedział, nim nie jest.',
    remedy: 'Nic mu nie wysłano; administrator tamtej domeny musi naprawić certyfikat lub zasady MTA-STS.',
  },
  dane: {
    cause: 'Domena adresata podaje, jaki certyfikat ma jej serwer (DANE), a ten, który odpowiedział, ma inny.',
    remedy: 'Nic mu nie wysłano; administrator tamtej domeny musi naprawić rekordy TLSA lub certyfikat.',
  },
  requiretls: {
    cause: 'Wiadomość miała iść tylko przez połączenia chronione (REQUIRETLS), a {server} nie może tego obiecać.',
    remedy: 'Wyślij ją bez tego wymagania, jeśli jej treść na to pozwala.',
  },
  'relay-sign-in': {
    cause: 'Serwer pośredniczący, który przyjmuje naszą pocztę, odrzucił nasze logowanie albo go wymaga.',
    remedy: 'Administrator powinien sprawdzić login i password_file w ustawieniach smarthost lub trasy.',
  },
  'too-late': { cause: 'Wiadomości nie udało się dostarczyć w wyznaczonym czasie.', remedy: 'Jeśli jest jeszcze potrzebna, wyślij ją z dłuższym czasem.' },
  'gave-up': {
    cause: 'Próbowaliśmy tak długo, jak poczta jest przechowywana, a serwer adresata nie przyjął wiadomości.',
    remedy: 'Sprawdź adres i skontaktuj się z adresatem inaczej.',
  },
  suppressed: {
    cause: 'Adres jest na naszej liście adresów, które nie przyjmują poczty, więc nic nie wysłano.',
    remedy: 'Jeśli jest właściwy i znów działa, poproś administratora o wykreślenie go z listy.',
  },
  limited: {
    cause: 'Z Twojego konta wysłano na razie więcej, niż wolno.',
    remedy: 'Poczekaj lub napisz do administratora; jeśli to nie Ty wysyłasz tę pocztę, natychmiast zmień hasło.',
  },
  'own-fault': {
    cause: 'Nasz własny serwer nie mógł w tej chwili zająć się wiadomością.',
    remedy: 'Nie musisz nic robić, dopóki próbujemy; jeśli to potrwa, powiedz o tym administratorowi.',
  },
  'address-refused': { cause: '{Server} nie uznaje tego adresu.', remedy: CHECK_ADDRESS_PL },
  'mailbox-refused': { cause: 'Skrzynka adresata nie może przyjąć tej wiadomości.', remedy: 'Skontaktuj się z adresatem inaczej.' },
  'policy-refused': {
    cause: '{Server} odrzucił wiadomość zgodnie ze swoimi zasadami.',
    remedy: 'Słowa serwera mogą mówić, z jakiego powodu; skontaktuj się z adresatem inaczej.',
  },
  refused: { cause: '{Server} odrzucił wiadomość.', remedy: 'Słowa serwera mogą mówić dlaczego; najpierw sprawdź adres.' },
  'put-off': { cause: '{Server} nie może w tej chwili przyjąć wiadomości.', remedy: NOTHING_TO_DO_PL },
};
