import { isDevDirectory } from '#server/dev/instance.ts';
import { type Command, CommandError } from '../command.ts';
import { loadConfig } from '../config-file.ts';

export const serveCommand: Command = {
  name: 'serve',
  about: 'Run the server',
  operands: [],
  options: {},
  async run(invocation) {
    const config = loadConfig(invocation);
    const { dataDirectory } = config.server;
    if (isDevDirectory(dataDirectory)) {
      throw new CommandError(
        `${dataDirectory} belongs to \`capri dev\`, whose passwords everybody knows; make a directory for a real server with \`capri init\``,
      );
    }
    const { runServer } = await import('#server/run.ts');
    await runServer({ config });
  },
};
