import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MiB } from '@mln/core';
import ext from '@mln/plugin-ext';
import { createHooks } from '../../../core/src/hooks.js';
import type { Mln } from '@mln/core';
import { kinds, makeImage, run, scratch, type ImageKind } from './image.js';

const hooks = createHooks();
ext({ hooks, hook: (_name, create) => create() } as Mln);

test.each(Object.keys(kinds) as ImageKind[])('%s is claimed', async (kind) => {
  expect(await hooks.filesystem.promise(makeImage(kind))).toBeDefined();
});

/** Images that are not ours, and how they come to be. */
const others: Readonly<Record<string, (path: string) => void>> = {
  'an empty file': (path) => {
    writeFileSync(path, '');
  },
  'a file of zeros': (path) => {
    writeFileSync(path, Buffer.alloc(MiB));
  },
  'a swap area': (path) => {
    writeFileSync(path, Buffer.alloc(MiB), { mode: 0o600 });
    run('mkswap', path);
  },
  'no file at all': () => undefined,
};

test.each(Object.keys(others))('%s is not claimed', async (name) => {
  const path = scratch(name);
  others[name]?.(path);
  expect(await hooks.filesystem.promise(path)).toBeUndefined();
});
