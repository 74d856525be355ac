import { loadChoosing, type CommandOptions, type ExitCode, type OperationOptions } from '@mln/core';
import { LOCAL } from '../client/local.js';
import { chosenServer, homeElsewhere, serverText, tellHome } from './homes.js';
import type { Called, Carried } from './verbs.js';

/** Seconds that --wait of a start waits where it is given no number; as the core has it. */
const USUAL_WAIT = '120';

/** Starts, stops, restarts or removes projects where they are at home, or where `--on` says; here where that is here. */
export async function elsewhere(verb: Exclude<Carried, 'build'>, called: Called): Promise<ExitCode> {
  const { mln, options, context, args, given, next } = called;
  const server = chosenServer(called);
  const background = given['background'] === true;
  if (given['here'] === true) return next(context, args, given);
  const { chosenNames, eachProject } = await loadChoosing();
  const names =
    server !== null && given['all'] === true
      ? await (await import('./show-there.js')).projectNames(called, server)
      : await chosenNames(context, args, given);
  const homes = new Map<string, string | null>();
  for (const name of server === null ? names : []) homes.set(name, await homeElsewhere(mln, options, name));
  const away = [...homes.values()].some((home) => home !== null);
  // Whatever is said of several projects at once the verb says itself.
  if (server === null && !background && !away) return next(context, args, given);
  return eachProject(names, async (name) => {
    const home = server ?? homes.get(name) ?? null;
    if (home === null && !background) return next(context, [name], { ...given, all: undefined, project: undefined });
    if (server === null && home !== null) tellHome(called, name, home);
    return haveDone(verb, called, name, home ?? LOCAL);
  });
}

async function haveDone(
  verb: Exclude<Carried, 'build'>,
  called: Called,
  name: string,
  server: string,
): Promise<ExitCode> {
  const { context, given } = called;
  const { listOption } = await loadChoosing();
  const hosts = listOption(given, 'host');
  const operationOptions = await optionsOf(verb, given);
  if (verb === 'remove' && given['yes'] !== true)
    await context.terminal.confirm(`Remove ${name} from ${serverText(server)}, and all that is on its disks?`);
  const { carryOut } = await import('./whole.js');
  return carryOut(called, server, {
    scope: 'whole',
    operation: verb,
    options: operationOptions,
    project: name,
    ...(hosts === undefined ? {} : { hosts }),
  });
}

/** The options of the command line that an operation takes along. */
async function optionsOf(verb: Exclude<Carried, 'build'>, given: CommandOptions): Promise<OperationOptions> {
  if (verb === 'remove') return {};
  const { secondsOption, textOption } = await loadChoosing();
  const sleep = secondsOption(given, 'sleep', '-s');
  const wait = secondsOption(given['wait'] === true ? { wait: USUAL_WAIT } : given, 'wait', '--wait');
  // Of a restart: until what still runs is destroyed.
  const patience = verb === 'restart' ? secondsOption(given, 'destroy', '-w') : undefined;
  const term = textOption(given, 'term');
  return {
    ...(sleep === undefined ? {} : { sleep }),
    ...(wait === undefined ? {} : { wait }),
    ...(patience === undefined ? {} : { patience }),
    ...(term === undefined ? {} : { term }),
    ...(given['save'] === true ? { save: true } : {}),
    ...(given['allOrNothing'] === true ? { allOrNothing: true } : {}),
  };
}
