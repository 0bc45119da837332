/** `[reports]` as the queue's reports want it. */
import type { Config } from '#config/config.ts';
import type { ReportSettings } from '#queue/reports/settings.ts';

export function reportSettings({ reports, server, smtp }: Config): ReportSettings {
  const { domain } = server;
  return {
    sendsDmarc: reports.sendsDmarc,
    sendsTls: reports.sendsTls,
    organization: reports.organization ?? domain,
    sender: reports.sender ?? `noreply-dmarc@${domain}`,
    contact: reports.contact ?? `postmaster@${domain}`,
    hostname: smtp.hostname ?? server.hostname,
  };
}
