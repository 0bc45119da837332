import type { Words } from './words.ts';

const place = (name: string, address: string): string => {
  if (address === '' || address === 'local') return name === '' ? 'tego komputera' : name;
  return name === '' ? address : `${name} (${address})`;
};
const actor = (name: string): string => (name === '' ? '' : ` (${name})`);

export const POLISH: Words = {
  and: 'i',
  place,
  tls: (version, cipher) => ` przez TLS ${version}${cipher === '' ? '' : ` (${cipher})`}`,
  inTheClear: ' bez szyfrowania',

  received: (from, line) => `Odebrano od ${from}${line}.`,
  submitted: (login, from, line) => `Wysyła ${login} z ${from}${line}.`,
  made: 'Napisał ją sam serwer.',
  checks: (results) => `${results}.`,
  noDkim: 'brak podpisu DKIM',
  toJunk: (reasons) => `Skierowano do Junk: ${reasons}.`,
  wouldRefuse: (reasons) => `Zostałaby odrzucona, gdyby decyzje były wykonywane: ${reasons}.`,
  accepted: (reasons) => `Przyjęto: ${reasons}.`,
  reasons: {
    'author-passes': 'autor jest potwierdzony (DMARC)',
    'no-policy': 'domena autora o nic nie prosi',
    'temporary-error': 'DNS nie odpowiedział',
    arc: 'zaufany serwer poświadczył, że tam przeszła (ARC)',
    'policy-quarantine': 'domena autora prosi, aby niepotwierdzone trafiały do Junk (DMARC)',
    'policy-reject': 'domena autora prosi o odrzucanie niepotwierdzonych (DMARC)',
    indirect: 'przyszła przez listę lub przekierowanie',
    'dkim-survives': 'czyjś podpis jest dobry',
    'spf-of-another': 'serwer może wysyłać pocztę domeny z koperty',
    'nobody-vouches': 'nikt za nią nie ręczy',
    'spf-fail': 'serwer nie może wysyłać poczty domeny z koperty (SPF)',
    'several-from': 'podaje więcej niż jednego autora',
    'long-header': 'ma nagłówek zbyt długi, by go sprawdzić',
  },
  filedFor: (mailbox, login, address) => `Doręczono do ${mailbox}: ${login}${address === '' ? '' : ` (${address})`}.`,
  refused: (from, reasons) => `Odrzucono od ${from}${reasons === '' ? '' : `: ${reasons}`}.`,
  answered: (reply) => `Odpowiedzieliśmy: ${reply}`,

  queued: (recipients) => `W kolejce do wysłania: ${recipients}.`,
  delivered: (recipients, host, line) => `Dostarczono do ${recipients}${host === '' ? '' : `, przyjął ${host}`}${line}.`,
  deferred: (recipients) => `Jeszcze nie dostarczono do ${recipients}.`,
  bounced: (recipients) => `Nie udało się dostarczyć do ${recipients}.`,
  said: (host, reply) => `${host} odpowiedział: ${reply}`,
  found: (text) => `Stwierdziliśmy: ${text}`,
  verified: {
    dane: 'serwer sprawdzony przez DANE',
    'mta-sts': 'serwer sprawdzony, jak wymaga MTA-STS',
    route: 'serwer sprawdzony, jak wymaga trasa',
    message: 'serwer sprawdzony, jak wymaga wiadomość',
    none: 'serwer sprawdzony',
  },
  unverified: (problem) => (problem === '' ? 'serwer niesprawdzony' : `serwer niesprawdzony: ${problem}`),
  repeated: (recipients) => `Może dotrzeć dwa razy do ${recipients}.`,
  becauseOf: (cause) => `Powód: ${cause}.`,
  suppressed: (recipients) => `Nie wysłano do ${recipients}: adres jest na liście tych, które nie przyjmują poczty.`,
  suppressedFrom: (recipients, bounces) => `Odtąd nic nie jest wysyłane do ${recipients}${bounces === '' ? '' : `; odmów: ${bounces}`}.`,
  noticed: {
    failed: (recipients) => `Nadawcę zawiadomiono o niepowodzeniu (${recipients}).`,
    delayed: (recipients) => `Nadawcę zawiadomiono o opóźnieniu (${recipients}).`,
    relayed: (recipients) => `Nadawcę zawiadomiono o przekazaniu dalej (${recipients}).`,
    delivered: (recipients) => `Nadawcę zawiadomiono o doręczeniu (${recipients}).`,
  },

  held: (name) => `Wstrzymano${actor(name)}.`,
  released: (name) => `Zwolniono${actor(name)}.`,
  retried: (name) => `Ponowiono od razu${actor(name)}.`,
  dropped: (name) => `Usunięto z kolejki${actor(name)}; nadawcy nie zawiadomiono.`,
  limited: 'Odmówiono lub spowolniono: z konta wysłano więcej, niż wolno.',
  actors: { limit: 'limity konta', limits: 'limity konta', account: 'wstrzymanie konta', administrator: 'administrator' },

  forwarded: (from, to) => `Przekazano z ${from} do ${to}.`,
  kept: (from, to) => `Nie przekazano z ${from} do ${to}; wiadomość została tutaj.`,
  keptReasons: {
    junk: 'uznano ją za spam',
    dmarc: 'druga strona odrzuciłaby ją, bo nic już nie potwierdza autora',
    forged: 'podaje się za pocztę z naszej domeny, a nic tego nie potwierdza',
    loop: 'krążyła w kółko',
    depth: 'przekazywano ją zbyt wiele razy',
    unknown: 'przekierowanie donikąd nie prowadzi',
  },
  confirmed: (target) => `${target} zgadza się na przekazywanie poczty.`,

  moved: (from, to) => `Przeniesiono z ${from} do ${to}`,
  copied: (from, to) => `Skopiowano z ${from} do ${to}`,
  appended: (to) => `Umieszczono w ${to}`,
  marked: (mailbox) => `Oznaczono do usunięcia w ${mailbox}`,
  deleted: (mailbox) => `Usunięto z ${mailbox}`,
  deletedMailbox: (mailbox, messages) => `Usunięto z całą skrzynką ${mailbox} (wiadomości: ${messages})`,
  by: (login, door, address) => `: ${login} przez ${door}${address === '' || address === 'local' ? '' : ` z ${address}`}`,
  withOthers: (others) => `, razem z innymi (${others})`,

  unknown: (event) => `${event}.`,
  story: (messageId) => `Wiadomość ${messageId}`,
  noMessageId: 'bez Message-ID',
  queueId: 'identyfikator',
  from: 'Od',
  to: 'Do',
  nullSender: 'nikt (zawiadomienie)',
  nothing: 'Nic o tym nie wiadomo.',
};
