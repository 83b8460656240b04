/* A study's origin made of a configuration in memory and two files of a scratch folder,
 * which need not be HDF5: run directories look at their sizes and times alone. */
#ifndef HR_TESTS_ORIGINS_H
#define HR_TESTS_ORIGINS_H

#include "config/config.h"
#include "session/origin.h"
#include "support/scratch.h"

/* With `rest` behind the least that runs; the configuration is destroyed by the caller.
 */
static inline hr_config *origin_config(scratch *s, const char *rest) {
  char yaml[2048];
  hr_error err = {0};
  hr_config *config = NULL;
  snprintf(yaml, sizeof yaml,
           "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, root: %s}\n%s", s->path,
           rest);
  check_ok(hr_config_parse(yaml, strlen(yaml), "s.yaml", s->path, &config, &err));
  return config;
}

static inline hr_origin origin_of(const hr_config *config, const char *fingerprint) {
  hr_origin origin = {.config = config, .train_rows = 10, .test_rows = 5, .pixels = 4};
  snprintf(origin.fingerprint, sizeof origin.fingerprint, "%s", fingerprint);
  return origin;
}

#endif
