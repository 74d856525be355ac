import { Console } from 'node:console';
import { Exit } from '../codes.js';
import { failure } from '../errors.js';
import { faultOf, type Blamed } from '../plugin-blame.js';
import { failPending } from '../plugin-pending.js';
import { renderError } from '../render-problem.js';

/** What a command looks after while it runs, beside its own work. */
export interface Watched {
  /** Whether something went wrong in a plug-in that nobody waited for. */
  readonly strayed: boolean;
  release(): void;
}

/**
 * Watches over what plug-ins do unasked: what they print with `console` goes to stderr; what they throw where nobody
 * waits is told, and the command goes on; what never ends fails as soon as nothing else is left to do. Anything else is
 * given to `fault`, which ends the command.
 */
export function watchProcess(plugins: () => readonly Blamed[], fault: (error: unknown) => Promise<number>): Watched {
  const { console: usual } = globalThis;
  const stream = { write: (text: string) => process.stderr.write(text) } as NodeJS.WritableStream;
  globalThis.console = new Console({ stdout: stream, stderr: stream, ignoreErrors: false });
  let strayed = false;
  const end = (error: unknown): void => {
    void fault(error).then((exit) => process.exit(exit));
  };
  const stray = (error: unknown): void => {
    const whose = plugins().find((plugin) => isFrom(plugin, error));
    if (!whose) {
      end(error);
      return;
    }
    strayed = true;
    process.stderr.write(`${renderError(faultOf(whose, 'where nobody waited for it', error))}\n`);
  };
  const idle = (): void => {
    if (!failPending()) end(failure('MLN_FAULT', 'mln waits for something that never comes', { exit: Exit.failed }));
  };
  process.on('uncaughtException', stray).on('beforeExit', idle);
  return {
    get strayed() {
      return strayed;
    },
    release() {
      process.off('uncaughtException', stray).off('beforeExit', idle);
      globalThis.console = usual;
    },
  };
}

/** A plug-in that is a lone file is to blame for that file alone: others may lie beside it. */
function isFrom(plugin: Blamed, error: unknown): boolean {
  const place = faultOf(plugin, '', error).problems[0]?.place;
  return place !== undefined && (place.file === plugin.source || plugin.source.endsWith('/package.json'));
}
