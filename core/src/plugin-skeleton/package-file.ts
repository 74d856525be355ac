import type { Naming } from './naming.js';

/** The package.json: what mln reads before it runs a line, what npm packs, and how it is tested. */
export function packageFile({ packageName, keyword, api, node }: Naming): string {
  const content = {
    name: packageName,
    version: '0.1.0',
    description: `A plug-in of mln: the keyword ${keyword}`,
    license: 'MIT',
    type: 'module',
    keywords: ['mln-plugin'],
    exports: { '.': './src/index.js', './package.json': './package.json' },
    files: ['src'],
    engines: { node },
    scripts: { test: 'node --test' },
    mln: {
      api,
      options: {
        type: 'object',
        properties: { limit: { type: 'integer', minimum: 1 } },
        additionalProperties: false,
      },
    },
    peerDependencies: { '@mln/core': api },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
