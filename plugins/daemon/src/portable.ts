import { loadPortable, type Portability } from '@mln/core';

/** How a project goes elsewhere; what checks it is loaded when it is used. */
export const portable: Portability = await loadPortable();
