/**
 * Where a recipient's mail goes next: by the route that says most of it, else to the smarthost, else to the domain's own servers.
 *
 * A route that names the recipient's domain goes before one that does not, the domain itself before what lies above it, the nearest of these first. Of routes that
 * are equal in this, one that names the account goes before one that names the sender's address, that before its domain, and that before one for everybody.
 */
import type { QueueSettings, Route } from './settings.ts';
import type { Destination, Source, TlsNeed } from './transport.ts';

/** What routes ask about a message. */
export interface RoutedMail {
  readonly tlsNeed?: TlsNeed | undefined;
  /** Reverse-path; empty for the null one. */
  readonly sender?: string;
  /** Login of the account. */
  readonly login?: string | undefined;
}

export interface Routing {
  /** Whether a route names an account, so that logins are needed. */
  readonly namesAccounts: boolean;
  destinationOf(domain: string, mail?: RoutedMail): Destination;
}

export function makeRouting({ routes, smarthost, source }: Pick<QueueSettings, 'routes' | 'smarthost'> & { readonly source?: Source | undefined }): Routing {
  const byDomain = new Map<string, Route[]>();
  for (const route of routes) {
    const key = route.domain ?? EVERYWHERE;
    byDomain.set(key, [...(byDomain.get(key) ?? []), route]);
  }
  for (const list of byDomain.values()) list.sort((a, b) => weight(b) - weight(a));
  const none: readonly Route[] = [];
  return {
    namesAccounts: routes.some(({ account }) => account !== undefined),
    destinationOf(domain, mail = {}) {
      let route: Route | undefined;
      if (byDomain.size > 0) {
        for (const key of keysOf(domain)) {
          route = (byDomain.get(key) ?? none).find((candidate) => fits(candidate, mail));
          if (route) break;
        }
      }
      const relay = route ? route.relay : smarthost;
      const common = { ...(mail.tlsNeed && { tlsNeed: mail.tlsNeed }), ...withSource(route?.source ?? source) };
      if (relay) return { kind: 'relay', relay, ...common };
      return domain.startsWith('[') ? { kind: 'literal', literal: domain, ...common } : { kind: 'domain', domain, ...common };
    },
  };
}

/** One for all recipients that can share connections. */
export function destinationKey(destination: Destination): string {
  const { tlsNeed, source } = destination;
  const from = source === undefined ? '' : ` from ${source.ipv4 ?? ''} ${source.ipv6 ?? ''} ${source.helo ?? ''}`;
  return `${hostKey(destination)}${tlsNeed === undefined ? '' : ` tls-${tlsNeed}`}${from}`;
}

function hostKey(destination: Destination): string {
  switch (destination.kind) {
    case 'domain':
      return destination.domain;
    case 'literal':
      return destination.literal;
    case 'relay':
      // What one route insists on must not go over a line that another one has opened with less.
      return `relay ${destination.relay.host}:${destination.relay.port} ${destination.relay.tls} ${destination.relay.login ?? ''}`;
  }
}

const EVERYWHERE = '';

/** The domain, what lies above it from the nearest, everywhere. */
export function* keysOf(domain: string): Iterable<string> {
  yield domain;
  if (!domain.startsWith('[')) for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) yield domain.slice(dot);
  yield EVERYWHERE;
}

/** What says more goes first; among parts of domains the longer. */
function weight({ account, sender }: Route): number {
  const bySender = sender === undefined ? 0 : sender.includes('@') ? 2000 : sender.startsWith('.') ? sender.length : 1000;
  return (account === undefined ? 0 : 10_000) + bySender;
}

function fits({ account, sender }: Route, mail: RoutedMail): boolean {
  if (account !== undefined && account !== mail.login) return false;
  if (sender === undefined) return true;
  const address = (mail.sender ?? '').toLowerCase();
  if (sender.includes('@')) return address === sender;
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return sender.startsWith('.') ? domain.endsWith(sender) : domain === sender;
}

function withSource(source: Source | undefined): { readonly source?: Source } {
  return source === undefined || (source.ipv4 ?? source.ipv6 ?? source.helo) === undefined ? {} : { source };
}
