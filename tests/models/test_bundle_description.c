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
  static const struct {
    const hr_model_type *type;
    hr_bundle_place place;
    const char *name;
  } cases[] = {
      {&own_files, {"ridge", 0, HR_GLOBAL}, "global-ridge"},
      {&own_files, {"ridge", 0, 12}, "12-ridge"},
      {&own_files, {"ridge", 1, HR_GLOBAL}, "target2-global-ridge"},
      {&own_files, {"ridge", 15, 12}, "target16-12-ridge"},
      {&shared_files, {"posterior", 0, 12}, "posterior"},
      {&shared_files, {"posterior", 1, HR_GLOBAL}, "posterior"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hr_bundle_folder_name(cases[i].type, &cases[i].place, name);
    assert_string_equal(name, cases[i].name);
  }
}

static size_t find(const hr_bundle_description *d, size_t target, const char *method,
                   int slot) {
  return hr_bundle_find(d, &(hr_bundle_place){method, target, slot});
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
  assert_int_equal(find(&d, 0, "a", 0), a0);
  assert_true(find(&d, 0, "a", 1) == HR_NO_CANDIDATE);
  assert_true(find(&d, 0, "c", 0) == HR_NO_CANDIDATE);
  assert_int_equal(hr_bundle_choose(&d, 0, 0, NULL), b0);
  assert_int_equal(hr_bundle_choose(&d, 0, 0, "a"), a0);
  assert_true(hr_bundle_choose(&d, 0, 1, "a") == HR_NO_CANDIDATE);
  assert_int_equal(hr_bundle_choose(&d, 0, 2, NULL), a);
  assert_int_equal(hr_bundle_choose(&d, 0, 2, "b"), a);
  assert_true(hr_bundle_choose(&d, 0, 3, NULL) == HR_NO_CANDIDATE);
  assert_int_equal(hr_bundle_choose(&d, 0, 4, NULL), a);
  assert_int_equal(hr_bundle_choose(&d, 0, 4, "a"), a);
  assert_true(hr_bundle_choose(&d, 0, 4, "b") == HR_NO_CANDIDATE);
  hr_bundle_description_fini(&d);
  assert_null(d.slots);
}

/* Each target has slots of its own; another one's model is never taken for its. */
static void test_targets(void **state) {
  (void)state;
  hr_bundle_description d;
  fixture_init(&d);
  fixture_widen(&d);
  size_t a = fixture_add_for(&d, 0, "a", &own_files, 1);
  size_t b = fixture_add_for(&d, 1, "b", &own_files, 1);
  size_t all = fixture_add_for(&d, 1, "a", &own_files, HR_GLOBAL);
  hr_bundle_slot_of(&d, 0, 1)->expert = a;
  hr_bundle_slot_of(&d, 1, 1)->expert = b;
  hr_bundle_slot_of(&d, 1, 0)->fallback = all;
  assert_ptr_equal(hr_bundle_slot_of(&d, 1, 4), &d.slots[9]);
  assert_int_equal(find(&d, 0, "a", 1), a);
  assert_true(find(&d, 1, "a", 1) == HR_NO_CANDIDATE);
  assert_true(find(&d, 0, "b", 1) == HR_NO_CANDIDATE);
  assert_int_equal(find(&d, 1, "a", HR_GLOBAL), all);
  assert_int_equal(hr_bundle_choose(&d, 0, 1, NULL), a);
  assert_int_equal(hr_bundle_choose(&d, 1, 1, NULL), b);
  assert_true(hr_bundle_choose(&d, 1, 1, "a") == HR_NO_CANDIDATE);
  assert_true(hr_bundle_choose(&d, 0, 0, NULL) == HR_NO_CANDIDATE);
  assert_int_equal(hr_bundle_choose(&d, 1, 0, "b"), all);
  hr_bundle_description_fini(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_units),
      cmocka_unit_test(test_folders),
      cmocka_unit_test(test_choosing),
      cmocka_unit_test(test_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
