/** The version of this program, as package.json has it. */
import fs from 'node:fs';
import path from 'node:path';

export const VERSION: string = readVersion();

function readVersion(): string {
  const file = path.join(import.meta.dirname, '../../package.json');
  const content: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
  return typeof content === 'object' && content !== null && 'version' in content ? String(content.version) : 'unknown';
}
