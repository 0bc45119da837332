/**
 * What a delivery status notification says to people, in the languages of the service.
 *
 * RFC 3464 §1 (the first part is for people) · RFC 3463 (what the codes mean)
 */

export type DsnAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
export type DsnLanguage = 'en' | 'pl';

interface Catalogue {
  readonly subject: Readonly<Record<DsnAction, string>>;
  readonly introduction: Readonly<Record<DsnAction, string>>;
  /** Behind the introduction of a delay; `when` is a date. */
  readonly retry: (when: string) => string;
  readonly reply: (host: string) => string;
  /** By class-less RFC 3463 code, the longest that fits: `1.1`, `2`. */
  readonly reasons: Readonly<Record<string, string>>;
  readonly originalSubject: (subject: string) => string;
  readonly returned: Readonly<Record<'message' | 'header', string>>;
}

const ENGLISH: Catalogue = {
  subject: {
    failed: 'Your message could not be delivered',
    delayed: 'Your message has not been delivered yet',
    delivered: 'Your message was delivered',
    relayed: 'Your message was passed on',
    expanded: 'Your message was passed on to a list',
  },
  introduction: {
    failed: 'Your message could not be delivered to:',
    delayed: 'Your message could not be delivered yet. You need not do anything: we keep trying. It is still waiting for:',
    delivered: 'As you asked, we let you know that your message was delivered to:',
    relayed: 'As you asked, we let you know that your message was passed on to a server that does not confirm deliveries:',
    expanded: 'As you asked, we let you know that your message was passed on to the members of:',
  },
  retry: (when) => `We try until ${when}, and let you know if it does not succeed.`,
  reply: (host) => `${host} said:`,
  reasons: {
    '1': 'The address is not right.',
    '1.1': 'There is no such address. Please check it for typing errors.',
    '1.2': 'The domain of the address does not exist or takes no mail. Please check it for typing errors.',
    '1.6': 'The recipient has moved and left no new address.',
    '1.10': 'The domain of the address takes no mail.',
    '2': 'The mailbox of the recipient cannot take the message.',
    '2.1': 'The mailbox of the recipient is disabled.',
    '2.2': 'The mailbox of the recipient is full.',
    '2.3': 'The message is too large for the recipient.',
    '3': 'The server of the recipient cannot take the message at the moment.',
    '3.4': 'The message is too large for the server of the recipient.',
    '4': 'The server of the recipient could not be reached.',
    '4.7': 'The server of the recipient could not be reached for too long.',
    '5': 'The server of the recipient did not understand us.',
    '6': 'The server of the recipient cannot take this kind of message.',
    '7': 'The server of the recipient refused the message.',
  },
  originalSubject: (subject) => `Subject of your message: ${subject}`,
  returned: { message: 'Your message is attached.', header: 'The header of your message is attached.' },
};

const POLISH: Catalogue = {
  subject: {
    failed: 'Nie udało się dostarczyć Twojej wiadomości',
    delayed: 'Twoja wiadomość nie została jeszcze dostarczona',
    delivered: 'Twoja wiadomość została dostarczona',
    relayed: 'Twoja wiadomość została przekazana dalej',
    expanded: 'Twoja wiadomość została przekazana na listę',
  },
  introduction: {
    failed: 'Nie udało się dostarczyć Twojej wiadomości do:',
    delayed: 'Nie udało się jeszcze dostarczyć Twojej wiadomości. Nie musisz nic robić: próbujemy dalej. Wiadomość nadal czeka na dostarczenie do:',
    delivered: 'Zgodnie z życzeniem informujemy, że Twoja wiadomość została dostarczona do:',
    relayed: 'Zgodnie z życzeniem informujemy, że Twoja wiadomość została przekazana serwerowi, który nie potwierdza doręczeń:',
    expanded: 'Zgodnie z życzeniem informujemy, że Twoja wiadomość została przekazana członkom listy:',
  },
  retry: (when) => `Próbujemy do ${when}; jeśli się nie uda, damy znać.`,
  reply: (host) => `Serwer ${host} odpowiedział:`,
  reasons: {
    '1': 'Adres jest nieprawidłowy.',
    '1.1': 'Taki adres nie istnieje. Sprawdź, czy nie ma w nim literówki.',
    '1.2': 'Domena tego adresu nie istnieje lub nie przyjmuje poczty. Sprawdź, czy nie ma w niej literówki.',
    '1.6': 'Adresat zmienił adres i nie zostawił nowego.',
    '1.10': 'Domena tego adresu nie przyjmuje poczty.',
    '2': 'Skrzynka adresata nie może przyjąć tej wiadomości.',
    '2.1': 'Skrzynka adresata jest wyłączona.',
    '2.2': 'Skrzynka adresata jest pełna.',
    '2.3': 'Wiadomość jest za duża dla adresata.',
    '3': 'Serwer adresata nie może w tej chwili przyjąć wiadomości.',
    '3.4': 'Wiadomość jest za duża dla serwera adresata.',
    '4': 'Nie udało się połączyć z serwerem adresata.',
    '4.7': 'Zbyt długo nie udawało się połączyć z serwerem adresata.',
    '5': 'Serwer adresata nas nie zrozumiał.',
    '6': 'Serwer adresata nie przyjmuje wiadomości tego rodzaju.',
    '7': 'Serwer adresata odrzucił wiadomość.',
  },
  originalSubject: (subject) => `Temat Twojej wiadomości: ${subject}`,
  returned: { message: 'Twoja wiadomość jest w załączniku.', header: 'Nagłówek Twojej wiadomości jest w załączniku.' },
};

const CATALOGUES: Readonly<Record<DsnLanguage, Catalogue>> = { en: ENGLISH, pl: POLISH };

/** Texts in a language (`pl`, `pl-PL`); English where we have none. */
export function dsnTexts(language: string): Catalogue {
  return CATALOGUES[language.slice(0, 2).toLowerCase() === 'pl' ? 'pl' : 'en'];
}

/** What an enhanced status code (`5.1.1`) means for people; undefined where it says nothing. */
export function reasonOf(texts: Catalogue, status: string): string | undefined {
  const [, subject, detail] = status.split('.');
  return texts.reasons[`${subject}.${detail}`] ?? texts.reasons[`${subject}`];
}
