/** Causes and remedies in Polish. */
import type { CauseId, CauseText } from './causes.ts';

const CHECK_ADDRESS = 'Sprawdź, czy w adresie nie ma literówki, albo zapytaj adresata o właściwy adres.';
const NOTHING_TO_DO = 'Nie musisz nic robić: próbujemy ponownie.';

export const POLISH: Readonly<Record<CauseId, CauseText>> = {
  'no-such-user': { cause: 'Taki adres nie istnieje.', remedy: CHECK_ADDRESS },
  'perhaps-no-such-user': { cause: '{Server} nie przyjmuje poczty dla tego adresu; najczęściej znaczy to, że adres nie istnieje.', remedy: CHECK_ADDRESS },
  'account-disabled': {
    cause: 'Skrzynka adresata jest wyłączona albo zbyt długo nikt z niej nie korzystał.',
    remedy: 'Skontaktuj się z adresatem inaczej i poproś o adres, którego używa.',
  },
  'mailbox-unavailable': {
    cause: 'Skrzynka nie przyjmuje poczty: adres jest błędny, skrzynka przepełniona albo zawieszona.',
    remedy: 'Sprawdź adres; jeśli jest właściwy, skontaktuj się z adresatem inaczej.',
  },
  'mailbox-full': { cause: 'Skrzynka adresata jest pełna.', remedy: 'Daj o tym znać adresatowi w inny sposób i wyślij wiadomość później.' },
  'mailbox-busy': { cause: 'Adresat dostaje teraz więcej poczty, niż {server} przepuszcza.', remedy: NOTHING_TO_DO },
  moved: { cause: 'Adresat zmienił adres i nie podał nowego.', remedy: 'Zapytaj adresata o nowy adres w inny sposób.' },
  'bad-address': { cause: 'Serwer adresata nie rozumie tego adresu.', remedy: CHECK_ADDRESS },
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
  'icloud-slowed': { cause: 'Apple (iCloud) dostało od naszego serwera zbyt dużo poczty w krótkim czasie i odkłada ją na później.', remedy: NOTHING_TO_DO },
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
  'rate-limited': { cause: '{Server} przyjmuje od nas naraz tylko ograniczoną ilość poczty.', remedy: NOTHING_TO_DO },
  greylisted: { cause: '{Server} odkłada na później pocztę od nadawców, których spotyka po raz pierwszy.', remedy: NOTHING_TO_DO },
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
  'server-busy': { cause: '{Server} jest w tej chwili zajęty lub nieczynny.', remedy: NOTHING_TO_DO },
  'server-full': { cause: '{Server} nie ma w tej chwili miejsca na pocztę.', remedy: NOTHING_TO_DO },
  'server-fault': { cause: '{Server} ma awarię.', remedy: 'Skontaktuj się z adresatem inaczej i daj mu znać, że jego poczta nie działa.' },
  'no-answer': {
    cause: 'Serwer adresata nie odpowiada.',
    remedy: 'Nie musisz nic robić, dopóki próbujemy; jeśli to potrwa, skontaktuj się z adresatem inaczej.',
  },
  'connection-broken': { cause: 'Połączenie z serwerem adresata zostało przerwane.', remedy: NOTHING_TO_DO },
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
  'address-refused': { cause: '{Server} nie uznaje tego adresu.', remedy: CHECK_ADDRESS },
  'mailbox-refused': { cause: 'Skrzynka adresata nie może przyjąć tej wiadomości.', remedy: 'Skontaktuj się z adresatem inaczej.' },
  'policy-refused': {
    cause: '{Server} odrzucił wiadomość zgodnie ze swoimi zasadami.',
    remedy: 'Słowa serwera mogą mówić, z jakiego powodu; skontaktuj się z adresatem inaczej.',
  },
  refused: { cause: '{Server} odrzucił wiadomość.', remedy: 'Słowa serwera mogą mówić dlaczego; najpierw sprawdź adres.' },
  'put-off': { cause: '{Server} nie może w tej chwili przyjąć wiadomości.', remedy: NOTHING_TO_DO },
};
