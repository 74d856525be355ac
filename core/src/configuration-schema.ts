import * as z from 'zod';

/** What a configuration file may hold. */
export const configurationSchema = z.strictObject({
  plugins: z
    .array(z.union([z.string(), z.tuple([z.string()]), z.tuple([z.string(), z.record(z.string(), z.unknown())])]))
    .optional(),
  template: z.string().optional(),
  service_host: z.string().optional(),
  stop_wait: z.number().min(0).optional(),
  projects: z.string().optional(),
  templates: z.string().optional(),
  files: z.string().optional(),
});
