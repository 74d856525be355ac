/*
 * Everything that `npm test` means, on a fresh machine too: gets what is missing, compiles, checks the rules, runs the
 * tests. Ends with a line `N passed, N failed`. With arguments, only jest is run, with these.
 */
import { jest, node, sum, tell, tool } from './jest.js';
import { ensureBuilt, ensurePrograms, forTests, say } from './setup.js';

const checks = [
  ['the types of the tests', tool('typescript/bin/tsc'), ['-p', 'test']],
  ['eslint', tool('eslint/bin/eslint.js'), ['.']],
  ['prettier', tool('prettier/bin/prettier.cjs'), ['--check', '--log-level', 'warn', '.']],
  [
    'dependency rules',
    tool('dependency-cruiser/bin/dependency-cruise.mjs'),
    ['--output-type', 'err', 'core/src', 'plugins'],
  ],
  ['unused code', tool('knip/bin/knip.js'), ['--no-progress']],
];

function check([name, program, args]) {
  say(name);
  const ok = node([program, ...args]);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

ensurePrograms(forTests);
ensureBuilt();
const only = process.argv.slice(2);
tell(
  sum(
    only.length > 0
      ? [jest(only)]
      : [
          ...checks.map(check),
          jest(['--selectProjects', 'fast', '--maxWorkers', '2']),
          jest(['--selectProjects', 'guests', 'fleet', 'packages', '--maxWorkers', '2']),
        ],
  ),
);
