// Capri against the best peer, row by row: node ratios.mjs FILE > RESULTS.md's table. Rates: higher is better; ms, KiB and MB: lower is better. The ratio is always "times better".
import fs from 'node:fs';
const rows = fs.readFileSync(process.argv[2], 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const OURS = 'capri';
const isLower = (unit) => /^(ms|us|KiB|MB|%)(?![a-z])/.test(unit);
const cells = new Map();
for (const { workload, params, server, value, unit } of rows) {
  const { n, batch, multiappend, mb, hits, proto, ...shown } = params;
  const name = `${workload} ${Object.entries(shown).map(([key, v]) => `${key}=${v}`).join(' ')}`.trim();
  const cell = cells.get(name) ?? { unit, values: new Map() };
  if (value !== null) cell.values.set(server, value);
  cells.set(name, cell);
}
const format = (value) => (value === undefined ? '' : value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3))));
console.log('| measurement | unit | Capri | best peer | which | times better |\n| --- | --- | --- | --- | --- | --- |');
for (const [name, { unit, values }] of cells) {
  const ours = values.get(OURS);
  const lower = isLower(unit);
  const [peer, best] = [...values].filter(([server]) => server !== OURS).toSorted((a, b) => (lower ? a[1] - b[1] : b[1] - a[1]))[0] ?? [];
  const ratio = ours === undefined || best === undefined ? undefined : lower ? best / ours : ours / best;
  console.log(`| ${name} | ${unit} | ${format(ours)} | ${format(best)} | ${peer ?? ''} | ${ratio === undefined ? '' : Number(ratio.toPrecision(2))} |`);
}
