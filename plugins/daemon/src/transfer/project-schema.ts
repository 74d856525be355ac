import type { ReadProjectFits } from '@mln/core';
import { portable } from '../portable.js';
import type { Package } from '../protocol.js';

const { entriesSchema, faultsIn, line, projectSchema, templateSchema, text, z } = portable;

/*
 * What a package may hold, word by word. Whatever is not here is refused; the types below see to it that this is all of a
 * package, and nothing else.
 */
const packageSchema = z.strictObject({
  project: projectSchema,
  source: text,
  entries: entriesSchema,
  templates: z.array(templateSchema).max(10_000),
  plugins: z.record(line.max(214), line.max(256)),
});

/** Reads a package. Gives what is wrong with it, each with its path, where there is anything. */
export function readPackage(value: unknown): { readonly package: Package } | { readonly faults: readonly string[] } {
  const read = packageSchema.safeParse(value);
  if (read.success) return { package: read.data satisfies Fits };
  return { faults: faultsIn(read.error, 'the package') };
}

type Read = (typeof packageSchema)['_output'];
type Differing<A, B> = Exclude<keyof A, keyof B> | Exclude<keyof B, keyof A>;
type Fitting<T, Drift extends Record<keyof Drift, never>> = keyof Drift extends string ? T : never;
/** A package, as long as what is read is what there is: this cannot be compiled where a field is missing on either side. */
type Fits = Fitting<
  Omit<Package, 'project'> & { readonly project: ReadProjectFits },
  { package: Differing<Package, Read> }
>;
