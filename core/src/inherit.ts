import type { Problems } from './errors.js';
import { MAX_DEPTH } from './limits.js';
import type { Scope } from './scope.js';
import type { Block, Statement } from './tree.js';
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
    const parent = parentOf(block);
    if (!parent) return { layers, names };
    const place = parent.place ?? block.place ?? first.place ?? undefined;
    const { words, whole } = global.read(parent.words, place ?? null);
    const name = words.join(' ');
    const found = superclasses.get(name);
    if (found && !layers.includes(found)) {
      if (names.length >= MAX_DEPTH) {
        problems.error('MLN_TOO_DEEP', `more than ${MAX_DEPTH} superclasses inherit from each other`, { place });
        return { layers, names };
      }
      layers.push(found);
      names.push(name);
      block = found;
      continue;
    }
    if (found) tellOfCircle(layers.slice(layers.indexOf(found)), superclasses, problems);
    else if (whole) {
      const guess = nearest(name, superclasses.keys());
      problems.error('MLN_NO_SUPERCLASS', name === '' ? 'superclass takes a name' : `there is no superclass ${name}`, {
        place,
        hint: words.length > 1 ? 'a host has one superclass' : guess && `did you mean ${guess}?`,
      });
    }
    return { layers, names };
  }
}

function parentOf(block: Block): Statement | undefined {
  const parent = block.items.findLast((item) => item.kind === 'statement' && item.keyword === 'superclass');
  return parent?.kind === 'statement' ? parent : undefined;
}

/** Tells of a circle as it is seen from the superclass that is declared first: hosts may enter it anywhere. */
function tellOfCircle(circle: readonly Block[], superclasses: ReadonlyMap<string, Block>, problems: Problems): void {
  const names = new Map([...superclasses].map(([name, block]) => [block, name]));
  const [first] = [...names.keys()].filter((block) => circle.includes(block));
  const from = first ? circle.indexOf(first) : 0;
  const turned = [...circle.slice(from), ...circle.slice(0, from)];
  const last = turned.at(-1);
  const shown = [...turned, ...turned.slice(0, 1)].map((block) => names.get(block) ?? '');
  problems.error('MLN_SUPERCLASS_CYCLE', `the superclass ${shown[0] ?? ''} inherits from itself`, {
    place: (last && parentOf(last)?.place) ?? last?.place ?? undefined,
    hint: shown.join(' → '),
  });
}

/** Says how a layer of a host’s chain was inherited. */
export function inheritedBy(host: string, names: readonly string[]): (layer: number) => string | undefined {
  return (layer) => {
    if (layer === 0) return undefined;
    return `superclass ${names.slice(0, layer).reverse().join(' of ')} of ${host}`;
  };
}
