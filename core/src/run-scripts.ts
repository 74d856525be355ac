import { existsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { failure, isMlnError, type MlnError, type Problem } from './errors.js';
import type { Mln } from './kernel.js';
import { strangerReason, whoAsks } from './plugin-trust.js';
import { noProcesses, packageHint } from './shell.js';
import type { Failure, Operation, Outcome, Part, Report } from './operation.js';

/** Milliseconds that a script may take: it starts or stops something, and never waits for a guest to boot. */
const SCRIPT_LIMIT = 120_000;

/** A part while it is carried out here. */
export interface Execution {
  readonly mln: Mln;
  readonly operation: Operation;
  readonly part: Part;
  readonly report: Report;
  /** When the operation began here, by a clock that nobody sets; in milliseconds. */
  readonly begun: number;
}

/** One call of a unit's script. */
interface Call {
  readonly script: 'start' | 'stop';
  readonly args?: readonly string[];
  /** What is told when it is done. */
  readonly done: string;
  /** Milliseconds that the script may take, where that is not the usual limit. */
  readonly limit?: number;
  /** Says what is wrong though the script has ended well. */
  readonly check?: (name: string) => Promise<Problem | null>;
}

/** Runs a script of each unit, several at once. */
export async function runScripts(execution: Execution, names: readonly string[], call: Call): Promise<Outcome> {
  const failures: Failure[] = [];
  const limit = pLimit(availableParallelism() * 4);
  const run = async (name: string): Promise<void> => {
    const failed = await runScript(execution, name, call);
    if (failed) failures.push({ unit: name, problem: failed });
  };
  await Promise.all(names.map((name) => limit(() => run(name))));
  return { failures };
}

async function runScript(
  { mln, operation, part, report }: Execution,
  name: string,
  { script, args = [], done, limit = SCRIPT_LIMIT, check }: Call,
): Promise<Problem | null> {
  let said = done;
  const tell = (state: 'begun' | 'done' | 'failed', error: Problem | null): void => {
    report({ server: null, unit: name, state, text: error ? error.message.replace(`${name}: `, '') : said });
    mln.hooks.event.call({
      operation,
      project: part.project.name,
      unit: name,
      at: new Date().toISOString(),
      state,
      error,
    });
  };
  tell('begun', null);
  const path = join(part.project.directory, name, script);
  try {
    refuseStrangersScript(path);
    const { stdout } = await mln.shell(path, args, {
      cwd: part.project.directory,
      timeout: limit,
    });
    if (stdout.includes('runs already')) said = 'runs already';
    const wrong = check ? await check(name) : null;
    tell(wrong ? 'failed' : 'done', wrong);
    return wrong;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    const isHost = part.project.hosts.some((host) => host.name === name);
    const found = existsSync(path)
      ? scriptProblem(name, script, error, isHost)
      : existsSync(`${path}.held`)
        ? problem(
            'MLN_IN_DOUBT',
            `${name}: its disk is being edited, or on its way to another server`,
            `mln clean -p ${part.project.name} puts right what an upgrade has left that was cut off`,
          )
        : problem(
            'MLN_NO_FILE',
            `${name}: its script ${path} is missing`,
            `mln stop -p ${part.project.name} -w 0 stops the others; mln build -r makes the project anew`,
          );
    tell('failed', found);
    return found;
  }
}

function scriptProblem(name: string, script: string, error: MlnError, isHost: boolean): Problem {
  if (error.code !== 'MLN_COMMAND_FAILED')
    return problem(error.code, `${name}: ${error.message}`, error.problems[0]?.hint);
  const missing = /the program (\S+) is not installed/.exec(error.message)?.[1];
  if (missing !== undefined)
    return problem('MLN_NO_PROGRAM', `${name}: the program ${missing} is not installed`, packageHint(missing));
  const hint = isHost ? `mln log ${name} shows its console` : undefined;
  return problem(
    'MLN_SCRIPT_FAILED',
    `${name}: ${error.message.replace(/^\S+ ended with/, `its ${script} script ended with`)}`,
    /cannot fork/i.test(error.message) ? noProcesses : hint,
  );
}

export function problem(code: Problem['code'], message: string, hint?: string): Problem {
  return { severity: 'error', code, message, hint };
}

/** Throws MLN_NOT_ALLOWED where root is to run a script that others may have written. */
export function refuseStrangersScript(path: string): void {
  const asker = whoAsks(null);
  const reason = asker.uid === 0 && existsSync(path) ? strangerReason(path, asker) : null;
  if (reason === null) return;
  const { uid } = statSync(path);
  throw failure('MLN_NOT_ALLOWED', `root does not run ${path}: it ${reason}`, {
    hint:
      uid === 0
        ? 'make the project and the folders above it root’s alone: chown root, chmod go-w'
        : `run mln as the user whose the project is: sudo -u '#${uid}' mln …`,
  });
}
