import { failure, type MlnError } from './errors.js';

/** Two who bring one verb or keyword; the core's own have no plug-in. */
export function clash(what: string, first: string | undefined, second: string | undefined): MlnError {
  const [one, other] = [broughtBy(first), broughtBy(second)];
  return failure(
    'MLN_PLUGIN_CLASH',
    one === other ? `${one} brings ${what} twice` : `${one} and ${other} both bring ${what}`,
    { hint: one === other ? undefined : 'take one of them out of the list of plug-ins: mln config --show-origin' },
  );
}

/** Who brings something, as it is told. */
export function broughtBy(plugin: string | undefined): string {
  return plugin === undefined || plugin === 'core' ? 'mln itself' : `the plug-in ${plugin}`;
}
