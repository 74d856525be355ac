import { statusesOf } from './monitor.js';
import type { Outcome } from './operation.js';
import type { Problem } from './errors.js';
import { problem, runScripts, type Execution } from './run-scripts.js';
import type { Status } from './status.js';

/** Milliseconds in which a host's memory must be saved, or restored: a day, for a tebibyte at twelve megabytes a second. */
export const SAVE_LIMIT = 24 * 3600 * 1000;

/** Saves the memory of hosts, in reverse order; those that are down are left alone. */
export async function saveHosts(execution: Execution): Promise<Outcome> {
  const { mln, part, report } = execution;
  const statuses = await statusesOf(mln, part.project, part.units);
  const names = part.units.map(({ name }) => name).reverse();
  const [down, rest] = [true, false].map((is) => names.filter((name) => (statuses.get(name)?.state === 'down') === is));
  for (const name of down ?? [])
    report({ server: null, unit: name, state: 'note', text: alreadyDown(statuses.get(name)) });
  const check = async (name: string): Promise<Problem | null> => {
    const units = part.units.filter((unit) => unit.name === name);
    return notSaved(name, (await statusesOf(mln, part.project, units)).get(name));
  };
  return runScripts(execution, rest ?? [], { script: 'stop', args: ['save'], done: 'saved', limit: SAVE_LIMIT, check });
}

function alreadyDown(status: Status | undefined): string {
  return status?.saved ? 'is saved already' : 'is down already: there is no memory to save';
}

/** A guest may have shut down by itself meanwhile. */
function notSaved(name: string, status: Status | undefined): Problem | null {
  if (status?.saved) return null;
  const hint = `mln log ${name} shows its console`;
  return status?.state === 'down'
    ? problem('MLN_NOT_UP', `${name}: it has gone down, and its memory is not saved`, hint)
    : problem('MLN_SCRIPT_FAILED', `${name}: its stop script has saved nothing`, hint);
}
