/** Runs an operation for a command: through the running server, or on the store itself where no server runs. */
import type { Config } from '#config/config.ts';
import type { Credentials } from '#server/call-operation.ts';
import { callServer } from '#server/control-client.ts';
import type { Invocation } from './command.ts';
import { loadConfig } from './config-file.ts';

/** As the administrator. Throws DomainError, CommandError, ConfigError. The output has the shape that the operation declares. */
export async function callOperation<Output>(invocation: Invocation, name: string, input: unknown): Promise<Output> {
  return await callWith<Output>(loadConfig(invocation), name, input);
}

/** Likewise, with a configuration already read; as a user where one signs in. */
export async function callWith<Output>(config: Config, name: string, input: unknown, signIn?: Credentials): Promise<Output> {
  const answer = await callServer(config.server.dataDirectory, { operation: name, input, signIn });
  if (answer.isServed) return answer.output as Output;
  // Only where it is needed: a command to a running server has no use for a store.
  const { openOffline } = await import('#server/offline.ts');
  await using offline = await openOffline(config);
  return (await offline.call(name, input, signIn)) as Output;
}

/** Prints an output: as JSON where asked, else in words. */
export function report<Output>({ isJson, terminal }: Invocation, output: Output, words: (output: Output) => string): void {
  terminal.out(isJson ? `${JSON.stringify(output)}\n` : words(output));
}
