/** Two samples, a second apart: only the second tells what happens just now. Names are not cut to ten characters. */
export const topCommand = ['-b', '-f', '-i', '2', '-d', '1'] as const;

/**
 * Name, state, seconds, percent, and the rest; the memory that the physical host may have is `no limit`. From xentop.c of
 * Xen 4.17. A name may hold blanks.
 */
const row = /^\s*(.*?)\s+[d-][s-][b-][c-][p-][r-]\s+\d+\s+(\d+\.\d+)\s+\d+\s/;

/** Percent of one processor that each domain used in the last sample that xentop(1) prints, by name. */
export function readPercents(text: string): ReadonlyMap<string, number> {
  const samples = text.split(/^\s*NAME\s.*$/m);
  return new Map(
    (samples.at(-1) ?? '').split('\n').flatMap((line) => {
      const [, name, percent] = row.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(percent)] as const];
    }),
  );
}
