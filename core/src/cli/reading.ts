import type { CommandContext, CommandOptions } from '../commands.js';
import type { ReadProject } from '../read-project.js';

/** What verbs choose projects, hosts and what is shown by; loaded when it is used. */
export const loadChoosing = () => import('./choosing.js');

/** Reads the project file that -f names, as every verb does; what it takes to read is loaded only then. */
export async function readChosenFile(context: CommandContext, options: CommandOptions): Promise<ReadProject> {
  return (await import('./choose.js')).readChosenFile(context, options);
}
