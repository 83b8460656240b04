/* The report of a made-up inspection as JSON, to the letter. */
#include <jansson.h>

#include "core/alloc.h"
#include "data/inspect_parts.h"
#include "support/check.h"

/* A number or a text of the report, at a path of keys. */
static void check_value(const json_t *root, const char *format, const char *expected) {
  char *text = json_dumps(root, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
  if (strcmp(text, expected) != 0) fail_msg("%s: %s, not %s", format, text, expected);
  free(text);
}

static void a_dataset_is_reported(void **state) {
  (void)state;
  hr_error err = {0};
  hr_inspected_array arrays[] = {{"/noisy", "f32", "20 x 4", "contiguous"}};
  hr_inspected_label labels[] = {{"T_eff", 3800, 5912.25, 0},
                                 {"empty", (double)NAN, (double)NAN, 20}};
  char *problems[] = {"flux is below 0", "the error is an inverse variance"};
  hr_inspected_doubt doubts[] = {{NULL, false}, {"error", true}};
  hr_inspection it = {
      .path = "a.h5",
      .file_bytes = 6553,
      .arrays = arrays,
      .array_count = 1,
      .is_usable = true,
      .is_dataset = true,
      .rows = 20,
      .pixels = 4,
      .first_wave_angstrom = 7100,
      .last_wave_angstrom = 7103.5,
      .labels = labels,
      .label_count = 2,
      .snr = {sizeof(hr_inspect_distribution), 20, 8, 2.5, 1, 2, 6, 7.75, 10, 12, 15.5},
      .has_bins = true,
      .bin_rows = {10, 1},
      .uncovered_rows = 9,
      .spectra_read = true,
      .clipped_pixels = 3,
      .problems = problems,
      .doubts = doubts,
      .problem_count = 2};
  check_ok(hr_inspect_write_json(&it, &err));
  json_t *root = json_loads(it.text, 0, NULL);
  assert_non_null(root);
  check_value(json_object_get(root, "schema"), "schema", "\"headroom/inspection/1\"");
  check_value(json_object_get(root, "wavelength_angstrom"), "wave", "[7100.0,7103.5]");
  check_value(json_object_get(root, "arrays"), "arrays",
              "[{\"path\":\"/noisy\",\"shape\":\"20 x 4\",\"storage\":\"contiguous\","
              "\"type\":\"f32\"}]");
  check_value(json_object_get(root, "labels"), "labels",
              "[{\"maximum\":5912.25,\"minimum\":3800.0,\"name\":\"T_eff\","
              "\"unusable\":0},{\"maximum\":null,\"minimum\":null,\"name\":\"empty\","
              "\"unusable\":20}]");
  check_value(json_object_get(root, "snr"), "snr",
              "{\"maximum\":15.5,\"mean\":8.0,\"median\":7.75,\"minimum\":1.0,"
              "\"q05\":2.0,\"q25\":6.0,\"q75\":10.0,\"q95\":12.0,\"rows\":20,"
              "\"sd\":2.5}");
  const json_t *bins = json_object_get(root, "bins");
  check_value(json_array_get(json_object_get(bins, "rows"), 1), "bin",
              "{\"bin\":1,\"name\":\"Cool Solar\",\"rows\":1}");
  check_value(json_object_get(bins, "uncovered"), "uncovered", "9");
  check_value(json_object_get(json_object_get(root, "spectra"), "clipped_pixels"),
              "clipped", "3");
  check_value(json_object_get(root, "problems"), "problems",
              "[{\"doubt\":null,\"refused\":false,\"text\":\"flux is below 0\"},"
              "{\"doubt\":\"error\",\"refused\":true,\"text\":\"the error is an inverse "
              "variance\"}]");
  json_decref(root);
  hr_free(it.text);
}

/* What is not known is null, and never a 0 that looks like a count. */
static void what_is_not_known_is_null(void **state) {
  (void)state;
  hr_error err = {0};
  hr_inspection it = {.path = "a.h5"};
  check_ok(hr_inspect_write_json(&it, &err));
  json_t *root = json_loads(it.text, 0, NULL);
  static const char *const keys[] = {"snr", "bins", "spectra"};
  for (size_t i = 0; i < 3; i++)
    assert_true(json_is_null(json_object_get(root, keys[i])));
  assert_true(json_is_false(json_object_get(root, "usable")));
  json_decref(root);
  hr_free(it.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dataset_is_reported),
      cmocka_unit_test(what_is_not_known_is_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
