/** What carries operations out for others, such as a daemon's; loaded when it is used. */
export const loadOperating = () => import('./operating-parts.js');
