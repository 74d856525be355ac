import { failure, isHere, loadOperating, serversOf, unitsOf, type Project, type Unit } from '@mln/core';
import { lookHere } from '../coordinate/monitor.js';
import { PROTOCOL, type ServerInfo } from '../protocol.js';
import { noCertificate } from '../server/requests.js';
import type { Call, Daemon, Route } from '../server/route.js';
import { mayRead } from './may-read.js';
import { metricsRoute } from './metrics.js';
import { projectHere, projectsHere } from './projects.js';
import { serverStatus } from './server-status.js';
import { topRoute } from './top-route.js';

/** What a server tells of itself, of its projects and their guests. */
export function fleetRoutes(daemon: Daemon): readonly Route[] {
  const { mln } = daemon;
  return [
    {
      method: 'GET',
      path: '/v1/server',
      handle: (call) => {
        if (call.principal === null) throw noCertificate();
        return Promise.resolve({ status: 200, json: serverInfo(daemon) });
      },
    },
    {
      method: 'GET',
      path: '/v1/status',
      async handle(call) {
        call.require('read');
        return { status: 200, json: await serverStatus(daemon) };
      },
    },
    {
      method: 'GET',
      path: '/v1/projects',
      async handle(call) {
        const projects = (await projectsHere(daemon)).filter(({ name }) => mayRead(call, name));
        return { status: 200, json: { projects: projects.map(summary) } };
      },
    },
    {
      method: 'GET',
      path: '/v1/projects/:project',
      async handle(call) {
        const project = await readable(daemon, call);
        return { status: 200, json: summary(project) };
      },
    },
    {
      method: 'GET',
      path: '/v1/projects/:project/status',
      async handle(call) {
        const project = await readable(daemon, call);
        const here = unitsOf(project).filter((unit) => isHere(mln, unit, project));
        const { statusesOf } = await loadOperating();
        const units = asked(call, project, here);
        const statuses = await statusesOf(mln, project, units, lookHere(call.query.get('usage') === '1'));
        return {
          status: 200,
          json: { statuses: Object.fromEntries(units.map(({ name }) => [name, statuses.get(name)])) },
        };
      },
    },
    topRoute(daemon),
    metricsRoute(daemon),
  ];
}

function serverInfo({ mln, name, options }: Daemon): ServerInfo {
  return {
    name,
    protocols: [PROTOCOL],
    plugins: Object.fromEntries(mln.plugins.map((each) => [each.name, each.version])),
    groups: options.groups ?? [],
  };
}

async function readable(daemon: Daemon, call: Call): Promise<Project> {
  const name = call.parameters['project'] ?? '';
  call.require('read', name);
  return projectHere(daemon, name);
}

/** The units that were asked for, or all that are here. Throws MLN_NO_UNIT for one that is not. */
function asked({ query }: Call, project: Project, here: readonly Unit[]): readonly Unit[] {
  const names = query.get('units')?.split(',');
  if (names === undefined) return here;
  const missing = names.find((name) => !here.some((unit) => unit.name === name));
  if (missing === undefined) return here.filter(({ name }) => names.includes(name));
  throw failure('MLN_NO_UNIT', `no ${missing} of ${project.name} is here`);
}

function summary(project: Project): object {
  return {
    name: project.name,
    home: project.home,
    hosts: project.hosts.map(({ name, serviceHost, memory }) => ({
      name,
      serviceHost: serviceHost ?? project.home,
      memory,
    })),
    switches: project.switches.map((unit) => ({ name: unit.name, servers: serversOf(unit, project) })),
  };
}
