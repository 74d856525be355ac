import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createTemplates,
  Exit,
  failure,
  type CommandContext,
  type CommandOptions,
  type ExitCode,
  type Mln,
} from '@mln/core';
import { buildTiny } from './tiny.js';

/** A recipe makes an image and says what it is. */
interface Recipe {
  readonly message: string;
  build(mln: Mln, image: string): Promise<void>;
}

const recipes: Record<string, Recipe> = {
  tiny: { message: 'busybox: boots in a second, with getty, ip, ping, httpd', build: buildTiny },
};

/** `mln template build RECIPE`: makes a template on the spot, as an ordinary user. */
export async function templateBuild(
  { mln, terminal }: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const [wanted = ''] = args;
  const recipe = Object.hasOwn(recipes, wanted) ? recipes[wanted] : undefined;
  if (!recipe)
    throw failure('MLN_USAGE', `there is no recipe ${wanted}`, {
      hint: `there are ${Object.keys(recipes).join(', ')}`,
    });
  const { name, version } = options;
  const folder = await mkdtemp(join(tmpdir(), 'mln-template-'));
  try {
    const image = join(folder, wanted);
    await recipe.build(mln, image);
    const manifest = await createTemplates(mln.folders.templates, mln.shell).add(image, {
      name: typeof name === 'string' ? name : wanted,
      ...(typeof version === 'string' ? { version } : {}),
      message: recipe.message,
    });
    terminal.note(`${manifest.name}@${manifest.version} is built`);
    return Exit.done;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
