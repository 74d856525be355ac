import { setFlagsFromString } from 'node:v8';
import { Exit, isMlnError, messageOf, placeText, type ExitCode, type Mln } from '@mln/core';
import type { Options } from '../options.js';
import { createLog } from './log.js';
import { createNotify } from './notify.js';
import { startDaemon } from './start.js';

/** Milliseconds in which operations that end soon are waited for. */
const DRAIN = 10_000;

/** Runs a daemon in the foreground until it is told to end: daemon(7), systemd.service(5). */
export async function runDaemon(mln: Mln, options: Options, version: string): Promise<ExitCode> {
  // It waits most of the time: what requests leave behind is cleared away soon, and not when much has come together.
  setFlagsFromString('--optimize-for-size');
  const logger = await createLog(process.env['MLN_LOG_LEVEL'] ?? 'info');
  const notify = createNotify(mln.shell);
  const told = new Promise<string>((resolve) => {
    for (const each of ['SIGTERM', 'SIGINT'] as const) process.once(each, resolve);
  });
  const running = await startDaemon(mln, options, { logger });
  const { daemon } = running;
  let reloading = Promise.resolve();
  const reload = async (): Promise<void> => {
    await notify.reloading();
    try {
      await running.reload();
      logger.info('configuration, certificates and roles are read anew');
      await notify.status('');
    } catch (error) {
      logger.error(
        { reason: reasonOf(error), ...(isMlnError(error) ? { code: error.code } : { err: error }) },
        'what is new cannot be used; what was goes on',
      );
      await notify.status(`the new configuration cannot be used: ${reasonOf(error)}`);
    }
    await notify.ready();
  };
  const onReload = (): void => {
    reloading = reloading.then(reload);
  };
  process.on('SIGHUP', onReload);
  logger.info(
    { pid: process.pid, version, name: daemon.name, listen: options.listen ?? [], socket: daemon.places.socket },
    'ready',
  );
  for (const said of running.found) logger.info({ said }, 'found');
  await notify.ready();
  const signal = await told;
  logger.info({ signal }, 'ending');
  await notify.stopping();
  await reloading;
  process.off('SIGHUP', onReload);
  await running.close(DRAIN);
  logger.info('ended');
  return Exit.done;
}

/** What is wrong, each with the line that it stands on. */
function reasonOf(error: unknown): string {
  if (!isMlnError(error)) return messageOf(error);
  const told = error.problems.map(({ message, place }) => `${place ? `${placeText(place)}: ` : ''}${message}`);
  return told.join('; ');
}
