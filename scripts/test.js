/*
 * Everything that `npm test` means, on a fresh machine too: gets what is missing, compiles, checks the rules, runs the
 * tests. Ends with a line `N passed, N failed`. With arguments, only jest is run, with these.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensurePrograms, forTests, root, say } from './setup.js';

const tool = (path) => join(root, 'node_modules', path);
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

function node(args) {
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' };
  return spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
}

/** Gives how many tests passed and failed; a run that ended before it could say counts as one failure. */
function jest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'mln-test-'));
  const report = join(folder, 'report.json');
  const ok = node([tool('jest/bin/jest.js'), '--json', '--outputFile', report, ...args]);
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const failed = Math.max(numFailedTests, numFailedTestSuites, ok ? 0 : 1);
    return { passed: numPassedTests, failed, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

ensurePrograms(forTests);
ensureBuilt();
const only = process.argv.slice(2);
let [passed, failed, skipped] = [0, 0, 0];
if (only.length === 0)
  for (const [name, program, args] of checks) {
    say(name);
    if (node([program, ...args])) passed += 1;
    else failed += 1;
  }
for (const args of only.length > 0
  ? [only]
  : [
      ['--selectProjects', 'fast'],
      ['--selectProjects', 'guests', 'packages', '--maxWorkers', '2'],
    ]) {
  say(`jest ${args.join(' ')}`);
  const result = jest(args);
  passed += result.passed;
  failed += result.failed;
  skipped += result.skipped;
}
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
