/* The figure of the gates. REPORT_PICTURES=DIR keeps the picture there. */
#include <stdlib.h>

#include "report/figures.h"

#include "report/gates_fixture.h"
#include "score/predictions.h"
#include "support/pictures.h"

static gates_fixture g;
static hr_error err;
static hr_reader reader;
static hr_rows rows;
static hr_figures figures;

static int prepare(void **state) {
  (void)state;
  gates_fixture_init(&g);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_figures_fini(&figures);
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  scratch_fini(&g.l.s);
  return 0;
}

/* The last figure but one, drawn. */
static const hr_figure *draw(void) {
  static char path[128], rows_path[128];
  snprintf(path, sizeof path, "%s/results.json", g.l.s.path);
  snprintf(rows_path, sizeof rows_path, "%s/%s", g.l.s.path, hr_predictions_name);
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_rows_init(&rows, rows_path, &reader, &err));
  check_ok(hr_figures_init(&figures, &reader, &rows, &err));
  return &figures.items[figures.count - 2];
}

static void what_is_drawn_is_written(void **state) {
  (void)state;
  ladder_fixture_write(&g.l);
  const hr_figure *figure = draw();
  assert_string_equal(figure->name, "gates");
  keep_picture("gates", &figure->png);
  const char *csv = figure->csv.bytes;
  assert_null(strstr(csv, "nan"));
  static const char first[] =
      "panel,gate,true_bin,said_bin,n,share,octile,snr_mid,entropy\n"
      "confusion,bayes,0,0,68,1,,,\n"
      "confusion,bayes,0,1,0,0,,,\n";
  assert_int_equal(strncmp(csv, first, strlen(first)), 0);
  assert_non_null(strstr(csv, "\nconfusion,bayes,2,0,69,1,,,\n"));
  assert_non_null(strstr(csv, "\nentropy,bayes,,,"));
  assert_non_null(strstr(csv, "\nentropy,logistic,,,"));
  size_t lines = 0;
  for (const char *at = csv; (at = strchr(at, '\n')) != NULL; at++) lines++;
  assert_int_equal(lines, 1 + FIXTURE_BINS * FIXTURE_BINS + 2 * HR_SNR_OCTILES);
}

static void without_snr_there_is_no_entropy(void **state) {
  (void)state;
  g.l.f.input.snr = NULL;
  ladder_fixture_write(&g.l);
  const hr_figure *figure = draw();
  assert_string_equal(figure->name, "gates");
  assert_null(strstr(figure->csv.bytes, "\nentropy"));
  check_near(figure->height, HR_CANVAS_HEIGHT, 0);
}

static void without_gates_there_is_no_figure(void **state) {
  (void)state;
  g.l.f.input.gated_count = 0;
  g.l.f.input.gate_count = 0;
  ladder_fixture_write(&g.l);
  assert_string_not_equal(draw()->name, "gates");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_drawn_is_written),
      TEST(without_snr_there_is_no_entropy),
      TEST(without_gates_there_is_no_figure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
