import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { failure, type Place } from './errors.js';
import { isName } from './names.js';
import type { Shell } from './shell.js';
import { addTemplate, fileSource, type AddDetails, type ImageSource } from './template-add.js';
import { digest } from './template-image.js';
import { fileTemplate, imageOf, versionsOf, visibleNames, type Manifest, type Template } from './template-manifest.js';
import { removeVersion } from './template-remove.js';
import { tidyTemplates } from './template-tidy.js';
import { nearest } from './values.js';

export type { Manifest, Template } from './template-manifest.js';

/** The repository: templates/NAME/VERSION/{image,manifest.json}. */
export interface Templates {
  /** All versions of all templates, newest first within a name. */
  list(): Promise<readonly Manifest[]>;
  /** A template as a project names it: a file beside the project, NAME or NAME@VERSION of the repository, a file of the templates folder. */
  find(name: string, folder: string, place?: Place): Promise<Template>;
  /** Takes an image in, a file's or another's, as the next version where none is given. */
  add(source: string | ImageSource, details: AddDetails): Promise<Manifest>;
  /** Reads the whole image again and compares its digest. Throws MLN_TEMPLATE_CHANGED. */
  verify(name: string): Promise<Manifest>;
  /** Throws MLN_TEMPLATE_IN_USE where projects stand on it; with `force` those that are not found do not count. */
  remove(name: string, force?: boolean): Promise<Manifest>;
}

/** Whatever is asked of it first, what killed commands have left is put right before; `note` is told of that. */
export function createTemplates(
  folder: string,
  shell: Shell,
  note: (text: string) => void = () => undefined,
): Templates {
  let tidied: Promise<void> | undefined;
  const tidy = (): Promise<void> => (tidied ??= tidyTemplates(folder, note));

  const inRepository = async (text: string): Promise<Manifest | null> => {
    const [name = '', version] = text.split('@');
    if (!isName(name)) return null;
    const versions = await versionsOf(folder, name);
    return (version === undefined ? versions[0] : versions.find((each) => each.version === version)) ?? null;
  };
  const required = async (name: string): Promise<Manifest> => (await inRepository(name)) ?? (await missing(name));

  const list = async (): Promise<Manifest[]> => {
    await tidy();
    const all = await Promise.all((await visibleNames(folder)).filter(isName).map((name) => versionsOf(folder, name)));
    return all.flat();
  };

  const missing = async (name: string, place?: Place): Promise<never> => {
    const known = [...new Set((await list()).map((manifest) => manifest.name))];
    const guess = nearest(name, known);
    const hint = guess
      ? `did you mean ${guess}?`
      : known.length > 0
        ? `known templates are ${known.join(', ')}; a rehearsal takes one of them for all hosts: --rehearse --template NAME`
        : 'make one with: mln template build tiny';
    throw failure('MLN_NO_TEMPLATE', `there is no template ${name}`, { place, hint });
  };

  return {
    list,
    async find(name, projectFolder, place) {
      const beside = await fileTemplate(isAbsolute(name) ? name : resolve(projectFolder, name));
      if (beside) return beside;
      await tidy();
      const manifest = await inRepository(name);
      if (!manifest) return (await fileTemplate(resolve(folder, name))) ?? missing(name, place);
      const path = imageOf(folder, manifest);
      const found = await stat(path).catch(() => null);
      if (found?.size !== manifest.size)
        throw failure('MLN_TEMPLATE_CHANGED', `the template ${name} is not what its manifest says: ${path}`, {
          place,
          hint: `mln template verify ${manifest.name}@${manifest.version}`,
        });
      return { path, size: manifest.size, manifest };
    },
    async add(source, details) {
      await tidy();
      return addTemplate(folder, typeof source === 'string' ? fileSource(source, shell) : source, details);
    },
    async verify(name) {
      await tidy();
      const manifest = await required(name);
      const path = imageOf(folder, manifest);
      const sha256 = (await fileTemplate(path)) ? await digest(path) : null;
      if (sha256 !== manifest.sha256)
        throw failure(
          'MLN_TEMPLATE_CHANGED',
          sha256 === null
            ? `the image of ${manifest.name}@${manifest.version} is missing: ${path}`
            : `the image of ${manifest.name}@${manifest.version} has changed: its SHA-256 is ${sha256}, not ${manifest.sha256}`,
          { hint: 'remove it and add it again' },
        );
      return manifest;
    },
    async remove(name, force) {
      await tidy();
      const manifest = await required(name);
      await removeVersion(folder, manifest, force);
      return manifest;
    },
  };
}
