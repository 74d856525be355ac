import { coreVerbs, Exit, failure, loadOperating, type CommandOptions, type ExitCode, type Project } from '@mln/core';
import { actFor } from '../client/shared.js';
import type { OperationRequest } from '../protocol.js';
import { readProject } from './folder.js';
import type { Ending, Work } from './work.js';

/** Carries a whole operation out as the command of this machine, which is the project's home. */
export async function runWhole({ context, stored, folder, cancellation }: Work): Promise<Ending> {
  const { request, principal, onBehalfOf } = stored;
  // What it asks of other servers it asks for whoever asked.
  actFor(context.mln, onBehalfOf ?? principal);
  cancellation.check();
  const options = optionsOf(request);
  const project = await readProject(folder);
  const exit = project
    ? await make(context, request, project, options)
    : await verbOf(context.commands, request.operation).run(context, argumentsOf(request), options);
  if (exit === Exit.done) return { state: 'done', exit };
  return { state: cancellation.asked ? 'cancelled' : 'failed', exit };
}

async function make(
  context: Work['context'],
  { operation, package: pack }: OperationRequest,
  project: Project,
  options: CommandOptions,
): Promise<ExitCode> {
  const { buildProject, upgradeProject } = await loadOperating();
  const read = { project, source: pack?.source ?? '', warnings: [] };
  return operation === 'upgrade' ? upgradeProject(context, read, options) : buildProject(context, read, options);
}

function argumentsOf({ operation, hosts = [] }: OperationRequest): readonly string[] {
  return operation === 'migrate' ? hosts : [];
}

/** That of the core itself: what wraps it sends it to where it is carried out, which is here. */
function verbOf(commands: Work['context']['commands'], operation: string): (typeof commands)[number] {
  const verb = [...coreVerbs, ...commands].find(({ name }) => name === operation);
  if (verb) return verb;
  throw failure('MLN_BAD_REQUEST', `this server knows no ${operation}`);
}

/** The request as options of the command line. Of a restart, `patience` is the time until what still runs is destroyed. */
function optionsOf({ operation, project, hosts, replace, start, to, options }: OperationRequest): CommandOptions {
  const { sleep, wait, patience, term, save, allOrNothing, overcommit, rebuild, shrink, preCopy } = options;
  const given: Record<string, string | boolean | undefined> = {
    project,
    host: operation === 'migrate' ? undefined : hosts?.join(','),
    sleep: text(sleep),
    wait: text(wait),
    term,
    save,
    allOrNothing,
    overcommit,
    rebuild: rebuild?.join(','),
    shrink: shrink?.join(','),
    preCopy,
    to,
    ...(operation === 'restart' ? { destroy: text(patience) } : {}),
    ...(operation === 'remove' || operation === 'undo' ? { yes: true } : {}),
    ...(replace === true ? { replace: true } : {}),
    ...(start === true ? { start: true } : {}),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function text(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : String(seconds);
}
