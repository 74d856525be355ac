import { Exit, failure, type Operation, type Outcome, type Part } from '@mln/core';

/** Refuses to save the memory of guests, before anything is touched: User-Mode Linux cannot write it down. */
export function refuseSave({ name, options }: Operation, part: Part): Promise<Outcome | undefined> {
  if (name !== 'stop' || !options.save || part.phase !== 'prepare' || part.server !== null)
    return Promise.resolve(undefined);
  const ours = part.units.filter(({ kind, hypervisor }) => kind === 'host' && hypervisor === 'uml');
  if (ours.length === 0) return Promise.resolve(undefined);
  const rest = part.units.filter((unit) => unit.kind === 'host' && !ours.includes(unit)).map((unit) => unit.name);
  const stop = `mln stop -p ${part.project.name}`;
  const others = rest.length === 0 ? '' : `, ${stop} -h ${rest.join(',')} --save saves that of the others`;
  throw failure(
    'MLN_UNSUPPORTED',
    `the memory of hosts on User-Mode Linux cannot be saved: ${ours.map((unit) => unit.name).join(', ')}`,
    { hint: `${stop} shuts them down${others}`, exit: Exit.failed },
  );
}
