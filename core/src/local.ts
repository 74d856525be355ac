import { join } from 'node:path';
import { announcer, journalEnd } from './announce.js';
import { buildLocally, placeBuild } from './build.js';
import type { HookBlock } from './core-keywords.js';
import { failure } from './errors.js';
import type { Mln } from './kernel.js';
import type { Operation, Outcome, Part, Report } from './operation.js';
import { hookPath } from './project-files.js';
import { isHook } from './operate-steps.js';
import { commitRemoval, refuseLink, undoBuild } from './recover.js';
import { refuseStrangersScript, type Execution } from './run-scripts.js';
import { startUnits, stopHosts, stopSwitches, undoStart } from './start-stop.js';
import { executeUpgrade } from './upgrade/engine.js';

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
    if (['build', 'upgrade', 'remove'].includes(operation.name))
      await refuseLink(join(mln.folders.projects, part.project.name));
    return done;
  }
  if (part.phase === 'release') return done;
  if (part.phase === 'join' || part.phase === 'leave') throw nobodyJoins(part);
  if (isHook(part.phase)) return runHook(execution, part.phase);
  switch (operation.name) {
    case 'build':
      return buildPart(execution);
    case 'upgrade':
      return executeUpgrade(execution);
    case 'start':
      return part.phase === 'undo' ? undoStart(execution) : startUnits(execution);
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

/** A build is made beside what is there, and takes its place when it is whole on all servers. */
async function buildPart({ mln, operation, part, report }: Execution): Promise<Outcome> {
  const { name } = part.project;
  const announce = announcer(mln, operation, 'build', name);
  if (part.phase === 'undo') await undoBuild(mln, name, report);
  else if (part.phase === 'commit') {
    await placeBuild(mln, name, announce, report);
    await journalEnd(operation, join(mln.folders.projects, name), 'done');
  } else await buildLocally(mln, part, operation.options.version, announce, report);
  return done;
}

function nobodyJoins({ phase, units }: Part): Error {
  const names = units.map(({ name }) => name).join(', ');
  return failure('MLN_NO_SERVER', `nobody is there to ${phase} the parts of ${names}, which are on several servers`, {
    hint: 'load @mln/plugin-daemon',
  });
}

/** A hook block that fails stops the operation. */
async function runHook({ mln, part }: Execution, hook: HookBlock): Promise<Outcome> {
  const { project } = part;
  if (project.hookBlocks[hook] === undefined) return done;
  const script = join(project.directory, hookPath(hook));
  refuseStrangersScript(script);
  const env = { MLN_PROJECT: project.name, MLN_SERVICE_HOST: mln.configuration.serviceHost ?? '' };
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
