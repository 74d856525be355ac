import type { Problems } from './errors.js';
import type { Scope } from './scope.js';
import type { Block } from './tree.js';
import { nearest } from './values.js';

/** A block and those of its superclasses, nearest first. */
export interface Chain {
  readonly layers: readonly Block[];
  /** The names of the superclasses, nearest first. */
  readonly names: readonly string[];
}

/** Follows `superclass NAME` from block to block. Where it leads nowhere, or in a circle, the chain ends and it is told. */
export function superclassChain(
  first: Block,
  superclasses: ReadonlyMap<string, Block>,
  global: Scope,
  problems: Problems,
): Chain {
  const layers = [first];
  const names: string[] = [];
  for (let block = first; ;) {
    const parent = block.items.findLast((item) => item.kind === 'statement' && item.keyword === 'superclass');
    if (parent?.kind !== 'statement') return { layers, names };
    const place = parent.place ?? block.place ?? first.place ?? undefined;
    const { words, whole } = global.read(parent.words, place ?? null);
    const name = words.join(' ');
    const found = superclasses.get(name);
    if (found && !layers.includes(found)) {
      layers.push(found);
      names.push(name);
      block = found;
      continue;
    }
    if (found) {
      const circle = [...layers.slice(layers.indexOf(found)), found].map((layer) => layer.words.join(' '));
      problems.error('MLN_SUPERCLASS_CYCLE', `the superclass ${name} inherits from itself`, {
        place,
        hint: circle.join(' → '),
      });
    } else if (whole) {
      const guess = nearest(name, superclasses.keys());
      problems.error('MLN_NO_SUPERCLASS', name === '' ? 'superclass takes a name' : `there is no superclass ${name}`, {
        place,
        hint: guess && `did you mean ${guess}?`,
      });
    }
    return { layers, names };
  }
}

/** Says how a layer of a host’s chain was inherited. */
export function inheritedBy(host: string, names: readonly string[]): (layer: number) => string | undefined {
  return (layer) => {
    if (layer === 0) return undefined;
    return `superclass ${names.slice(0, layer).reverse().join(' of ')} of ${host}`;
  };
}
