import { failure, type Switch } from '@mln/core';
import { projectHere } from '../fleet/projects.js';
import type { Call, Daemon, Route, UpgradeRoute } from '../server/route.js';
import { joinProject, leaveProject } from './join.js';
import { here, requirePart, runningPart, type LocalPart } from './part.js';
import { isTunnelled, memberOf } from './shape.js';
import { FRAMES, tunnelsOf } from './tunnels.js';

/** Bytes of the longest request: the names of a project's switches. */
const MOST = 64 * 1024;
/** The highest network identifier of a VXLAN, which has 24 bits (RFC 7348). */
const HIGHEST = 0xffffff;

/**
 * `POST` and `DELETE /v1/tunnels/PROJECT` join switches to their parts on other servers, and leave them; all of the
 * project where the body names none. `…/SWITCH/number`, between the servers of a switch: its centre is asked which number
 * its VXLAN has, and asks the others to keep it.
 */
export function tunnelRoutes(daemon: Daemon): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/tunnels/:project',
      body: { kind: 'json', most: MOST },
      async handle(call) {
        const project = parameter(call, 'project');
        call.require('start', project);
        return { status: 200, json: await joinProject(daemon, project, await switchesOf(daemon, project, call.json)) };
      },
    },
    {
      method: 'DELETE',
      path: '/v1/tunnels/:project',
      body: { kind: 'json', most: MOST },
      async handle(call) {
        const project = parameter(call, 'project');
        call.require('stop', project);
        return { status: 200, json: await leaveProject(daemon, project, await switchesOf(daemon, project, call.json)) };
      },
    },
    {
      method: 'GET',
      path: '/v1/tunnels/:project/:switch/number',
      async handle(call) {
        const { part } = await fromMember(daemon, call);
        requireCentre(daemon, part);
        const tunnels = tunnelsOf(daemon);
        const number = await tunnels.numbers.choose(part);
        await tunnels.renumber(part, number);
        return { status: 200, json: { number } };
      },
    },
    {
      method: 'PUT',
      path: '/v1/tunnels/:project/:switch/number',
      body: { kind: 'json', most: MOST },
      async handle(call) {
        const { part, member } = await fromMember(daemon, call);
        if (member !== part.shape.centre)
          throw failure('MLN_NOT_ALLOWED', `${member} does not choose the number of the switch ${part.unit.name}`);
        const number = readNumber(call.json);
        const tunnels = tunnelsOf(daemon);
        const free = await tunnels.numbers.keep(part, number);
        if (free) await tunnels.renumber(part, number);
        return { status: 200, json: { free } };
      },
    },
  ];
}

/** `GET /v1/tunnels/PROJECT/SWITCH`, for servers of the switch: frames of its part there come, and those of the part here go. */
export function tunnelUpgrades(daemon: Daemon): readonly UpgradeRoute[] {
  return [
    {
      path: '/v1/tunnels/:project/:switch',
      protocol: FRAMES,
      async accept(call) {
        const { part, member } = await fromMember(daemon, call);
        requireCentre(daemon, part);
        const running = await runningPart(daemon, part);
        if (running?.kind !== 'vde')
          throw failure(
            'MLN_NOT_UP',
            running === null
              ? `the switch ${part.unit.name}.${part.project.name} does not run on ${here(daemon)}`
              : `the switch ${part.unit.name}.${part.project.name} is a bridge on ${here(daemon)}, and no vde_switch`,
          );
        return tunnelsOf(daemon).accept(part, member, call.signal);
      },
    },
  ];
}

/** The part that is asked for by one of the switch's other servers. */
async function fromMember(daemon: Daemon, call: Call): Promise<{ readonly part: LocalPart; readonly member: string }> {
  const [project, name] = [parameter(call, 'project'), parameter(call, 'switch')];
  call.require('start', project);
  const part = await requirePart(daemon, project, name);
  const member = memberOf(part.shape, call.principal);
  if (member !== null && member !== part.own) return { part, member };
  throw failure('MLN_NOT_ALLOWED', `only another server of the switch ${name}.${project} may ask for that`);
}

function requireCentre(daemon: Daemon, { unit, project, shape, own }: LocalPart): void {
  if (own === shape.centre) return;
  throw failure(
    'MLN_BAD_REQUEST',
    `the parts of the switch ${unit.name}.${project.name} are joined on ${shape.centre}, not on ${here(daemon)}`,
  );
}

function parameter(call: Call, name: string): string {
  return call.parameters[name] ?? '';
}

/** The switches that a request names; all that are on several servers where it names none. */
async function switchesOf(daemon: Daemon, name: string, body: unknown): Promise<readonly string[]> {
  const { switches } = (body ?? {}) as { readonly switches?: unknown };
  const project = await projectHere(daemon, name);
  const spread = project.switches.filter((each: Switch) => isTunnelled(each, project)).map((each) => each.name);
  if (switches === undefined) return spread;
  if (!Array.isArray(switches) || !switches.every((each) => typeof each === 'string'))
    throw failure('MLN_BAD_REQUEST', 'switches is a list of names');
  for (const each of switches)
    if (!project.switches.some((unit) => unit.name === each))
      throw failure('MLN_NO_UNIT', `the project ${name} has no switch ${each}`);
  return switches;
}

function readNumber(body: unknown): number {
  const { number } = (body ?? {}) as { readonly number?: unknown };
  if (typeof number === 'number' && Number.isInteger(number) && number > 0 && number <= HIGHEST) return number;
  throw failure('MLN_BAD_REQUEST', `the number of a VXLAN is a whole number up to ${HIGHEST}`);
}
