/*
 * What tests of plug-ins import: a project is read and planned with a plug-in, and no machine is needed.
 */
import { coreVerbs } from './cli/verbs.js';
import * as core from './index.js';
import { tryKernel, type Trial, type Tried } from './testing/try-kernel.js';
import { loadTryables, trialKernel, type Ground, type Tryable } from './testing/trial-kernel.js';

export type { Trial, Tried } from './testing/try-kernel.js';
export type { PluginModule, Tryable } from './testing/trial-kernel.js';
export type { OperationTrial, TriedOperation } from './testing/try-operation.js';
export type { TriedVerb } from './testing/try-verb.js';
export { usualTemplate } from './testing/usual-template.js';

const ground: Ground = { core, verbs: coreVerbs };

/**
 * Loads a plug-in and lets mln read and plan a project with it, by the core's own way, and without any program of the
 * machine: hosts that nobody else claims are run in memory, and templates are lists of files. Nothing stays on the disk.
 * Throws the MlnError that mln would end with. The plug-in is a function, a module with its default export and its
 * manifest, or the path of a folder or a file, which is loaded as mln loads it.
 */
export async function tryPlugin(plugin: Tryable, projectText: string, trial: Trial = {}): Promise<Tried> {
  return tryKernel(await trialKernel(ground, await loadTryables(plugin, trial), trial), projectText, trial);
}
