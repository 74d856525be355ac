export { buildProject, requireReplaceable } from './cli/verbs/build.js';
export { withProject } from './cli/guarded.js';
export { runningUnits, statusesOf } from './monitor.js';
export { readJournal } from './journal.js';
export { keepJournal } from './operate-journal.js';
export { stepsOf } from './operate-steps.js';
export { requireStores } from './remove.js';
export { isLocked, takeLock } from './lock.js';
