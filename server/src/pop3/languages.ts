/** The languages of replies. RFC 6856 §3 */

export interface Language {
  readonly tag: string;
  /** In the language itself, for the listing. */
  readonly name: string;
  readonly index: 0 | 1;
}

export const ENGLISH: Language = { tag: 'en', name: 'English', index: 0 };
export const LANGUAGES: readonly Language[] = [ENGLISH, { tag: 'pl', name: 'polski', index: 1 }];

/** The best language for a range such as `pl-PL`; `*` is the default. RFC 4647 §3.4 (lookup) */
export function findLanguage(range: string): Language | undefined {
  if (range === '*' || range.toLowerCase() === 'i-default') return ENGLISH;
  const primary = range.toLowerCase().split('-')[0];
  return LANGUAGES.find(({ tag }) => tag === primary);
}
