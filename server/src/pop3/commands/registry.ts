/** All commands. */
import type { Command } from '../command.ts';
import { auth } from './auth.ts';
import { capa } from './capa.ts';
import { dele } from './dele.ts';
import { lang } from './lang.ts';
import { list } from './list.ts';
import { noop } from './noop.ts';
import { pass } from './pass.ts';
import { quit } from './quit.ts';
import { retr } from './retr.ts';
import { rset } from './rset.ts';
import { stat } from './stat.ts';
import { stls } from './stls.ts';
import { top } from './top.ts';
import { uidl } from './uidl.ts';
import { user } from './user.ts';
import { utf8 } from './utf8.ts';

const commands: readonly Command[] = [auth, capa, dele, lang, list, noop, pass, quit, retr, rset, stat, stls, top, uidl, user, utf8];
const byName: ReadonlyMap<string, Command> = new Map(commands.map((command) => [command.name, command]));

/** The command of a name in capitals. */
export function commandNamed(name: string): Command | undefined {
  return byName.get(name);
}
