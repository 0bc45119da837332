import path from 'node:path';
import { prepareInstance } from '#server/dev/instance.ts';
import { connectionPage } from '#server/dev/page.ts';
import { populate } from '#server/dev/populate.ts';
import { runServer } from '#server/run.ts';
import { type Command, type Invocation, usageError } from '../command.ts';

export const devCommand: Command = {
  name: 'dev',
  about: 'Run an instance to try, on this machine only, with accounts and sample mail',
  operands: [],
  options: {
    dir: { about: 'where its data are kept (else .capri-dev)', value: 'DIR' },
    'port-offset': { about: 'added to the usual ports (else 10000: IMAP is 10143)', value: 'N' },
    'no-sample': { about: 'make no sample mail' },
    fresh: { about: 'throw away what was there, and begin anew' },
  },
  async run(invocation) {
    if (invocation.configFile !== undefined) throw usageError('`capri dev` makes its own configuration; use --dir, or `capri serve --config`');
    const instance = prepareInstance({
      directory: path.resolve(invocation.value('dir') ?? '.capri-dev'),
      portOffset: portOffset(invocation),
      isFresh: invocation.has('fresh'),
    });
    await runServer({
      config: instance.config,
      isAnnounced: false,
      onReady: async (server) => {
        await populate(server, { withSamples: !invocation.has('no-sample') });
        invocation.terminal.out(connectionPage(instance));
      },
    });
  },
};

function portOffset(invocation: Invocation): number | undefined {
  const text = invocation.value('port-offset');
  if (text === undefined) return undefined;
  const offset = Number(text);
  if (!Number.isInteger(offset) || offset < 0 || offset > 60_000) throw usageError(`--port-offset ${text} is not a whole number from 0 to 60000`);
  return offset;
}
