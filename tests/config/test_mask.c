/* data.mask: words, bits, and one number of bits. */
#include "config/mask.h"

#include "support/config_checks.h"

static const char *with_mask(const char *mask) {
  static char yaml[512];
  snprintf(yaml, sizeof yaml,
           "experiment: {id: E}\n"
           "data: {train: a.h5, test: t.h5%s%s}\n",
           mask ? ", mask: " : "", mask ? mask : "");
  return yaml;
}

static uint64_t bits_of(const char *mask) {
  hr_config *c = accept(with_mask(mask));
  uint64_t bits = c->data.mask_bits;
  hr_config_destroy(&c);
  return bits;
}

static void words_and_bits(void **state) {
  (void)state;
  assert_true(bits_of(NULL) == HR_MASK_ANY);
  assert_true(bits_of("auto") == HR_MASK_ANY);
  assert_true(bits_of("none") == HR_MASK_NONE);
  assert_true(bits_of("[0, 3]") == 9);
  assert_true(bits_of("9") == 9);
  assert_true(bits_of("[9]") == 512);
  assert_true(bits_of("[63]") == (uint64_t)1 << 63);
}

static void what_is_written_is_read_again(void **state) {
  (void)state;
  check_round_trip(with_mask("none"));
  check_round_trip(with_mask("[9]"));
  hr_config *c = accept(with_mask("10"));
  char *text = written(c);
  assert_non_null(strstr(text, "  mask: [1, 3]\n"));
  hr_free(text);
  hr_config_destroy(&c);
}

static void others_are_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {"[64]", "[-1]", "0", "1.5", "[auto, none]", "bad"};
  static const char *const named[] = {"64", "-1", "0", "1.5", "auto", "bad"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char expected[256];
    snprintf(expected, sizeof expected,
             "s.yaml:2:39: data.mask cannot be %s; write auto, none, a list of the "
             "numbers of bits (0 to 63) such as [0, 3], or one number above 0 whose bits "
             "they are",
             named[i]);
    refuse(with_mask(wrong[i]), expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_and_bits),
      cmocka_unit_test(what_is_written_is_read_again),
      cmocka_unit_test(others_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
