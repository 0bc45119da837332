/** The configuration's declaration as pages: the reference (docs/operating/configuration.md) and the commented example that `capri init` starts from. */
import { configNode } from './config.ts';
import { type Doc, type NamedDoc, type SettingDoc, shownPath, type TableDoc } from './node.ts';

/** Values to write into an example instead of a comment: `server.hostname` to its TOML text. */
export type ExampleValues = ReadonlyMap<string, string>;

/** The reference page in Markdown. */
export function configReference(): string {
  const lines = [
    '# capri.toml',
    '',
    '<!-- Generated from server/src/config by `npm run docs`; do not edit. -->',
    '',
    'One file in [TOML](https://toml.io) tells Capri everything it needs to know before it starts; accounts and domains are kept in the data directory and changed with `capri account` and `capri domain`.',
    'Capri reads the file named by `--config`, else `capri.toml` in the current directory, else `/etc/capri/capri.toml`. A key that it does not know is an error, so that a mistyped one never goes unnoticed.',
    'Sizes are written as `"50M"` (units of 1024: K, M, G, T), times as `"30s"`, `"5m"`, `"12h"`, `"7d"`. Relative paths are taken from the directory of the file.',
    '',
    'After a change: `systemctl reload capri` (SIGHUP) reads the certificates again; everything else is read at the next start.',
  ];
  for (const [name, doc] of configNode('/').doc.entries) sectionReference(lines, [name], doc);
  return `${lines.join('\n')}\n`;
}

function sectionReference(lines: string[], path: readonly string[], doc: Doc): void {
  if (doc.kind === 'setting') return;
  const title = shownPath(path);
  lines.push('', `${path.length === 1 ? '##' : '###'} ${doc.kind === 'tables' ? `[[${title}]]` : `[${title}]`}`, '');
  if (doc.about !== '') lines.push(doc.about, '');
  if (doc.kind === 'named') {
    namedReference(lines, path, doc);
    return;
  }
  const { entries } = doc.kind === 'tables' ? doc.each : doc;
  settingRows(lines, entries);
  for (const [key, inner] of entries) sectionReference(lines, [...path, key], inner);
}

function namedReference(lines: string[], path: readonly string[], doc: NamedDoc): void {
  lines.push('| table | | port |', '| --- | --- | --- |');
  for (const name of doc.names) {
    const each = doc.each(name);
    const port = each.entries.find(([key]) => key === 'port')?.[1];
    lines.push(`| \`[${shownPath([...path, name])}]\` | ${each.about} | ${port?.kind === 'setting' ? (port.standard ?? '') : ''} |`);
  }
  const [first] = doc.names;
  if (first === undefined) return;
  lines.push('', 'In each of them:', '');
  settingRows(
    lines,
    doc.each(first).entries.map(([key, inner]) => [key, inner.kind === 'setting' && key === 'port' ? { ...inner, standard: 'as above' } : inner]),
  );
}

function settingRows(lines: string[], entries: TableDoc['entries']): void {
  const settings = entries.filter((entry): entry is readonly [string, SettingDoc] => entry[1].kind === 'setting');
  if (settings.length === 0) return;
  lines.push('| key | what it says | default | value |', '| --- | --- | --- | --- |');
  for (const [key, { about, form, standard, isRequired }] of settings) {
    lines.push(
      `| \`${key}\` | ${about} | ${standard === undefined ? (isRequired ? '*must be written*' : '') : standard === 'as above' ? standard : `\`${standard}\``} | ${form} |`,
    );
  }
}

/**
 * A capri.toml with every setting: those in `values` and the tables of the listeners named are written, all others stand as comments with their defaults.
 */
export function configExample(values: ExampleValues, listeners: ReadonlySet<string>): string {
  const lines: string[] = [
    '# Configuration of Capri. Every setting is here; those behind a # show their default.',
    '# Reference: docs/operating/configuration.md',
  ];
  for (const [name, doc] of configNode('/').doc.entries) sectionExample(lines, [name], doc, values, listeners);
  return `${lines.join('\n')}\n`;
}

function sectionExample(lines: string[], path: readonly string[], doc: Doc, values: ExampleValues, listeners: ReadonlySet<string>): void {
  if (doc.kind === 'setting') return;
  const title = shownPath(path);
  lines.push('');
  if (doc.about !== '') lines.push(`# ${doc.about}`);
  if (doc.kind === 'named') {
    for (const name of doc.names) tableExample(lines, [...path, name], doc.each(name), `[${title}.${name}]`, listeners.has(name), values);
    return;
  }
  const each = doc.kind === 'tables' ? doc.each : doc;
  const isWritten = (doc.kind === 'table' && !doc.isOptional) || [...values.keys()].some((key) => key.startsWith(`${title}.`));
  tableExample(lines, path, { ...each, about: '' }, doc.kind === 'tables' ? `[[${title}]]` : `[${title}]`, isWritten, values);
  for (const [key, inner] of each.entries) sectionExample(lines, [...path, key], inner, values, listeners);
}

function tableExample(lines: string[], path: readonly string[], doc: TableDoc, header: string, isWritten: boolean, values: ExampleValues): void {
  if (doc.about !== '') lines.push('', `# ${doc.about}`);
  lines.push(isWritten ? header : `#${header}`);
  for (const [key, inner] of doc.entries) {
    if (inner.kind !== 'setting') continue;
    const value = values.get(shownPath([...path, key]));
    lines.push(`  # ${inner.about}`, value === undefined ? `  #${key} = ${inner.standard ?? inner.example ?? '""'}` : `  ${key} = ${value}`);
  }
}
