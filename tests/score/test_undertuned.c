/* Slots that stand at an end of their settings, in results.json and as a warning. */
#include "score/undertuned.h"

#include <jansson.h>

#include "score/fixture.h"
#include "support/check.h"
#include "support/warnings.h"

static fixture f;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

/* results.json of the fixture as it is now. */
static json_t *results(warnings *told) {
  hr_text text;
  hr_error err;
  const hr_observer observer = warnings_observer(told);
  f.input.observer = &observer;
  hr_text_init(&text);
  check_ok(hr_results_format(&f.input, &text, NULL, &err));
  json_t *root = json_loads(text.bytes, JSON_REJECT_DUPLICATES, NULL);
  hr_text_fini(&text);
  f.input.observer = NULL;
  return root;
}

static const char *text_of(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

static void nothing_is_told_of_what_is_inside(void **state) {
  (void)state;
  warnings told = {0};
  json_t *root = results(&told);
  assert_null(json_object_get(root, "undertuned"));
  assert_false(hr_undertuned_has(&f.input.outcomes[0]));
  const json_t *gate = json_object_get(root, "gate");
  for (size_t c = 0; c < json_array_size(gate); c++) {
    assert_null(json_object_get(json_array_get(gate, c), "caution"));
  }
  json_decref(root);
}

static void every_slot_at_an_end_is_listed(void **state) {
  (void)state;
  warnings told = {0};
  f.ridge[1].edge = HR_EDGE_SMALLEST;
  f.ridge[FIXTURE_BINS].edge = HR_EDGE_LARGEST;
  f.ridge[2].edge = HR_EDGE_SMALLEST; /* one that came to nothing says nothing */
  fixture_end(&f, &f.ridge[2], HR_FIT_FAILED);
  json_t *root = results(&told);
  const json_t *list = json_object_get(root, "undertuned");
  assert_int_equal(json_array_size(list), 2);
  const json_t *bin = json_array_get(list, 0), *all = json_array_get(list, 1);
  assert_string_equal(text_of(bin, "expert"), "ridge");
  assert_int_equal(json_integer_value(json_object_get(bin, "bin")), 1);
  check_near(json_number_value(json_object_get(bin, "alpha")), f.alphas[2], 0);
  assert_string_equal(text_of(bin, "at_end"), "smallest");
  assert_true(json_is_null(json_object_get(all, "bin")));
  assert_string_equal(text_of(all, "at_end"), "largest");
  assert_string_equal(told.last,
                      "ridge: of 2 models the best alpha is at the end of the list, so "
                      "that one outside may be better and the expert undertuned; let "
                      "experts.ridge.alpha go on beyond it, or leave it out for auto");
  const json_t *warning = json_array_get(json_object_get(root, "warnings"), 0);
  assert_string_equal(text_of(warning, "code"), "alpha");
  assert_string_equal(text_of(warning, "text"), told.last);
  assert_non_null(
      strstr(text_of(warning, "text_zh"), "ridge：2 个模型的最佳 alpha 位于"));
  json_decref(root);
}

/* Who gives one setting wants that one: the report says so, no warning does. */
static void a_list_of_one_has_no_end(void **state) {
  (void)state;
  warnings told = {0};
  f.ridge[1].edge = f.ridge[FIXTURE_BINS].edge = HR_EDGE_ONLY;
  json_t *root = results(&told);
  assert_int_equal(told.count, 0);
  assert_int_equal(json_array_size(json_object_get(root, "warnings")), 0);
  const json_t *list = json_object_get(root, "undertuned");
  assert_int_equal(json_array_size(list), 2);
  assert_string_equal(text_of(json_array_get(list, 0), "at_end"), "only");
  assert_true(hr_undertuned_has(&f.input.outcomes[0]));
  json_decref(root);
  f.ridge[0].edge = HR_EDGE_LARGEST; /* beside one that chose */
  root = results(&told);
  assert_non_null(strstr(told.last, "ridge: of 1 model the best alpha is at the end"));
  json_decref(root);
}

static void a_list_that_went_on_by_itself_is_told_otherwise(void **state) {
  (void)state;
  warnings told = {0};
  static const hr_field field = {
      .name = "alpha", .kind = HR_FIELD_NUMBERS, .may_be_auto = true};
  hr_numbers alphas = {.count = 0};
  hr_method type = *f.outcomes[0].type;
  type.fields = &field;
  type.field_count = 1;
  f.outcomes[0].type = &type;
  f.outcomes[0].parameters = &alphas;
  f.ridge[0].edge = HR_EDGE_LARGEST;
  json_t *root = results(&told);
  assert_string_equal(told.last,
                      "ridge: of 1 model the best alpha is the outermost, although auto "
                      "widened the list to its bound, so that one outside may be better "
                      "and the expert undertuned; see whether training rows are far "
                      "beyond all others, or write a longer list in experts.ridge.alpha");
  const json_t *warning = json_array_get(json_object_get(root, "warnings"), 0);
  assert_non_null(strstr(text_of(warning, "text_zh"), "尽管 auto 已把列表扩展到极限"));
  assert_non_null(strstr(text_of(warning, "text_zh"), "是否有训练行远超其余各行"));
  const json_t *ridge = json_array_get(json_object_get(root, "experts"), 0);
  assert_string_equal(text_of(json_object_get(ridge, "settings"), "alpha"), "auto");
  json_decref(root);
  f.ridge[0].edge = HR_EDGE_SMALLEST;
  root = results(&told);
  assert_non_null(strstr(told.last,
                         "see whether a slope that all spectra share makes the flux vary "
                         "far more than its lines do, or write a longer list"));
  warning = json_array_get(json_object_get(root, "warnings"), 0);
  assert_non_null(strstr(text_of(warning, "text_zh"), "光谱是否共有一个斜坡"));
  json_decref(root);
}

static void the_gate_is_cautious_of_gains_alone(void **state) {
  (void)state;
  warnings told = {0};
  f.ridge[0].edge = HR_EDGE_ONLY;
  json_t *root = results(&told);
  const json_t *gate = json_object_get(root, "gate");
  for (size_t c = 0; c < json_array_size(gate); c++) {
    const json_t *one = json_array_get(gate, c);
    const char *name = text_of(one, "criterion"), *caution = text_of(one, "caution");
    bool is_gain = strcmp(name, "delta_r2") == 0 || strcmp(name, "focus_bins") == 0;
    bool has_failed = strcmp(text_of(one, "verdict"), "fail") == 0;
    if (!is_gain || has_failed) {
      assert_null(caution);
    } else {
      assert_string_equal(caution, "baseline_undertuned");
    }
  }
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(nothing_is_told_of_what_is_inside, prepare),
      cmocka_unit_test_setup(every_slot_at_an_end_is_listed, prepare),
      cmocka_unit_test_setup(a_list_of_one_has_no_end, prepare),
      cmocka_unit_test_setup(a_list_that_went_on_by_itself_is_told_otherwise, prepare),
      cmocka_unit_test_setup(the_gate_is_cautious_of_gains_alone, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
