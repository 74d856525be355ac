import type { CommandContext, Mln } from '@mln/core';

/** What a verb has said. */
export interface Heard {
  readonly printed: string[];
  readonly notes: string[];
  readonly documents: unknown[];
}

/** A context whose terminal is listened to. */
export function listening(mln: Mln): { readonly context: CommandContext; readonly heard: Heard } {
  const heard: Heard = { printed: [], notes: [], documents: [] };
  const terminal: CommandContext['terminal'] = {
    print: (text) => void heard.printed.push(text),
    note: (text) => void heard.notes.push(text),
    json: (value) => void heard.documents.push(value),
    confirm: () => Promise.resolve(),
    report: () => undefined,
  };
  return { context: { mln, terminal, version: '1.0.0', commands: [] }, heard };
}
