/** All commands of SMTP, submission and LMTP by verb. */
import type { Command } from '../command.ts';
import { auth } from './auth.ts';
import { bdat } from './bdat.ts';
import { data } from './data.ts';
import { ehlo, helo, lhlo } from './hello.ts';
import { helpFor } from './help.ts';
import { mail } from './mail.ts';
import { noop } from './noop.ts';
import { quit } from './quit.ts';
import { rcpt } from './rcpt.ts';
import { rset } from './rset.ts';
import { starttls } from './starttls.ts';
import { expn, vrfy } from './vrfy.ts';

const commands: readonly Command[] = [helo, ehlo, lhlo, mail, rcpt, data, bdat, rset, noop, vrfy, expn, auth, starttls, quit];

export const COMMANDS: ReadonlyMap<string, Command> = new Map([...commands, helpFor(commands)].map((command) => [command.verb, command]));
