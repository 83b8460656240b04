/* Figure 3 of all kinds of ladders. REPORT_PICTURES=DIR keeps the pictures there. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/figures.h"

#include "report/ladder_fixture.h"
#include "score/predictions.h"
#include "support/pictures.h"

static ladder_fixture l;
static hr_error err;
static hr_reader reader;
static hr_rows rows;
static hr_figures figures;

static int prepare(void **state) {
  (void)state;
  ladder_fixture_init(&l);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_figures_fini(&figures);
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  scratch_fini(&l.s);
  return 0;
}

/* The lines of figure 3's CSV. */
static const char *draw(const char *name) {
  static char path[128], rows_path[128];
  snprintf(path, sizeof path, "%s/results.json", l.s.path);
  snprintf(rows_path, sizeof rows_path, "%s/%s", l.s.path, hr_predictions_name);
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_rows_init(&rows, rows_path, &reader, &err));
  check_ok(hr_figures_init(&figures, &reader, &rows, &err));
  keep_picture(name, &figures.items[2].png);
  assert_null(strstr(figures.items[2].csv.bytes, "nan"));
  return figures.items[2].csv.bytes;
}

static const char header[] =
    "method,source,r2,r2_low,r2_high,rung,step,delta_r2,delta_r2_low,delta_r2_high\n";

static void check_lines(const char *csv, const char *const *beginnings, size_t count) {
  assert_int_equal(strncmp(csv, header, strlen(header)), 0);
  const char *line = csv + strlen(header);
  for (size_t i = 0; i < count; i++) {
    if (strncmp(line, beginnings[i], strlen(beginnings[i])) != 0) {
      print_error("%s\n", line);
    }
    assert_int_equal(strncmp(line, beginnings[i], strlen(beginnings[i])), 0);
    line = strchr(line, '\n') + 1;
  }
  assert_string_equal(line, "");
}

static const planned_rung all_rungs[] = {
    {HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
    {HR_RUNG_SINGLE, "global_forest", 0.75, 0.0625},
    {HR_RUNG_DEPLOYED, "ridge_oracle", 0.765625, 0.0078125},
    {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.78125, 0.0078125},
    {HR_RUNG_CEILING, "posterior", 0.796875, 0.0078125}};

static void all_five(void **state) {
  (void)state;
  static const char *const lines[] = {
      "global_ridge,measured,0.5,0.4",     "global_forest,measured,0.75,0.7",
      "ridge_oracle,measured,0.765625,0.", "oracle_hybrid_cv,measured,0.78125,0.",
      "posterior,measured,0.796875,0.",    "vit,outside,0.69999999999999996,,,,,,,\n"};
  ladder_fixture_plan(&l, all_rungs, 5, NULL);
  const char *csv = draw("ladder_all");
  check_lines(csv, lines, 6);
  assert_non_null(strstr(csv, ",single,better_model,0.25,0.1875,0.3125\n"));
  assert_non_null(strstr(csv, ",deployed,specialists,0.015625,0.0078125,0.0234375\n"));
  assert_non_null(strstr(csv, ",oracle,routing,0.015625,0.0078125,0.0234375\n"));
  assert_non_null(strstr(csv, ",ceiling,noise,0.015625,0.0078125,0.0234375\n"));
  assert_non_null(strstr(csv, ",baseline,,,,\n"));
  assert_int_equal(
      strncmp(figures.items[2].caption, "Figure 3. The ladder: ", strlen("Figure 3. ")),
      0);
  check_near(figures.items[2].height, HR_CANVAS_HEIGHT, 0);
}

static void a_gate_of_the_study(void **state) {
  (void)state;
  static const char *const lines[] = {"global_ridge,measured,",
                                      "global_forest,measured,",
                                      "hybrid_logistic_soft,measured,",
                                      "oracle_hybrid_cv,measured,",
                                      "posterior,measured,",
                                      "vit,outside,"};
  fixture_give_variance(&l.f, 1);
  ladder_fixture_give_gate(&l);
  ladder_fixture_write(&l);
  check_lines(draw("ladder_gate"), lines, 6);
}

/* The same drawing without its title. */
static void without_titles(void **state) {
  (void)state;
  ladder_fixture_write(&l);
  draw("ladder_title");
  size_t with = figures.items[2].svg.count;
  hr_figures_fini(&figures);
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  l.f.input.figures_lack_titles = true;
  ladder_fixture_write(&l);
  draw("ladder_no_title");
  assert_true(figures.items[2].svg.count + 1000 < with);
}

static void in_chinese(void **state) {
  (void)state;
  l.f.input.language = "zh";
  ladder_fixture_plan(&l, all_rungs, 5, NULL);
  draw("ladder_zh");
  assert_int_equal(
      strncmp(figures.items[2].caption, "图 3. 阶梯：", strlen("图 3. 阶梯：")), 0);
}

static void without_a_ceiling(void **state) {
  (void)state;
  static const char *const lines[] = {"global_ridge,measured,", "global_forest,measured,",
                                      "oracle_hybrid_cv,measured,", "vit,outside,"};
  ladder_fixture_write(&l);
  check_lines(draw("ladder_no_ceiling"), lines, 4);
}

static void one_rung(void **state) {
  (void)state;
  static const char *const lines[] = {"oracle_hybrid_cv,measured,0.65"};
  l.f.input.baseline_count = 0;
  ladder_fixture_plan(&l, &(planned_rung){HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.65, 0}, 1,
                      NULL);
  check_lines(draw("ladder_one"), lines, 1);
}

/* A step down, one from below 0, and one to nowhere. */
static void odd_steps(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", -0.6, 0},
                                      {HR_RUNG_SINGLE, "global_forest", 0.7, 0.02},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", 0.55, 0.02},
                                      {HR_RUNG_CEILING, "fisher", 0.65, 0.02}};
  ladder_fixture_plan(&l, plan, 4, NULL);
  draw("ladder_down");
  hr_figures_fini(&figures);
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  json_t *root = ladder_fixture_read(&l);
  json_t *rungs = json_object_get(json_object_get(root, "ladder"), "rungs");
  json_object_set_new(json_array_get(rungs, 2), "r2", json_null());
  json_object_set_new(json_array_get(rungs, 2), "r2_ci",
                      json_pack("[o, o]", json_null(), json_null()));
  ladder_fixture_save(&l, root);
  assert_non_null(
      strstr(draw("ladder_undefined"), "\noracle_hybrid_cv,measured,,,,oracle,"));
}

/* The length of the longest bar as a part of the axis, the longest line. */
static double longest_bar(const char *svg) {
  const double page = 500;
  double bar = 0, axis = 0;
  for (const char *at = svg; (at = strstr(at, "<path ")) != NULL; at++) {
    double x[2], y[2];
    const char *points = strstr(at, " d=\"M ");
    bool is_line = strncmp(at, "<path style=\"fill:none", 22) == 0;
    if (!points ||
        sscanf(points, " d=\"M %lf %lf L %lf %lf", &x[0], &y[0], &x[1], &y[1]) != 4) {
      continue;
    }
    double length = fabs(x[1] - x[0]);
    if (is_line) axis = fmax(axis, length);
    if (!is_line && length < page) bar = fmax(bar, length);
  }
  return bar / axis;
}

/* A model that failed neither makes all other bars vanish nor its own the page. */
static void a_failed_model_is_cut(void **state) {
  (void)state;
  static const planned_rung plan[] = {{HR_RUNG_BASELINE, "global_ridge", 0.5, 0},
                                      {HR_RUNG_SINGLE, "global_forest", 0.7, 0.02},
                                      {HR_RUNG_ORACLE, "oracle_hybrid_cv", -8e6, 0.02}};
  ladder_fixture_plan(&l, plan, 3, NULL);
  draw("ladder_cut");
  assert_non_null(
      strstr(figures.items[2].csv.bytes, "oracle_hybrid_cv,measured,-8000000,"));
  double part = longest_bar((const char *)figures.items[2].svg.items);
  assert_true(part > 0.5 && part < 0.8);
}

/* Many values from outside take a higher page. */
static void many_references(void **state) {
  (void)state;
  static hr_reference_line line[12];
  for (size_t i = 0; i < 12; i++) {
    line[i] = (hr_reference_line){"a model of others", 0.05 * (double)i};
  }
  l.f.input.baselines = line;
  l.f.input.baseline_count = 12;
  ladder_fixture_write(&l);
  draw("ladder_many");
  assert_true(figures.items[2].height > 600);
}

/* The baseline's model of all rows and the hybrid, whose steps nobody has counted. */
static void results_of_earlier_versions(void **state) {
  (void)state;
  static const char *const lines[] = {"global_ridge,measured,0.",
                                      "oracle_hybrid_cv,measured,0.", "vit,outside,"};
  ladder_fixture_write(&l);
  json_t *root = ladder_fixture_read(&l);
  json_object_del(root, "ladder");
  ladder_fixture_save(&l, root);
  const char *csv = draw("ladder_old");
  check_lines(csv, lines, 3);
  assert_non_null(strstr(csv, ",oracle,,,,\n"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_gate_of_the_study),
      TEST(without_titles),
      TEST(all_five),
      TEST(in_chinese),
      TEST(without_a_ceiling),
      TEST(one_rung),
      TEST(odd_steps),
      TEST(a_failed_model_is_cut),
      TEST(many_references),
      TEST(results_of_earlier_versions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
