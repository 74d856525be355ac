import { join } from 'node:path';
import { failure, isHere, isMlnError, type Host } from '@mln/core';
import { projectHere } from '../fleet/projects.js';
import { readProject } from '../operations/folder.js';
import { runIn } from '../operations/guest-user.js';
import { maySee } from '../operations/routes.js';
import { recordOf } from '../operations/held.js';
import type { Call, Daemon, UpgradeRoute } from '../server/route.js';
import { handOver, incomingFolder, tidyIncoming } from './folders.js';
import { likelyBases } from './likely.js';
import { receiveImage } from './receive-image.js';
import { serveImage } from './serve.js';
import { requireGiven, rootDisk } from './source.js';
import { IMAGES } from './wire.js';

/**
 * Disks of hosts that move, each over a connection of its own (wire.ts). `GET /v1/projects/PROJECT/images/HOST` gives one
 * that is here; `GET /v1/operations/ID/images/HOST` takes one in, for a part of an upgrade. `?ahead=1`: while the guest runs.
 */
export function imageUpgrades(daemon: Daemon): readonly UpgradeRoute[] {
  const coming = new Map<string, { readonly stop: AbortController; readonly over: Promise<unknown> }>();
  return [
    {
      path: '/v1/projects/:project/images/:host',
      protocol: IMAGES,
      async accept(call) {
        const { mln } = daemon;
        const [name, preCopy] = [call.parameters['project'] ?? '', isAhead(call)];
        call.require('migrate', name);
        const project = await projectHere(daemon, name);
        const host = project.hosts.find((each) => each.name === call.parameters['host']);
        if (!host || !isHere(mln, host, project) || !rootDisk(host)) throw noSuch(name, call);
        requireGiven(project, host.name, { preCopy });
        const ground = { mln, options: daemon.options, places: daemon.places, root: process.getuid?.() === 0 };
        const run = await runIn(ground, join(project.directory, '..'));
        return (stream) => {
          serveImage(mln, run, { project: name, host: host.name, preCopy }, stream);
        };
      },
    },
    {
      path: '/v1/operations/:id/images/:host',
      protocol: IMAGES,
      async accept(call) {
        const { mln, places, logger } = daemon;
        const held = daemon.operations.held(call.parameters['id'] ?? '');
        if (!maySee(call, recordOf(held)))
          throw failure('MLN_NOT_ALLOWED', `the operation ${held.id} is another’s: no disk is taken for it`);
        call.require('migrate', held.project);
        const project = await readProject(held.folder);
        const host = project?.hosts.find((each) => each.name === call.parameters['host']);
        if (held.operation !== 'upgrade' || !project || !host || !isHere(mln, host, project) || !rootDisk(host))
          throw noSuch(held.project, call);
        const folder = incomingFolder(places.state, held.project, host.name);
        const bases = await likelyBases(mln, held.run.templates, project, namesOf(host));
        await tidyIncoming(places.state);
        const isPreCopy = isAhead(call);
        return (stream) => {
          const before = coming.get(folder);
          const stop = new AbortController();
          const over = (async () => {
            // Whoever comes again has been cut off, which may not have been noticed here.
            before?.stop.abort();
            await before?.over;
            stop.signal.addEventListener('abort', () => stream.destroy());
            const { sent, reused } = await receiveImage(stream, {
              folder,
              bases: [join(held.folder.images, host.name, 'disk'), ...bases],
              shell: mln.shell,
              name: daemon.name,
              ...(isPreCopy ? {} : { keep: (received) => handOver(mln.shell, received, held.folder, held.run) }),
            });
            logger.info({ operation: held.id, project: held.project, host: host.name, sent, reused }, 'image received');
          })().catch((error: unknown) => {
            const about = { operation: held.id, host: host.name };
            if (isMlnError(error)) logger.warn({ ...about, reason: error.message }, 'image not received');
            else logger.error({ ...about, err: error }, 'fault');
          });
          const mine = { stop, over };
          coming.set(folder, mine);
          void over.then(() => {
            if (coming.get(folder) === mine) coming.delete(folder);
          });
        };
      },
    },
  ];
}

function isAhead({ query }: Call): boolean {
  return query.get('ahead') === '1';
}

/** The host, and those that it may have been here before. */
function namesOf(host: Host): readonly Host[] {
  const was = host.keywords['was'];
  return typeof was === 'string' ? [host, { ...host, name: was }] : [host];
}

function noSuch(project: string, { parameters }: Call): Error {
  return failure(
    'MLN_NO_UNIT',
    `${project} has no host ${JSON.stringify(parameters['host'] ?? '')} here whose disk is mln’s`,
  );
}
