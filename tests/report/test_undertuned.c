/* From slots at an end of their settings, through results.json, to sentences. */
#include "report/undertuned.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_strings told;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  told = (hr_strings){.count = 0};
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_strings_fini(&told);
  scratch_fini(&s);
  return 0;
}

static void make(const char *language) {
  hr_reader reader = {0};
  hr_error err;
  char path[128];
  snprintf(path, sizeof path, "%s/results.json", s.path);
  f.input.language = language;
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_undertuned_tell(&reader, &told, &err));
  check_ok(hr_reader_status(&reader, &err));
  hr_reader_fini(&reader);
}

static void all_is_well(void **state) {
  (void)state;
  make("en");
  assert_int_equal(told.count, 0);
}

static void a_sentence_is_an_expert_and_an_end(void **state) {
  (void)state;
  f.ridge[0].edge = f.ridge[2].edge = f.ridge[FIXTURE_BINS].edge = HR_EDGE_SMALLEST;
  f.ridge[1].edge = HR_EDGE_ONLY;
  make("en");
  assert_int_equal(told.count, 2);
  assert_string_equal(told.items[0],
                      "Ridge: in bins 0, 2 and the global model the best α is the "
                      "smallest that was tried, and validation was still getting better: "
                      "the baseline may be undertuned. Let `experts.ridge.alpha` go on "
                      "beyond it, or leave it out (`alpha: auto`).");
  assert_string_equal(
      told.items[1],
      "Ridge: in bin 1 there is one α only, so none was chosen: the "
      "baseline may be undertuned. Let `experts.ridge.alpha` go on beyond "
      "it, or leave it out (`alpha: auto`).");
}

/* A list that went on by itself is not to be left to do so. */
static void take_auto(const hr_numbers *alphas, hr_method *type) {
  static const hr_field field = {
      .name = "alpha", .kind = HR_FIELD_NUMBERS, .may_be_auto = true};
  *type = *f.outcomes[0].type;
  type->fields = &field;
  type->field_count = 1;
  f.outcomes[0].type = type;
  f.outcomes[0].parameters = alphas;
}

static void of_a_widened_list_its_bound_is_told(void **state) {
  (void)state;
  hr_numbers alphas = {.count = 0};
  hr_method type;
  take_auto(&alphas, &type);
  f.ridge[0].edge = HR_EDGE_LARGEST;
  f.ridge[0].chosen = FIXTURE_ALPHAS - 1;
  make("en");
  assert_string_equal(
      told.items[0],
      "Ridge: in bin 0 the best α is the largest that was tried, and validation was "
      "still getting better, although the list was widened to its bound by itself "
      "(`alpha: auto`), to α = 10000: the baseline may be undertuned. See whether "
      "training rows are far beyond all others (`data.reject_outliers: true`), or write "
      "a list in `experts.ridge.alpha` that goes beyond that.");
  hr_strings_fini(&told);
  f.ridge[0].edge = HR_EDGE_SMALLEST;
  f.ridge[0].chosen = 0;
  make("en");
  assert_non_null(strstr(told.items[0],
                         "to α = 1: the baseline may be undertuned. See "
                         "whether a slope or another shape that all spectra share makes "
                         "the flux vary far more than its lines do (penalties are "
                         "relative to that; divide it out), and whether these rows are "
                         "few or almost without noise, or write a list in "));
  hr_strings_fini(&told);
  make("zh");
  assert_string_equal(
      told.items[0],
      "Ridge：分箱 0的最佳 α 是所试的最小值，且验证 R² 仍在升高；列表已由 "
      "`alpha: auto` 自动放宽至其界限 α = 1。基线可能未调到最佳：请查看光谱是否共有一"
      "个斜坡之类的形状，使流量的起伏远大于谱线（惩罚以此为单位；可先将其除去），以及这些"
      "行是否过少或"
      "近乎无噪，或在 `experts.ridge.alpha` 中写出越过该值的列表。");
}

static void in_chinese(void **state) {
  (void)state;
  f.ridge[1].edge = f.ridge[FIXTURE_BINS].edge = HR_EDGE_LARGEST;
  make("zh");
  assert_int_equal(told.count, 1);
  assert_string_equal(
      told.items[0],
      "Ridge：分箱 1与全局模型的最佳 α 是所试的最大值，且验证 R² 仍在升高。"
      "基线可能未调到最佳：请放宽 `experts.ridge.alpha`，或不写它"
      "（`alpha: auto`）。");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(all_is_well, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_sentence_is_an_expert_and_an_end, prepare, tidy),
      cmocka_unit_test_setup_teardown(of_a_widened_list_its_bound_is_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(in_chinese, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
