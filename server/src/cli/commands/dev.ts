import path from 'node:path';
import { prepareInstance } from '#server/dev/instance.ts';
import { connectionPage } from '#server/dev/page.ts';
import { type Command, CommandError, type Invocation, usageError } from '../command.ts';

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
    const instance = await prepareInstance({
      directory: path.resolve(invocation.value('dir') ?? '.capri-dev'),
      portOffset: portOffset(invocation),
      isFresh: invocation.has('fresh'),
    });
    const { runServer } = await import('#server/run.ts');
    const { populate } = await import('#server/dev/populate.ts');
    try {
      await runServer({
        config: instance.config,
        isAnnounced: false,
        onReady: async (server) => {
          await populate(server, { withSamples: !invocation.has('no-sample') });
          invocation.terminal.out(connectionPage(instance));
        },
      });
    } catch (error) {
      throw isPortTaken(error) ? new CommandError(`${error.message.split(';')[0] ?? ''}; stop that program, or choose other ports with --port-offset`) : error;
    }
  },
};

function isPortTaken(error: unknown): error is Error {
  return error instanceof Error && error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'EADDRINUSE';
}

function portOffset(invocation: Invocation): number | undefined {
  const text = invocation.value('port-offset');
  if (text === undefined) return undefined;
  const offset = Number(text);
  if (!Number.isInteger(offset) || offset < 0 || offset > 60_000) throw usageError(`--port-offset ${text} is not a whole number from 0 to 60000`);
  return offset;
}
