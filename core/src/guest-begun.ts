import type { Guest } from './guest.js';

const changes = ['write', 'append', 'region', 'directory', 'symlink', 'copyIn', 'remove'] as const;

/** The same guest, which notes what is begun: a change that somebody forgot to await is not lost. */
export function noting(guest: Guest, begun: Set<Promise<void>>): Guest {
  const noted = changes.map((name) => [
    name,
    (...args: never[]) => {
      const act: (...args: never[]) => Promise<void> = guest[name].bind(guest);
      const change = act(...args);
      const over = (): void => void begun.delete(change);
      begun.add(change);
      change.then(over, over);
      return change;
    },
  ]);
  return { ...guest, ...(Object.fromEntries(noted) as Partial<Guest>) };
}
