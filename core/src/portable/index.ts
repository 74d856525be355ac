/* How a project goes elsewhere, with all that it is built from: gathered, checked word by word, laid out. */
export { machineFaults, portableFaults, strangeIn } from './check.js';
export type { Portable } from './check.js';
export type { Blob, SentTemplate, SourceEntry } from './content.js';
export { blobSchema, entriesSchema, templateSchema } from './content-schema.js';
export { copiedColumns } from './copied.js';
export { demandsOf, type Demand } from './demands.js';
export { packSources } from './pack-sources.js';
export { placeFiles, removePlaced } from './place-files.js';
export { readRecord, recordPath } from '../guest-record-file.js';
export {
  faultsIn,
  line,
  MOST_WORD,
  name,
  projectSchema,
  text,
  whole,
  z,
  type ReadProjectFits,
} from './project-schema.js';
export { isVersion, templateNameOf } from './template-names.js';
