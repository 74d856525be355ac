import { guestPath, LIMIT, type Naming } from './naming.js';

/** The code: one keyword, checked where projects are read, and one file in each guest that has it. */
export function codeFile(naming: Naming): string {
  const { keyword, identifier } = naming;
  const path = guestPath(naming);
  return `// @ts-check
import { failure } from '@mln/core';

/** Where the file lies inside guests. */
const PATH = '${path}';

/**
 * Writes what the keyword ${keyword} says into ${path} of a guest.
 *
 * @param {import('@mln/core').Mln} mln
 * @param {{ readonly limit?: number }} options limit: how many characters the text may have
 */
export default function ${identifier}(mln, { limit = ${LIMIT} }) {
  mln.hooks.keywords.tap('${keyword}', (keywords) => {
    keywords.declare({
      name: '${keyword}',
      in: ['host'],
      kind: 'word',
      help: 'The text that the guest has in ${path}.',
      example: '${keyword} "Hello from the guest"',
    });
  });

  // Asked for each host and switch when a project is read, by mln validate too: the place to refuse a value.
  mln.hooks.resolveUnit.tap('${keyword}', (unit, block) => {
    const text = String(unit.keywords['${keyword}'] ?? '');
    if (text.length > limit)
      throw failure('MLN_BAD_VALUE', \`\${unit.name}: ${keyword} has \${text.length} characters, and may have \${limit}\`, {
        place: block.placeOf('${keyword}'),
        hint: 'write less, or raise the option limit of the plug-in',
      });
    return unit;
  });

  // Asked for each host when a plan is made. The same configuration on top of itself must change nothing.
  mln.hooks.configureFilesystem.tapPromise('${keyword}', async (guest, host) => {
    const text = host.keywords['${keyword}'];
    if (text !== undefined) await guest.write(PATH, \`\${text}\\n\`, { mode: 0o644 });
  });
}
`;
}
