import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, parseConfig, readConfig } from './read.ts';

const MINIMUM = '[server]\nhostname = "mail.example.org"\ndomain = "example.org"\n';

test('the smallest file has every default filled in', () => {
  const config = parseConfig(MINIMUM, '/etc/capri/capri.toml');
  assert.deepEqual(config.server, {
    hostname: 'mail.example.org',
    domain: 'example.org',
    dataDirectory: '/var/lib/capri',
    user: undefined,
    group: undefined,
    signInHelpUrl: undefined,
  });
  assert.equal(config.limits.messageSizeBytes, 50 * 1024 * 1024);
  assert.deepEqual(config.pop3, { loginDelaySeconds: 300, isLoginDelayEnforced: false, loginDelayBurst: 5, idleTimeoutMs: 600_000 });
  assert.deepEqual([config.listeners.size, config.lmtp, config.queue.smarthost, config.queue.routes], [0, undefined, undefined, []]);
});

test('a listener is open when its table is there, on its IANA port', () => {
  const config = parseConfig(`${MINIMUM}[listeners.imaps]\n[listeners.smtp]\nport = 2525\naddresses = ["[::1]"]\nproxy_from = ["10.0.0.0/8"]\n`, 'c.toml');
  assert.deepEqual(
    [...config.listeners],
    [
      ['imaps', { addresses: ['0.0.0.0', '::'], port: 993, proxyFrom: [] }],
      ['smtp', { addresses: ['::1'], port: 2525, proxyFrom: ['10.0.0.0/8'] }],
    ],
  );
});

test('relative paths are taken from the directory of the file', () => {
  const config = parseConfig(`${MINIMUM}data_directory = "data"\n[[tls.certificates]]\ncertificate = "c.pem"\nkey = "/k.pem"\n`, '/srv/mail/capri.toml');
  assert.equal(config.server.dataDirectory, '/srv/mail/data');
  assert.deepEqual(config.tls.certificates, [{ certificateFile: '/srv/mail/c.pem', keyFile: '/k.pem' }]);
});

test('host names are kept as lower-case A-labels', () => {
  const config = parseConfig('[server]\nhostname = "Poczta.Żółw.pl"\ndomain = "żółw.pl"\n', 'c.toml');
  assert.deepEqual([config.server.hostname, config.server.domain], ['poczta.xn--w-uga1v8h.pl', 'xn--w-uga1v8h.pl']);
});

test('sizes and times are read with their units', () => {
  const config = parseConfig(
    `${MINIMUM}[limits]\nmessage_size = "1G"\nsign_in_time = "1500ms"\nhandshake_time = "2s"\nwrite_timeout = "1m"\n[queue]\nretry = ["1s", "2h"]\n[store]\nfree_space_mark = 4096\n`,
    'c.toml',
  );
  assert.deepEqual(
    [config.limits.messageSizeBytes, config.limits.unauthenticatedTimeoutMs, config.limits.handshakeTimeoutMs, config.limits.writeTimeoutMs],
    [2 ** 30, 1500, 2000, 60_000],
  );
  assert.deepEqual([config.queue.retryDelaysMs, config.store.freeSpaceMarkBytes], [[1000, 7_200_000], 4096]);
});

test('a web address is kept in the form in which it is sent', () => {
  const config = parseConfig(`${MINIMUM}sign_in_help = "https://pomoc.żółw.pl/co dalej"\n`, 'c.toml');
  assert.equal(config.server.signInHelpUrl, 'https://pomoc.xn--w-uga1v8h.pl/co%20dalej');
  for (const text of ['www.example.org', 'javascript:alert(1)', 'https://jan:secret@example.org/', `https://example.org/${'x'.repeat(200)}`]) {
    assert.throws(() => parseConfig(`${MINIMUM}sign_in_help = "${text}"\n`, 'c.toml'), /server\.sign_in_help = .* is not valid; write a web address/, text);
  }
});

const GOLDEN: ReadonlyArray<readonly [name: string, text: string, message: string]> = [
  ['an unknown key names the nearest known one', `${MINIMUM}hostnam = "x"\n`, 'c.toml:4:1: unknown key "hostnam" in [server]; did you mean "hostname"?'],
  ['an unknown key far from all names them all', `${MINIMUM}[threads]\nxyzzy = 1\n`, 'c.toml:5:1: unknown key "xyzzy" in [threads]; known keys are protocol'],
  ['an unknown section', `${MINIMUM}\n[limit]\n`, 'c.toml:5:1: unknown key "limit" at the top; did you mean "limits"?'],
  ['an unknown listener', `${MINIMUM}[listeners.imapss]\n`, 'c.toml:4:1: unknown key "imapss" in [listeners]; did you mean "imaps"?'],
  ['a missing key', '[server]\nhostname = "a.example"\n', 'c.toml:1:1: server.domain is missing; write a host name, such as "mail.example.org"'],
  ['an empty file', '', 'c.toml:1:1: server.hostname is missing; write a host name, such as "mail.example.org"'],
  [
    'a bad size',
    `${MINIMUM}[limits]\nmessage_size = "50X"\n`,
    'c.toml:5:1: limits.message_size = "50X" is not valid; write a size from "64K" to "1G", such as "50M"',
  ],
  [
    'a size out of range',
    `${MINIMUM}[limits]\nmessage_size = 1\n`,
    'c.toml:5:1: limits.message_size = 1 is not valid; write a size from "64K" to "1G", such as "50M"',
  ],
  [
    'a bad time',
    `${MINIMUM}[imap]\nidle_time = 30\n`,
    'c.toml:5:1: imap.idle_time = 30 is not valid; write a time of at least "1s", such as "30s", "5m", "12h" or "7d"',
  ],
  [
    'no pause between attempts',
    `${MINIMUM}[queue]\nretry = ["0s"]\n`,
    'c.toml:5:10: queue.retry[0] = "0s" is not valid; write a list of times of at least "1s", such as ["5m", "1h"]',
  ],
  [
    'a number out of range',
    `${MINIMUM}[listeners.smtp]\nport = 70000\n`,
    'c.toml:5:1: listeners.smtp.port = 70000 is not valid; write a whole number from 1 to 65535',
  ],
  [
    'a bad element of a list',
    `${MINIMUM}[listeners.smtp]\naddresses = ["::1",\n  "localhost"]\n`,
    'c.toml:6:3: listeners.smtp.addresses[1] = "localhost" is not valid; write a list of IP addresses, such as ["0.0.0.0", "::"]',
  ],
  ['a bad word', `${MINIMUM}[log]\nlevel = "loud"\n`, 'c.toml:5:1: log.level = "loud" is not valid; write one of "error", "warn", "info"'],
  [
    'a key in a list of tables',
    `${MINIMUM}[[tls.certificates]]\ncertificate = "a"\nkey = "b"\n[[tls.certificates]]\ncertificate = "a"\nkye = "b"\n`,
    'c.toml:9:1: unknown key "kye" in [tls.certificates[1]]; did you mean "key"?',
  ],
  [
    'a table where a list belongs',
    `${MINIMUM}[tls.certificates]\n`,
    'c.toml:4:1: tls.certificates must be a list of tables, each begun with [[tls.certificates]]',
  ],
  ['a value where a table belongs', `log = 1\n${MINIMUM}`, 'c.toml:1:1: log must be a table, [log] on a line of its own'],
  ['no TOML', '[server\n', 'c.toml:1:8: illegal character in key'],
];

for (const [name, text, message] of GOLDEN) {
  test(`${name}: one clear line`, () => {
    assert.throws(() => parseConfig(text, 'c.toml'), new ConfigError(message));
  });
}

test('a file that is not there says what to do', () => {
  assert.throws(
    () => readConfig('/nowhere/capri.toml'),
    new ConfigError('there is no /nowhere/capri.toml; make one with "capri init", or name another with --config'),
  );
  assert.throws(() => readConfig('/tmp'), new ConfigError('/tmp is a directory; name the file in it with --config'));
});
