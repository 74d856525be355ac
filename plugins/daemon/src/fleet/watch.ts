import { setTimeout as pause } from 'node:timers/promises';
import { failure, type CommandOptions, type Terminal } from '@mln/core';

/** What is shown in one round. */
export type Shown = { readonly json: unknown } | { readonly text: string; readonly notes: readonly string[] };

/** Seconds between two rounds where none are given, and the fewest. */
const USUAL = 2;
const LEAST = 0.1;
/** Clears the screen, and begins at its top: ECMA-48. */
const CLEAR = '\u001b[H\u001b[2J\u001b[3J';

/** Shows something once, or (`--watch [seconds]`) over and over until it is interrupted; a terminal is drawn anew each time. */
export async function showing(terminal: Terminal, options: CommandOptions, round: () => Promise<Shown>): Promise<void> {
  const seconds = secondsOf(options);
  for (;;) {
    const shown = await round();
    if (seconds !== null && process.stdout.isTTY && !('json' in shown)) process.stdout.write(CLEAR);
    if ('json' in shown) terminal.json(shown.json);
    else {
      terminal.print(shown.text);
      for (const note of shown.notes) terminal.note(note);
    }
    if (seconds === null) return;
    await pause(seconds * 1000);
  }
}

function secondsOf({ watch }: CommandOptions): number | null {
  if (watch === undefined) return null;
  if (watch === true) return USUAL;
  const seconds = Number(watch);
  if (seconds >= LEAST) return seconds;
  throw failure('MLN_USAGE', `--watch takes a number of seconds from ${LEAST}, not ${String(watch)}`);
}
