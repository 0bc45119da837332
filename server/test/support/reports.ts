/** What tests of reports share: who reports, and what they ask of the directory. */
import { findDomain } from '#directory/domains.ts';
import type { ReportSettings } from '#queue/reports/settings.ts';
import type { Store } from '#store/store.ts';

export function isLocalDomainOf(store: Store): (domain: string) => Promise<boolean> {
  return async (domain) => (await store.query(findDomain(domain))) !== undefined;
}

export const TEST_REPORT_SETTINGS: ReportSettings = {
  sendsDmarc: true,
  sendsTls: true,
  organization: 'Capri at capri.example',
  sender: 'noreply-dmarc@capri.example',
  contact: 'postmaster@capri.example',
  hostname: 'mx.capri.example',
};
