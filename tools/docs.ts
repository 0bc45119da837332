/** Writes the documentation pages that are made from the source: `npm run docs`. */
import path from 'node:path';
import { writePages } from '../server/src/config/pages.ts';

writePages(path.dirname(import.meta.dirname));
