import {
  createTemplates,
  Exit,
  failure,
  templateAnnouncer,
  type AddDetails,
  type CommandContext,
  type CommandOptions,
  type ExitCode,
} from '@mln/core';
import { buildDebian } from './debian.js';
import { buildTiny } from './tiny.js';

/** What is known of an image that a recipe has made. */
export interface Built {
  readonly message: string;
  /** By what it could be made again; the manifest keeps it. */
  readonly recipe: Readonly<Record<string, unknown>>;
}

/** Makes an image, at an absolute path where nothing is yet; its folder is the recipe's own meanwhile. */
type Recipe = (context: CommandContext, image: string, options: CommandOptions) => Promise<Built>;

const recipes: Readonly<Record<string, Recipe>> = { debian: buildDebian, tiny: buildTiny };

/** Options of one recipe, which another would not heed. */
const own = { debian: ['init', 'suite', 'mirror', 'packages', 'size'], tiny: [] };

/** `mln template build RECIPE`: makes a template on the spot, as an ordinary user. */
export async function templateBuild(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const [wanted = ''] = args;
  const recipe = Object.hasOwn(recipes, wanted) ? recipes[wanted] : undefined;
  if (!recipe)
    throw failure('MLN_USAGE', `there is no recipe ${wanted}`, {
      hint: `there are ${Object.keys(recipes).join(', ')}`,
    });
  for (const [owner, names] of Object.entries(own))
    for (const each of names)
      if (owner !== wanted && options[each] !== undefined)
        throw failure('MLN_USAGE', `--${each} is for template build ${owner}, not for ${wanted}`);
  const { name, version } = options;
  const details: { -readonly [K in keyof AddDetails]: AddDetails[K] } = {
    announce: templateAnnouncer(mln),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof version === 'string' ? { version } : {}),
  };
  const make = async (image: string): Promise<void> => {
    const built = await recipe(context, image, options);
    const plugin = mln.plugins.find((each) => each.name === '@mln/plugin-linux');
    details.message = built.message;
    details.recipe = {
      name: wanted,
      ...built.recipe,
      ...(plugin ? { plugin: `${plugin.name} ${plugin.version}` } : {}),
    };
  };
  const note = (text: string): void => {
    terminal.note(text);
  };
  // The details are complete when the image is made; only then are they written.
  const manifest = await createTemplates(mln.folders.templates, mln.shell, note).add(
    { label: `template build ${wanted}`, fileName: wanted, make },
    details,
  );
  terminal.note(`${manifest.name}@${manifest.version} is built`);
  return Exit.done;
}
