/** Every mutation that the writer can be asked for, of all rooms: whoever defines one adds it here (mutations.test.ts finds those that were forgotten). */
import { addAccount, removeAccount, setState, updateAccount } from '#directory/accounts.ts';
import { addAlias, removeAlias, setPrimaryAddress } from '#directory/addresses.ts';
import { setPassword } from '#directory/credentials.ts';
import { addDomain, removeDomain, setDomain } from '#directory/domains.ts';
import { recordSignIns } from '#directory/sign-in-record.ts';
import { STORE_MUTATIONS } from '#store/mutations.ts';
import type { AnyMutation } from '#store/sqlite/writer.ts';

const DIRECTORY_MUTATIONS: readonly AnyMutation[] = [
  addAccount,
  updateAccount,
  setState,
  removeAccount,
  addAlias,
  removeAlias,
  setPrimaryAddress,
  setPassword,
  addDomain,
  setDomain,
  removeDomain,
  recordSignIns,
];

export const MUTATIONS: readonly AnyMutation[] = [...STORE_MUTATIONS, ...DIRECTORY_MUTATIONS];
