import { coreVerbs, Exit, failure, loadOperating, type CommandOptions } from '@mln/core';
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
    ? await (
        await loadOperating()
      ).buildProject(context, { project, source: request.package?.source ?? '', warnings: [] }, options)
    : await verbOf(context.commands, request.operation).run(context, [], options);
  if (exit === Exit.done) return { state: 'done', exit };
  return { state: cancellation.asked ? 'cancelled' : 'failed', exit };
}

/** That of the core itself: what wraps it sends it to where it is carried out, which is here. */
function verbOf(commands: Work['context']['commands'], operation: string): (typeof commands)[number] {
  const verb = [...coreVerbs, ...commands].find(({ name }) => name === operation);
  if (verb) return verb;
  throw failure('MLN_BAD_REQUEST', `this server knows no ${operation}`);
}

/** The request as options of the command line. Of a restart, `patience` is the time until what still runs is destroyed. */
function optionsOf({ operation, project, hosts, replace, options }: OperationRequest): CommandOptions {
  const { sleep, wait, patience, term, save, allOrNothing, overcommit } = options;
  const given: Record<string, string | boolean | undefined> = {
    project,
    host: hosts?.join(','),
    sleep: text(sleep),
    wait: text(wait),
    term,
    save,
    allOrNothing,
    overcommit,
    ...(operation === 'restart' ? { destroy: text(patience) } : {}),
    ...(operation === 'remove' ? { yes: true } : {}),
    ...(replace === true ? { replace: true } : {}),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function text(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : String(seconds);
}
