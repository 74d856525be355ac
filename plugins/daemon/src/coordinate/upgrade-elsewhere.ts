import {
  failure,
  isName,
  loadChoosing,
  loadOperating,
  readChosenFile,
  type CommandOptions,
  type ExitCode,
  type OperationOptions,
} from '@mln/core';
import { LOCAL } from '../client/local.js';
import type { OperationRequest } from '../protocol.js';
import { anyElsewhere } from './build-elsewhere.js';
import { chosenServer, homeElsewhere, serverText, tellHome } from './homes.js';
import type { Called } from './verbs.js';

/** Upgrades a project where it is at home, or where `--on` says; here where that is here. */
export async function upgradeElsewhere(called: Called): Promise<ExitCode> {
  const { mln, options, context, args, given, next } = called;
  const server = chosenServer(called);
  const background = given['background'] === true;
  if (server === null && !background && !(await anyElsewhere(mln, options))) return next(context, args, given);
  const read = await readChosenFile(context, given);
  (await loadChoosing()).refuseUnknown(read, given);
  const { name } = read.project;
  const home = server ?? (await homeElsewhere(mln, options, name));
  // Standard input can be read but once: what was read is what is wanted.
  if (home === null && !background) return (await loadOperating()).upgradeProject(context, read, given);
  if (server === null && home !== null) tellHome(called, name, home);
  const to = home ?? LOCAL;
  const { packProject } = await import('../transfer/pack.js');
  const project = { ...read.project, home: to === LOCAL ? mln.configuration.serviceHost : to };
  const hosts = project.hosts.map((host) => host.name);
  const packed = await packProject(mln, project, hosts, read.source);
  context.terminal.report({ server: null, unit: null, state: 'begun', text: `${name} is sent to ${serverText(to)}` });
  const { carryOut } = await import('./whole.js');
  return carryOut(called, to, await requestOf('upgrade', name, given), packed);
}

/** Brings a host to another server, as its project's home does it. */
export async function migrateElsewhere(called: Called): Promise<ExitCode> {
  const { context, args, given, next } = called;
  const to = given['to'];
  // What is wrong with it the verb itself says.
  if (typeof to !== 'string' || !isName(to) || given['live'] === true) return next(context, args, given);
  const server = chosenServer(called);
  const { project, host } = await hostIn(called, server);
  return elsewhereOf(called, server, project, async (home) => {
    const { carryOut } = await import('./whole.js');
    return carryOut(called, home, { ...(await requestOf('migrate', project, given)), hosts: [host], to });
  });
}

/** Takes the last upgrade back, as the project's home does it. */
export async function undoElsewhere(called: Called): Promise<ExitCode> {
  const { context, args, given } = called;
  const server = chosenServer(called);
  const { chosenNames, textOption } = await loadChoosing();
  const named = textOption(given, 'project') ?? args[0];
  const name = server !== null && named !== undefined ? named : (await chosenNames(context, args, given))[0];
  return elsewhereOf(called, server, name ?? '', async (home) => {
    const { carryOut } = await import('./whole.js');
    const question = `Bring ${name ?? ''} back to what it was before its last upgrade, on ${serverText(home)}?`;
    if (given['yes'] !== true && given['json'] === true)
      throw failure('MLN_NOT_CONFIRMED', `${question} With --json nobody is asked.`, { hint: 'confirm with -y' });
    if (given['yes'] !== true) await context.terminal.confirm(question);
    return carryOut(called, home, await requestOf('undo', name ?? '', given));
  });
}

/** The host that is named, of a project that is named, too, wherever that is; else of one that is built here. */
async function hostIn({ context, args, given }: Called, server: string | null) {
  const { chosenHost, textOption } = await loadChoosing();
  const [word = ''] = args;
  const [host = '', ...rest] = word.split('.');
  const project = textOption(given, 'project') ?? rest.join('.');
  if (project !== '') return { project, host };
  if (server !== null)
    throw failure('MLN_USAGE', `of which project is ${host}?`, { hint: `mln migrate ${host} -p PROJECT --to SERVER` });
  const chosen = await chosenHost(context, word, given);
  return { project: chosen.project.name, host: chosen.host };
}

async function elsewhereOf(
  called: Called,
  server: string | null,
  name: string,
  act: (home: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { mln, options, context, args, given, next } = called;
  const home = server ?? (await homeElsewhere(mln, options, name));
  if (home === null && given['background'] !== true) return next(context, args, given);
  if (server === null && home !== null) tellHome(called, name, home);
  return act(home ?? LOCAL);
}

async function requestOf(
  operation: 'upgrade' | 'migrate' | 'undo',
  project: string,
  given: CommandOptions,
): Promise<OperationRequest> {
  const { listOption, secondsOption } = await loadChoosing();
  const [rebuild, shrink] = [listOption(given, 'rebuild'), listOption(given, 'shrink')];
  const wait = secondsOption(given, 'wait', '-w');
  const options: OperationOptions = {
    ...(rebuild === undefined ? {} : { rebuild }),
    ...(shrink === undefined ? {} : { shrink }),
    ...(wait === undefined ? {} : { wait }),
    ...(given['preCopy'] === true ? { preCopy: true } : {}),
    ...(given['overcommit'] === true ? { overcommit: true } : {}),
  };
  return {
    scope: 'whole',
    operation,
    options,
    project,
    ...(given['start'] === true ? { start: true } : {}),
  };
}
