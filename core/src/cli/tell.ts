import { Exit, type ExitCode } from '../codes.js';
import { MlnError } from '../errors.js';
import type { Failure } from '../operation.js';
import { renderError } from '../render-problem.js';

/** Tells what failed of single units, and gives the exit code: 3 where the rest is done, 1 where nothing is. */
export function tellFailures(failures: readonly Failure[], of: number): ExitCode {
  if (failures.length === 0) return Exit.done;
  process.stderr.write(`${renderError(new MlnError(failures.map((each) => each.problem)))}\n`);
  return failures.length < of ? Exit.partly : Exit.failed;
}
