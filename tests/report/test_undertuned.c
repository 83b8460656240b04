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
      cmocka_unit_test_setup_teardown(in_chinese, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
