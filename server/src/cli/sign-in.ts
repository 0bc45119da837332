/** Commands that a user may call too: with `--login` they do what that account may do for itself, once it has shown its password. */
import type { Credentials } from '#server/call-operation.ts';
import { callWith } from './call.ts';
import { type Invocation, type Option, usageError } from './command.ts';
import { loadConfig } from './config-file.ts';

export const LOGIN_OPTIONS: Readonly<Record<'login' | 'password-stdin', Option>> = {
  login: { about: 'as this user, with the password: only what is its own', value: 'LOGIN' },
  'password-stdin': { about: 'with --login: read the password from the first line of standard input instead of asking for it' },
};

const INPUT_LIMIT_BYTES = 8192;

/** An operation and its input. */
export type Call = readonly [name: string, input: unknown];

/** The user's operation with `--login`, else the administrator's. Throws DomainError, CommandError, ConfigError. */
export async function callAs<Output>(invocation: Invocation, calls: { readonly administrator: () => Call; readonly user: () => Call }): Promise<Output> {
  const login = loginOf(invocation);
  const [name, input] = login === undefined ? calls.administrator() : calls.user();
  const config = loadConfig(invocation);
  return await callWith<Output>(config, name, input, login === undefined ? undefined : { login, password: await passwordOf(invocation, login) });
}

function loginOf(invocation: Invocation): string | undefined {
  const login = invocation.value('login');
  if (login === '') throw usageError('--login names an account');
  if (login === undefined && invocation.has('password-stdin')) throw usageError('--password-stdin goes with --login');
  return login;
}

async function passwordOf(invocation: Invocation, login: string): Promise<string> {
  if (!invocation.has('password-stdin')) return await askSecret(invocation, `Password of ${login}: `);
  const [password] = await inputLines(invocation);
  return password;
}

/** The present password of an account, and the one that it wants: undefined where the server is to make one. */
export async function askForPasswords(invocation: Invocation, login: string): Promise<{ readonly signIn: Credentials; readonly wanted: string | undefined }> {
  if (invocation.has('password-stdin')) {
    const [password, wanted] = await inputLines(invocation);
    return { signIn: { login, password }, wanted: wanted === '' ? undefined : wanted };
  }
  const password = await askSecret(invocation, `Password of ${login}: `);
  const wanted = await askSecret(invocation, 'New password (nothing: one is made and shown): ');
  if (wanted !== '' && (await askSecret(invocation, 'New password again: ')) !== wanted) throw usageError('the two new passwords differ');
  return { signIn: { login, password }, wanted: wanted === '' ? undefined : wanted };
}

/** The first two lines of standard input. */
async function inputLines({ terminal }: Invocation): Promise<readonly [first: string, second: string]> {
  const [first = '', second = ''] = (await terminal.readInput(INPUT_LIMIT_BYTES)).split(/\r?\n/);
  if (first === '') throw usageError('--password-stdin was given, but standard input begins with an empty line');
  return [first, second];
}

async function askSecret({ terminal }: Invocation, question: string): Promise<string> {
  const secret = await terminal.askSecret(question);
  if (secret === undefined) throw usageError('there is no terminal to ask for the password; give --password-stdin');
  return secret;
}
