/*
 * A worker that runs as the user of guests has no certificate, and may not open the daemon's socket: what it asks of servers
 * it asks by a socket of its own, and the daemon passes it on, in the name of whoever asked for the operation.
 */

/** The variable of the environment that holds the path of that socket. */
export const RELAY_VARIABLE = 'MLN_DAEMON_RELAY';
/** The header that says which server is asked. */
export const RELAY_HEADER = 'mln-relay-to';
