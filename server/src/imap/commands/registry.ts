/** Every command. An extension adds its file here and its capability in capabilities.ts. */
import type { Command } from '../command.ts';
import { append } from './append.ts';
import { authenticate } from './authenticate.ts';
import { capability } from './capability.ts';
import { check } from './check.ts';
import { close } from './close.ts';
import { copy } from './copy.ts';
import { create } from './create.ts';
import { deleteCommand } from './delete.ts';
import { enable } from './enable.ts';
import { id } from './id.ts';
import { idle } from './idle.ts';
import { list } from './list.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { lsub } from './lsub.ts';
import { move } from './move.ts';
import { namespace } from './namespace.ts';
import { noop } from './noop.ts';
import { expunge } from './expunge.ts';
import { fetch } from './fetch.ts';
import { getQuota, getQuotaRoot, setQuota } from './quota.ts';
import { rename } from './rename.ts';
import { search } from './search.ts';
import { examine, select } from './select.ts';
import { startTls } from './starttls.ts';
import { status } from './status.ts';
import { store } from './store.ts';
import { subscribe, unsubscribe } from './subscribe.ts';
import { unselect } from './unselect.ts';

const COMMANDS: readonly Command<unknown>[] = [
  capability,
  noop,
  logout,
  id,
  startTls,
  login,
  authenticate,
  enable,
  select,
  examine,
  create,
  deleteCommand,
  rename,
  subscribe,
  unsubscribe,
  list,
  lsub,
  namespace,
  status,
  getQuota,
  getQuotaRoot,
  setQuota,
  idle,
  check,
  close,
  unselect,
  append,
  fetch,
  search,
  store,
  copy,
  move,
  expunge,
];

const byName: ReadonlyMap<string, Command<unknown>> = new Map(COMMANDS.map((command) => [command.name, command]));

/** The command of this name (capitals). */
export function commandNamed(name: string): Command<unknown> | undefined {
  return byName.get(name);
}
