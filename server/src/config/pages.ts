/** Writes the pages that are made from the source, or with --check says which of them are out of date. Run by `npm run docs` and by the tests. */
import fs from 'node:fs';
import path from 'node:path';
import { EVENTS } from '#log/events.ts';
import { LISTENER_PORTS } from './sections/listeners.ts';
import { configExample, configReference } from './render.ts';
import { toToml } from './values.ts';

/** Every generated page: its path below the repository and its text. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/operating/configuration.md', configReference()],
    ['docs/operating/capri.example.toml', configExample(exampleValues(), new Set(Object.keys(LISTENER_PORTS)))],
    ['docs/operating/log-events.md', eventReference()],
  ]);
}

/** Writes the pages into a clone. */
export function writePages(repository: string): void {
  for (const [name, text] of generatedPages()) fs.writeFileSync(path.join(repository, name), text);
}

function exampleValues(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries({
      'server.hostname': 'mail.example.org',
      'server.domain': 'example.org',
      'server.data_directory': '/var/lib/capri',
      'server.user': 'capri',
      'tls.certificates.certificate': '/etc/letsencrypt/live/mail.example.org/fullchain.pem',
      'tls.certificates.key': '/etc/letsencrypt/live/mail.example.org/privkey.pem',
    }).map(([key, value]) => [key, toToml(value)]),
  );
}

function eventReference(): string {
  const rows = Object.entries(EVENTS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return [
    '# Log events',
    '',
    '<!-- Generated from server/src/log/events.ts by `npm run docs`; do not edit. -->',
    '',
    'Capri writes one JSON line an event to standard error: `time`, `level`, `event` and the fields of the event. Lines of one client carry its `connection`. A `reference` is the id that a client was shown when a programming error met it.',
    '',
    '| event | what happened |',
    '| --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
