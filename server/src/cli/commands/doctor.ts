import fs from 'node:fs';
import { DomainError } from '#core/errors.ts';
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
    refuseReadOnly(dataDirectory);
    await refuseUnrecovered(dataDirectory);
    const problems = await checkStore(dataDirectory);
    report(invocation, { problems }, () => (problems.length === 0 ? 'The store is sound.\n' : problems.map(({ kind, text }) => `${kind}: ${text}\n`).join('')));
    if (problems.length > 0) {
      throw new CommandError(
        `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in the store of ${dataDirectory}; keep a copy of it before anything is changed`,
      );
    }
  },
};

/** SQLite writes beside the database (its log's index) also when it only reads. */
function refuseReadOnly(directory: string): void {
  if (!fs.existsSync(directory)) return;
  try {
    fs.accessSync(directory, fs.constants.W_OK);
  } catch {
    throw new CommandError(
      `${directory} cannot be written to, which the check needs for its lock: copy it to a place where it can, name that as data_directory, and check the copy`,
    );
  }
}

/** After a power cut the store is as the cut left it until it is opened for writing: what would be found is mended by the next start. */
async function refuseUnrecovered(directory: string): Promise<void> {
  const [{ lockDirectory }, { countLostGroups }, { journalDirectory }] = await Promise.all([
    import('#store/sqlite/lock.ts'),
    import('#store/journal/recover.ts'),
    import('#store/journal/place.ts'),
  ]);
  if (!fs.existsSync(journalDirectory(directory))) return;
  let lost = 0;
  try {
    using _ = lockDirectory(directory);
    lost = countLostGroups(directory);
  } catch (error) {
    // A running server has done it already.
    if (error instanceof DomainError && error.code === 'not-permitted') return;
    throw error;
  }
  if (lost > 0)
    throw new CommandError(
      `the machine went down before the last ${lost === 1 ? 'change was' : `${lost} groups of changes were`} in the database of ${directory}; the journal has them: start the server, which puts them back, and check again`,
    );
}
