/* Units, folders, and who predicts what. */
#include "support/bundle_fixture.h"

static const hr_model_type own_files = {.kind = "own"};
static const hr_model_type shared_files = {.kind = "shared", .shares_files = true};

static void test_units(void **state) {
  (void)state;
  assert_string_equal(hr_label_unit("T_eff"), "K");
  assert_string_equal(hr_label_unit("log_g"), "dex");
  assert_string_equal(hr_label_unit("M_H"), "dex");
  assert_string_equal(hr_label_unit("T_effective"), "");
}

static void test_folders(void **state) {
  (void)state;
  char name[HR_BUNDLE_NAME_BYTES];
  hr_bundle_folder_name(&own_files, "ridge", HR_GLOBAL, name);
  assert_string_equal(name, "global-ridge");
  hr_bundle_folder_name(&own_files, "ridge", 12, name);
  assert_string_equal(name, "12-ridge");
  hr_bundle_folder_name(&shared_files, "posterior", 12, name);
  assert_string_equal(name, "posterior");
}

/* Slot 0 has two experts, slot 1 one, slot 2 none; a fall-back is named everywhere. */
static void test_choosing(void **state) {
  (void)state;
  hr_bundle_description d;
  fixture_init(&d);
  size_t a0 = fixture_add(&d, "a", &own_files, 0);
  size_t b0 = fixture_add(&d, "b", &own_files, 0);
  size_t b1 = fixture_add(&d, "b", &own_files, 1);
  size_t a = fixture_add(&d, "a", &own_files, HR_GLOBAL);
  d.slots[0] = (hr_bundle_slot){b0, a};
  d.slots[1] = (hr_bundle_slot){b1, a};
  d.slots[2] = (hr_bundle_slot){HR_NO_CANDIDATE, a};
  d.slots[4] = (hr_bundle_slot){a, a};
  assert_int_equal(hr_bundle_find(&d, "a", 0), a0);
  assert_true(hr_bundle_find(&d, "a", 1) == HR_NO_CANDIDATE);
  assert_true(hr_bundle_find(&d, "c", 0) == HR_NO_CANDIDATE);
  assert_int_equal(hr_bundle_choose(&d, 0, NULL), b0);
  assert_int_equal(hr_bundle_choose(&d, 0, "a"), a0);
  assert_true(hr_bundle_choose(&d, 1, "a") == HR_NO_CANDIDATE);
  assert_int_equal(hr_bundle_choose(&d, 2, NULL), a);
  assert_int_equal(hr_bundle_choose(&d, 2, "b"), a);
  assert_true(hr_bundle_choose(&d, 3, NULL) == HR_NO_CANDIDATE);
  assert_int_equal(hr_bundle_choose(&d, 4, NULL), a);
  assert_int_equal(hr_bundle_choose(&d, 4, "a"), a);
  assert_true(hr_bundle_choose(&d, 4, "b") == HR_NO_CANDIDATE);
  hr_bundle_description_fini(&d);
  assert_null(d.slots);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_units),
      cmocka_unit_test(test_folders),
      cmocka_unit_test(test_choosing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
