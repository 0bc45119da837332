import { localTime, tellStories, type ToldStory } from '#trail/tell/tell-story.ts';
import { report } from '../call.ts';
import { type Command, type Invocation, usageError } from '../command.ts';
import { LANG_OPTION, languageOf } from '../language.ts';
import { callAs, LOGIN_OPTIONS } from '../sign-in.ts';

export const trailCommand: Command = {
  name: 'trail',
  about: 'Show what happened to a message, or to the mail of an address',
  operands: ['MESSAGE-ID|ADDRESS|ID'],
  options: {
    since: { about: 'messages of which something happened since then: 2026-11-23, "2026-11-23 14:00", or how long ago: 3d, 12h, 30m', value: 'TIME' },
    until: { about: 'and before then', value: 'TIME' },
    limit: { about: 'the newest so many messages; 20 if nothing is said, 200 at most', value: 'N' },
    lang: LANG_OPTION,
    as: { about: 'only what this account may see of it', value: 'LOGIN' },
    ...LOGIN_OPTIONS,
  },
  async run(invocation) {
    const language = languageOf(invocation);
    const as = invocation.value('as');
    if (as !== undefined && invocation.has('login')) throw usageError('--as is for the administrator: --login shows what is its own anyway');
    const input = defined({
      key: invocation.operands[0],
      since: momentOf(invocation, 'since'),
      until: momentOf(invocation, 'until'),
      limit: limitOf(invocation),
    });
    const stories = await callAs<readonly ToldStory[]>(invocation, {
      administrator: () => ['trail.find', { ...input, ...defined({ as }) }],
      user: () => ['own.trail', input],
    });
    report(invocation, stories, (told) => tellStories(told, language, localTime));
  },
};

const AGES: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Local time where no zone is given. */
function momentOf(invocation: Invocation, option: string): string | undefined {
  const text = invocation.value(option);
  if (text === undefined) return undefined;
  const age = /^(\d{1,6})([mhd])$/.exec(text);
  if (age) return new Date(Date.now() - Number(age[1]) * (AGES[age[2] ?? ''] ?? 0)).toISOString();
  // A date alone would be read as that of Greenwich.
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T')) : Number.NaN;
  if (Number.isNaN(time)) throw usageError(`--${option} is a date ("2026-11-23"), a time ("2026-11-23 14:00"), or how long ago ("3d", "12h", "30m")`);
  return new Date(time).toISOString();
}

function limitOf(invocation: Invocation): number | undefined {
  const text = invocation.value('limit');
  if (text === undefined) return undefined;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 200) throw usageError('--limit is a number from 1 to 200');
  return limit;
}

/** Without what was not given. */
function defined(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}
