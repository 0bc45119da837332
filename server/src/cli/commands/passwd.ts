import type { WithPassword } from '#admin/credentials.ts';
import { callWith, report } from '../call.ts';
import { type Command, usageError } from '../command.ts';
import { loadConfig } from '../config-file.ts';
import { askForPasswords, LOGIN_OPTIONS } from '../sign-in.ts';
import { passwordLine } from './account.ts';

export const passwdCommand: Command = {
  name: 'passwd',
  about: 'Take another password, as the user with --login; the administrator has `account passwd`',
  operands: [],
  options: {
    login: LOGIN_OPTIONS.login,
    'password-stdin': { about: 'read the present password from the first line of standard input, the new one from the second (without: one is made)' },
  },
  async run(invocation) {
    const login = invocation.value('login');
    if (login === undefined || login === '') throw usageError('--login LOGIN is missing: whose password is it?');
    const config = loadConfig(invocation);
    const { signIn, wanted } = await askForPasswords(invocation, login);
    const changed = await callWith<WithPassword>(config, 'own.passwd', wanted === undefined ? {} : { password: wanted }, signIn);
    report(invocation, changed, (output) => `Account ${output.login} has another password.\n${passwordLine(output.password)}`);
  },
};
