/** What a command is: its words, its options, what it does. One file in commands/ a subject; the list is in commands/list.ts. */
import { parseArgs } from 'node:util';

export interface Option {
  readonly about: string;
  /** What stands for the value in help texts: `A`; left out for options without a value. */
  readonly value?: string;
  /** Whether it may be given several times. */
  readonly isMultiple?: boolean;
}

export interface Command {
  /** `account add`, `dev` */
  readonly name: string;
  readonly about: string;
  /** The words after the name, all of which must be given: `LOGIN`. */
  readonly operands: readonly string[];
  /** Any number of further words, and what they are: `ID`. */
  readonly moreOperands?: string;
  readonly options: Readonly<Record<string, Option>>;
  run(invocation: Invocation): Promise<void>;
}

/** A command as somebody called it. */
export interface Invocation {
  readonly operands: readonly string[];
  /** The value of an option; undefined where it was not given. */
  value(option: string): string | undefined;
  /** All values of an option that may be given several times. */
  values(option: string): readonly string[];
  has(option: string): boolean;
  /** `--config`; undefined where it was not given. */
  readonly configFile: string | undefined;
  /** `--json` */
  readonly isJson: boolean;
  readonly terminal: Terminal;
}

/** Where a command speaks to: the process's streams, or a test's. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** All that comes in on standard input, at most `limitBytes`. */
  readInput(limitBytes: number): Promise<string>;
  /** Asks for a line that is not shown while it is typed; undefined where nobody sits in front of it. */
  askSecret(question: string): Promise<string | undefined>;
}

/** A command that was called wrongly or cannot do what was asked; the message is one line for a person. */
export class CommandError extends Error {
  readonly exitStatus: number;

  constructor(message: string, exitStatus: number = 1) {
    super(message);
    this.name = 'CommandError';
    this.exitStatus = exitStatus;
  }
}

/** Wrong usage: exit status 2, as with most programs. */
export function usageError(message: string): CommandError {
  return new CommandError(message, 2);
}

/** Options that every command takes. */
export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  config: { about: 'the configuration file; else ./capri.toml, else /etc/capri/capri.toml', value: 'FILE' },
  json: { about: 'print JSON instead of text' },
  help: { about: 'show this help' },
};

/** `capri account add LOGIN [--address A] ...` */
export function usageLine(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => `[${optionForm(name, option)}]${option.isMultiple === true ? '...' : ''}`);
  const more = command.moreOperands === undefined ? [] : [`[${command.moreOperands}...]`];
  return ['capri', command.name, ...command.operands, ...more, ...options].join(' ');
}

/** `--address A` */
export function optionForm(name: string, option: Option): string {
  return option.value === undefined ? `--${name}` : `--${name} ${option.value}`;
}

/** Reads the words after a command's name. Throws CommandError. */
export function parseInvocation(command: Command, words: readonly string[], terminal: Terminal): Invocation & { readonly wantsHelp: boolean } {
  const options = { ...COMMON_OPTIONS, ...command.options };
  const { values, positionals } = parse(command, words, options);
  const valuesOf = (name: string): readonly (string | boolean)[] => values[name] ?? [];
  for (const [name, option] of Object.entries(options)) {
    if (option.isMultiple !== true && valuesOf(name).length > 1) throw usageError(`--${name} was given twice`);
  }
  const wantsHelp = valuesOf('help').length > 0;
  const isFitting = positionals.length === command.operands.length || (command.moreOperands !== undefined && positionals.length > command.operands.length);
  if (!wantsHelp && !isFitting) {
    const missing = command.operands[positionals.length];
    throw usageError(
      `${missing === undefined ? `"${positionals[command.operands.length] ?? ''}" is one word too many` : `${missing} is missing`}; usage: ${usageLine(command)}`,
    );
  }
  const texts = (name: string): readonly string[] => valuesOf(name).filter((value) => typeof value === 'string');
  return {
    operands: positionals,
    value: (option) => texts(option)[0],
    values: texts,
    has: (option) => valuesOf(option).length > 0,
    configFile: texts('config')[0],
    isJson: valuesOf('json').length > 0,
    terminal,
    wantsHelp,
  };
}

function parse(
  command: Command,
  words: readonly string[],
  options: Readonly<Record<string, Option>>,
): { values: Readonly<Record<string, ReadonlyArray<string | boolean> | undefined>>; positionals: string[] } {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      { type: option.value === undefined ? ('boolean' as const) : ('string' as const), multiple: true as const },
    ]),
  );
  try {
    return parseArgs({ args: [...words], options: config, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error);
    throw usageError(`${message}; usage: ${usageLine(command)}`);
  }
}
