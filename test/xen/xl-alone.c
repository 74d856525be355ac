/*
 * Lets the real xl read a domain file on a machine that has no hypervisor: loaded before its libraries, this stands for
 * those calls by which it would open the hypervisor and its store, and for what it asks them before it reads the file.
 * Good for `xl create -n` alone, which prints what it has read as JSON, and makes nothing. See xenctrl.h and xenstore.h.
 */
#include <errno.h>
#include <stddef.h>

static long handle;

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned flags) { return &handle; }
int xc_interface_close(void *xch) { return 0; }
int xc_get_max_cpus(void *xch) { return 8; }
int xc_get_max_nodes(void *xch) { return 1; }
long xc_sharing_freed_pages(void *xch) { return 0; }
long xc_sharing_used_frames(void *xch) { return 0; }

int xc_version(void *xch, int command, void *argument) {
  errno = ENOSYS;
  return -1;
}

/*
 * What struct xen_sysctl_physinfo of sysctl.h begins with: threads per core, cores per socket, processors, the highest
 * number of one, nodes, the highest number of one, kHz, and what guests may be: hvm (1), pv (2), hap (8).
 */
int xc_physinfo(void *xch, unsigned *info) {
  const unsigned machine[] = {1, 2, 2, 1, 1, 0, 2000000, 1 | 2 | 8};
  for (size_t i = 0; i < sizeof machine / sizeof *machine; i++) info[i] = machine[i];
  return 0;
}

void *xs_open(unsigned long flags) { return &handle; }
void xs_close(void *xsh) {}
void xs_daemon_close(void *xsh) {}
int xs_fileno(void *xsh) { return -1; }

void *xs_read(void *xsh, unsigned transaction, const char *path, unsigned *length) {
  errno = ENOENT;
  return NULL;
}
