import { configurationJsonSchema } from '../configuration-schema.js';
import type { Page } from './page.js';

/** mln.config(5), made of the schema that configurations are checked by. */
export function configurationPage(): Page {
  return {
    name: 'mln.config',
    section: 5,
    summary: 'the configuration of mln',
    chapters: [
      {
        title: 'SYNOPSIS',
        blocks: [{ text: '`mln.config.yaml`, `mln.config.yml`, `mln.config.json`, `mln.config.js`, `mln.config.mjs`' }],
      },
      { title: 'DESCRIPTION', blocks: introduction.map((text) => ({ text })) },
      {
        title: 'VALUES',
        blocks: configurationValues().map(({ name, type, description, usual }) => ({
          term: `\`${name}\` (${type})`,
          blocks: [{ text: description }, { text: `Where it is not given: ${usual}.` }],
        })),
      },
      { title: 'EXAMPLES', blocks: [{ lines: example }] },
      {
        title: 'SEE ALSO',
        blocks: [{ text: '`mln`(1), `mln-config`(1), `mln-setup`(1), `mln-plugin`(1), `mln-project`(5)' }],
      },
    ],
  };
}

/** A value that a configuration may hold. */
export interface ConfigurationValue {
  readonly name: string;
  readonly type: string;
  /** Whole sentences. */
  readonly description: string;
  /** What counts where it is not given. */
  readonly usual: string;
}

/** All values that a configuration may hold, in the order in which one asks for them. */
export function configurationValues(): readonly ConfigurationValue[] {
  const properties = configurationJsonSchema()['properties'] as Readonly<Record<string, Record<string, unknown>>>;
  return Object.entries(properties).map(([name, schema]) => {
    const { type, description, default: usual } = schema;
    return { name, type: types[String(type)] ?? String(type), description: String(description), usual: String(usual) };
  });
}

const types: Readonly<Record<string, string>> = { string: 'text', number: 'number', array: 'list' };

const introduction = [
  'A configuration is YAML or JSON. One in JavaScript, whose default export is an object with the same values, is run for its owner alone, and never for root. Of several in one folder the first counts, in the order above. For each value the first that has it counts: options before the verb, `MLN_` variables of the environment, the nearest configuration from the working folder upwards, `~/.config/mln/mln.config.yaml`, `/etc/mln/mln.config.yaml`, and what comes with mln. `--config` and `MLN_CONFIG` name the one to use in place of these.',
  '`mln config --show-origin` shows what counts and where it comes from. `mln setup` writes a configuration in which every value is explained.',
];

const example = ['projects: /srv/mln/projects', 'stop_wait: 120', 'plugins:', '  - standard', '  - ./plugins/motd.js'];
