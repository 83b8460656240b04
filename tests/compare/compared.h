/* Two runs, compared, for tests of what is shown of them. */
#ifndef HR_TESTS_COMPARE_COMPARED_H
#define HR_TESTS_COMPARE_COMPARED_H

#include "compare/comparison.h"
#include "compare/two_runs.h"

typedef struct compared {
  two_runs runs;
  hr_comparison *comparison;
} compared;

static inline void compared_init(compared *k, const char *language) {
  hr_error err;
  two_runs_init(&k->runs);
  two_runs_write_text(&k->runs, 0, "config.yaml", "data: {folds: 5}\n");
  two_runs_write_text(&k->runs, 1, "config.yaml", "data: {folds: 10}\n");
  for (size_t r = 0; r < TWO_RUNS; r++) {
    k->runs.f[r].input.language = language;
    two_runs_write(&k->runs, r);
  }
  const char *dirs[] = {k->runs.s[0].path, k->runs.s[1].path};
  check_ok(hr_compare(dirs, 2, NULL, &k->comparison, &err));
}

static inline void compared_fini(compared *k) {
  hr_comparison_close(&k->comparison);
  two_runs_fini(&k->runs);
}

#endif
