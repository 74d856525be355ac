/** The name of this machine's own daemon, reached by its unix socket. */
export const LOCAL = 'unix';
