/** How a project goes elsewhere with all that it is built from; loaded when it is used. */
export const loadPortable = () => import('./portable/index.js');

export type Portability = typeof import('./portable/index.js');
export type { Blob, SentTemplate, SourceEntry } from './portable/content.js';
export type { Demand } from './portable/demands.js';
export type { ReadProjectFits } from './portable/project-schema.js';
