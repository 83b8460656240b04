#include "report/figures.h"

#include <math.h>
#include <stdlib.h>

#include "report/figure_parts.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_reader reader;
static hr_rows rows;
static hr_figures figures;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  return 0;
}

static void draw(void) {
  static char path[128], rows_path[128];
  snprintf(path, sizeof path, "%s/results.json", s.path);
  snprintf(rows_path, sizeof rows_path, "%s/predictions.csv", s.path);
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_rows_init(&rows, rows_path, &reader, &err));
  check_ok(hr_figures_init(&figures, &reader, &rows, &err));
}

static int tidy(void **state) {
  (void)state;
  hr_figures_fini(&figures);
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  scratch_fini(&s);
  return 0;
}

static void test_all_are_there(void **state) {
  (void)state;
  static const char *const names[] = {"ceiling_perbin_expert_comparison",
                                      "ceiling_expert_selection_heatmap",
                                      "ceiling_oracle_hybrid_vs_baseline",
                                      "ceiling_perbin_delta_r2",
                                      "ceiling_hybrid_pred_vs_true",
                                      "r2_by_snr",
                                      "residuals"};
  draw();
  assert_int_equal(figures.count, 7);
  for (size_t i = 0; i < 7; i++) {
    const hr_figure *figure = &figures.items[i];
    assert_string_equal(figure->name, names[i]);
    assert_true(figure->png.count > 5000 && figure->svg.count > 5000);
    char beginning[16];
    assert_memory_equal(figure->pdf.items, "%PDF-1.", 7);
    snprintf(beginning, sizeof beginning, "Figure %zu. ", i == 6 ? 12 : i + 1);
    assert_int_equal(strncmp(figure->caption, beginning, strlen(beginning)), 0);
  }
}

static void test_same_input_same_bytes(void **state) {
  (void)state;
  draw();
  hr_figures again = {0};
  check_ok(hr_figures_init(&again, &reader, &rows, &err));
  for (size_t i = 0; i < figures.count; i++) {
    const hr_figure *a = &figures.items[i], *b = &again.items[i];
    assert_int_equal(a->png.count, b->png.count);
    assert_memory_equal(a->png.items, b->png.items, a->png.count);
    assert_int_equal(a->svg.count, b->svg.count);
    assert_memory_equal(a->svg.items, b->svg.items, a->svg.count);
    assert_int_equal(a->pdf.count, b->pdf.count);
    assert_memory_equal(a->pdf.items, b->pdf.items, a->pdf.count);
    assert_string_equal(a->csv.bytes, b->csv.bytes);
  }
  hr_figures_fini(&again);
}

/* The forest is worst in bins 0 and 2, best in 1; the CNN is not part of the build. */
static void test_numbers_drawn_are_written(void **state) {
  (void)state;
  draw();
  char *rest = figures.items[0].csv.bytes;
  static const char *const beginnings[] = {
      "bin,name,focus,expert,r2,r2_low,r2_high,chosen",
      "0,Cool Poor,False,ridge,",
      "0,Cool Poor,False,forest,",
      "1,Mid Poor,True,ridge,",
      "1,Mid Poor,True,forest,",
      "2,\"Hot, \"\"Rich\"\"\",False,ridge,",
      "2,\"Hot, \"\"Rich\"\"\",False,forest,"};
  static const bool chosen[] = {false, true, false, false, true, true, false};
  for (size_t i = 0; i < 7; i++) {
    const char *line = strsep(&rest, "\n");
    assert_int_equal(strncmp(line, beginnings[i], strlen(beginnings[i])), 0);
    const char *last = strrchr(line, ',');
    if (i > 0) assert_string_equal(last, chosen[i] ? ",True" : ",False");
  }
  assert_string_equal(rest, "");
  assert_int_equal(
      strncmp(figures.items[2].csv.bytes,
              "method,source,r2,r2_low,r2_high,rung,step,delta_r2,delta_r2_low,"
              "delta_r2_high\nglobal_ridge,measured,0.",
              102),
      0);
  assert_non_null(
      strstr(figures.items[2].csv.bytes, "\nvit,outside,0.69999999999999996,,,,,,,\n"));
}

/* Lowest R2 of the baseline first. */
static void test_gains_are_sorted(void **state) {
  (void)state;
  draw();
  char *rest = figures.items[3].csv.bytes;
  assert_string_equal(strsep(&rest, "\n"),
                      "bin,name,baseline_r2,delta_r2,delta_r2_low,delta_r2_high");
  double before = -1e9;
  for (int i = 0; i < FIXTURE_BINS; i++) {
    const char *line = strsep(&rest, "\n");
    const char *name_end = strchr(line, '"') ? strrchr(line, '"') : strchr(line, ',') + 1;
    double r2 = strtod(strchr(name_end, ',') + 1, NULL);
    assert_true(r2 >= before);
    before = r2;
  }
}

/* One wild bin is cut, many large gains are not. */
static void test_the_axis_of_gains_goes_as_far_as_most(void **state) {
  (void)state;
  const double none = (double)NAN;
  const double small[] = {0.1, -0.2, 0.3, none}, wild[] = {0.1, -0.2, 4000, none};
  const double large[] = {3, -2, 4, none}, two[] = {0.1, 5, none, none};
  check_near(hr_figure_gain_most(small, 4), 1, 0);
  check_near(hr_figure_gain_most(wild, 4), 1, 0);
  check_near(hr_figure_gain_most(large, 4), 7.5, 0);
  check_near(hr_figure_gain_most(two, 4), 12.5, 0);
  check_near(hr_figure_gain_most(two + 2, 2), 1, 0);
}

static void test_the_scatter_shows_covered_rows(void **state) {
  (void)state;
  draw();
  size_t lines = 0;
  for (const char *c = figures.items[4].csv.bytes; *c; c++) lines += *c == '\n';
  assert_int_equal(lines, 1 + 206);
}

/* Every method and both ceilings, these with their intervals. */
static void test_ceilings_are_drawn(void **state) {
  (void)state;
  draw();
  size_t without = figures.items[5].svg.count;
  assert_null(strstr(figures.items[5].csv.bytes, "\nceiling,"));
  hr_figures_fini(&figures);
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  fixture_give_variance(&f, 1);
  fixture_give_bound(&f, 0.25, 0.5);
  draw();
  char *rest = figures.items[5].csv.bytes;
  assert_string_equal(strsep(&rest, "\n"),
                      "method,octile,snr_low,snr_high,snr_mid,n,r2,r2_low,r2_high");
  size_t ceilings = 0, methods = 0;
  for (const char *line; (line = strsep(&rest, "\n")) && *line;) {
    bool ceiling = strncmp(line, "ceiling,", 8) == 0 || strncmp(line, "fisher,", 7) == 0;
    bool has_interval = line[strlen(line) - 1] != ',';
    assert_int_equal(ceiling, has_interval);
    ceilings += ceiling;
    methods += !ceiling;
  }
  assert_int_equal(ceilings, 2 * 8);
  assert_int_equal(methods, 6 * 8);
  assert_true(figures.items[5].svg.count > without + 1000); /* two lines and a band */
}

static void test_poor_studies_are_drawn_too(void **state) {
  (void)state;
  f.input.language = "zh";
  f.input.snr = NULL;
  f.input.outcome_count = 1;
  f.input.baseline_count = 0;
  for (size_t t = 0; t < FIXTURE_RIDGE_FITS; t++) {
    if (t != 1) fixture_end(&f, &f.ridge[t], HR_FIT_FAILED);
  }
  draw();
  assert_int_equal(figures.count, 4); /* no ladder: no method has an R2 over the bins */
  assert_int_equal(strncmp(figures.items[0].caption, "图 1. ", strlen("图 1. ")), 0);
  assert_non_null(
      strstr(figures.items[0].csv.bytes, "0,Cool Poor,False,ridge,,,,False\n"));
  assert_string_equal(figures.items[3].name, "ceiling_hybrid_pred_vs_true");
}

static void test_nothing_is_drawn_of_nothing(void **state) {
  (void)state;
  f.input.outcome_count = 1;
  for (size_t t = 0; t < FIXTURE_RIDGE_FITS; t++)
    fixture_end(&f, &f.ridge[t], HR_FIT_FAILED);
  draw();
  assert_int_equal(figures.count, 0);
}

static void test_training_curves_are_drawn_where_there_are_any(void **state) {
  (void)state;
  hr_curve_point curve[] = {{0.9, 0.125, 1e-3}, {0.75, (double)NAN, 0}};
  f.forest[1].convergence = HR_CONVERGED;
  f.forest[1].curve = curve;
  f.forest[1].curve_points = 2;
  draw();
  assert_int_equal(figures.count, 8);
  assert_string_equal(figures.items[6].name, "training_curves");
  assert_int_equal(strncmp(figures.items[6].caption, "Figure 7. ", 10), 0);
  assert_true(figures.items[6].png.count > 5000);
  assert_string_equal(figures.items[6].csv.bytes,
                      "expert,bin,epoch,train_loss,r2_validation,lr\n"
                      "Forest,1,1,0.90000000000000002,0.125,0.001\n"
                      "Forest,1,2,0.75,,0\n");
}

/* Of the headline, of the posterior, and the ranks. */
static void test_calibration_is_drawn_where_it_is_known(void **state) {
  (void)state;
  static const char *const names[] = {"calibration_intervals", "calibration_posterior",
                                      "calibration_ranks"};
  fixture_give_sigma(&f, 1);
  fixture_give_variance(&f, 1);
  fixture_give_draws(&f, 1);
  draw();
  assert_int_equal(figures.count, 10);
  for (size_t i = 0; i < 3; i++) {
    const hr_figure *figure = &figures.items[6 + i];
    char beginning[16];
    assert_string_equal(figure->name, names[i]);
    assert_true(figure->png.count > 5000 && figure->svg.count > 5000);
    snprintf(beginning, sizeof beginning, "Figure %zu. ", 8 + i);
    assert_int_equal(strncmp(figure->caption, beginning, strlen(beginning)), 0);
  }
  static const char intervals[] =
      "method,measure,octile,snr_low,snr_high,n,expected,"
      "share,share_low,share_high\n"
      "oracle_hybrid_cv,within_half68,1,";
  static const char sigma[] =
      "method,measure,octile,snr_low,snr_high,n,expected,share,"
      "share_low,share_high\nforest_oracle,within_1_sigma,1,";
  static const char ranks[] =
      "bin,rank_low,rank_high,count,expected,expected_low,expected_high\n1,0,0.0625,";
  assert_memory_equal(figures.items[6].csv.bytes, intervals, sizeof intervals - 1);
  assert_memory_equal(figures.items[7].csv.bytes, sigma, sizeof sigma - 1);
  assert_memory_equal(figures.items[8].csv.bytes, ranks, sizeof ranks - 1);
  assert_non_null(
      strstr(figures.items[6].csv.bytes, "\noracle_hybrid_cv,within_half95,8"));
  assert_non_null(strstr(figures.items[8].csv.bytes, ",6.4375,"));
}

static void test_selection_on_test_rows(void **state) {
  (void)state;
  f.input.selection = HR_SELECT_BY_TEST;
  draw();
  assert_non_null(strstr(figures.items[2].csv.bytes, "\noracle_hybrid_test,measured,"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

static void check_panels(size_t bins, size_t count, size_t each, bool has_words) {
  hr_panels panels = hr_panels_of(bins);
  assert_int_equal(panels.count, count);
  assert_int_equal(panels.bins_each, each);
  assert_int_equal(panels.has_words, has_words);
  assert_true(panels.height >= HR_CANVAS_HEIGHT && panels.height <= 1300);
}

static void test_many_bins_stand_in_panels(void **state) {
  (void)state;
  check_panels(1, 1, 1, true);
  check_panels(9, 1, 9, true);
  check_panels(16, 1, 16, true);
  check_panels(17, 2, 12, true);
  check_panels(81, 7, 12, true);
  check_panels(200, 8, 25, false);
  check_panels(1024, 8, 128, false);
  check_near(hr_rows_height(9), HR_CANVAS_HEIGHT, 0);
  check_near(hr_rows_height(100), 1200, 0);
  check_near(hr_rows_height(1024), 1500, 0);
}

/* Every bin is in one panel, and panels follow one another down the page. */
static void test_panels_have_places(void **state) {
  (void)state;
  static const char *names[36] = {NULL};
  hr_panels panels = hr_panels_of(30);
  hr_strings labels = {0};
  check_ok(hr_strings_append(&labels, "first", &err));
  check_ok(hr_panels_fill(&panels, &labels, &err));
  assert_int_equal(labels.count, 36);
  assert_string_equal(labels.items[35], "");
  hr_strings_fini(&labels);
  double bottom = 0;
  for (size_t i = 0; i < 3; i++) {
    hr_chart_frame frame = {
        .title = "t", .x = {.label = "bin", .categories = names}, .legend_count = 2};
    hr_panels_place(&panels, i, &frame);
    assert_ptr_equal(frame.x.categories, names + 12 * i);
    assert_int_equal(frame.x.category_count, 12);
    assert_true((frame.title != NULL) == (i == 0) && (frame.x.label != NULL) == (i == 2));
    assert_int_equal(frame.legend_count, i == 0 ? 2 : 0);
    check_near(frame.top, bottom, 0);
    bottom = frame.bottom;
  }
  check_near(bottom, panels.height, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_all_are_there),
      TEST(test_same_input_same_bytes),
      TEST(test_numbers_drawn_are_written),
      TEST(test_gains_are_sorted),
      TEST(test_many_bins_stand_in_panels),
      TEST(test_panels_have_places),
      TEST(test_the_axis_of_gains_goes_as_far_as_most),
      TEST(test_the_scatter_shows_covered_rows),
      TEST(test_ceilings_are_drawn),
      TEST(test_poor_studies_are_drawn_too),
      TEST(test_nothing_is_drawn_of_nothing),
      TEST(test_training_curves_are_drawn_where_there_are_any),
      TEST(test_calibration_is_drawn_where_it_is_known),
      TEST(test_selection_on_test_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
