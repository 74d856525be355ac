/**
 * A plug-in for the command line: an image that begins with `template` holds a filesystem, whole unless `dirty` stands
 * in it; hosts are what the file `statuses.json` of the projects folder says.
 */
export const templatePlugin = `
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
export const manifest = { name: 'images', version: '1.0.0', api: '*' };
export default function images(mln) {
  mln.hooks.filesystem.tapPromise('images', async (path) => {
    const text = readFileSync(path, 'latin1');
    if (!text.startsWith('template')) return undefined;
    const check = async () => {
      if (!text.includes('dirty')) return;
      const message = \`the filesystem of \${path} is not whole: blocks are lost\`;
      throw Object.assign(new Error(message), { code: 'MLN_GUEST_EDIT', problems: [{ severity: 'error', code: 'MLN_GUEST_EDIT', message }] });
    };
    const never = async () => { throw new Error('nobody asks for this'); };
    return { check, list: never, read: never, readLink: never, apply: never, grow: never, minimumSize: never };
  });
  mln.hooks.monitor.tapPromise('images', async (statuses) => {
    const said = JSON.parse(readFileSync(join(mln.folders.projects, 'statuses.json'), 'utf8'));
    return new Map([...statuses].map(([name, status]) => [name, { ...status, state: said[name] ?? status.state }]));
  });
}
`;
