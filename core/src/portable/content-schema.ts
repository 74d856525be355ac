import { line, MOST_SIZE, MOST_WORD, name, text, whole, z } from './project-schema.js';
import { isVersion } from './template-names.js';

/* What comes along with a project: files that hosts copy, and templates. */

/** The content of a file. */
export const blobSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: '64 hexadecimal digits are expected' }),
  size: whole(0, MOST_SIZE),
});
const entryPath = line
  .max(4096)
  .regex(/^files\/(0|[1-9]\d{0,5})(\/[^/]{1,255})+$/, { error: 'a path such as files/0/NAME is expected' })
  .refine((each) => each.split('/').every((part) => part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255), {
    error: 'a path without . and .. is expected',
  });
const mode = whole(0, 0o777);

/** What is copied into guests: each folder before what is in it. */
export const entriesSchema = z
  .array(
    z.discriminatedUnion('kind', [
      z.strictObject({ path: entryPath, kind: z.literal('file'), mode, blob: blobSchema }),
      z.strictObject({ path: entryPath, kind: z.literal('directory'), mode }),
      z.strictObject({ path: entryPath, kind: z.literal('link'), target: line.min(1).max(2048) }),
    ]),
  )
  .max(100_000);

/** A template that a project comes with. */
export const templateSchema = z
  .strictObject({ name, version: z.string().max(32), blob: blobSchema, message: text.max(MOST_WORD).nullable() })
  .refine((each) => isVersion(`${each.name}@${each.version}`), { error: 'no version', path: ['version'] });
