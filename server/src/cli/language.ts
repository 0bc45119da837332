/** The language of what a command tells at length. */
import { type Invocation, type Option, usageError } from './command.ts';

export type Language = 'en' | 'pl';

export const LANG_OPTION: Option = { about: 'the language: pl or en; else that of the terminal', value: 'LANGUAGE' };

/** As the user asked for it, else as the terminal is set; English where that is neither. */
export function languageOf(invocation: Invocation): Language {
  const asked = invocation.value('lang');
  if (asked === 'pl' || asked === 'en') return asked;
  if (asked !== undefined) throw usageError('--lang is pl or en');
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  return (LC_ALL || LC_MESSAGES || LANG || '').startsWith('pl') ? 'pl' : 'en';
}
