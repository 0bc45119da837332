/** Help texts, made from the list of commands. */
import { type Command, COMMON_OPTIONS, type Option, optionForm, usageLine } from './command.ts';

/** What `capri` and `capri help` print. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name, operands }) => [name, ...operands].join(' ').length));
  const lines = commands.map(({ name, operands, about }) => `  capri ${[name, ...operands].join(' ').padEnd(width)}  ${about}`);
  return [
    'Capri, a complete mail service in one program.',
    '',
    ...lines,
    '',
    '`capri COMMAND --help` explains a command. Every command takes --config FILE and --json.',
    '',
  ].join('\n');
}

/** What `capri COMMAND --help` prints. */
export function commandHelp(command: Command): string {
  const rows = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  const width = Math.max(...rows.map(([name, option]) => optionForm(name, option).length));
  const row = ([name, option]: [string, Option]): string => `  ${optionForm(name, option).padEnd(width)}  ${option.about}`;
  return [`usage: ${usageLine(command)}`, '', `${command.about}.`, '', ...rows.map(row), ''].join('\n');
}
