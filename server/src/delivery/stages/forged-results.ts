/**
 * Authentication-Results in our name that are not ours are taken out: mail programs and filters believe them. Everything else stays as it came; a signature that
 * covers such a field is verified before.
 *
 * RFC 8601 §5
 */
import { isAuthenticationResultsOf } from '#authenticity/read-authentication-results.ts';
import type { ArrivedHeader } from '../arrived-header.ts';
import type { Stage } from '../stage.ts';

const NAME = 'authentication-results';

export const forgedResults: Stage = {
  name: 'forged-results',

  submittedHeader(transaction, arrived) {
    removeForged(arrived, transaction.services.settings.hostname);
  },

  receivedHeader(transaction, arrived) {
    removeForged(arrived, transaction.services.settings.hostname);
  },

  lateFields: [NAME],

  dropsLateField(transaction, name, raw, isCut) {
    if (name !== NAME) return false;
    // Whose name stands behind 64 KiB of comments is nobody's business either.
    return isCut || isAuthenticationResultsOf(raw.toString('latin1', raw.indexOf(':') + 1), transaction.services.settings.hostname);
  },
};

function removeForged(arrived: ArrivedHeader, hostname: string): void {
  const { header } = arrived;
  if (header.countOf(NAME) === 0) return;
  for (let index = 0; index < header.count; index++) {
    if (header.nameAt(index) === NAME && isAuthenticationResultsOf(header.valueAt(index), hostname)) arrived.removeAt(index);
  }
}
