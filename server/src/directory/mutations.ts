/** The mutations of this room, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { addAccount, removeAccount, setState, updateAccount } from './accounts.ts';
import { addAlias, removeAlias } from './addresses.ts';
import { setPassword } from './credentials.ts';
import { addDkimKeys, noteDkimKeys, pruneDkimKeys, switchDkimKeys } from './dkim-keys.ts';
import { addDomain, removeDomain, setDomain } from './domains.ts';
import { markForwardTold } from './forward-outcomes.ts';
import { rotateForwardSecrets } from './forward-secrets.ts';
import { addForward, confirmForward, removeForward, resumeForward } from './forwards.ts';
import { recordSignIns } from './sign-in-record.ts';
import { finishRemoval, pruneDirectory } from './tend-directory.ts';

export const DIRECTORY_MUTATIONS: readonly AnyMutation[] = [
  addDomain,
  setDomain,
  removeDomain,
  addDkimKeys,
  noteDkimKeys,
  switchDkimKeys,
  pruneDkimKeys,
  addAccount,
  updateAccount,
  setState,
  removeAccount,
  setPassword,
  addAlias,
  removeAlias,
  addForward,
  removeForward,
  confirmForward,
  resumeForward,
  markForwardTold,
  rotateForwardSecrets,
  recordSignIns,
  finishRemoval,
  pruneDirectory,
];
