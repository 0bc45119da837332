/**
 * The RFC index (`rfc/index.tsv`): well-formed, sorted once by number, and every RFC that the source cites is listed there.
 */
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const problems: string[] = [];
const listed = new Set<string>();

for (const [index, line] of fs.readFileSync(path.join(root, 'rfc/index.tsv'), 'utf8').trimEnd().split('\n').entries()) {
  if (index === 0 || line.startsWith('#')) continue;
  const [number = '', title = '', status = '', where = ''] = line.split('\t');
  if (!/^\d+$/.test(number) || title === '' || !['full', 'partial', 'planned'].includes(status))
    problems.push(`rfc/index.tsv:${index + 1}: needs RFC, title, status (full, partial, planned), where: ${line}`);
  if (listed.has(number)) problems.push(`rfc/index.tsv:${index + 1}: RFC ${number} is listed twice`);
  listed.add(number);
  for (const place of where.split(/[ ,]+/).filter((part) => part !== '')) {
    if (status !== 'planned' && !fs.existsSync(path.join(root, 'server/src', place)) && !fs.existsSync(path.join(root, place)))
      problems.push(`rfc/index.tsv:${index + 1}: there is no ${place}`);
  }
}
for (const file of fs.globSync('server/src/**/*.ts', { cwd: root })) {
  for (const [, number = ''] of fs.readFileSync(path.join(root, file), 'utf8').matchAll(/\bRFC (\d{3,5})\b/g)) {
    if (!listed.has(number)) problems.push(`${file}: cites RFC ${number}, which rfc/index.tsv does not list`);
  }
}

for (const problem of new Set(problems)) process.stdout.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);
