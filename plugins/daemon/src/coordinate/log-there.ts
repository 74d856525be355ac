import {
  Exit,
  failure,
  isMlnError,
  isHere,
  loadChoosing,
  serverOf,
  type CommandOptions,
  type ExitCode,
} from '@mln/core';
import type { FleetClient } from '../client/client.js';
import { LOCAL } from '../client/local.js';
import { serverText } from './homes.js';
import type { Called } from './verbs.js';

/** `mln log`: of an operation, and of hosts that are on other servers. */
export async function logThere(called: Called): Promise<ExitCode> {
  const { mln, options, context, args, given, next } = called;
  const [name = ''] = args;
  const clientOf = async (): Promise<FleetClient> => (await import('../client/shared.js')).fleetClient(mln, options);
  if (/^op-[0-9a-z]{8,}$/.test(name) && given['project'] === undefined) {
    const client = await clientOf();
    const { follow } = await import('./whole.js');
    const server = onOf(given) ?? (await whoHas(client, name));
    const exit = await follow(context, client, server, name, { follow: given['follow'] === true });
    return given['follow'] === true ? exit : Exit.done;
  }
  const there = await hostThere(called, name);
  return there === null ? next(context, args, given) : showLog(await clientOf(), there, given['follow'] === true);
}

/** `mln console`: a console is opened where its host is. */
export async function consoleThere(called: Called): Promise<ExitCode> {
  const { context, args, given, next, options } = called;
  const there = await hostThere(called, args[0] ?? '');
  if (there === null) return next(context, args, given);
  const { server, host, project } = there;
  const address = options.servers?.[server]?.replace(/:\d+$/, '') ?? server;
  throw failure('MLN_NO_SERVER', `${host}.${project} is on ${server}, and its console is opened there`, {
    hint: `ssh -t ${address} mln console ${host}.${project}`,
  });
}

/** A host on another server. */
interface There {
  readonly server: string;
  readonly project: string;
  readonly host: string;
}

/** Where a host is that is not on this machine; null where it is. */
async function hostThere({ mln, context, given }: Called, name: string): Promise<There | null> {
  const on = onOf(given);
  const { chosenHost, textOption } = await loadChoosing();
  if (on !== undefined) {
    const dot = name.lastIndexOf('.');
    const inProject = textOption(given, 'project');
    const project = inProject ?? name.slice(dot + 1);
    const host = name.endsWith(`.${project}`) ? name.slice(0, -project.length - 1) : name;
    if (inProject !== undefined || dot > 0) return { server: on, project, host };
    throw failure('MLN_USAGE', `which project is ${name} in?`, { hint: 'write HOST.PROJECT, or name it with -p' });
  }
  const { project, host } = await chosenHost(context, name, given);
  const unit = project.hosts.find((each) => each.name === host);
  const server = unit ? serverOf(unit, project) : null;
  if (!unit || server === null || isHere(mln, unit, project)) return null;
  if (!server.startsWith('~')) return { server, project: project.name, host };
  throw failure('MLN_NO_SERVER', `${host}.${project.name} is with ${server.slice(1)}, on a machine that is no server`, {
    hint: `${server.slice(1)} gives this command there`,
  });
}

async function showLog(client: FleetClient, { server, project, host }: There, on: boolean): Promise<ExitCode> {
  const path = `/v1/projects/${encodeURIComponent(project)}/log?host=${encodeURIComponent(host)}&follow=${on ? 1 : 0}`;
  for await (const { data } of client.events(server, path, { after: -1 })) {
    const { bytes } = data as { readonly bytes?: unknown };
    if (typeof bytes === 'string') process.stdout.write(Buffer.from(bytes, 'base64'));
  }
  return Exit.done;
}

/** Asks this machine's daemon and all servers at once which of them has an operation. */
async function whoHas(client: FleetClient, id: string): Promise<string> {
  const { readOperation } = await import('./operation-log.js');
  const silent: string[] = [];
  const refused: unknown[] = [];
  const ask = async (server: string): Promise<string> => {
    try {
      await readOperation(client, server, id);
      return server;
    } catch (error) {
      if (!isMlnError(error)) throw error;
      if (error.code === 'MLN_NO_SERVER') silent.push(server);
      else if (error.code !== 'MLN_NO_OPERATION') refused.push(error);
      throw error;
    }
  };
  try {
    return await Promise.any([LOCAL, ...client.servers].map(ask));
  } catch (error) {
    const bug = (error as AggregateError).errors.find((each) => !isMlnError(each)) as unknown;
    if (bug !== undefined) throw bug as Error;
    // Who may not see it knows that it is there.
    if (refused.length > 0) throw refused[0] as Error;
    throw failure('MLN_NO_OPERATION', `no server that answers knows an operation ${id}`, {
      hint: silent.length > 0 ? `not asked: ${silent.map(serverText).join(', ')}` : 'mln operations list shows them',
    });
  }
}

function onOf(given: CommandOptions): string | undefined {
  return typeof given['on'] === 'string' ? given['on'] : undefined;
}
