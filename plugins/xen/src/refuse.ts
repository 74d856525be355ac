import { failure, type Operation, type Outcome, type Part } from '@mln/core';

/** Refuses to build Xen hosts, before anything is touched: this version reads, checks and plans them. */
export function refuseBuild(operation: Operation, { units }: Part): Promise<Outcome | undefined> {
  const hosts = units.filter(({ kind, hypervisor }) => kind === 'host' && hypervisor === 'xen');
  if (hosts.length === 0 || operation.name !== 'build') return Promise.resolve(undefined);
  const names = hosts.map(({ name }) => name);
  const some = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  throw failure('MLN_UNSUPPORTED', `${some}: this version of mln reads and plans Xen hosts, but does not build them`, {
    hint: '--rehearse builds the project on User-Mode Linux',
  });
}
