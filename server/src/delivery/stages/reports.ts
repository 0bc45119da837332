/** Mail to the addresses for reports is filed apart and read; feedback reports to those whom people complain to are read too. What goes to Junk is not believed. */
import { reportMailKind } from '#queue/reports/intake.ts';
import type { Stage } from '../stage.ts';

export const reports: Stage = {
  name: 'reports',

  data(transaction, { header }) {
    if (transaction.peer.identity !== undefined) return;
    const contentType = header.first('content-type') ?? '';
    for (const target of transaction.targets.local) {
      if (target.mailbox === 'Junk') continue;
      const kind = reportMailKind(target.base, contentType);
      if (kind === undefined) continue;
      target.report = kind;
      if (kind === 'report') target.mailbox = 'Reports';
    }
  },
};
