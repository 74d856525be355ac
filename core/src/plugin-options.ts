import { failure, type MlnError } from './errors.js';
import type { Manifest } from './plugin-manifest.js';
import { nearest } from './values.js';

/**
 * Checks options by the JSON Schema that a plug-in gives of them. Throws MLN_PLUGIN_OPTIONS with all that is wrong with
 * them, MLN_PLUGIN_MANIFEST where the schema is none.
 */
export async function checkOptions(
  { name, options: schema, plugins }: Manifest,
  given: Readonly<Record<string, unknown>>,
  origin = 'the configuration',
): Promise<void> {
  if (plugins !== null) {
    if (Object.keys(given).length === 0) return;
    throw failure('MLN_PLUGIN_OPTIONS', `${name} is a pack, and takes no options (${origin})`, {
      hint: 'list its plug-ins one by one where they are to have options of their own',
    });
  }
  if (schema === undefined) return;
  const { jsonSchema } = await import('./configuration-schema.js');
  const check = jsonSchema(schema);
  if (typeof check === 'string')
    throw failure(
      'MLN_PLUGIN_MANIFEST',
      `the plug-in ${name} describes its options by a JSON Schema that mln cannot check: ${check}`,
      {
        hint: 'tell whoever makes the plug-in',
      },
    );
  const problems = check(given);
  if (problems.length === 0) return;
  throw wrongOptions(name, schema, problems, origin);
}

function wrongOptions(name: string, schema: unknown, problems: readonly OptionProblem[], origin: string): MlnError {
  const { properties = {} } = Object(schema) as { properties?: Record<string, unknown> };
  const known = Object.keys(properties);
  const told = problems.flatMap(({ path, message, unknown }) => {
    if (unknown.length === 0) return [path === '' ? message : `its option ${path}: ${message}`];
    return unknown.map((each) => `it has no option ${path === '' ? each : `${path}.${each}`}`);
  });
  const guess = problems.flatMap(({ path, unknown }) => (path === '' ? unknown : []));
  const near = guess.map((each) => nearest(each, known)).find((each) => each !== undefined);
  const list = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
  return failure(
    'MLN_PLUGIN_OPTIONS',
    `the options of the plug-in ${name} in ${origin} are not right: ${told.join('; ')}`,
    {
      hint: near === undefined ? list : `did you mean ${near}? ${list}`,
    },
  );
}

/** One thing that is wrong with options. */
export interface OptionProblem {
  /** The option, with dots where it stands within another; empty for the options as a whole. */
  readonly path: string;
  readonly message: string;
  /** Names that the schema does not know. */
  readonly unknown: readonly string[];
}
