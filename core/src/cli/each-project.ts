import { Exit, type ExitCode } from '../codes.js';
import { isMlnError } from '../errors.js';
import { renderError } from '../render-problem.js';

/** Does something with one project after the other: what goes wrong with one does not keep the others from their turn. */
export async function eachProject(
  names: readonly string[],
  act: (name: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const [only] = names;
  if (only !== undefined && names.length === 1) return act(only);
  const exits: ExitCode[] = [];
  for (const name of names)
    try {
      exits.push(await act(name));
    } catch (error) {
      if (!isMlnError(error)) throw error;
      process.stderr.write(`${renderError(error)}\n`);
      exits.push(error.exit);
    }
  const bad = exits.filter((exit) => exit !== Exit.done);
  return bad.length === 0 ? Exit.done : bad.length === exits.length ? (bad[0] ?? Exit.failed) : Exit.partly;
}
