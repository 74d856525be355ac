import type { Setup } from '@mln/core';

/**
 * The unit of the daemon: systemd.service(5). Guests, switches and the workers of operations are processes of their own
 * and outlive it (KillMode). A program that it runs tells systemd when it answers (NotifyAccess), and SIGHUP lets it read
 * its configuration anew.
 */
export function daemonUnit({ head, pathLine, commandLine }: Setup): string {
  return `${head}[Unit]
Description=Service host of mln
Documentation=man:mln-daemon(1)
Wants=network-online.target
After=network-online.target remote-fs.target

[Service]
Type=notify
NotifyAccess=all
${pathLine}
ExecStart=${commandLine('daemon')}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
# Without a certificate, or with a configuration that is not right, it does not get better.
RestartPreventExitStatus=64 77 78
KillMode=process
# It lets what runs come to a good end first.
TimeoutStopSec=30
RuntimeDirectory=mln
RuntimeDirectoryPreserve=yes
TasksMax=infinity
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`;
}
