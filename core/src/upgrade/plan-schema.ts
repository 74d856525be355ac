import { faultsIn, line, name, projectSchema, text, z } from '../portable/project-schema.js';
import { portableFaults, strangeIn } from '../portable/check.js';

/* What a plan file may hold. Its project stays on this machine: what a travelling one leaves behind is in it. */

const host = projectSchema.shape.hosts.element;
const disk = host.shape.disks.element;
const path = line.max(4096);

const project = projectSchema.extend({
  hosts: z
    .array(
      host.extend({
        template: path.nullable(),
        templateFrom: path.nullable(),
        disks: z.array(disk.safeExtend({ standsOn: z.exactOptional(path) })).max(256),
      }),
    )
    .max(65_536),
});

const digest = z.string().regex(/^[0-9a-f]{64}$/, { error: '64 hexadecimal digits are expected' });

const schema = z.strictObject({
  form: z.literal(1, { error: 'this mln reads plans of form 1' }),
  kind: z.literal('PlanFile'),
  does: z.enum(['build', 'upgrade']),
  at: line.max(64),
  state: digest.nullable(),
  plugins: z.record(line.max(255), line.max(255)),
  templates: z.record(name, line.max(64)),
  project,
  source: text,
  rebuild: z.array(name).max(65_536),
  shrink: z.array(name).max(65_536),
  items: z.array(z.unknown()).max(200_000),
});

/** What is wrong with the content of a plan file, each fault with its path. */
export function planFaults(value: unknown): readonly string[] {
  const strange = strangeIn(value);
  if (strange !== null) return [`it ${strange}`];
  const { success, error, data } = schema.safeParse(value);
  if (!success) return faultsIn(error, 'the file');
  const isBuild = data.does === 'build';
  if (isBuild !== (data.state === null)) return [`state: a ${data.does} is made against ${isBuild ? 'none' : 'one'}`];
  return portableFaults({ project: data.project, entries: [], templates: [] });
}
