import { becomeOwner } from '#server/privileges.ts';
import { type Command, CommandError, usageError } from '../command.ts';
import { report } from '../call.ts';
import { loadConfig } from '../config-file.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  about: 'Check that all is well',
  operands: [],
  options: { store: { about: 'the store: counters, uids, references, segments and change log agree with each other' } },
  async run(invocation) {
    if (!invocation.has('store')) throw usageError('say what to check: --store');
    const { dataDirectory } = loadConfig(invocation).server;
    const { checkStore } = await import('#store/check.ts');
    becomeOwner(dataDirectory);
    const problems = await checkStore(dataDirectory);
    report(invocation, { problems }, () => (problems.length === 0 ? 'The store is sound.\n' : problems.map(({ kind, text }) => `${kind}: ${text}\n`).join('')));
    if (problems.length > 0) {
      throw new CommandError(
        `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in the store of ${dataDirectory}; keep a copy of it before anything is changed`,
      );
    }
  },
};
