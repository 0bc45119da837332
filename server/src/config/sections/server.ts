import { type Node, table } from '../node.ts';
import { file, hostname, optionalText, optionalUrl } from '../values.ts';

export interface ServerConfig {
  readonly hostname: string;
  readonly domain: string;
  readonly dataDirectory: string;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly signInHelpUrl: string | undefined;
}

export function serverSection(base: string): Node<ServerConfig> {
  return table<ServerConfig>('What this server is called and where it keeps everything.', {
    hostname: [
      'hostname',
      hostname({ about: 'The name of this machine as other mail servers see it: what its address resolves to and back.', example: 'mail.example.org' }),
    ],
    domain: ['domain', hostname({ about: 'The primary domain. More domains are added with `capri domain add`.', example: 'example.org' })],
    dataDirectory: [
      'data_directory',
      file(
        { about: 'Where everything is kept: accounts, messages, queue. A relative path is taken from the directory of this file.', standard: '/var/lib/capri' },
        base,
      ),
    ],
    user: [
      'user',
      optionalText({
        about: 'The user to become after the ports are open, when started as root. Not written: the owner of the data directory.',
        example: 'capri',
      }),
    ],
    group: ['group', optionalText({ about: 'The group to become likewise. Not written: the main group of the user.', example: 'capri' })],
    signInHelpUrl: [
      'sign_in_help',
      optionalUrl({
        about: 'A page for those who cannot sign in: every refusal names it, so programs that show the reply show it too. Not written: none is named.',
        example: 'https://www.example.org/sign-in',
      }),
    ],
  });
}
