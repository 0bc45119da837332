#!/usr/bin/env node
// What parsing and preparing one message costs in CPU time (other programs may run beside it), without network and store.  node bench/prepare.mjs [--size 4096] [--rounds 40]
import { Corpus } from './lib/corpus.mjs';
import { parseMessage } from '../server/src/message/parse.ts';
import { prepare } from '../server/src/message/prepare.ts';

const option = (name, usual) => Number(process.argv[process.argv.indexOf(`--${name}`) + 1] ?? usual) || usual;
const size = option('size', 4096);
const rounds = option('rounds', 40);
const corpus = new Corpus();
const messages = Array.from({ length: 200 }, (_, i) => corpus.message(i, { size }));

function measure(name, work) {
  const took = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (const message of messages) work(message);
    const { user, system } = process.cpuUsage(start);
    took.push((user + system) / messages.length);
  }
  took.sort((a, b) => a - b);
  console.log(`${name.padEnd(16)} median ${took[rounds >> 1].toFixed(1)} us, best ${took[0].toFixed(1)} us a message of ${size} octets`);
}

measure('parse', (message) => parseMessage(message));
measure('parse + prepare', (message) => prepare(parseMessage(message)));
