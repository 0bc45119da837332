/** The mutations of this room, for the writer's list. */
import { createAccountMail } from './account-mail.ts';
import { append } from './append.ts';
import { claimRecent } from './claim-recent.ts';
import { copyMessages, moveMessages } from './copy-messages.ts';
import { createMailbox } from './create-mailbox.ts';
import { deleteMailbox } from './delete-mailbox.ts';
import { expunge } from './expunge.ts';
import {
  destroyOrphans,
  freeBodies,
  markEmptied,
  markRemoved,
  moveBodies,
  pruneLog,
  purgeDeletedMailbox,
  recordLiveBytes,
  sealSegments,
  sweepThreadKeys,
} from './housekeeping-mutations.ts';
import { renameMailbox } from './rename-mailbox.ts';
import { subscribe } from './subscribe.ts';
import { updateFlags } from './update-flags.ts';
import type { AnyMutation } from './sqlite/writer.ts';

export const STORE_MUTATIONS: readonly AnyMutation[] = [
  createAccountMail,
  append,
  updateFlags,
  copyMessages,
  moveMessages,
  expunge,
  claimRecent,
  createMailbox,
  renameMailbox,
  deleteMailbox,
  subscribe,
  purgeDeletedMailbox,
  destroyOrphans,
  sweepThreadKeys,
  pruneLog,
  freeBodies,
  sealSegments,
  recordLiveBytes,
  moveBodies,
  markEmptied,
  markRemoved,
];
