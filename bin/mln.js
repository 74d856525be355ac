#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// Most commands are done before code that V8 optimizes early would have paid for that. Other releases have other names.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000');

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const argv = process.argv.slice(2);

// The version is asked for by scripts, and needs nothing loaded.
if (argv.length === 1 && argv[0] === '--version') console.log(version);
else {
  const { runToEnd } = await import('@mln/core/cli');
  await runToEnd(argv, {
    version,
    configuration: fileURLToPath(new URL('../mln.config.json', import.meta.url)),
  });
}
