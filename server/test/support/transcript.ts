/**
 * Conversations as test files: what the client says, what the server must answer, line by line. For every door whose protocol is made of lines.
 *
 *     # A comment, or nothing: ignored. The file's first comment should say what requirement it shows.
 *     C: USER jan                    the client sends the line and CRLF
 *     C< PASS a\x00b\r\nQUIT\r\n     the client sends just these octets; \r \n \t \\ \xHH
 *     C* 300 NOOP                    the client sends the line so many times
 *     S: +OK {.*} ready              the server's next line; what stands in {} is a regular expression, the rest is taken literally
 *     S* {\+OK.*}                    any number of lines of this form (none, too), up to the first that is not
 *     T:                             TLS begins
 *     X:                             the server closes the connection, and has said nothing more
 *     W: 50                          wait so many milliseconds
 *
 * A number names another client of the same conversation: `C2:`, `S2:`. Client 1 connects at once, others at their first line. Where the server speaks
 * first, the greeting is an `S:` line. ${name} is replaced by the variable; {name=regex} binds one from what the server said. In regular expressions,
 * write \x7b and \x7d for braces.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineClient } from './net.ts';

const LINE_TIMEOUT_MS = 10_000;

export interface TranscriptOptions {
  readonly port: number;
  /** Whether TLS begins before the first line. */
  readonly implicitTls?: boolean;
  readonly variables?: Readonly<Record<string, string>>;
}

/** The `.txt` files of a folder under server/test/transcripts, by name. */
export function transcriptsOf(folder: string): ReadonlyArray<{ readonly name: string; readonly text: string }> {
  const directory = join(import.meta.dirname, '../transcripts', folder);
  const files = readdirSync(directory).filter((file) => file.endsWith('.txt'));
  return files.sort().map((file) => ({ name: file.slice(0, -4), text: readFileSync(join(directory, file), 'utf8') }));
}

/** Plays a transcript against a server; throws an AssertionError that names the line where the server said something else. */
export async function playTranscript(text: string, options: TranscriptOptions): Promise<void> {
  const clients = new Map<string, LineClient>();
  const pushedBack = new Map<string, string>();
  const variables: Record<string, string> = { ...options.variables };
  const clientOf = async (name: string): Promise<LineClient> => {
    const known = clients.get(name);
    if (known) return known;
    const client = await (options.implicitTls === true ? LineClient.tls(options.port) : LineClient.plain(options.port));
    clients.set(name, client);
    return client;
  };
  const lineOf = async (name: string, where: string): Promise<string> => {
    const earlier = pushedBack.get(name);
    pushedBack.delete(name);
    return earlier ?? within(where, (await clientOf(name)).line());
  };

  try {
    await clientOf('1');
    for (const [index, line] of text.split('\n').entries()) {
      const where = `line ${index + 1}: ${line}`;
      if (line.trim() === '' || line.startsWith('#')) continue;
      const [, kind, name = '1', form, rest = ''] = /^([CSTXW])([2-9])?([:<*]) ?(.*)$/.exec(line) ?? assert.fail(`not a transcript line: ${where}`);
      const argument = substitute(rest, variables, where);
      switch (`${kind}${form}`) {
        case 'C:':
          (await clientOf(name)).sendBytes(Buffer.from(`${argument}\r\n`));
          break;
        case 'C<':
          (await clientOf(name)).sendBytes(unescapeOctets(argument));
          break;
        case 'C*': {
          const [, count, repeated] = /^(\d+) (.*)$/.exec(argument) ?? assert.fail(`a count is missing: ${where}`);
          (await clientOf(name)).sendBytes(Buffer.from(`${repeated}\r\n`.repeat(Number(count))));
          break;
        }
        case 'S:': {
          const said = decode(await lineOf(name, where));
          const match = patternOf(argument).exec(said) ?? assert.fail(`${where}\n  the server said: ${said}`);
          Object.assign(variables, match.groups);
          break;
        }
        case 'S*': {
          const pattern = patternOf(argument);
          let said = await lineOf(name, where);
          while (pattern.test(decode(said))) said = await lineOf(name, where);
          pushedBack.set(name, said);
          break;
        }
        case 'T:':
          await within(where, (await clientOf(name)).startTls());
          break;
        case 'X:':
          assert.equal(pushedBack.get(name) ?? (await within(where, (await clientOf(name)).rest())), '', where);
          break;
        case 'W:':
          await new Promise((resolve) => {
            setTimeout(resolve, Number(argument));
          });
          break;
        default:
          assert.fail(`not a transcript line: ${where}`);
      }
    }
  } finally {
    for (const client of clients.values()) client[Symbol.dispose]();
  }
}

/** A pattern for a whole line: literal text, and in braces regular expressions, with a name where it is to be bound. */
function patternOf(text: string): RegExp {
  const source = text.split(/(\{[^}]*\})/).map((part) => {
    if (!part.startsWith('{')) return part.replace(/[\\^$.*+?()[\]|{}]/g, String.raw`\$&`);
    const [, name, expression = ''] = /^\{(?:([A-Za-z]\w*)=)?(.*)\}$/s.exec(part) ?? [];
    return name === undefined ? `(?:${expression})` : `(?<${name}>${expression})`;
  });
  return new RegExp(`^${source.join('')}$`, 'su');
}

function substitute(text: string, variables: Readonly<Record<string, string>>, where: string): string {
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => variables[name] ?? assert.fail(`no variable ${name}: ${where}`));
}

function unescapeOctets(text: string): Buffer {
  const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' };
  const bytes = Buffer.from(text).toString('latin1');
  return Buffer.from(
    bytes.replace(/\\(?:x([0-9a-fA-F]{2})|([rnt\\]))/g, (_, hex: string | undefined, letter: string | undefined) =>
      hex === undefined ? (escapes[letter ?? ''] ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  );
}

/** Lines come as Latin-1; files are UTF-8. */
function decode(line: string): string {
  return Buffer.from(line, 'latin1').toString('utf8');
}

async function within<T>(where: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `${where}\n  the server did not answer in time` })), LINE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    throw new Error(where, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
