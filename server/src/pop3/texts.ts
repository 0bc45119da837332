/**
 * What POP3 says to people, in the languages of LANG. Replies are first of all for programs: what matters stands before the text.
 * RFC 6856 §3
 */

/** English (ASCII, the default: RFC 5646 i-default) and Polish. */
export type Text = readonly [english: string, polish: string];

export const ready: Text = ['Capri is ready', 'Capri jest gotowe'];
export const bye: Text = ['Goodbye', 'Do widzenia'];
export const byeRemoved: Text = ['Goodbye, the marked messages are removed', 'Do widzenia, zaznaczone wiadomości usunięto'];
export const capabilities: Text = ['Capability list follows', 'Lista możliwości'];
export const mechanisms: Text = ['Mechanisms follow', 'Lista mechanizmów'];
export const languages: Text = ['Languages follow', 'Lista języków'];
export const languageChosen: Text = ['I speak English now', 'Mówię teraz po polsku'];
export const listing: Text = ['Listing follows', 'Lista'];
export const topFollows: Text = ['Top of the message follows', 'Początek wiadomości'];
export const marked: Text = ['Message marked for removal', 'Wiadomość zaznaczona do usunięcia'];
export const unmarked: Text = ['No message is marked any more', 'Żadna wiadomość nie jest już zaznaczona'];
export const nothing: Text = ['Done', 'Gotowe'];
export const utf8On: Text = ['UTF-8 is on', 'UTF-8 włączone'];
export const startTls: Text = ['Begin TLS', 'Rozpocznij TLS'];
export const passwordNext: Text = ['Send your password', 'Podaj hasło'];
export const signedIn: Text = ['Signed in', 'Zalogowano'];
export const messages: Text = ['messages', 'wiadomości'];
export const octets: Text = ['octets', 'oktetów'];
export const needsTls: Text = ['Use STLS first: sign-in is possible only with TLS', 'Najpierw STLS: logowanie możliwe tylko z TLS'];
export const tlsActive: Text = ['TLS is active already', 'TLS już działa'];
export const pipelinedTls: Text = ['Nothing may follow STLS before TLS has begun', 'Po STLS nic nie może nastąpić przed rozpoczęciem TLS'];
export const userFirst: Text = ['Send USER first', 'Najpierw podaj USER'];
export const unknownCommand: Text = ['Unknown command', 'Nieznane polecenie'];
export const wrongState: Text = ['Not now: this command belongs to another state', 'Nie teraz: to polecenie należy do innego stanu'];
export const lineTooLong: Text = ['The line is too long', 'Wiersz jest za długi'];
export const notText: Text = ['The line is not valid UTF-8 or holds control characters', 'Wiersz nie jest poprawnym UTF-8 lub zawiera znaki sterujące'];
export const badArgument: Text = ['Wrong argument', 'Zły argument'];
export const noMessage: Text = ['There is no such message', 'Nie ma takiej wiadomości'];
export const isMarked: Text = ['The message is marked for removal', 'Wiadomość jest zaznaczona do usunięcia'];
export const isGone: Text = ['The message has been removed meanwhile', 'Wiadomość została w międzyczasie usunięta'];
/** The same for every cause. */
export function refused(helpUrl: string | undefined): Text {
  const help = helpUrl === undefined ? '' : `: ${helpUrl}`;
  return [
    `Sign-in refused; with a second factor on, use an app password${help}`,
    `Odmowa logowania; przy włączonym drugim składniku użyj hasła aplikacji${help}`,
  ];
}
export const cancelled: Text = ['Authentication cancelled', 'Uwierzytelnianie przerwane'];
export const unknownMechanism: Text = ['Unknown mechanism', 'Nieznany mechanizm'];
export const unknownLanguage: Text = ['I do not speak that language', 'Nie znam tego języka'];
export const tooSoon: Text = ['You have signed in a moment ago: try again later', 'Logowanie było przed chwilą: spróbuj później'];
export const tooManyBad: Text = ['Too many bad commands', 'Za dużo złych poleceń'];
export const lostAccess: Text = ['The account was changed: sign in again', 'Konto zostało zmienione: zaloguj się ponownie'];
export const stopping: Text = ['The server is stopping', 'Serwer kończy pracę'];
export const timeout: Text = ['Silent for too long', 'Zbyt długa cisza'];
export const notRemoved: Text = ['The marked messages could not be removed: try again later', 'Nie udało się usunąć zaznaczonych wiadomości: spróbuj później'];
export const temporary: Text = ['Not possible at the moment: try again later', 'Chwilowo niemożliwe: spróbuj później'];
export const noMaildrop: Text = ['There is no mailbox for this account', 'To konto nie ma skrzynki'];
export const bug: Text = ['Internal error, reference', 'Błąd wewnętrzny, numer'];
