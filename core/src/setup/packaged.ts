import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Item } from './items.js';

/** Where a package of the system puts what setup would make. */
const folders: Readonly<Record<string, readonly string[]>> = {
  'completion of bash': ['usr/share/bash-completion/completions'],
  'completion of zsh': ['usr/share/zsh/vendor-completions', 'usr/share/zsh/site-functions'],
  'completion of fish': ['usr/share/fish/vendor_completions.d'],
  'manual page': ['usr/share/man/man1', 'usr/share/man/man5'],
};
const systemFolders: typeof folders = {
  configuration: ['etc/mln'],
  'unit of systemd': ['usr/lib/systemd/system'],
  'folders made at boot': ['usr/lib/tmpfiles.d'],
};

/**
 * Leaves out what came with mln as a package of the system, and is replaced with it. A unit is then only enabled. What npm
 * has installed below /usr brings none of it.
 */
export function withoutPackaged(
  items: readonly Item[],
  { script, user, root = '/' }: { readonly script: string; readonly user: boolean; readonly root?: string },
): readonly Item[] {
  if (![join(root, 'usr/lib/'), join(root, 'usr/share/')].some((folder) => script.startsWith(folder))) return items;
  const packaged = new Map(
    items.flatMap((item) => {
      const found = packagedAs(item, user, root);
      return found === undefined ? [] : [[item.path, found]];
    }),
  );
  return items
    .filter(({ path }) => !packaged.has(path))
    .map((item) => (item.kind === 'link' ? { ...item, target: packaged.get(item.target) ?? item.target } : item));
}

function packagedAs({ what, path }: Item, user: boolean, root: string): string | undefined {
  const known = { ...folders, ...(user ? {} : systemFolders) };
  return (known[what] ?? [])
    .flatMap((folder) => [basename(path), `${basename(path)}.gz`].map((name) => join(root, folder, name)))
    .find((each) => existsSync(each));
}
