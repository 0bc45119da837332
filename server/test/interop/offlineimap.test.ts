/** offlineimap: several folders both ways, with flags, deletions and new messages from both sides. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { ImapClient } from '../support/line-client.ts';
import { flagMaildirFile, maildirFiles, maildirSide, plainMessage, serverSide } from '../support/mail-sides.ts';
import { needs, program } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { openWorkFolder, type WorkFolder } from '../support/work-folder.ts';

const FOLDERS = ['INBOX', 'praca', 'praca/2026', 'lists'] as const;
const EACH = 30;

test('offlineimap keeps several folders the same on both sides', { ...needs(program('offlineimap')), timeout: 240_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'] });
  using folder = openWorkFolder(server);
  folder.write('offlineimaprc', configuration(server, folder));
  const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  for (const name of FOLDERS) {
    await imap.command(`CREATE ${name}`);
    for (let number = 0; number < EACH; number++) await imap.command(`APPEND ${name} (${number % 2 === 0 ? '\\Seen' : ''})`, plainMessage(`${name}-${number}`));
  }
  const synchronise = async (): Promise<void> => {
    const { status, output } = await folder.run('offlineimap', ['-o', '-c', folder.file('offlineimaprc')]);
    assert.equal(status, 0, output.slice(-3000));
    assert.doesNotMatch(output, /ERROR/);
  };
  const near = (name: string): string => folder.file(`mail/${name.replace('/', '.')}`);
  const assertSame = async (counts: Readonly<Record<string, number>>): Promise<void> => {
    for (const name of FOLDERS) {
      const there = await serverSide(imap, name);
      assert.deepEqual(maildirSide(near(name)), there, name);
      assert.equal(there.size, counts[name] ?? EACH, name);
    }
  };

  await synchronise();
  await assertSame({});

  // Flags of different messages of one folder change on both sides; messages go and come on both.
  const files = maildirFiles(near('praca'));
  files.slice(0, 10).forEach((file) => flagMaildirFile(file, 'FRS'));
  const seen = files.slice(10).find((file) => file.endsWith(':2,S')) ?? assert.fail('no message is seen');
  flagMaildirFile(seen, '');
  await imap.command('SELECT praca');
  await imap.command(`STORE ${EACH - 5}:${EACH} +FLAGS (\\Flagged)`);
  await imap.command('UNSELECT');
  for (const file of maildirFiles(near('praca/2026')).slice(0, 7)) fs.rmSync(file);
  for (let number = 0; number < 5; number++)
    fs.writeFileSync(`${near('lists')}/new/1790000000.${number}.here`, plainMessage(`here-${number}`).replaceAll('\r\n', '\n'));
  await imap.command('SELECT INBOX');
  await imap.command('STORE 1:9 +FLAGS (\\Deleted)');
  await imap.command('EXPUNGE');
  await imap.command('UNSELECT');
  for (let number = 0; number < 4; number++) await imap.command('APPEND lists', plainMessage(`there-${number}`));
  await synchronise();
  const counts = { INBOX: EACH - 9, 'praca/2026': EACH - 7, lists: EACH + 9 };
  await assertSame(counts);
  assert.equal(
    (await serverSide(imap, 'praca'))
      .values()
      .filter((flags) => flags.includes('R'))
      .toArray().length,
    10,
  );

  const before = await states(imap);
  await synchronise();
  await assertSame(counts);
  assert.deepEqual(await states(imap), before, 'nothing changed, so nothing is written');
  imap.close();
});

async function states(imap: ImapClient): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of FOLDERS) found.push(...(await imap.command(`STATUS ${name} (MESSAGES UIDNEXT HIGHESTMODSEQ)`)).untagged);
  return found;
}

function configuration({ ports, password, domain }: TestServer, folder: WorkFolder): string {
  return `[general]
accounts = capri
metadata = ${folder.path}/meta
ui = basic

[Account capri]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = ${folder.path}/mail

[Repository far]
type = IMAP
remotehost = localhost
remoteport = ${ports.imaps}
remoteuser = ala@${domain}
remotepass = ${password}
ssl = yes
sslcacertfile = ${folder.caFile}
maxconnections = 2
folderfilter = lambda name: name in ${JSON.stringify(FOLDERS)}
`;
}
