/** Where a recipient's mail goes next: a route for its domain, else the smarthost, else the domain's own servers. */
import type { QueueSettings, Route } from './settings.ts';
import type { Destination, TlsNeed } from './transport.ts';

export interface Routing {
  readonly destinationOf: (domain: string, tlsNeed?: TlsNeed) => Destination;
}

/** A route for a domain itself goes before one for everything below a domain, a longer one of these before a shorter. */
export function makeRouting({ routes, smarthost }: Pick<QueueSettings, 'routes' | 'smarthost'>): Routing {
  const exact = new Map<string, Route>();
  const below = new Map<string, Route>();
  for (const route of routes) (route.domain.startsWith('.') ? below : exact).set(route.domain, route);
  return {
    destinationOf(domain, tlsNeed) {
      const need = tlsNeed === undefined ? undefined : { tlsNeed };
      const relay = exact.get(domain) ?? longestBelow(below, domain) ?? smarthost;
      if (relay) return { kind: 'relay', relay, ...need };
      return domain.startsWith('[') ? { kind: 'literal', literal: domain, ...need } : { kind: 'domain', domain, ...need };
    },
  };
}

/** One for all recipients that can share connections. */
export function destinationKey(destination: Destination): string {
  const key = hostKey(destination);
  return destination.tlsNeed === undefined ? key : `${key} tls-${destination.tlsNeed}`;
}

function hostKey(destination: Destination): string {
  switch (destination.kind) {
    case 'domain':
      return destination.domain;
    case 'literal':
      return destination.literal;
    case 'relay':
      return `relay ${destination.relay.host}:${destination.relay.port} ${destination.relay.login ?? ''}`;
  }
}

function longestBelow(routes: ReadonlyMap<string, Route>, domain: string): Route | undefined {
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
    const route = routes.get(domain.slice(dot));
    if (route) return route;
  }
  return undefined;
}
