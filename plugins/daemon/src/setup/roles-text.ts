/** Who may do what on a new service host. */
export const rolesText = `# Who may do what on this server. Written by mln setup; it is yours. What no role allows is refused.

roles:
  # The other servers: all that a project which is spread over several needs. Neither host (paths, raw text and hook
  # blocks of a project, beyond the option allowPaths) nor admin is among it: all is every right but these two.
  - name: fleet
    principals: ['server:*']
    verbs: all

  # Users of this machine who may open the unix socket.
  - name: this-machine
    principals: [local]
    verbs: [all, host, admin]

  # An example: who looks after the projects of one customer, on the servers of one group.
  #- name: customer
  #  principals: ['user:alice']
  #  verbs: [read, build, start, stop, remove, console]
  #  projects: ['kafe', 'kafe_*']
  #  groups: [backends]
`;
