/* What all benchmarks share: a folder of their own, and ratios of two things that run in turns. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/setup.js';

/** A folder that run.js removes in the end; projects and templates are in it. */
export const folder = mkdtempSync(join(tmpdir(), 'mln-bench-'));
export const environment = {
  ...process.env,
  MLN_PROJECTS: join(folder, 'projects'),
  MLN_TEMPLATES: join(folder, 'templates'),
};
/** The command line of mln, with the standard set of plug-ins. */
export const mln = ['node', join(root, 'bin/mln.js'), '--config', join(root, 'mln.config.json')];
/** The image of the template that run.js builds. */
export const template = join(folder, 'templates/tiny/1.0/image');

/** Whether a benchmark is asked for: all are where the command line names none. */
export function isWanted(name) {
  const words = process.argv.slice(2);
  return words.length === 0 || words.some((word) => name.includes(word));
}

/** Runs a command to its end; gives seconds. */
export function time(command) {
  const begun = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command[0], command.slice(1), {
    env: environment,
    cwd: folder,
    encoding: 'utf8',
    input: '',
    maxBuffer: 256 * 1024 * 1024,
  });
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  if (status !== 0) throw new Error(`${command.join(' ').slice(0, 200)} ended with ${status}: ${stderr.slice(-1500)}`);
  return seconds;
}

/** The time of a bare Node, in seconds. */
export function bareNode() {
  return time(['node', '-e', '0']);
}

export function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

/** Prints a figure beside its bound. */
export function tell(name, figure, { bound, unit, more = '', atLeast = false }) {
  const good = atLeast ? figure >= bound : figure <= bound;
  console.log(
    `${good ? '✓' : '✗'} ${name}: ${figure.toFixed(2)} ${unit} (at ${atLeast ? 'least' : 'most'} ${bound})${more}`,
  );
}

/** Runs two things in turns, and prints how one compares with the other. */
export function compare({ name, ours, theirs, bound, runs = 5, between = () => undefined }) {
  if (!isWanted(name)) return;
  const times = { ours: [], theirs: [] };
  for (let run = 0; run <= runs; run += 1)
    for (const [who, act] of [
      ['ours', ours],
      ['theirs', theirs],
    ]) {
      const seconds = act(run);
      between(run);
      // The first turn fills caches.
      if (run > 0) times[who].push(seconds);
    }
  const ratio = median(times.ours.map((seconds, run) => seconds / times.theirs[run]));
  const figures = `; ${median(times.ours).toFixed(3)} s beside ${median(times.theirs).toFixed(3)} s, median of ${runs}`;
  tell(name, ratio, { bound, unit: 'times', more: figures });
}
