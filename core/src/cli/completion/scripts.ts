import { bash } from './bash.js';
import { fish } from './fish.js';
import { zsh } from './zsh.js';

/** What each shell needs to complete command lines of mln. */
export const completionScripts = { bash, zsh, fish } as const;

/** A shell that completion is there for. */
export type CompletedShell = keyof typeof completionScripts;

export const completedShells = Object.keys(completionScripts) as readonly CompletedShell[];
