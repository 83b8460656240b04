/* A sweep of four points: three with results, of a ladder with all rungs, one without. */
#ifndef HR_TESTS_REPORT_SWEEP_FIXTURE_H
#define HR_TESTS_REPORT_SWEEP_FIXTURE_H

#include <sys/stat.h>

#include "report/ladder_fixture.h"
#include "report/sweep.h"

enum { SWEEP_POINTS = 4 };

typedef struct sweep_fixture {
  ladder_fixture l;
  scratch s;
  char dirs[SWEEP_POINTS][160];
  const char *run_dirs[SWEEP_POINTS], *values[SWEEP_POINTS], *troubles[SWEEP_POINTS];
  bool has_results[SWEEP_POINTS];
  hr_sweep_outline outline;
} sweep_fixture;

/* R² of a rung at a point, with an interval of 0.02 to both sides. */
static inline double sweep_fixture_r2(size_t point, hr_rung rung) {
  return 0.5 + 0.0625 * (double)rung + 0.03125 * (double)point;
}

/* Writes the results of a point; the best single model is `single`. */
static inline void sweep_fixture_write(sweep_fixture *f, size_t i, const char *language,
                                       const char *single) {
  char path[256];
  ladder_fixture_write(&f->l);
  json_t *root = ladder_fixture_read(&f->l);
  json_object_set_new(json_object_get(root, "experiment"), "language",
                      json_string(language));
  json_t *rungs = json_object_get(json_object_get(root, "ladder"), "rungs");
  assert_int_equal(json_array_size(rungs), HR_RUNGS);
  for (hr_rung rung = 0; rung < HR_RUNGS; rung++) {
    json_t *own = json_array_get(rungs, rung);
    double r2 = sweep_fixture_r2(i, rung);
    assert_string_equal(json_string_value(json_object_get(own, "rung")),
                        hr_rung_name(rung));
    json_object_set_new(own, "r2", json_real(r2));
    json_object_set_new(own, "r2_ci", json_pack("[f, f]", r2 - 0.02, r2 + 0.02));
    if (rung == HR_RUNG_SINGLE) {
      json_object_set_new(own, "method", json_string(single));
    }
  }
  ladder_fixture_save(&f->l, root);
  snprintf(path, sizeof path, "%s/results.json", f->dirs[i]);
  assert_int_equal(rename(scratch_name(&f->l.s, "results.json"), path), 0);
}

static inline void sweep_fixture_init(sweep_fixture *f, const char *language) {
  static const char *const values[] = {"1000", "200", "5000", "7"};
  *f = (sweep_fixture){0};
  ladder_fixture_init(&f->l);
  ladder_fixture_give_gate(&f->l);
  fixture_give_variance(&f->l.f, 1);
  scratch_init(&f->s);
  for (size_t i = 0; i < SWEEP_POINTS; i++) {
    snprintf(f->dirs[i], sizeof f->dirs[i], "%s/point%zu", f->s.path, i);
    assert_int_equal(mkdir(f->dirs[i], 0700), 0);
    f->run_dirs[i] = f->dirs[i];
    f->values[i] = values[i];
    f->has_results[i] = i < 3;
  }
  f->troubles[3] = "the disk is full";
  sweep_fixture_write(f, 0, language, "global_forest");
  sweep_fixture_write(f, 1, language, "global_ridge");
  sweep_fixture_write(f, 2, language, "global_forest");
  f->outline = (hr_sweep_outline){"data.rows", f->values,      f->run_dirs,
                                  f->troubles, f->has_results, SWEEP_POINTS};
}

static inline void sweep_fixture_fini(sweep_fixture *f) {
  scratch_fini(&f->s);
  scratch_fini(&f->l.s);
}

#endif
