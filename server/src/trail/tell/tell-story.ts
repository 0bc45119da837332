/** The story of a message for a person: who to whom, then what happened, line by line with local times. */
import type { ExplainLanguage } from '../explain/explain-reply.ts';
import { oneLine } from './details.ts';
import type { ToldEvent } from './event.ts';
import { tellEvent, wordsOf } from './tell-event.ts';

export interface ToldStory {
  readonly queueId: string;
  readonly messageId: string;
  readonly events: readonly ToldEvent[];
}

/** Characters of a line. */
const WIDTH = 120;
const INDENT = '  ';

/** Text for a terminal. `timeOf` writes a moment as the reader knows it. */
export function tellStories(stories: readonly ToldStory[], language: ExplainLanguage, timeOf: (at: string) => string): string {
  if (stories.length === 0) return `${wordsOf(language).nothing}\n`;
  return stories.map((story) => tellStory(story, language, timeOf)).join('\n');
}

function tellStory({ queueId, messageId, events }: ToldStory, language: ExplainLanguage, timeOf: (at: string) => string): string {
  const words = wordsOf(language);
  const [first] = events;
  const lines = [`${words.story(messageId === '' ? words.noMessageId : oneLine(messageId))}${queueId === '' ? '' : ` (${words.queueId} ${queueId})`}`];
  if (first !== undefined && first.queueId !== '') {
    lines.push(`${INDENT}${words.from}: ${first.sender === '' ? words.nullSender : oneLine(first.sender)}`);
    const addresses = first.recipients.map(({ address }) => oneLine(address));
    if (addresses.length > 0) lines.push(...wrapped(`${words.to}: ${addresses.slice(0, 50).join(', ')}${addresses.length > 50 ? ' …' : ''}`, INDENT, INDENT));
  }
  for (const event of events) {
    const time = timeOf(event.at);
    lines.push(...wrapped(tellEvent(event, language), `${INDENT}${time}  `, INDENT + ' '.repeat(time.length + 2)));
  }
  return `${lines.join('\n')}\n`;
}

/** `2026-11-23 13:00:05 +01:00`, in the zone of this process. */
export function localTime(at: string): string {
  const date = new Date(at);
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000).toISOString();
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}

function wrapped(text: string, first: string, rest: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  lines.push(line);
  return lines;
}
