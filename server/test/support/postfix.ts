/**
 * Debian's Postfix as the server that takes our mail: a whole instance in a temporary directory, on free ports of loopback, which asks the test at every stage of
 * every conversation what to answer (its policy protocol), and files what it takes as Maildir. It needs root, as Postfix does.
 */
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import { freePort } from './free-port.ts';
import { program, run } from './outside.ts';

const NOBODY = 65_534;
const authority = makeAuthority('Postfix test', Date.now());

/** Options for a test that needs it. */
export const POSTFIX_NEEDS: ReadonlyArray<{ readonly name: string; readonly isThere: boolean }> = [
  { name: 'postfix', isThere: fs.existsSync('/usr/sbin/postfix') },
  { name: 'root', isThere: process.getuid?.() === 0 },
];
export const UNBOUND_NEEDS: ReadonlyArray<{ readonly name: string; readonly isThere: boolean }> = [
  { name: 'unbound', isThere: fs.existsSync('/usr/sbin/unbound') },
  program('ldns-signzone'),
];

/** What Postfix asks: `protocol_state` is CONNECT, EHLO, MAIL, RCPT, DATA or END-OF-MESSAGE. */
export interface PolicyQuestion {
  readonly state: string;
  readonly sender: string;
  readonly recipient: string;
}

export interface Postfix extends AsyncDisposable {
  /** Takes mail, with STARTTLS. */
  readonly port: number;
  /** The same, with TLS that nobody can agree on. */
  readonly brokenTlsPort: number;
  /** The same, without STARTTLS. */
  readonly plainPort: number;
  /** PEM: the server's certificate, then its authority. */
  readonly certificate: string;
  readonly ca: string;
  /** Decides every answer: an action of access(5), such as `DUNNO`, `450 4.2.0 later`, `421 4.3.2 bye`. */
  answer: (question: PolicyQuestion) => string;
  /** The messages for one recipient, in no order. */
  received(recipient: string): readonly string[];
  log(): string;
}

export async function startPostfix(): Promise<Postfix> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-postfix-'));
  fs.chmodSync(folder, 0o755);
  for (const name of ['conf', 'spool', 'data', 'mail']) fs.mkdirSync(path.join(folder, name));
  fs.chownSync(path.join(folder, 'mail'), NOBODY, NOBODY);
  const owned = await run('chown', ['postfix:', path.join(folder, 'data')]);
  if (owned.status !== 0) throw new Error(owned.output);
  const issued = issueCertificate(authority, ['mx.peer.test'], { nowMs: Date.now() });
  fs.writeFileSync(path.join(folder, 'conf/tls.pem'), issued.key + issued.certificate, { mode: 0o600 });
  const [port, brokenTlsPort, plainPort] = [await freePort(), await freePort(), await freePort()];
  let answer: Postfix['answer'] = () => 'DUNNO';
  const policy = await startPolicy((question) => answer(question));
  fs.writeFileSync(path.join(folder, 'conf/main.cf'), mainText(folder, policy.port));
  fs.writeFileSync(path.join(folder, 'conf/master.cf'), masterText(port, brokenTlsPort, plainPort));
  const control = (word: string): ReturnType<typeof run> => run('/usr/sbin/postfix', ['-c', path.join(folder, 'conf'), word]);
  const logFile = path.join(folder, 'maillog');
  const started = await control('start');
  const postfix: Postfix = {
    port,
    brokenTlsPort,
    plainPort,
    certificate: issued.certificate,
    ca: authority.certificate,
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
    received: (recipient) => {
      const inbox = path.join(folder, 'mail/all/new');
      const all = fs.existsSync(inbox) ? fs.readdirSync(inbox).map((name) => fs.readFileSync(path.join(inbox, name), 'latin1')) : [];
      return all.filter((text) => text.includes(`\nDelivered-To: ${recipient}\n`));
    },
    log: () => (fs.existsSync(logFile) ? fs.readFileSync(logFile, 'utf8') : ''),
    async [Symbol.asyncDispose]() {
      await control('stop');
      await policy[Symbol.asyncDispose]();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  if (started.status === 0) return postfix;
  await postfix[Symbol.asyncDispose]();
  throw new Error(`postfix did not start: ${started.output}`);
}

function mainText(folder: string, policyPort: number): string {
  const policy = `check_policy_service inet:127.0.0.1:${policyPort}`;
  return `compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${folder}/maillog
maillog_file_prefixes = ${os.tmpdir()}, /tmp, /var
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.peer.test
mydestination =
mynetworks =
local_header_rewrite_clients =
alias_maps =
alias_database =
disable_dns_lookups = yes
virtual_mailbox_domains = inline:{peer.test=x}
virtual_mailbox_maps = static:all/
virtual_mailbox_base = ${folder}/mail
virtual_transport = virtual
virtual_uid_maps = static:${NOBODY}
virtual_gid_maps = static:${NOBODY}
smtpd_delay_reject = no
smtpd_client_restrictions = ${policy}
smtpd_helo_restrictions = ${policy}
smtpd_sender_restrictions = ${policy}
smtpd_relay_restrictions = permit_auth_destination, reject
smtpd_recipient_restrictions = ${policy}
smtpd_data_restrictions = ${policy}
smtpd_end_of_data_restrictions = ${policy}
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${folder}/conf/tls.pem
smtpd_tls_session_cache_database =
smtpd_tls_loglevel = 1
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
smtpd_hard_error_limit = 1000
smtpd_soft_error_limit = 1000
smtpd_recipient_limit = 1000
smtpd_error_sleep_time = 0
message_size_limit = 20000000
virtual_mailbox_limit = 0
smtputf8_enable = yes
`;
}

function masterText(port: number, brokenTlsPort: number, plainPort: number): string {
  return `${port} inet n - n - - smtpd
${brokenTlsPort} inet n - n - - smtpd -o smtpd_tls_protocols=<=TLSv1 -o smtpd_tls_mandatory_protocols=<=TLSv1
${plainPort} inet n - n - - smtpd -o smtpd_tls_security_level=none
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;
}

/** Postfix's policy delegation: lines `name=value`, an empty line, and one line back. */
async function startPolicy(decide: (question: PolicyQuestion) => string): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    let buffer = '';
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      buffer += chunk.toString('latin1');
      for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
        const values = new Map(
          buffer
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
        );
        buffer = buffer.slice(end + 2);
        const question = { state: values.get('protocol_state') ?? '', sender: values.get('sender') ?? '', recipient: values.get('recipient') ?? '' };
        socket.write(`action=${decide(question)}\n\n`);
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
