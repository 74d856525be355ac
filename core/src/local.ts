import { join } from 'node:path';
import { announcer, journalEnd } from './announce.js';
import { buildLocally } from './build.js';
import { hookBlocks, type HookBlock } from './core-keywords.js';
import { failure } from './errors.js';
import type { Mln } from './kernel.js';
import type { Operation, Outcome, Part, Report } from './operation.js';
import { hookPath } from './project-files.js';
import { commitRemoval, refuseLink } from './recover.js';
import { refuseStrangersScript, type Execution } from './run-scripts.js';
import { startUnits, stopHosts, stopSwitches } from './start-stop.js';

/** When operations began here, by a clock that nobody sets: a stop shares out its time over several parts. */
const begun = new WeakMap<Operation, number>();

/** Carries out one part of an operation on this server, by the scripts of its units. */
export async function executeLocally(
  mln: Mln,
  operation: Operation,
  part: Part,
  report: Report,
): Promise<Outcome | undefined> {
  if (part.server !== null) return undefined;
  const since = begun.get(operation) ?? performance.now();
  begun.set(operation, since);
  const execution: Execution = { mln, operation, part, report, begun: since };
  if (part.phase === 'prepare') {
    if (operation.name === 'build' || operation.name === 'remove')
      await refuseLink(join(mln.folders.projects, part.project.name));
    return done;
  }
  if ((hookBlocks as readonly string[]).includes(part.phase)) return runHook(execution, part.phase as HookBlock);
  switch (operation.name) {
    case 'build':
      await buildLocally(mln, part, announcer(mln, operation, 'build', part.project.name), report);
      await journalEnd(operation, join(mln.folders.projects, part.project.name), 'done');
      return done;
    case 'start':
      return startUnits(execution);
    case 'stop':
      return part.phase === 'switches' ? stopSwitches(execution) : stopHosts(execution);
    case 'remove':
      await commitRemoval(mln, part.project.name, announcer(mln, operation, 'remove', part.project.name), report);
      return done;
    default:
      throw failure('MLN_NO_SERVER', `this server cannot carry out ${operation.name}`);
  }
}

const done: Outcome = { failures: [] };

/** A hook block that fails stops the operation. */
async function runHook({ mln, part }: Execution, hook: HookBlock): Promise<Outcome> {
  const { project } = part;
  if (project.hookBlocks[hook] === undefined) return done;
  const script = join(project.directory, hookPath(hook));
  refuseStrangersScript(script);
  const env = { MLN_PROJECT: project.name, MLN_SERVICE_HOST: project.home ?? '' };
  const { exitCode, stderr, stdout } = await mln.shell(script, [], {
    cwd: project.directory,
    env,
    accept: Array.from({ length: 256 }, (_, code) => code),
  });
  if (exitCode === 0) return done;
  throw failure(
    'MLN_SCRIPT_FAILED',
    `${hook} of ${project.name} ended with ${exitCode}: ${lastWords(stderr, stdout)}`,
    {
      hint: `the script is ${script}; what comes after it was not done. With -h HOSTS hook blocks are left out`,
    },
  );
}

function lastWords(stderr: string, stdout: string): string {
  return (stderr.trim() || stdout.trim()).split('\n').slice(-3).join('\n') || 'it said nothing';
}
