import { failure, type Operation, type Outcome, type Part } from '@mln/core';

/** Refuses to build disks on LVM, before anything is touched: this version reads, checks and plans them. */
export function refuseBuild(operation: Operation, { units }: Part): Promise<Outcome | undefined> {
  const hosts = units.filter((unit) => unit.kind === 'host' && unit.disks.some(({ store }) => store === 'lvm'));
  if (hosts.length === 0 || operation.name !== 'build') return Promise.resolve(undefined);
  const names = hosts.map(({ name }) => name);
  const some = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  throw failure(
    'MLN_UNSUPPORTED',
    `${some}: this version of mln reads and plans disks on LVM, but does not make them`,
    {
      hint: '--rehearse builds the project with files for disks',
    },
  );
}
