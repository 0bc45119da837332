/** Every command, in the order of the help text. */
import type { Command } from '../command.ts';
import { accountCommands } from './account.ts';
import { aliasCommands } from './alias.ts';
import { domainCommands } from './domain.ts';

export const COMMANDS: readonly Command[] = [...domainCommands, ...accountCommands, ...aliasCommands];
