/** LANG: lists the languages of replies, or chooses one. RFC 6856 §3 */
import { utf8 } from '#core/bytes.ts';
import type { Command } from '../command.ts';
import { Pop3Error } from '../errors.ts';
import { findLanguage, LANGUAGES } from '../languages.ts';
import * as texts from '../texts.ts';

export const lang: Command = {
  name: 'LANG',
  states: ['authorization', 'transaction'],
  async run(session, argument) {
    if (argument === '') {
      session.ok(texts.languages);
      return session.lines(LANGUAGES.map(({ tag, name }) => utf8(`${tag} ${name}`).toString('latin1')));
    }
    const language = findLanguage(argument);
    if (language === undefined) throw new Pop3Error(texts.unknownLanguage);
    session.language = language;
    session.ok(texts.languageChosen, language.tag);
  },
};
