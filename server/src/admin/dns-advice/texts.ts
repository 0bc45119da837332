/** What each record is for, in the administrator's language. */
import type { Purpose } from './advice.ts';
import type { RecordStatus } from './look.ts';

export type AdviceLanguage = 'en' | 'pl';

const PURPOSES: Readonly<Record<AdviceLanguage, Readonly<Record<Purpose, string>>>> = {
  en: {
    mx: 'Leads mail for the domain to this server.',
    address: 'The addresses of this server, as they are seen from the Internet.',
    ptr: 'The name of the address; whoever rents you the address sets it. Large providers refuse mail from addresses without one.',
    spf: 'Says that this server may send for the domain. If you send through others too (a relay, a newsletter service), add theirs to the same record.',
    'spf-helo': 'The same for the name of the server itself, which bounces are sent under.',
    dkim: 'The key that signatures of your mail are checked with.',
    'dkim-upcoming': 'The key that follows. Publish it now and leave the old one where it is; it is used by itself once it has been seen here for long enough.',
    'dkim-retired': 'An old key. It must stay while mail that it has signed is on its way, and can be removed afterwards.',
    dmarc: 'Says what others do with mail that only pretends to be yours, and where they report about it. Anything from p=quarantine on protects the domain.',
    'mta-sts': 'Says that others must send mail for the domain over TLS with a valid certificate.',
    'tls-rpt': 'Where others report about TLS towards this server.',
    service: 'Lets mail programs find the server by themselves.',
  },
  pl: {
    mx: 'Kieruje pocztę domeny na ten serwer.',
    address: 'Adresy tego serwera, widziane z Internetu.',
    ptr: 'Nazwa adresu; ustawia ją dostawca, od którego masz adres. Duże serwisy odrzucają pocztę z adresów bez nazwy.',
    spf: 'Mówi, że ten serwer może wysyłać pocztę domeny. Jeśli wysyłasz też przez innych (przekaźnik, newsletter), dopisz ich do tego samego rekordu.',
    'spf-helo': 'To samo dla nazwy samego serwera, pod którą wychodzą zwroty.',
    dkim: 'Klucz, którym inni sprawdzają podpisy Twojej poczty.',
    'dkim-upcoming': 'Następny klucz. Opublikuj go teraz, a starego nie ruszaj; serwer sam zacznie go używać, gdy będzie widoczny dostatecznie długo.',
    'dkim-retired': 'Stary klucz. Musi zostać, dopóki w drodze jest poczta nim podpisana; potem można go usunąć.',
    dmarc: 'Mówi, co inni mają robić z pocztą, która tylko udaje Twoją, i gdzie o tym donosić. Domenę chroni każda polityka od p=quarantine wzwyż.',
    'mta-sts': 'Mówi, że pocztę dla domeny trzeba wysyłać przez TLS z ważnym certyfikatem.',
    'tls-rpt': 'Gdzie inni donoszą o TLS w stronę tego serwera.',
    service: 'Dzięki niemu programy pocztowe same znajdują serwer.',
  },
};

const STATUSES: Readonly<Record<AdviceLanguage, Readonly<Record<RecordStatus, string>>>> = {
  en: { there: 'ok', missing: 'missing', different: 'different', unknown: 'unknown' },
  pl: { there: 'jest', missing: 'brak', different: 'inny', unknown: 'nie wiadomo' },
};

const WORDS = {
  en: { found: 'found instead', until: 'needed until', importance: { needed: 'needed', recommended: 'recommended', optional: 'optional', remove: 'old' } },
  pl: { found: 'zamiast tego jest', until: 'potrzebny do', importance: { needed: 'konieczny', recommended: 'zalecany', optional: 'dowolny', remove: 'stary' } },
} as const;

export function purposeText(purpose: Purpose, language: AdviceLanguage): string {
  return PURPOSES[language][purpose];
}

export function statusText(status: RecordStatus, language: AdviceLanguage): string {
  return STATUSES[language][status];
}

export function adviceWords(language: AdviceLanguage): (typeof WORDS)[AdviceLanguage] {
  return WORDS[language];
}
