/*
 * Runs commands one after the other, each a program with its words in one argument, that end with a line
 * `N passed, N failed`; shows what they say, and ends with such a line for all of them. One that ends
 * otherwise counts as a failure.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sum, tell } from './jest.js';
import { root } from './setup.js';

async function count(command) {
  const [program, ...args] = command.split(' ');
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text) => {
    process.stdout.write(text);
    said = (said + text).slice(-1000);
  });
  const [code] = await once(child, 'close');
  const found = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(said);
  const [passed, failed, skipped] = (found ?? []).slice(1).map((each) => Number(each ?? 0));
  if (found && (code === 0) === (failed === 0)) return { passed, failed, skipped };
  return { passed: passed ?? 0, failed: Math.max(failed ?? 0, 1), skipped: skipped ?? 0 };
}

const counts = [];
for (const command of process.argv.slice(2)) counts.push(await count(command));
tell(sum(counts));
