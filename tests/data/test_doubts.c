/* The list of doubts and their codes. */
#include "data/doubts.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static void codes_that_may_be_refused_are_choices(void **state) {
  (void)state;
  char joined[256] = "";
  for (size_t code = 0; code < HR_DOUBT_COUNT; code++) {
    hr_doubt_code found = HR_DOUBT_COUNT;
    const char *text = hr_doubt_text((hr_doubt_code)code);
    size_t used = strlen(joined);
    if (code <= HR_DOUBT_WAVELENGTH) {
      snprintf(joined + used, sizeof joined - used, "%s%s", code > 0 ? "|" : "", text);
    }
    assert_true(hr_doubt_find(text, &found));
    assert_int_equal(found, code);
  }
  assert_string_equal(joined, HR_DOUBT_CHOICES);
  hr_doubt_code none = HR_DOUBT_COUNT;
  assert_false(hr_doubt_find("everything", &none));
  assert_int_equal(none, HR_DOUBT_COUNT);
}

static void doubts_are_kept_in_order(void **state) {
  (void)state;
  hr_error err = {0};
  hr_doubts doubts = {0};
  check_ok(hr_doubts_add(&doubts, HR_DOUBT_SNR, false, &err, "%s of %d", "one", 2));
  check_ok(hr_doubts_in_chinese(&doubts, &err, "%s 之 %d", "其", 1));
  check_ok(hr_doubts_add(&doubts, HR_DOUBT_SCALE, true, &err, "two"));
  assert_int_equal(doubts.count, 2);
  assert_string_equal(doubts.items[0].sentence, "one of 2");
  assert_string_equal(doubts.items[0].chinese, "其 之 1");
  assert_null(doubts.items[1].chinese);
  assert_false(doubts.items[0].refuses);
  assert_int_equal(doubts.items[1].code, HR_DOUBT_SCALE);
  assert_true(doubts.items[1].refuses);
  hr_doubts_fini(&doubts);
  assert_int_equal(doubts.count, 0);
}

static hr_status add_two(void) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  hr_status status = hr_doubts_add(&doubts, HR_DOUBT_SNR, false, &err, "one");
  if (status == HR_OK) status = hr_doubts_in_chinese(&doubts, &err, "一");
  if (status == HR_OK) {
    status = hr_doubts_add(&doubts, HR_DOUBT_SNR, false, &err, "two");
  }
  hr_doubts_fini(&doubts);
  return status;
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(add_two());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_that_may_be_refused_are_choices),
      cmocka_unit_test(doubts_are_kept_in_order),
      cmocka_unit_test(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
