/** What is said about a hold: to the owner of the account and to the administrator, in their languages, and in one English line for lists and the trail. */
import type { Finding } from './score.ts';

export interface HoldFacts {
  readonly login: string;
  readonly address: string;
  /** `2026-11-23 12:00 UTC` */
  readonly when: string;
  readonly findings: readonly Finding[];
  /** Whether what the account submits from now on is kept, or refused. */
  readonly onHold: 'keep' | 'refuse';
  /** It is the administrator's own account: then only the administrator is written to. */
  readonly isAdministrators: boolean;
}

export interface HoldMail {
  readonly subject: string;
  readonly text: string;
}

type Language = 'en' | 'pl';

/** `pl` and `pl-PL` are Polish; everything else is English. */
export function holdLanguage(language: string): Language {
  return /^pl(?:-|$)/i.test(language) ? 'pl' : 'en';
}

/** For the owner of the account. */
export function userMail(language: Language, facts: HoldFacts): HoldMail {
  return language === 'pl' ? polishUser(facts) : englishUser(facts);
}

/** For the administrator. */
export function administratorMail(language: Language, facts: HoldFacts): HoldMail {
  return language === 'pl' ? polishAdministrator(facts) : englishAdministrator(facts);
}

/** One line. */
export function holdReason(findings: readonly Finding[]): string {
  return `unusual sending: ${findings.map(english).join('; ')}`;
}

function english({ sign, count, of = 0 }: Finding): string {
  switch (sign) {
    case 'new-network':
      return `signed in from ${count} new ${count === 1 ? 'network' : 'networks'} within a day`;
    case 'new-recipients':
      return `${count} recipients that were never written to before`;
    case 'rate':
      return `${count} recipients in an hour or two, where ${of} in an hour was the most`;
    case 'refusals':
      return `${count} of ${of} recipients refused by other servers`;
    case 'complaints':
      return `${count} ${count === 1 ? 'complaint' : 'complaints'} of spam within a day`;
  }
}

function polish({ sign, count, of = 0 }: Finding): string {
  switch (sign) {
    case 'new-network':
      return `logowania z nowych sieci w ciągu doby: ${count}`;
    case 'new-recipients':
      return `adresaci, do których nigdy wcześniej nie pisano: ${count}`;
    case 'rate':
      return `adresaci w ciągu godziny lub dwóch: ${count}; dotąd najwyżej ${of} na godzinę`;
    case 'refusals':
      return `adresaci odrzuceni przez inne serwery: ${count} z ${of}`;
    case 'complaints':
      return `skargi na spam w ciągu doby: ${count}`;
  }
}

function englishUser({ address, when, findings, onHold }: HoldFacts): HoldMail {
  return {
    subject: 'Sending from your account is on hold',
    text: `Sending from your account ${address} was put on hold on ${when}, because it was unlike you:

${list(findings, english)}

Somebody may be using your password.

${onHold === 'keep' ? 'Mail that you send to other servers from now on is accepted, and kept until the administrator has looked at it.' : 'Mail that you try to send from now on is refused.'}
Mail that was waiting to be sent is kept too. Nothing is lost. You can go on receiving and reading mail.

What to do:
1. Change your password, also where else you have used it.
2. Look at your list of sign-ins for places that are not yours.
3. Tell the administrator. If it was you, say so: the administrator lets your mail go on.
`,
  };
}

function polishUser({ address, when, findings, onHold }: HoldFacts): HoldMail {
  return {
    subject: 'Wysyłanie z Twojego konta zostało wstrzymane',
    text: `Wysyłanie z Twojego konta ${address} zostało wstrzymane (${when}), bo nie było podobne do Ciebie:

${list(findings, polish)}

Być może ktoś używa Twojego hasła.

${onHold === 'keep' ? 'Poczta, którą od teraz wyślesz na inne serwery, zostanie przyjęta i zatrzymana, aż sprawdzi ją administrator.' : 'Poczta, którą od teraz spróbujesz wysłać, będzie odrzucana.'}
Zatrzymana została też poczta, która czekała na wysłanie. Nic nie ginie. Pocztę nadal możesz odbierać i czytać.

Co zrobić:
1. Zmień hasło, także wszędzie tam, gdzie jest takie samo.
2. Przejrzyj listę logowań: czy są na niej miejsca, w których Cię nie było?
3. Daj znać administratorowi. Jeśli to byłeś Ty, powiedz o tym: administrator puści Twoją pocztę dalej.
`,
  };
}

function englishAdministrator({ login, address, when, findings, onHold, isAdministrators }: HoldFacts): HoldMail {
  return {
    subject: `Sending from ${login} is on hold`,
    text: `Sending from the account ${login} (${address}) was put on hold on ${when}:

${list(findings, english)}

The password may be stolen. ${onHold === 'keep' ? 'Mail for other servers that the account submits is accepted and kept in the queue' : 'Mail that the account submits is refused'}; what was waiting is kept.
${isAdministrators ? 'This is your own account.' : 'The owner of the account has been told. Ask the owner, not by mail to this account, whether this was meant.'}

If the account was stolen:
    capri account passwd ${login}
    capri queue drop --account ${login}
    capri account release ${login}

If all is well, let its mail go on:
    capri account release ${login}

To see what is kept:
    capri queue list --account ${login}
`,
  };
}

function polishAdministrator({ login, address, when, findings, onHold, isAdministrators }: HoldFacts): HoldMail {
  return {
    subject: `Wysyłanie z konta ${login} zostało wstrzymane`,
    text: `Wysyłanie z konta ${login} (${address}) zostało wstrzymane (${when}):

${list(findings, polish)}

Hasło mogło zostać skradzione. ${onHold === 'keep' ? 'Poczta na inne serwery jest od tego konta przyjmowana i zatrzymywana w kolejce' : 'Poczta wysyłana z tego konta jest odrzucana'}; to, co czekało, jest zatrzymane.
${isAdministrators ? 'To Twoje własne konto.' : 'Właściciel konta został powiadomiony. Zapytaj go, ale nie pocztą na to konto, czy tak miało być.'}

Jeśli konto skradziono:
    capri account passwd ${login}
    capri queue drop --account ${login}
    capri account release ${login}

Jeśli wszystko w porządku, puść pocztę dalej:
    capri account release ${login}

Co jest zatrzymane:
    capri queue list --account ${login}
`,
  };
}

function list(findings: readonly Finding[], text: (finding: Finding) => string): string {
  return findings.map((finding) => `- ${text(finding)}`).join('\n');
}
