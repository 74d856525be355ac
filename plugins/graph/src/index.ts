import { readingOptions, type Mln } from '@mln/core';

/** Pictures of a project: its hosts, its networks, and what connects them. */
export default function graph({ hooks }: Mln): void {
  hooks.commands.tap('graph', (commands) => {
    commands.add({
      name: 'graph',
      summary: 'Draws a project: its hosts, its networks, and what connects them.',
      options: [
        ...readingOptions,
        {
          flags: '--format <format>',
          help: 'dot (where left out), mermaid, json or svg',
          completes: ['dot', 'mermaid', 'json', 'svg'],
        },
      ],
      // Loaded when it is run, like the verbs of the core.
      run: async (...args) => (await import('./verb.js')).graph(...args),
    });
  });
}
