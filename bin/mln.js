#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const argv = process.argv.slice(2);

// The version is asked for by scripts, and needs nothing loaded.
if (argv.length === 1 && argv[0] === '--version') console.log(version);
else {
  const { main } = await import('@mln/core/cli');
  process.exitCode = await main(argv, {
    version,
    configuration: fileURLToPath(new URL('../mln.config.json', import.meta.url)),
  });
}
