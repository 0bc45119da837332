/** The command line from its words to its exit status. Every error is one clear line on standard error. */
import { DomainError } from '#core/errors.ts';
import { nearest } from '#config/node.ts';
import { ConfigError } from '#config/read.ts';
import { type Command, CommandError, parseInvocation, type Terminal, usageError } from './command.ts';
import { COMMANDS } from './commands/list.ts';
import { commandHelp, overview } from './help.ts';
import { VERSION } from '#server/version.ts';

/** Runs a command; resolves to the exit status when it has ended. */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(words, terminal);
  } catch (error) {
    terminal.err(`capri: ${oneLine(messageOf(error))}\n`);
    if (process.env.CAPRI_DEBUG !== undefined && error instanceof Error) terminal.err(`${error.stack ?? ''}\n`);
    return error instanceof CommandError ? error.exitStatus : 1;
  }
}

async function dispatch(words: readonly string[], terminal: Terminal): Promise<number> {
  const { leading, rest } = splitLeading(words);
  const [first] = rest;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    terminal.out(overview(COMMANDS));
    return first === undefined ? 2 : 0;
  }
  if (first === '--version' || first === 'version') {
    terminal.out(`capri ${VERSION}\n`);
    return 0;
  }
  const command = findCommand(rest, terminal);
  const invocation = parseInvocation(command, [...leading, ...rest.slice(command.name.split(' ').length)], terminal);
  if (invocation.wantsHelp) {
    terminal.out(commandHelp(command));
    return 0;
  }
  await command.run(invocation);
  return 0;
}

/** `--config FILE` and `--json` may also stand before the command. */
function splitLeading(words: readonly string[]): { readonly leading: readonly string[]; readonly rest: readonly string[] } {
  let at = 0;
  for (;;) {
    const word = words[at];
    if (word === '--config') at += 2;
    else if (word === '--json' || word?.startsWith('--config=') === true) at++;
    else return { leading: words.slice(0, at), rest: words.slice(at) };
  }
}

function findCommand(words: readonly string[], terminal: Terminal): Command {
  const [first = '', second = ''] = words;
  const said = `${words.join(' ')} `;
  const found = COMMANDS.find(({ name }) => said.startsWith(`${name} `));
  if (found) return found;
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0) {
    if (second === '' || second === '--help') terminal.err(`${group.map(commandHelp).join('\n')}\n`);
    throw usageError(`capri ${first} needs one of: ${group.map(({ name }) => name.slice(first.length + 1)).join(', ')}`);
  }
  const near = nearest(first, [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''))]);
  throw usageError(`there is no command "${first}"; ${near === undefined ? '`capri help` lists them all' : `did you mean "${near}"?`}`);
}

function messageOf(error: unknown): string {
  if (error instanceof CommandError || error instanceof ConfigError || error instanceof DomainError) return error.message;
  return error instanceof Error ? error.message : String(error);
}

function oneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, '; ');
}
