#include "features/gate_table.h"

#include "core/error.h"
#include "support/check.h"
#include "support/small_gate.h"

static void check_name(const hr_gate_table *table, size_t f, const char *expected) {
  char name[HR_GATE_FEATURE_NAME_BYTES];
  hr_gate_table_name(table, f, name);
  assert_string_equal(name, expected);
}

static void tables_have_the_features_that_they_promise(void **state) {
  (void)state;
  assert_int_equal(hr_gate_table_features(hr_gate_table_find("default")), 30);
  assert_int_equal(hr_gate_table_features(hr_gate_table_find("users_37")), 37);
  assert_int_equal(hr_gate_table_features(hr_gate_table_find("users_13")), 13);
  assert_int_equal(hr_gate_table_features(&small_table), GATE_FEATURES);
  assert_null(hr_gate_table_find("users"));
}

static void features_have_names(void **state) {
  (void)state;
  const hr_gate_table *users = hr_gate_table_find("users_37");
  check_name(users, 0, "PCA1");
  check_name(users, 9, "PCA10");
  check_name(users, 10, "Ca II 8498 mean");
  check_name(users, 11, "Ca II 8498 depth");
  check_name(users, 33, "Mg I 8808 ew");
  check_name(users, 34, "Ca II EW");
  check_name(users, 36, "Mg I EW");
  check_name(users, 37, "");
  check_name(&small_table, 5, "b depth");
}

static void windows_find_their_pixels(void **state) {
  (void)state;
  hr_error err;
  hr_gate_pixels where[2];
  check_ok(
      hr_gate_table_place(&small_table, "key", small_wave(), GATE_PIXELS, where, &err));
  assert_int_equal(where[0].first, 40); /* 8040 to 8050, both in */
  assert_int_equal(where[0].end, 51);
  assert_int_equal(where[0].left, 20);
  assert_int_equal(where[0].right, 71);
  assert_int_equal(where[1].first, 101);
  assert_int_equal(where[1].end, 105);
  check_ok(hr_gate_table_place(&small_table, "key", small_wave(), 103, where, &err));
  assert_int_equal(where[1].end, 103); /* as far as the grid goes */
  assert_int_equal(where[1].right, 103);
}

static void windows_off_the_grid_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_gate_table table = small_table;
  check_fails(
      hr_gate_table_place(&small_table, "gates.mlp.features", small_wave(), 50, NULL,
                          &err),
      HR_ERR_CONFIG,
      "gates.mlp.features: the window b, 8100.5 to 8104.5 angstrom, has no pixel; "
      "the spectra reach from 8000 to 8049");
  table.window[1].low = 7000;
  table.window[1].high = 9000;
  check_fails(hr_gate_table_place(&table, "key", small_wave(), GATE_PIXELS, NULL, &err),
              HR_ERR_CONFIG,
              "key: the window b, 7000 to 9000 angstrom, has no pixel beside it for the "
              "continuum; the spectra reach from 8000 to 8159");
}

/* GAIA's RVS has the calcium triplet and nothing else of the usual windows. */
static void windows_off_the_grid_can_be_left_out(void **state) {
  (void)state;
  enum { RVS = 240 };
  hr_error err;
  double wave[RVS];
  hr_gate_table table = *hr_gate_table_find("default");
  for (size_t i = 0; i < RVS; i++) wave[i] = 8460 + (double)i;
  hr_gate_table_fit(&table, wave, RVS);
  assert_int_equal(table.window_count, 3);
  assert_string_equal(table.window[2].name, "Ca II 8662");
  assert_int_equal(table.total_count, 1);
  assert_int_equal(table.total[0].windows, 7);
  check_ok(hr_gate_table_place(&table, "key", wave, RVS, NULL, &err));
  table = *hr_gate_table_find("default");
  for (size_t i = 0; i < RVS; i++) wave[i] = 8150 + (double)i / 2;
  hr_gate_table_fit(&table, wave, RVS); /* sodium alone */
  assert_int_equal(table.window_count, 2);
  assert_string_equal(table.total[0].name, "Na I");
  assert_int_equal(table.total[0].windows, 3);
  for (size_t i = 0; i < RVS; i++) wave[i] = 7100 + (double)i;
  hr_gate_table_fit(&table, wave, RVS); /* neither: to be refused */
  assert_int_equal(table.window_count, 2);
}

static json_t *as_json(const hr_gate_table *table) {
  hr_json_builder builder = {0};
  json_t *root = hr_gate_table_json(table, &builder);
  assert_false(builder.failed);
  return root;
}

static void what_is_written_is_read(void **state) {
  (void)state;
  hr_error err;
  static const char *const names[] = {"default", "users_37", "users_13"};
  for (size_t i = 0; i < 3; i++) {
    hr_gate_table again;
    const hr_gate_table *table = hr_gate_table_find(names[i]);
    json_t *root = as_json(table);
    check_ok(hr_gate_table_parse(root, "f.json", &again, &err));
    assert_memory_equal(&again, table, sizeof again);
    json_decref(root);
  }
}

/* `path` names a member of the JSON of a sound table, which becomes `value`, or goes. */
static void check_refused(const char *outer, size_t index, const char *key,
                          json_t *value) {
  hr_error err;
  hr_gate_table table;
  json_t *root = as_json(&small_table);
  json_t *at = outer ? json_array_get(json_object_get(root, outer), index) : root;
  if (value) {
    assert_int_equal(json_object_set_new(at, key, value), 0);
  } else {
    assert_int_equal(json_object_del(at, key), 0);
  }
  check_fails(hr_gate_table_parse(root, "f.json", &table, &err), HR_ERR_FORMAT,
              "f.json has no table of a gate's features");
  json_decref(root);
}

static void what_is_no_table_is_refused(void **state) {
  (void)state;
  check_refused(NULL, 0, "name", NULL);
  check_refused(NULL, 0, "name", json_string("a name that is far too long"));
  check_refused(NULL, 0, "components", NULL);
  check_refused(NULL, 0, "components", json_integer(65));
  check_refused(NULL, 0, "components", json_integer(-1));
  check_refused(NULL, 0, "windows", NULL);
  check_refused(NULL, 0, "windows", json_array());
  check_refused(NULL, 0, "totals", json_object());
  check_refused("windows", 1, "name", NULL);
  check_refused("windows", 1, "low", json_string("8000"));
  check_refused("windows", 1, "high", json_real(8000));
  check_refused("windows", 1, "measures", NULL);
  check_refused("windows", 1, "measures", json_pack("[s]", "median"));
  check_refused("windows", 1, "measures", json_pack("[i]", 3));
  check_refused("totals", 0, "windows", json_pack("[i]", 2));
  check_refused("totals", 0, "windows", json_pack("[s]", "a"));
  check_refused("totals", 0, "windows", NULL);
  check_refused("totals", 0, "name", json_null());
}

static void too_many_are_refused(void **state) {
  (void)state;
  json_t *windows = json_array(),
         *window = json_pack("{s:s,s:f,s:f,s:[s]}", "name", "w", "low", 1.0, "high", 2.0,
                             "measures", "mean");
  for (size_t w = 0; w <= HR_GATE_MOST_WINDOWS; w++) json_array_append(windows, window);
  check_refused(NULL, 0, "windows", windows);
  json_decref(window);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_have_the_features_that_they_promise),
      cmocka_unit_test(features_have_names),
      cmocka_unit_test(windows_find_their_pixels),
      cmocka_unit_test(windows_off_the_grid_are_refused),
      cmocka_unit_test(windows_off_the_grid_can_be_left_out),
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(what_is_no_table_is_refused),
      cmocka_unit_test(too_many_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
