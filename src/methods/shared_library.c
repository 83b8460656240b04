/* Places are tried in order; a library that cannot be used is passed over, unless it was
 * asked for by name, and what it lacks is told where there is no other. */
#include "methods/shared_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

typedef struct search {
  const hr_shared_library *what;
  hr_shared_accept accept;
  void *context;
  void **handle;
} search;

static hr_status load_file(const search *s, const char *path, hr_error *err) {
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    const char *reason = dlerror();
    return hr_fail(err, HR_ERR_MISSING, "%s cannot be loaded: %s; %s", s->what->name,
                   reason ? reason : path, s->what->remedy);
  }
  hr_status status = s->accept(s->context, handle, path, err);
  if (status == HR_OK) *s->handle = handle;
  if (status != HR_OK) dlclose(handle);
  return status;
}

/* Loads the library under `root` where a wheel, conda or a build puts it; *found says
 * whether there is such a file at all. */
static hr_status load_below(const search *s, const char *root, bool *found,
                            hr_error *err) {
  const char *const places[] = {"", "lib", s->what->wheel, "lib64"};
  char path[PATH_BYTES];
  *found = true;
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    int length = snprintf(path, sizeof path, "%s/%s%s%s", root, places[i],
                          places[i][0] ? "/" : "", s->what->file);
    if (length < 0 || (size_t)length >= sizeof path || access(path, F_OK) != 0) continue;
    return load_file(s, path, err);
  }
  if (strstr(root, ".so") && access(root, F_OK) == 0) return load_file(s, root, err);
  *found = false;
  return hr_fail(err, HR_ERR_MISSING, "there is no %s in %s; %s", s->what->file, root,
                 s->what->remedy);
}

/* The folder of an installed program's own copy, beside its bin; "" where unknown. */
static void installed_folder(const char *libdir, char out[PATH_BYTES]) {
  char program[PATH_BYTES / 2];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  out[0] = '\0';
  if (length <= 0) return;
  program[length] = '\0';
  char *slash = strrchr(program, '/');
  if (!slash) return;
  *slash = '\0';
  snprintf(out, PATH_BYTES, "%s/../%s/headroom", program, libdir);
}

/* The folder `package` beside the file that holds this code: a Python package has its own
 * copy there. "" where unknown. */
static void package_folder(const char *package, char out[PATH_BYTES]) {
  static const char here = 0;
  Dl_info info;
  out[0] = '\0';
  if (dladdr(&here, &info) == 0 || !info.dli_fname) return;
  const char *slash = strrchr(info.dli_fname, '/');
  size_t length = slash ? (size_t)(slash - info.dli_fname) : 0;
  if (length == 0 || length > PATH_BYTES / 2) return;
  snprintf(out, PATH_BYTES, "%.*s/%s", (int)length, info.dli_fname, package);
}

hr_status hr_shared_library_open(const hr_shared_library *what, hr_shared_accept accept,
                                 void *context, void **handle, hr_error *err) {
  const search s = {what, accept, context, handle};
  const char *root = getenv(what->variable), *conda = getenv("CONDA_PREFIX");
  char beside[PATH_BYTES], package[PATH_BYTES];
  hr_error one, complaint = {.status = HR_OK};
  bool found = false;
  if (root && *root) return load_below(&s, root, &found, err);
  installed_folder(what->libdir, beside);
  package_folder(what->package, package);
  const char *const roots[] = {conda ? conda : "", beside, package, what->installed,
                               what->built};
  for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
    if (roots[i][0] == '\0') continue;
    if (load_below(&s, roots[i], &found, &one) == HR_OK) return HR_OK;
    if (found && complaint.status == HR_OK) complaint = one;
  }
  if (load_file(&s, what->file, &one) == HR_OK) return HR_OK;
  if (complaint.status != HR_OK) {
    return hr_fail(err, HR_ERR_MISSING, "%s", complaint.message);
  }
  return hr_fail(err, HR_ERR_MISSING, "%s is not on this machine; %s", what->name,
                 what->remedy);
}
