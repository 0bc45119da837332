/** Every command, in the order of the help text. */
import type { Command } from '../command.ts';
import { accountCommands } from './account.ts';
import { aliasCommands } from './alias.ts';
import { devCommand } from './dev.ts';
import { doctorCommand } from './doctor.ts';
import { domainDnsCommands } from './domain-dns.ts';
import { domainCommands } from './domain.ts';
import { forwardCommands } from './forward.ts';
import { initCommand } from './init.ts';
import { passwdCommand } from './passwd.ts';
import { suppressionCommands } from './queue-suppressions.ts';
import { queueCommands } from './queue.ts';
import { reportCommands } from './reports.ts';
import { serveCommand } from './serve.ts';
import { trailCommand } from './trail.ts';

export const COMMANDS: readonly Command[] = [
  devCommand,
  initCommand,
  serveCommand,
  ...domainCommands,
  ...domainDnsCommands,
  ...accountCommands,
  passwdCommand,
  ...aliasCommands,
  ...forwardCommands,
  ...queueCommands,
  ...suppressionCommands,
  ...reportCommands,
  trailCommand,
  doctorCommand,
];
