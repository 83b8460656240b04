/* The plan of a study of a dozen rows in two bins, in a scratch folder. */
#ifndef HR_TESTS_SMALL_PLAN_H
#define HR_TESTS_SMALL_PLAN_H

#include "study/plan.h"
#include "support/scratch.h"
#include "support/shards.h"

enum { PLAN_TRAIN = 12, PLAN_TEST = 8, PLAN_PIXELS = 6 };

/* The label `age` of the rows of files that are written from now on. */
static double plan_age[PLAN_TRAIN];

static scratch plan_scratch;
static hr_config *plan_config;

/* Half of the rows in each of two bins, but for the last, which is in none. */
static inline void small_plan_rows(const char *name, size_t rows, size_t pixels,
                                   double first_wave) {
  char path[128];
  double labels[3][PLAN_TRAIN], wave[PLAN_PIXELS + 1];
  snprintf(path, sizeof path, "%s/%s", plan_scratch.path, name);
  shard_spec spec = shard_spec_default(path);
  spec.rows = rows;
  spec.pixels = pixels;
  spec.first_row = rows; /* so that the two files differ */
  for (size_t p = 0; p < pixels; p++) wave[p] = first_wave + 0.5 * (double)p;
  spec.wave = wave;
  for (size_t i = 0; i < rows; i++) {
    labels[0][i] = i + 1 == rows ? 9 : i < rows / 2 ? 1 : 3;
    labels[1][i] = (double)(rows + i);
    labels[2][i] = 0.5;
  }
  for (size_t c = 0; c < 3; c++) spec.columns[c].values = labels[c];
  spec.columns[3] = (shard_column){"age", plan_age};
  spec.column_count = 4;
  shard_write(&spec);
}

/* A configuration: what data.target and binning are, and further sections. */
typedef struct small_plan_words {
  const char *target, *binning, *rest;
} small_plan_words;

static inline void small_plan_configure_words(const small_plan_words *words) {
  char yaml[1024];
  hr_error err = {0};
  hr_config_destroy(&plan_config);
  snprintf(yaml, sizeof yaml,
           "experiment: {id: x}\n"
           "data: {train: [train.h5], test: test.h5, target: %s,\n"
           "       units: {age: Gyr}, noise: {test: generated}}\n"
           "binning: {%s}\n%s",
           words->target, words->binning, words->rest);
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", plan_scratch.path, &plan_config,
                           &err));
}

static inline void small_plan_configure(const char *rest) {
  small_plan_configure_words(
      &(small_plan_words){"log_g", "T_eff: [0, 2, 4], M_H: [0, 1]", rest});
}

/* `target`: what data.target is. */
static inline void small_plan_configure_target(const char *target, const char *rest) {
  small_plan_configure_words(
      &(small_plan_words){target, "T_eff: [0, 2, 4], M_H: [0, 1]", rest});
}

static inline void small_plan_bin(const char *binning, const char *rest) {
  small_plan_configure_words(&(small_plan_words){"log_g", binning, rest});
}

static inline int small_plan_set_up(void **state) {
  (void)state;
  scratch_init(&plan_scratch);
  for (size_t i = 0; i < PLAN_TRAIN; i++) plan_age[i] = 1 + (double)(i * i % 7);
  small_plan_rows("train.h5", PLAN_TRAIN, PLAN_PIXELS, 7100);
  small_plan_rows("test.h5", PLAN_TEST, PLAN_PIXELS, 7100);
  small_plan_configure("");
  return 0;
}

static inline int small_plan_tear_down(void **state) {
  (void)state;
  hr_config_destroy(&plan_config);
  scratch_fini(&plan_scratch);
  return 0;
}

#endif
