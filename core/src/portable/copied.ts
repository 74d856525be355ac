import type { Mln } from '../kernel.js';

/** Which words of a list's rows name files and folders that are copied into guests, counted from 0. */
export function copiedColumns({ keywords }: Mln, list: string): readonly number[] {
  const columns = keywords.find('host', list)?.columns ?? [];
  return columns.flatMap(({ copied }, at) => (copied === true ? [at] : []));
}
