import * as z from 'zod';
import { messageOf } from './errors.js';
import type { OptionProblem } from './plugin-options.js';

/** What a configuration file may hold; the descriptions stand in mln.config(5), and in what `mln setup` writes. */
export const configurationSchema = z.strictObject({
  projects: z.string().optional().meta({
    description: 'The folder where projects are kept. ~/ is the home folder; other paths are relative to this file.',
    default: '~/.local/share/mln/projects, of root /var/lib/mln/projects',
  }),
  templates: z.string().optional().meta({
    description: 'The folder where templates are kept.',
    default: '~/.local/share/mln/templates, of root /var/lib/mln/templates',
  }),
  files: z.string().optional().meta({
    description: 'The folder where the files of projects are looked for that do not lie beside the project file.',
    default: '~/.local/share/mln/files, of root /var/lib/mln/files',
  }),
  template: z.string().optional().meta({
    description: 'The template of hosts that name none.',
    default: 'tiny',
  }),
  stop_wait: z.number().min(0).optional().meta({
    description: 'How many seconds mln stop waits for guests to shut down.',
    default: '60',
  }),
  service_host: z.string().optional().meta({
    description: 'The name of this server in projects that are spread over several (service_host NAME).',
    default: 'none: every host runs here',
  }),
  plugins: z
    .array(z.union([z.string(), z.tuple([z.string()]), z.tuple([z.string(), z.record(z.string(), z.unknown())])]))
    .optional()
    .meta({
      description:
        'The plug-ins to load, in their order: names of packages, or files relative to this one, such as ./plugins/motd.js; with options as [name, { option: value }]. The word standard stands for those that mln comes with, but for those that the list names itself.',
      default: 'the standard set that comes with mln',
    }),
});

/** The same as a JSON Schema, for mln.config(5). */
export function configurationJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(configurationSchema);
}

/** A check by a JSON Schema that a plug-in brings; a text says why the schema is none. */
export function jsonSchema(schema: unknown): string | ((value: unknown) => readonly OptionProblem[]) {
  if (!isObject(schema) || schema['type'] !== 'object') return 'it is no object with "type": "object"';
  if (schema['properties'] !== undefined && !isObject(schema['properties'])) return 'its properties are no object';
  const { properties = {}, required = [] } = schema as { properties?: object; required?: readonly unknown[] };
  const missing = required.find((name) => !Object.hasOwn(properties, String(name)));
  if (missing !== undefined) return `it requires ${JSON.stringify(missing)}, which is not among its properties`;
  let type: z.ZodType;
  try {
    type = z.fromJSONSchema(schema);
  } catch (error) {
    return messageOf(error);
  }
  return (value) =>
    (type.safeParse(value).error?.issues ?? []).map((issue) => ({
      path: issue.path.join('.'),
      message: issue.message,
      unknown: issue.code === 'unrecognized_keys' ? issue.keys : [],
    }));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
