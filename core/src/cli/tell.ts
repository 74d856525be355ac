import { Exit, type ExitCode } from '../codes.js';
import { MlnError } from '../errors.js';
import type { Failure } from '../operation.js';
import { renderError } from '../render-problem.js';

/** Tells what failed of single units and of servers, and gives the exit code: 1 where each of so many hosts failed outright, else 3. */
export function tellFailures(failures: readonly Failure[], hosts: number): ExitCode {
  if (failures.length === 0) return Exit.done;
  process.stderr.write(`${renderError(new MlnError(failures.map((each) => each.problem)))}\n`);
  const outright = failures.filter(({ unit, problem }) => unit !== null && problem.code !== 'MLN_NOT_UP');
  return outright.length >= hosts ? Exit.failed : Exit.partly;
}

/** Writes how many there are of something: 1 host, 2 switches. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : what.endsWith('ch') ? 'es' : 's'}`;
}
