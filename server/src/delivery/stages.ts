/** The steps of the way in, in their order. A new check is a file in `stages/` and a line here. */
import type { Stage } from './stage.ts';
import { authenticity } from './stages/authenticity.ts';
import { completion } from './stages/completion.ts';
import { forgedResults } from './stages/forged-results.ts';
import { forwarding } from './stages/forwarding.ts';
import { loops } from './stages/loops.ts';
import { ownership } from './stages/ownership.ts';
import { reports } from './stages/reports.ts';
import { sending } from './stages/sending.ts';
import { suppression } from './stages/suppression.ts';

export const STAGES: readonly Stage[] = [ownership, sending, suppression, completion, forgedResults, loops, authenticity, reports, forwarding];
