/** The mails about forwards, in the languages of the service. */

export interface MailText {
  readonly subject: string;
  readonly text: string;
}

export interface ConfirmationFacts {
  /** The address whose mail is to be forwarded, or the account's first. */
  readonly source: string;
  readonly target: string;
  readonly code: string;
  /** `2026-11-30` */
  readonly until: string;
}

export interface KeptFacts {
  readonly source: string;
  readonly target: string;
  readonly author: string;
  readonly authorDomain: string;
  readonly subject: string;
  /** The id of the SMTP reply. */
  readonly id: string;
}

export interface PausedFacts {
  readonly source: string;
  readonly target: string;
  /** Who refused last, and in which words. */
  readonly host: string | undefined;
  readonly reply: string;
  /** What it means and what to do, where that is known. */
  readonly explanation: string | undefined;
  readonly failures: number;
}

interface Catalogue {
  readonly confirmation: (facts: ConfirmationFacts) => MailText;
  readonly kept: (facts: KeptFacts) => MailText;
  /** The author claims to be from here. */
  readonly forged: (facts: KeptFacts) => MailText;
  readonly paused: (facts: PausedFacts) => MailText;
}

/** `pl` and `pl-PL` are Polish; everything else is English. */
export function forwardLanguage(language: string): 'en' | 'pl' {
  return /^pl(?:-|$)/i.test(language) ? 'pl' : 'en';
}

export function forwardTexts(language: string): Catalogue {
  return forwardLanguage(language) === 'pl' ? POLISH : ENGLISH;
}

const ENGLISH: Catalogue = {
  confirmation: ({ source, target, code, until }) => ({
    subject: `Do you agree to get the mail of ${source}?`,
    text: `The mail of ${source} is to be forwarded to ${target}.

If you want that, answer this message; what you write in the answer does not matter. Or give this
code to whoever looks after ${source}:

    ${code}

The code can be used once, until ${until}. If you know nothing of this, do nothing: without
your answer no mail is forwarded to you.
`,
  }),
  kept: ({ source, target, author, authorDomain, subject, id }) => ({
    subject: `Not forwarded, but kept for you: mail from ${authorDomain}`,
    text: `This message to ${source} was not forwarded to ${target}. It is in your mailbox here.

    From:     ${author}
    Subject:  ${subject}
    Id:       ${id}

The domain ${authorDomain} asks all servers to refuse mail in its name that cannot prove
where it comes from (DMARC), and this message has no valid signature (DKIM) of that domain. What
proves its origin here is lost when it is forwarded, so the next server would have refused it.

You need not do anything: read it here. If it happens often, tell the sender that their mail
has no DKIM signature. We write to you about each domain at most once a day.
`,
  }),
  forged: ({ source, target, author, authorDomain, subject, id }) => ({
    subject: `Not forwarded: mail that claims to be from ${authorDomain}`,
    text: `This message to ${source} was not forwarded to ${target}. It is in your mailbox here.

    From:     ${author}
    Subject:  ${subject}
    Id:       ${id}

It names an author of ${authorDomain}, a domain of this server, but came from elsewhere, and nothing
proves that it is genuine. Forwarded from here, it would look as if it were. Be careful with it.

If it comes from a machine or a form of yours, ask the administrator of this server to let that machine
send through it, or to name it in the SPF record of ${authorDomain}. We write to you about this at most
once a day.
`,
  }),
  paused: ({ source, target, host, reply, explanation, failures }) => ({
    subject: `Forwarding to ${target} is paused`,
    text: `Mail of ${source} is not forwarded to ${target} any more: ${failures} messages were
refused, or came back. From now on all mail stays in your mailbox here. What was refused so far is here too,
unless you had chosen to keep no copy; then its senders were told.

${host === undefined ? 'The last refusal' : `${host} said last`}:

    ${reply}
${explanation === undefined ? '' : `\n${explanation}\n`}
When the cause is mended, let the administrator of this server resume the forwarding.
`,
  }),
};

const POLISH: Catalogue = {
  confirmation: ({ source, target, code, until }) => ({
    subject: `Czy chcesz otrzymywać pocztę adresu ${source}?`,
    text: `Poczta adresu ${source} ma być przekazywana na adres ${target}.

Jeśli się na to zgadzasz, odpowiedz na tę wiadomość; treść odpowiedzi nie ma znaczenia. Możesz też
podać ten kod osobie, która opiekuje się adresem ${source}:

    ${code}

Kodu można użyć raz, do ${until}. Jeśli nic o tym nie wiesz, nic nie rób: bez Twojej
odpowiedzi żadna poczta nie będzie do Ciebie przekazywana.
`,
  }),
  kept: ({ source, target, author, authorDomain, subject, id }) => ({
    subject: `Nieprzekazana, ale zachowana dla Ciebie: poczta z ${authorDomain}`,
    text: `Ta wiadomość do ${source} nie została przekazana na adres ${target}. Jest w Twojej skrzynce tutaj.

    Od:       ${author}
    Temat:    ${subject}
    Id:       ${id}

Domena ${authorDomain} prosi wszystkie serwery, by odrzucały pocztę w jej imieniu, która nie
może dowieść swojego pochodzenia (DMARC), a ta wiadomość nie ma ważnego podpisu (DKIM) tej domeny.
To, co dowodzi jej pochodzenia tutaj, ginie przy przekazaniu, więc następny serwer by ją odrzucił.

Nie musisz nic robić: przeczytaj ją tutaj. Jeśli zdarza się to często, daj znać nadawcy, że jego
poczta nie ma podpisu DKIM. O każdej domenie piszemy do Ciebie najwyżej raz dziennie.
`,
  }),
  forged: ({ source, target, author, authorDomain, subject, id }) => ({
    subject: `Nieprzekazana: wiadomość, która podaje się za pocztę z ${authorDomain}`,
    text: `Ta wiadomość do ${source} nie została przekazana na adres ${target}. Jest w Twojej skrzynce tutaj.

    Od:       ${author}
    Temat:    ${subject}
    Id:       ${id}

Jako autora podaje adres z ${authorDomain}, domeny tego serwera, ale przyszła z zewnątrz i nic nie
dowodzi, że jest prawdziwa. Przekazana stąd wyglądałaby na prawdziwą. Bądź ostrożny.

Jeśli pochodzi z Twojego urządzenia lub formularza, poproś administratora tego serwera, by pozwolił mu
wysyłać przez ten serwer albo dopisał go do rekordu SPF domeny ${authorDomain}. Piszemy do Ciebie o tym
najwyżej raz dziennie.
`,
  }),
  paused: ({ source, target, host, reply, explanation, failures }) => ({
    subject: `Przekazywanie na adres ${target} jest wstrzymane`,
    text: `Poczta adresu ${source} nie jest już przekazywana na adres ${target}: liczba wiadomości
odrzuconych lub zwróconych: ${failures}. Odtąd cała poczta zostaje w Twojej skrzynce tutaj. To, co odrzucono
dotąd, też tu jest, chyba że kopie miały nie zostawać; wtedy powiadomiono nadawców.

${host === undefined ? 'Ostatnia odmowa' : `Ostatnio ${host} odpowiedział`}:

    ${reply}
${explanation === undefined ? '' : `\n${explanation}\n`}
Gdy przyczyna zostanie usunięta, poproś administratora tego serwera o wznowienie przekazywania.
`,
  }),
};
