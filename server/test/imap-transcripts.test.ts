import { describe, it } from 'node:test';
import { openImapServer } from './support/imap.ts';
import { playTranscript, transcriptsOf } from './support/transcript.ts';

describe('IMAP conversations', { concurrency: 2 }, () => {
  for (const { name, text } of transcriptsOf('imap')) {
    it(name, { timeout: 60_000 }, async () => {
      await using server = await openImapServer();
      const isSecure = text.includes('# implicit TLS');
      await playTranscript(text, { port: isSecure ? server.tlsPort : server.port, implicitTls: isSecure });
    });
  }
});
