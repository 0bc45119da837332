/**
 * What a delivery status notification says to people, in the languages of the service. Why a server refuses, and what helps, comes from who makes the notice.
 *
 * RFC 3464 §1 (the first part is for people)
 */

export type DsnAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
export type DsnLanguage = 'en' | 'pl';

export interface DsnTexts {
  readonly language: DsnLanguage;
  readonly subject: Readonly<Record<DsnAction, string>>;
  readonly introduction: Readonly<Record<DsnAction, string>>;
  readonly yourMessage: string;
  readonly originalSubject: string;
  readonly sentAt: string;
  /** Behind the recipients of a delay; `when` is a moment as people write it. */
  readonly nextAttempt: (when: string) => string;
  readonly retryUntil: (when: string) => string;
  readonly returned: Readonly<Record<'message' | 'header', string>>;
  readonly technical: string;
  readonly reply: (host: string) => string;
  readonly found: string;
}

const ENGLISH: DsnTexts = {
  language: 'en',
  subject: {
    failed: 'Your message could not be delivered',
    delayed: 'Your message has not been delivered yet',
    delivered: 'Your message was delivered',
    relayed: 'Your message was passed on',
    expanded: 'Your message was passed on to a list',
  },
  introduction: {
    failed: 'It could not be delivered to:',
    delayed: 'It could not be delivered yet, and is still waiting, for:',
    delivered: 'As you asked, we let you know that it was delivered to:',
    relayed: 'As you asked, we let you know that it was passed on to a server that does not confirm deliveries, for:',
    expanded: 'As you asked, we let you know that it was passed on to the members of:',
  },
  yourMessage: 'This is about your message',
  originalSubject: 'Subject',
  sentAt: 'Sent',
  nextAttempt: (when) => `We try again at ${when}.`,
  retryUntil: (when) => `We keep trying until ${when}, and let you know if it does not succeed.`,
  returned: { message: 'Your message is attached.', header: 'The header of your message is attached.' },
  technical: 'For your administrator',
  reply: (host) => `${host} said:`,
  found: 'Our server found:',
};

const POLISH: DsnTexts = {
  language: 'pl',
  subject: {
    failed: 'Nie udało się dostarczyć Twojej wiadomości',
    delayed: 'Twoja wiadomość nie została jeszcze dostarczona',
    delivered: 'Twoja wiadomość została dostarczona',
    relayed: 'Twoja wiadomość została przekazana dalej',
    expanded: 'Twoja wiadomość została przekazana na listę',
  },
  introduction: {
    failed: 'Nie udało się jej dostarczyć do:',
    delayed: 'Nie udało się jej jeszcze dostarczyć i nadal czeka. Adresat:',
    delivered: 'Zgodnie z życzeniem informujemy, że dostarczono ją do:',
    relayed: 'Zgodnie z życzeniem informujemy, że przekazano ją serwerowi, który nie potwierdza doręczeń. Adresat:',
    expanded: 'Zgodnie z życzeniem informujemy, że przekazano ją członkom listy:',
  },
  yourMessage: 'Chodzi o Twoją wiadomość',
  originalSubject: 'Temat',
  sentAt: 'Wysłana',
  nextAttempt: (when) => `Następna próba: ${when}.`,
  retryUntil: (when) => `Próbujemy do: ${when}; jeśli się nie uda, damy znać.`,
  returned: { message: 'Twoja wiadomość jest w załączniku.', header: 'Nagłówek Twojej wiadomości jest w załączniku.' },
  technical: 'Dla administratora',
  reply: (host) => `${host} odpowiedział:`,
  found: 'Nasz serwer stwierdził:',
};

const CATALOGUES: Readonly<Record<DsnLanguage, DsnTexts>> = { en: ENGLISH, pl: POLISH };

/** Texts in a language (`pl`, `pl-PL`); English where we have none. */
export function dsnTexts(language: string): DsnTexts {
  return CATALOGUES[dsnLanguage(language)];
}

/** The language in which we write to somebody who prefers this one. */
export function dsnLanguage(language: string): DsnLanguage {
  return language.slice(0, 2).toLowerCase() === 'pl' ? 'pl' : 'en';
}

/** A moment as people write it, `23 November 2026 at 13:00 CET`, in a zone of the IANA list. */
export function momentText(ms: number, language: DsnLanguage, timeZone: string): string {
  const format = new Intl.DateTimeFormat(language === 'pl' ? 'pl-PL' : 'en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    timeZone,
  });
  return format.format(ms);
}
