/* Writes results.json and the report of a made-up study, and all that went into it, for
 * tests/python/test_score.py: score_csv FOLDER DRAWS. Prints, as text that numpy reads,
 * one line a test row: target, bin, snr and every method's prediction; then one line a
 * draw with the rows drawn. */
#include <stdio.h>
#include <stdlib.h>

#include "../score/fixture.h"
#include "headroom/report.h"
#include "score/evaluation.h"

static FILE *open_file(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  if (!file) exit(1);
  return file;
}

static void write_rows(const fixture *f, const hr_evaluation *evaluation,
                       const char *folder) {
  FILE *file = open_file(folder, "rows.csv");
  fprintf(file, "target,bin,snr");
  for (size_t m = 0; m < evaluation->method_count; m++) {
    fprintf(file, ",%s", evaluation->methods[m].forecast->name);
  }
  for (hr_control_kind c = 0; c < HR_CONTROL_KINDS; c++) {
    fprintf(file, ",%s", hr_control_name(c));
  }
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    fprintf(file, "\n%.17g,%d,%.17g", f->target[i], f->bin[i], f->snr[i]);
    for (size_t m = 0; m < evaluation->method_count; m++) {
      fprintf(file, ",%.17g", evaluation->methods[m].forecast->prediction[i]);
    }
    for (hr_control_kind c = 0; c < HR_CONTROL_KINDS; c++) {
      fprintf(file, ",%.17g", evaluation->controls.prediction[c][i]);
    }
  }
  fprintf(file, "\n");
  fclose(file);
}

static void write_draws(const fixture *f, const char *folder) {
  FILE *file = open_file(folder, "draws.txt");
  for (size_t d = 0; d < f->input.bootstrap_draws; d++) {
    for (uint32_t i = 0; i < FIXTURE_ROWS; i++) {
      fprintf(file, "%u ",
              hr_uniform_below(f->input.seed, HR_STREAM_BOOTSTRAP, d, i, FIXTURE_ROWS));
    }
    fprintf(file, "\n");
  }
  fclose(file);
}

int main(int argc, char **argv) {
  static fixture f;
  hr_error err;
  hr_evaluation *evaluation = NULL;
  char path[4096];
  if (argc != 3) return 2;
  fixture_init(&f);
  fixture_add_controls(&f, 0.6);
  f.input.bootstrap_draws = (size_t)strtoul(argv[2], NULL, 10);
  snprintf(path, sizeof path, "%s/results.json", argv[1]);
  if (hr_results_write(&f.input, path, NULL, &err) != HR_OK ||
      hr_report_write(argv[1], NULL, &err) != HR_OK ||
      hr_evaluation_create(&f.input, &evaluation, &err) != HR_OK) {
    fprintf(stderr, "%s\n", err.message);
    return 1;
  }
  write_rows(&f, evaluation, argv[1]);
  write_draws(&f, argv[1]);
  hr_evaluation_destroy(&evaluation);
  return 0;
}
