import { readdir } from 'node:fs/promises';
import {
  failure,
  isMlnError,
  isProjectName,
  isThisServer,
  loadChoosing,
  loadOperating,
  readChosenFile,
  type ExitCode,
  type Mln,
} from '@mln/core';
import { LOCAL } from '../client/local.js';
import { guestFolders } from '../operations/guest-user.js';
import { placesOf, type Options } from '../options.js';
import { chosenServer, homeElsewhere, serverText, tellHome } from './homes.js';
import type { Called } from './verbs.js';

type Read = Awaited<ReturnType<typeof readChosenFile>>;

/** Builds a project where it is at home, or where `--on` says; here where that is here. */
export async function buildElsewhere(called: Called): Promise<ExitCode> {
  const { mln, options, context, args, given, next } = called;
  const server = chosenServer(called);
  const background = given['background'] === true;
  // A machine without a name that has servers is most likely somebody's desk.
  const desk = mln.configuration.serviceHost === null && Object.keys(options.servers ?? {}).length > 0;
  if (given['dryRun'] === true || (server === null && !background && !desk && !(await anyElsewhere(mln, options))))
    return next(context, args, given);
  const read = await readChosenFile(context, given);
  if (desk && server === null && read.project.hosts.some(({ serviceHost }) => serviceHost !== null))
    context.terminal.note(
      `${read.project.name} is at home on this machine, which the servers cannot ask; --on SERVER has a server be its home`,
    );
  (await loadChoosing()).refuseUnknown(read, given);
  const home = server ?? (await homeElsewhere(mln, options, read.project.name));
  // Standard input can be read but once: what was read is built.
  if (home === null && !background) return (await loadOperating()).buildProject(context, read, given);
  if (server === null && home !== null) tellHome(called, read.project.name, home);
  return buildThere(called, home ?? LOCAL, read);
}

/** Whether any project that is built here is at home elsewhere, or another user's. */
export async function anyElsewhere(mln: Mln, options: Options): Promise<boolean> {
  const guests = await guestFolders(placesOf(options, mln.folders));
  const theirs = await Promise.all(guests.map((folder) => readdir(folder).catch(() => [])));
  if (theirs.flat().some(isProjectName)) return true;
  try {
    return (await mln.projects()).some(({ home }) => home !== null && !isThisServer(mln, home));
  } catch (error) {
    // One whose state cannot be read is not the one that is built, or the build says so.
    if (isMlnError(error)) return false;
    throw error;
  }
}

async function buildThere(called: Called, server: string, { project, source }: Read): Promise<ExitCode> {
  const { mln, context, given } = called;
  const replace = await agreeToReplace(called, server, project.name);
  const { packProject } = await import('../transfer/pack.js');
  const home = server === LOCAL ? mln.configuration.serviceHost : server;
  const hosts = project.hosts.map(({ name }) => name);
  const packed = await packProject(mln, { ...project, home }, hosts, source);
  context.terminal.report({ server: null, unit: null, state: 'begun', text: `${project.name} is sent to ${server}` });
  const { carryOut } = await import('./whole.js');
  return carryOut(
    called,
    server,
    {
      scope: 'whole',
      operation: 'build',
      options: {
        ...(given['allOrNothing'] === true ? { allOrNothing: true } : {}),
        ...(given['overcommit'] === true ? { overcommit: true } : {}),
      },
      project: project.name,
      ...(replace ? { replace } : {}),
    },
    packed,
  );
}

/** Asks before a project that is built there is replaced; gives whether it is. */
async function agreeToReplace(
  { mln, options, context, given }: Called,
  server: string,
  name: string,
): Promise<boolean> {
  if (given['replace'] === true || given['yes'] === true) return true;
  const { fleetClient } = await import('../client/shared.js');
  try {
    await fleetClient(mln, options).request(server, 'GET', `/v1/projects/${encodeURIComponent(name)}`);
  } catch (error) {
    if (isMlnError(error) && error.code === 'MLN_NO_PROJECT') return false;
    throw error;
  }
  const question = `${name} is built already on ${serverText(server)}. Replace it, and lose what is on its disks?`;
  if (given['json'] === true)
    throw failure('MLN_NOT_CONFIRMED', `${question} With --json nobody is asked.`, { hint: 'confirm with -y' });
  await context.terminal.confirm(question);
  return true;
}
