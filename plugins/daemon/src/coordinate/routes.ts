import { failure, isHere } from '@mln/core';
import { projectHere } from '../fleet/projects.js';
import type { Daemon, Route } from '../server/route.js';
import { consoleLog } from './console-log.js';

/** What guests have written on their consoles. */
export function guestRoutes(daemon: Daemon): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/projects/:project/log',
      async handle(call) {
        const name = call.parameters['project'] ?? '';
        call.require('console', name);
        const project = await projectHere(daemon, name);
        const wanted = call.query.get('host') ?? '';
        const host = project.hosts.find((each) => each.name === wanted);
        if (!host || !isHere(daemon.mln, host, project))
          throw failure('MLN_NO_UNIT', `no host ${JSON.stringify(wanted.slice(0, 80))} of ${name} is here`);
        const from = Number(call.header('last-event-id') ?? -1) + 1;
        return {
          events: await consoleLog(project, host.name, {
            from: Number.isSafeInteger(from) && from > 0 ? from : 0,
            follow: call.query.get('follow') === '1',
            signal: call.signal,
          }),
        };
      },
    },
  ];
}
