/* How long small commands take beside a Node that does nothing, in the time that processors spend on them. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, folder, isWanted, median, mln, tell } from './measure.js';

const threeHosts = `global {
  project three
}
superclass all {
  memory 64M
  users { jack }
}
${[1, 2, 3].map((number) => `host h${number} {\n  superclass all\n  network eth0 {\n    switch lan\n    address 10.0.0.${number}/24\n  }\n}\n`).join('')}switch lan { }
`;

/** Benchmarks of small commands. */
export function benchCommands() {
  const file = join(folder, 'three.mln');
  writeFileSync(file, threeHosts);
  for (const [name, bound, command] of [
    ['mln --version', 1.5, [mln[0], mln[1], '--version']],
    ['mln plan of 3 hosts', 4, [...mln, 'plan', '-f', file]],
  ]) {
    const whole = `${name} beside node -e 0, in user time`;
    if (!isWanted(whole)) continue;
    const times = Array.from({ length: 7 }, () => [userTime(command), userTime(['node', '-e', '0'])]);
    const ratio = median(times.map(([ours, theirs]) => ours / theirs));
    const milliseconds = (which) => (median(times.map((pair) => pair[which])) * 1000).toFixed(0);
    const more = `; ${milliseconds(0)} ms beside ${milliseconds(1)} ms, median of ${times.length}`;
    tell(whole, ratio, { bound, unit: 'times', more });
  }
}

/** The seconds of user time that a command takes, with its children, as the mean of six runs: a shell counts hundredths. */
function userTime(command) {
  const script = 'for each in 1 2 3 4 5 6; do "$@" >/dev/null || exit; done; times';
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...command], {
    env: environment,
    cwd: folder,
    encoding: 'utf8',
  });
  const [, minutes, seconds] = /\n(\d+)m([\d.]+)s /.exec(stdout) ?? [];
  if (status !== 0 || seconds === undefined) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  return (Number(minutes) * 60 + Number(seconds)) / 6;
}
