/* Headroom as a library: make a few stars, look into the file, and say what went wrong if
 * something did.
 *
 *   cc use_library.c $(pkg-config --cflags --libs headroom) -o use_library
 *   ./use_library stars
 *
 * Where PREFIX of `make install` is neither /usr nor /usr/local, say so to pkg-config and
 * to the program, which looks in PREFIX/lib when it starts:
 *
 *   export PKG_CONFIG_PATH=PREFIX/lib/pkgconfig
 *   cc use_library.c $(pkg-config --cflags --libs headroom) -Wl,-rpath,PREFIX/lib \
 *     -o use_library
 */
#include <inttypes.h>
#include <stdio.h>

#include "headroom/inspect.h"
#include "headroom/simulate.h"
#include "headroom/version.h"

/* An observer is how long work tells of itself; every member may be left out. */
static void print_line(void *context, hr_log_level level, const char *line) {
  (void)context;
  fprintf(stderr, "%s%s\n", level == HR_LOG_WARNING ? "warning: " : "", line);
}

static hr_status make_stars(const char *folder, hr_error *err) {
  const hr_observer observer = {.log = print_line};
  hr_simulate_options options = hr_simulate_options_default();
  options.folder = folder;
  options.train_rows = 0;
  options.test_rows = 40;
  return hr_simulate(&options, &observer, err);
}

static hr_status look(const char *path, hr_error *err) {
  hr_inspection *found = NULL;
  hr_inspect_info info = {.size = sizeof info};
  hr_status status = hr_inspect(path, NULL, &found, err);
  if (status == HR_OK) status = hr_inspection_get_info(found, &info, err);
  if (status == HR_OK) {
    printf("%" PRIu64 " spectra of %" PRIu64 " pixels, %zu problems\n", info.rows,
           info.pixels, info.problem_count);
  }
  hr_inspection_destroy(&found);
  return status;
}

int main(int argc, char **argv) {
  hr_error err = {0};
  const char *folder = argc > 1 ? argv[1] : "stars";
  char path[4096];
  snprintf(path, sizeof path, "%s/test/dataset.h5", folder);
  printf("headroom %s\n", HR_VERSION);
  hr_status status = make_stars(folder, &err);
  if (status == HR_OK) status = look(path, &err);
  if (status != HR_OK) {
    fprintf(stderr, "%s (%s)\n", err.message, hr_status_name(status));
  }
  return hr_status_exit_code(status);
}
