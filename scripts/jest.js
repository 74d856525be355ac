/* Runs jest as the projects' scripts do, and counts. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, say } from './setup.js';

/** The path of a program of node_modules. */
export const tool = (path) => join(root, 'node_modules', path);

/** Runs a program of Node's to its end, and tells whether it went well. */
export function node(args) {
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' };
  return spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
}

/** Gives how many tests passed and failed; a run that ended before it could say counts as one failure. */
export function jest(args) {
  say(`jest ${args.join(' ')}`);
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

/** Adds up what several runs came to. */
export function sum(counts) {
  const add = (key) => counts.reduce((before, each) => before + each[key], 0);
  return { passed: add('passed'), failed: add('failed'), skipped: add('skipped') };
}

/** The line that every run ends with; what failed makes this process fail. */
export function tell({ passed, failed, skipped }) {
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
